// SPDX-License-Identifier: Apache-2.0
//
// The few instructions of a hit: a direct-mapped array in front of a Tlb, keyed by page and ASID.
//
// A slot is derived state: it speaks for 4 KB of address space (pages appear in pieces), remembers which
// kinds of access were judged good under the present controls, and holds the host address.
// Dropping slots is always right; they come back from the Tlb without a walk.
#pragma once

#include <sysc/kernel/sc_time.h>

#include <array>

#include "model/arch/types.h"

namespace kilburn::tlm {

// One of 24 kinds of access as a bit: op, mode, AC.
constexpr arch::u32 access_bit(arch::Op op, arch::Mode mode, bool ac) {
  return arch::u32{1} << (static_cast<unsigned>(op) * 8 + static_cast<unsigned>(mode) * 2 + (ac ? 1U : 0U));
}

class Accelerator {
 public:
  // Slots speak for 4 KB whatever the format's page, so that the hit path works with constants.
  static constexpr unsigned kPieceLog2 = 12;
  static constexpr arch::u64 kInPiece = (arch::u64{1} << kPieceLog2) - 1;

  struct Slot {
    // Address of the piece, with the ASID in the 12 bits inside it. An empty slot has no access bits, so its
    // key does not matter.
    arch::u64 key = 0;
    unsigned char* host = nullptr;  // of the piece's first byte
    arch::u32 direct = 0;           // kinds of access that need no judgement and no page-table write
    sc_core::sc_time read_time;     // of a direct access, everything in it
    sc_core::sc_time write_time;
  };

  static constexpr arch::u64 key(arch::u64 va, arch::u16 asid) { return (va & ~kInPiece) | asid; }
  Slot& slot(arch::u64 va) { return slots_[(va >> kPieceLog2) & (kSlots - 1)]; }

  void clear() {
    for (Slot& s : slots_) s.direct = 0;
    largest_ = kPieceLog2;
  }
  // Drops whatever could translate `va`: each piece of the largest page held may be there (trap T62).
  void drop(arch::u64 va) {
    if (largest_ > kPieceLog2 + 3) {
      clear();
      return;
    }
    const arch::u64 first = va >> largest_ << largest_;
    for (arch::u64 piece = 0; piece < arch::u64{1} << largest_; piece += kInPiece + 1) slot(first + piece).direct = 0;
  }
  void note_size(arch::u8 page_log2) { largest_ = page_log2 > largest_ ? page_log2 : largest_; }

 private:
  static constexpr unsigned kSlots = 512;
  arch::u8 largest_ = kPieceLog2;  // log2 bytes of the largest page of which a piece may be here
  std::array<Slot, kSlots> slots_{};
};

}  // namespace kilburn::tlm
