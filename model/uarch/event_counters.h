// SPDX-License-Identifier: Apache-2.0
//
// The thirty-two event counters (rtl/README.md, "Counters"); codes are layout.def Event.
#pragma once

#include <array>
#include <cstddef>

#include "model/arch/layout.h"
#include "model/uarch/pins.h"

namespace kilburn::uarch {

namespace event = arch::layout::Event;

class EventCounters {
 public:
  void reset() { count_.fill(0); }

  // Before a cycle's events are counted: what evt_count shows in the next cycle.
  u32 selected(u8 select) const { return count_[select % kCounters]; }

  void count(u8 event) { ++count_[event]; }

 private:
  static constexpr std::size_t kCounters = 32;
  std::array<u32, kCounters> count_{};  // wraps at 32 bits
};

}  // namespace kilburn::uarch
