// SPDX-License-Identifier: Apache-2.0
//
// The stored form of a translation's address: what a TLB entry is compared by.
#pragma once

#include "model/arch/format.h"
#include "model/uarch/pins.h"

namespace kilburn::uarch {

// An entry's tag is one word, ASID | valid | page number, with a mask of the bits that count: a global entry's
// mask has no ASID bits, a large page's no bits inside the page. An entry matches when its tag agrees with the
// key of the request under the mask; the mask of an invalid entry keeps the valid bit, its tag does not,
// so it never matches.
template <arch::Format F>
struct TlbKey {
  static constexpr arch::FormatInfo kInfo = arch::widest_info(F);
  static constexpr unsigned kAsidShift = 52;  // 12 bits
  static constexpr u64 kAsidBits = ~u64{0} << kAsidShift;
  static constexpr u64 kValid = u64{1} << 51;
  static constexpr u64 kPageNumber = (u64{1} << (kInfo.va_bits - kInfo.page_shift)) - 1;
  static_assert((kPageNumber & (kValid | kAsidBits)) == 0);

  static constexpr u64 page_number(u64 va) { return va >> kInfo.page_shift & kPageNumber; }
  static constexpr u64 key(u64 va, u64 asid) { return page_number(va) | asid << kAsidShift | kValid; }
  // The mask of an entry for a page of 2^log2 bytes.
  static constexpr u64 mask(unsigned log2, bool global) {
    return page_number(~u64{0} << log2) | (global ? 0 : kAsidBits) | kValid;
  }
  static constexpr u64 first_byte(u64 tag) { return (tag & kPageNumber) << kInfo.page_shift; }
  static constexpr u16 asid(u64 tag) { return static_cast<u16>(tag >> kAsidShift); }
};

}  // namespace kilburn::uarch
