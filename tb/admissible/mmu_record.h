// SPDX-License-Identifier: Apache-2.0
//
// What the checker keeps of one MMU.
#pragma once

#include <bit>

#include "tb/admissible/checker.h"
#include "tb/admissible/walker_watch.h"

namespace kilburn::admissible {

struct Checker::Mmu {
  Mmu(unsigned mmu_number, const CheckerConfig& config, const Versions& versions)
      : number(mmu_number),
        invalidations(config.format, config.settings, config.relaxations),
        spaces(config.relaxations.latched_roots),
        fills(config.format, config.settings),
        view{config.format, config.settings, config.relaxations, versions, invalidations, spaces, fills, bus_errors},
        watch(view) {}
  Mmu(const Mmu&) = delete;
  Mmu& operator=(const Mmu&) = delete;

  unsigned number;
  Invalidations invalidations;
  AddressSpaces spaces;
  SoftwareFills fills;
  boost::unordered_flat_map<u64, Time> bus_errors;  // the last of each address
  MmuView view;
  WalkerWatch watch;

  // The ways that explained stale answers, a page: TLBs answer alike again and again.
  boost::unordered_flat_map<u64, WitnessPath> guides;
  static constexpr std::size_t kGuides = 1024;

  Asked open[2][16];
  u32 waiting = 0;  // one bit a request: side * 16 + id
  u64 silent_reported = 0;
  struct Retry {
    u64 pa = 0, count = 0;
  } retries[16];

  template <class Use>
  void each_waiting(Use&& use) const {
    for (u32 left = waiting; left != 0; left &= left - 1) {
      const auto n = static_cast<unsigned>(std::countr_zero(left));
      use(open[n >> 4][n & 15]);
    }
  }
  Time oldest_waiting(Time none) const {
    Time oldest = none;
    each_waiting([&](const Asked& asked) { oldest = asked.accepted < oldest ? asked.accepted : oldest; });
    return oldest;
  }
};

}  // namespace kilburn::admissible
