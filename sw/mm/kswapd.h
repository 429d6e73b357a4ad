// SPDX-License-Identifier: Apache-2.0
//
// For which zones the background task of reclaim is awake: woken by a zone's mark or the timer, done with the zone at
// its high mark (L24 kswapd_balance).
#pragma once

#include <vector>

#include "sw/mm/reclaim_config.h"
#include "sw/mm/zone.h"

namespace kilburn::os {

class Kswapd {
 public:
  static constexpr u32 kBatch = 4;       // frames a step and zone: programs run between two
  static constexpr u64 kBackoff = 1000;  // references that it leaves a zone alone after a scan that freed nothing

  Kswapd(const ReclaimConfig& config, size_t zones) : config_(config), zones_(zones) { timer_ = next(0); }

  bool awake() const { return awake_ != 0; }
  bool works_on(size_t zone) const { return zones_[zone].awake; }
  // A frame of the zone was taken. True if that woke the task.
  bool taken(size_t number, const Zone& zone, u64 now) {
    const u32 mark = config_.kswapd_wakes == KswapdWakes::high ? zone.marks.high : zone.marks.low;
    return zone.buddy.free_frames() < mark && zones_[number].not_before <= now && wake(number, zone);
  }
  bool timer_due(u64 now) const { return now >= timer_; }
  void restart_timer(u64 now) { timer_ = next(now); }
  // The timer went off. True if that woke the task.
  bool tick(size_t number, const Zone& zone) {
    return zone.buddy.free_frames() < zone.marks.high && wake(number, zone);
  }
  u64 timer() const { return timer_; }
  void sleep(size_t zone) {
    zones_[zone].awake = false;
    --awake_;
  }
  void give_up(size_t zone, u64 now) {
    sleep(zone);
    zones_[zone].not_before = now + kBackoff;
  }

 private:
  struct State {
    bool awake = false;
    u64 not_before = 0;
  };
  bool wake(size_t number, const Zone& zone) {
    if (zone.marks.high == 0 || zones_[number].awake) return false;
    zones_[number].awake = true;
    return awake_++ == 0;
  }
  u64 next(u64 now) const { return config_.kswapd_every == 0 ? ~u64{0} : now + config_.kswapd_every; }

  ReclaimConfig config_;
  std::vector<State> zones_;
  size_t awake_ = 0;  // zones that it works on
  u64 timer_ = ~u64{0};
};

}  // namespace kilburn::os
