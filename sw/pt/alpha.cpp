// SPDX-License-Identifier: Apache-2.0
//
// Alpha words (LX asm/pgtable.h): ACCESSED with KRE and URE, DIRTY with KWE and UWE, so that the first
// access to an old page and the first store to a clean one fault (ACV); FOW write-protects. ASM is
// never set for user pages. A swap word has V = 0, its type in bits 38:32 and its slot in bits 63:40.
#include "sw/pt/alpha.h"

#include "model/arch/layout.h"
#include "sw/core/errors.h"
#include "sw/pt/descend.h"

namespace kilburn::os {

namespace {
namespace A = arch::layout::AlphaPte;
constexpr u64 kDirtyBits = A::DIRTY.mask() | A::KWE.mask() | A::UWE.mask();
constexpr u64 kAccessBits = A::ACCESSED.mask() | A::KRE.mask() | A::URE.mask();
constexpr arch::layout::Field kType{38, 32};
constexpr arch::layout::Field kSlot{63, 40};
constexpr u64 kTypeSwap = 1, kTypePoison = 31;
}  // namespace

u64 AlphaFormat::valid_bit() const { return A::V.mask(); }
u32 AlphaFormat::max_slot() const { return (u32{1} << 24) - 1; }

u64 AlphaFormat::table(Pfn pfn) const { return A::V.mask() | kDirtyBits | kAccessBits | A::PFN.make(pfn); }

u64 AlphaFormat::leaf(const PteView& v) const {
  u64 word = A::V.mask() | A::PFN.make(v.pfn) | A::GH.make(v.block / 3);
  if (!(v.rights & kRead)) word |= A::FOR.mask();
  if (!(v.rights & kWrite)) word |= A::FOW.mask();
  if (!(v.rights & kExecute)) word |= A::FOE.mask();
  if (v.young) word |= kAccessBits;
  if (v.dirty) word |= kDirtyBits;
  return word;
}

u64 AlphaFormat::swap(u32 slot) const { return kType.make(kTypeSwap) | kSlot.make(slot); }
u64 AlphaFormat::poison() const { return kType.make(kTypePoison); }

// Apart from next_table(), which every step of a walk calls.
[[noreturn, gnu::noinline]] static void corrupt(u64 word) {
  throw Violation("P26", "corrupt table entry " + hex(word));
}

Pfn AlphaFormat::next_table(u64 word) const {
  if (!A::V.test(word)) return kNoFrame;
  const Pfn pfn = static_cast<Pfn>(A::PFN.get(word));
  if (word != table(pfn)) corrupt(word);
  return pfn;
}

PteView AlphaFormat::view(u64 word) const {
  PteView v;
  if (word == 0) return v;
  if (!A::V.test(word)) {
    v.kind = kType.get(word) == kTypeSwap ? EntryKind::swap : EntryKind::poison;
    if (v.kind == EntryKind::swap) v.slot = static_cast<u32>(kSlot.get(word));
    return v;
  }
  v.kind = EntryKind::leaf;
  v.pfn = static_cast<Pfn>(A::PFN.get(word));
  if (!A::FOR.test(word)) v.rights |= kRead;
  if (!A::FOW.test(word)) v.rights |= kWrite;
  if (!A::FOE.test(word)) v.rights |= kExecute;
  v.block = static_cast<u8>(3 * A::GH.get(word));
  v.young = A::ACCESSED.test(word);
  v.dirty = A::DIRTY.test(word);
  return v;
}

// A read needs URE and not FOR, a fetch URE and not FOE, a store UWE and not FOW (EV5 5.2).
bool AlphaFormat::permits(u64 word, arch::Op op) const {
  if (!A::V.test(word)) return false;
  switch (op) {
    case arch::Op::write:
      return A::UWE.test(word) && !A::FOW.test(word);
    case arch::Op::fetch:
      return A::URE.test(word) && !A::FOE.test(word);
    case arch::Op::read:
      break;
  }
  return A::URE.test(word) && !A::FOR.test(word);
}

// LX asm/page.h IDENT_ADDR and asm/pgtable.h VMALLOC_START on 43-bit addresses: the 41-bit superpage (EV5 6.4.2)
// and what follows it. The 48-bit form has its superpage where VA<47:46> is 2 (EV6 M_CTL SPE<2>).
u64 AlphaFormat::direct_base() const { return info().va_bits > 43 ? 0xffff800000000000 : 0xfffffc0000000000; }
bool AlphaFormat::direct_by_table() const { return false; }
u64 AlphaFormat::vmalloc_base() const { return info().va_bits > 43 ? 0xffffc00000000000 : 0xfffffe0000000000; }
u32 AlphaFormat::kernel_controls() const {
  return static_cast<u32>(arch::layout::Controls::SPE.make(info().va_bits > 43 ? 4 : 2));
}

u64 AlphaFormat::kernel_leaf(Pfn pfn, unsigned) const {
  return A::V.mask() | A::ASM.mask() | A::FOE.mask() | A::KRE.mask() | A::KWE.mask() | A::ACCESSED.mask() |
         A::DIRTY.mask() | A::PFN.make(pfn);
}

bool AlphaFormat::large(u64, unsigned) const { return false; }
std::span<const u8> AlphaFormat::blocks() const {
  static constexpr u8 kBlocks[] = {9, 6, 3};  // GH 3, 2, 1 (EV5 6.4.2)
  return kBlocks;
}
bool AlphaFormat::block_is_large_page() const { return false; }
u64 AlphaFormat::large_leaf(const PteView& v) const { return leaf(v); }

Pfn AlphaFormat::leaf_frame(u64 word) const { return static_cast<Pfn>(A::PFN.get(word)); }

PteFormat::Descent AlphaFormat::descend(PhysMem& memory, u64 root, u64 va, unsigned to_level) const {
  return descend_in(*this, memory, root, va, to_level);
}

}  // namespace kilburn::os
