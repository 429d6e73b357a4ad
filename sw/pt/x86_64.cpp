// SPDX-License-Identifier: Apache-2.0
//
// x86-64 words (SDM 4.5). A mapping without rights is present but for the supervisor only, so that
// its frame and its D bit stay in the entry. A swap word has P = 0, its type in bits 5:1 and its slot
// in bits 58:9; all bits above P are ignored by the walker (SDM 4.5, "not present").
#include "sw/pt/x86_64.h"

#include "model/arch/layout.h"
#include "sw/core/errors.h"
#include "sw/pt/descend.h"

namespace kilburn::os {

namespace {
namespace X = arch::layout::X86Pte;
namespace C = arch::layout::Controls;
constexpr arch::layout::Field kType{5, 1};
constexpr arch::layout::Field kSlot{58, 9};
constexpr u64 kTypeSwap = 1, kTypePoison = 31;
}  // namespace

u32 X86Format::controls() const {
  return static_cast<u32>(C::WP.mask() | C::NXE.mask() | C::SMEP.mask() | C::SMAP.mask());
}
u64 X86Format::valid_bit() const { return X::P.mask(); }
u32 X86Format::max_slot() const { return ~u32{0}; }

u64 X86Format::table(Pfn pfn) const {
  return X::P.mask() | X::RW.mask() | X::US.mask() | X::A.mask() | X::FRAME.make(pfn);
}

u64 X86Format::leaf(const PteView& v) const {
  u64 word = X::P.mask() | X::FRAME.make(v.pfn);
  if (v.rights & kRead) word |= X::US.mask();
  if (v.rights & kWrite) word |= X::RW.mask();
  if (!(v.rights & kExecute)) word |= X::NX.mask();
  if (v.young) word |= X::A.mask();
  if (v.dirty) word |= X::D.mask();
  if (v.uncached) word |= X::PCD.mask() | X::PWT.mask();  // strong uncacheable (SDM 12.5.2)
  return word;
}

u64 X86Format::swap(u32 slot) const { return kType.make(kTypeSwap) | kSlot.make(slot); }
u64 X86Format::poison() const { return kType.make(kTypePoison); }

// Apart from next_table(), which every step of a walk calls.
[[noreturn, gnu::noinline]] static void corrupt(u64 word) {
  throw Violation("P26", "corrupt table entry " + hex(word));
}

Pfn X86Format::next_table(u64 word) const {
  if (!X::P.test(word)) return kNoFrame;
  const Pfn pfn = static_cast<Pfn>(X::FRAME.get(word));
  if ((word | X::A.mask()) != table(pfn)) corrupt(word);
  return pfn;
}

PteView X86Format::view(u64 word) const {
  PteView v;
  if (word == 0) return v;
  if (!X::P.test(word)) {
    v.kind = kType.get(word) == kTypeSwap ? EntryKind::swap : EntryKind::poison;
    if (v.kind == EntryKind::swap) v.slot = static_cast<u32>(kSlot.get(word));
    return v;
  }
  v.kind = EntryKind::leaf;
  v.pfn = static_cast<Pfn>(X::FRAME.get(word));
  if (X::US.test(word)) v.rights |= kRead;
  if (X::RW.test(word)) v.rights |= kWrite;
  if (!X::NX.test(word)) v.rights |= kExecute;
  v.young = X::A.test(word);
  v.dirty = X::D.test(word);
  v.uncached = X::PCD.test(word);
  return v;
}

bool X86Format::permits(u64 word, arch::Op op) const {
  if (!X::P.test(word) || !X::US.test(word)) return false;
  if (op == arch::Op::write) return X::RW.test(word);
  return op != arch::Op::fetch || !X::NX.test(word);
}

// LX Documentation/arch/x86/x86_64/mm.rst: direct mapping of all memory, and vmalloc space.
u64 X86Format::direct_base() const { return 0xffff888000000000; }
bool X86Format::direct_by_table() const { return true; }
u64 X86Format::vmalloc_base() const { return 0xffffc90000000000; }
u32 X86Format::kernel_controls() const { return static_cast<u32>(C::PGE.mask()); }

u64 X86Format::kernel_leaf(Pfn pfn, unsigned level) const {
  u64 word = X::P.mask() | X::RW.mask() | X::A.mask() | X::D.mask() | X::G.mask() | X::NX.mask() | X::FRAME.make(pfn);
  if (level > 1) word |= X::PS.mask();
  return word;
}

bool X86Format::large(u64 word, unsigned level) const { return level > 1 && X::P.test(word) && X::PS.test(word); }
std::span<const u8> X86Format::blocks() const {
  static constexpr u8 kBlocks[] = {9};  // 2 MB (SDM 4.5)
  return kBlocks;
}
bool X86Format::block_is_large_page() const { return true; }
u64 X86Format::large_leaf(const PteView& v) const { return leaf(v) | X::PS.mask(); }

Pfn X86Format::leaf_frame(u64 word) const { return static_cast<Pfn>(X::FRAME.get(word)); }

PteFormat::Descent X86Format::descend(PhysMem& memory, u64 root, u64 va, unsigned to_level) const {
  return descend_in(*this, memory, root, va, to_level);
}

}  // namespace kilburn::os
