// SPDX-License-Identifier: Apache-2.0
//
// The few instructions of a hit: a direct-mapped array in front of a Tlb, keyed by page and ASID.
//
// A slot is derived state: it speaks for one base page (large pages appear in pieces), remembers which
// kinds of access were judged good under the present controls, and holds the page's host address.
// Dropping slots is always right; they come back from the Tlb without a walk.
#pragma once

#include <sysc/kernel/sc_time.h>

#include <array>

#include "model/arch/format.h"
#include "model/arch/types.h"

namespace kilburn::tlm {

// One of 24 kinds of access as a bit: op, mode, AC.
constexpr arch::u32 access_bit(arch::Op op, arch::Mode mode, bool ac) {
  return arch::u32{1} << (static_cast<unsigned>(op) * 8 + static_cast<unsigned>(mode) * 2 + (ac ? 1U : 0U));
}

class Accelerator {
 public:
  struct Slot {
    // Address of the page, with the ASID in the bits inside the page (both formats' pages have at least
    // the ASID's 12 bits). An empty slot has no access bits, so its key does not matter.
    arch::u64 key = 0;
    unsigned char* host = nullptr;  // of the page's first byte
    arch::u32 direct = 0;           // kinds of access that need no judgement and no page-table write
    sc_core::sc_time read_time;     // of a direct access, everything in it
    sc_core::sc_time write_time;
  };

  explicit Accelerator(const arch::FormatInfo& info)
      : page_shift_(info.page_shift), in_page_((arch::u64{1} << info.page_shift) - 1) {}

  arch::u64 key(arch::u64 va, arch::u16 asid) const { return (va & ~in_page_) | asid; }
  Slot& slot(arch::u64 va) { return slots_[(va >> page_shift_) & (kSlots - 1)]; }
  arch::u64 in_page() const { return in_page_; }  // mask of the bits inside a base page

  void clear() {
    for (Slot& s : slots_) s.direct = 0;
    holds_pieces_ = false;
  }
  // Drops whatever could translate `va`. A piece of a large page may sit in any slot (trap T62).
  void drop(arch::u64 va) {
    if (holds_pieces_) {
      clear();
    } else {
      slot(va).direct = 0;
    }
  }
  void note_size(arch::u8 page_log2) { holds_pieces_ |= page_log2 != page_shift_; }

 private:
  static constexpr unsigned kSlots = 512;
  unsigned page_shift_;
  arch::u64 in_page_;
  bool holds_pieces_ = false;
  std::array<Slot, kSlots> slots_{};
};

}  // namespace kilburn::tlm
