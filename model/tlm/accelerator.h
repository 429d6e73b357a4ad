// SPDX-License-Identifier: Apache-2.0
//
// The few instructions of a hit: a direct-mapped array in front of a Tlb, keyed by page and context.
//
// A slot is derived state: it speaks for 4 KB of address space (pages appear in pieces) in one context,
// remembers which kinds of access were judged good there, and holds the host address. Dropping slots is
// always right; they come back from the Tlb without a walk.
#pragma once

#include <sysc/kernel/sc_time.h>

#include <array>
#include <bit>

#include "model/arch/types.h"
#include "model/tlm/extensions.h"

namespace kilburn::tlm {

// An access as one word: op in byte 0, mode, ac, implicit in the bytes above.
constexpr arch::u32 access_kind(const Access& access) {
  static_assert(std::endian::native == std::endian::little && sizeof(Access) == 4);
  return std::bit_cast<arch::u32>(access);
}
constexpr arch::u32 as_write(arch::u32 kind) {
  return (kind & ~arch::u32{0xFF}) | static_cast<arch::u32>(arch::Op::write);
}
constexpr bool is_fetch(arch::u32 kind) { return (kind & 0xFF) == static_cast<arch::u32>(arch::Op::fetch); }

// Numbers the kinds: op (0 to 2) + 4 mode (0 to 3) + 16 ac + 32 implicit. One multiplication moves the four bytes
// there; what it makes above bit 29 and below bit 24 does not count.
constexpr unsigned kind_number(arch::u32 kind) {
  return static_cast<unsigned>(arch::u64{kind} * (1U << 24 | 1U << 18 | 1U << 12 | 1U << 5) >> 24 & 63);
}
static_assert(kind_number(access_kind({arch::Op::fetch, arch::Mode::user, true, true})) == 2 + 4 * 3 + 16 + 32);

// Numbers the contexts in which slots were judged, so that a slot names its own in 12 bits: the address space,
// the controls and the protection keys' registers all take part in a judgement (trap T29), and programs change
// some of them (WRPKRU, STAC, CR3) far too often for slots to be dropped at each change.
class ContextTags {
 public:
  static constexpr unsigned kTags = 4096;

  // The number of `context`, in which the root does not count; `spent()` is called when all have been used and
  // counting starts again.
  template <class Spent>
  arch::u16 tag(const arch::Context& context, Spent&& spent) {
    arch::Context wanted = context;
    wanted.root = 0;
    for (const Known& known : known_) {
      if (known.context == wanted && known.used) return known.tag;
    }
    if (next_ == kTags) {
      known_.fill({});
      next_ = 0;
      spent();
    }
    const auto fresh = static_cast<arch::u16>(next_++);
    known_[fresh % known_.size()] = {wanted, fresh, true};  // in place of the one numbered longest ago
    return fresh;
  }

  // No context has a number any more; those given are not given again until they are spent.
  void retire() { known_.fill({}); }

 private:
  struct Known {
    arch::Context context;
    arch::u16 tag = 0;
    bool used = false;
  };
  unsigned next_ = 0;
  std::array<Known, 16> known_{};
};

class Accelerator {
 public:
  // Slots speak for 4 KB whatever the format's page, so that the hit path works with constants.
  static constexpr unsigned kPieceLog2 = 12;
  static constexpr arch::u64 kInPiece = (arch::u64{1} << kPieceLog2) - 1;

  struct alignas(64) Slot {  // one line of a cache
    // Address of the piece, with the context's tag in the 12 bits inside it. An empty slot has no access bits,
    // so its key does not matter.
    arch::u64 key = 0;
    unsigned char* host = nullptr;  // of the piece's first byte
    arch::u64 direct = 0;           // bit n: accesses of kind_number() n need no judgement and no page-table write
    sc_core::sc_time read_time;     // of a direct access, everything in it
    sc_core::sc_time write_time;

    bool allows(arch::u32 kind) const { return (direct >> kind_number(kind) & 1) != 0; }
    void allow(arch::u32 kind) { direct |= arch::u64{1} << kind_number(kind); }
  };

  static constexpr arch::u64 key(arch::u64 va, arch::u16 tag) { return (va & ~kInPiece) | tag; }
  Slot& slot(arch::u64 va, arch::u16 tag) {
    return slots_[tag % kWays * kPieces + ((va >> kPieceLog2) & (kPieces - 1))];
  }

  void clear() {
    for (Slot& s : slots_) s.direct = 0;
    largest_ = kPieceLog2;
  }
  // Nothing that is held can answer any more: its tags are retired.
  void retired() { largest_ = kPieceLog2; }
  // Drops whatever could translate `va`: each piece of the largest page held may be there (trap T62). False, and
  // nothing is dropped, if that are too many.
  bool drop(arch::u64 va) {
    if (largest_ > kPieceLog2 + 3) return false;
    const arch::u64 first = va >> largest_ << largest_;
    for (arch::u64 piece = 0; piece < arch::u64{1} << largest_; piece += kInPiece + 1) {
      for (arch::u16 way = 0; way < kWays; ++way) slot(first + piece, way).direct = 0;
    }
    return true;
  }
  void note_size(arch::u8 page_log2) { largest_ = page_log2 > largest_ ? page_log2 : largest_; }

 private:
  // Contexts with successive tags do not get in each other's way.
  static constexpr unsigned kPieces = 512;
  static constexpr unsigned kWays = 4;
  arch::u8 largest_ = kPieceLog2;  // log2 bytes of the largest page of which a piece may be here
  std::array<Slot, kWays * kPieces> slots_{};
};

}  // namespace kilburn::tlm
