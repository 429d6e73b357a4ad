// SPDX-License-Identifier: Apache-2.0
//
// Giving out address-space numbers.
#include "sw/mm/asid.h"

namespace kilburn::os {

AsidAllocator::Given AsidAllocator::get(Seat& seat) {
  const bool flush_always = policy_ == SwitchPolicy::flush;
  if (bug_ == Bug::asid_ignored) {
    seat = {1, version_, seat.active};
    return {1, false};
  }
  if (valid(seat) && !flush_always) return {seat.asid, false};
  bool flush = false;
  if (flush_always || next_ > last_) {
    flush = bug_ != Bug::asid_reuse;
    ++version_;
    next_ = 1;
  }
  seat = {static_cast<u16>(next_++), version_, false};
  return {seat.asid, flush};
}

}  // namespace kilburn::os
