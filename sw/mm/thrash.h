// SPDX-License-Identifier: Apache-2.0
//
// Thrashing: pages that come back soon after they went. Distances as in L workingset.c, in evictions.
#pragma once

#include <compare>
#include <map>

#include "sw/core/types.h"

namespace kilburn::os {

// What a page is known by while it is not in memory.
struct PageKey {
  u64 owner;  // a slot, an object or an address space
  u64 index;
  auto operator<=>(const PageKey&) const = default;

  static PageKey of_slot(u32 slot) { return {~u64{0}, slot}; }
  static PageKey of_object(u32 number, u64 index) { return {u64{1} << 32 | number, index}; }
  static PageKey of_space(u32 id, u64 va) { return {id, va}; }
};

class ThrashDetector {
 public:
  struct Counters {
    u64 refaults = 0;       // pages that came back after an eviction
    u64 near = 0;           // of them: memory twice as large would have kept them
    u64 distance_sum = 0;   // evictions between going and coming
    u64 alarms = 0;         // times that an alarm began
    u64 alarm_windows = 0;  // windows in alarm
    u64 peak = 0;           // most near refaults in 1 000 references, over one window
  };

  // `alarm`: near refaults in 1 000 references; 0: never.
  ThrashDetector(u64 window, u64 alarm) : window_(window == 0 ? 1 : window), alarm_(alarm) {}

  void evicted(const PageKey& key) { gone_[key] = ++evictions_; }
  // The page is read again, or made again, with `resident` frames in use.
  void returned(const PageKey& key, u64 resident);
  void forget_space(u32 id);

  u64 window_end() const { return end_ + window_; }
  // At the end of a window, `now` references since the start: true if there was an alarm in it.
  bool close_window(u64 now);
  bool began() const { return in_a_row_ == 1; }  // the alarm is new
  u32 in_a_row() const { return in_a_row_; }     // windows in alarm up to now
  void calm() { in_a_row_ = 0; }
  u64 rate() const { return rate_; }  // of the last window, in 1 000 references
  const Counters& counters() const { return counters_; }

 private:
  u64 window_, alarm_;
  u64 evictions_ = 0;
  u64 end_ = 0;   // of the last window
  u64 near_ = 0;  // in this one
  u64 rate_ = 0;
  u32 in_a_row_ = 0;
  Counters counters_;
  std::map<PageKey, u64> gone_;  // evictions up to and with its own
};

}  // namespace kilburn::os
