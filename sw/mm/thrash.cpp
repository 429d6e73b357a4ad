// SPDX-License-Identifier: Apache-2.0
//
// Refault distances and the rate of refaults.
#include "sw/mm/thrash.h"

#include <algorithm>

namespace kilburn::os {

// A page that went `distance` evictions ago would still be here if memory had that many frames more. Twice of what
// there is is where more memory stops being a remedy that anybody would call small.
void ThrashDetector::returned(const PageKey& key, u64 resident) {
  const auto at = gone_.find(key);
  if (at == gone_.end()) return;
  const u64 distance = evictions_ - at->second;
  gone_.erase(at);
  ++counters_.refaults;
  counters_.distance_sum += distance;
  if (distance > resident) return;
  ++counters_.near;
  ++near_;
}

void ThrashDetector::forget_space(u32 id) {
  gone_.erase(gone_.lower_bound(PageKey::of_space(id, 0)), gone_.lower_bound(PageKey::of_space(id + 1, 0)));
}

bool ThrashDetector::close_window(u64 now) {
  const u64 length = std::max<u64>(now - end_, 1);
  rate_ = near_ * 1000 / length;
  counters_.peak = std::max(counters_.peak, rate_);
  end_ = now;
  near_ = 0;
  if (alarm_ == 0 || rate_ < alarm_) {
    in_a_row_ = 0;
    return false;
  }
  if (++in_a_row_ == 1) ++counters_.alarms;
  ++counters_.alarm_windows;
  return true;
}

}  // namespace kilburn::os
