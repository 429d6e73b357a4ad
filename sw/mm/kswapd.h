// SPDX-License-Identifier: Apache-2.0
//
// When the background task of reclaim is awake: woken by a mark or the timer, asleep at the high mark (L24 kswapd).
#pragma once

#include "sw/mm/reclaim_config.h"

namespace kilburn::os {

class Kswapd {
 public:
  static constexpr u32 kBatch = 4;       // frames a step: programs run between two
  static constexpr u64 kBackoff = 1000;  // references that it sleeps after a scan that freed nothing

  explicit Kswapd(const ReclaimConfig& config) : config_(config) { timer_ = next(0); }

  bool awake() const { return awake_; }
  u32 low() const { return config_.kswapd_wakes == KswapdWakes::high ? config_.high : config_.low; }
  // The allocator took a frame and left `free`. True if that woke it.
  bool taken(u32 free, u64 now) {
    if (awake_ || config_.high == 0 || free >= low() || now < not_before_) return false;
    return awake_ = true;
  }
  // Time is `now`. True if the timer woke it.
  bool tick(u32 free, u64 now) {
    if (now < timer_) return false;
    timer_ = next(now);
    if (awake_ || free >= config_.high) return false;
    return awake_ = true;
  }
  u64 timer() const { return timer_; }
  void sleep() { awake_ = false; }
  void give_up(u64 now) {
    awake_ = false;
    not_before_ = now + kBackoff;
  }

 private:
  u64 next(u64 now) const {
    return config_.high == 0 || config_.kswapd_every == 0 ? ~u64{0} : now + config_.kswapd_every;
  }

  ReclaimConfig config_;
  bool awake_ = false;
  u64 timer_ = ~u64{0};
  u64 not_before_ = 0;
};

}  // namespace kilburn::os
