// SPDX-License-Identifier: Apache-2.0
//
// Where a run's cycles lie in its wave file. The random test resets the DUT, which takes time and no cycles.
#pragma once

#include <optional>

#include "tb/failure/fst_file.h"

namespace kilburn::tb {

inline constexpr arch::u64 kTimePerCycle = 10;  // tb/dut/verilated_dut.h

// Cycles of waves kept before and after a failure.
inline constexpr arch::u64 kWavesBefore = 2000;
inline constexpr arch::u64 kWavesAfter = 200;

// The time of cycle 0 as the last cycles of a file see it that ends `after` cycles behind cycle `cycles`.
arch::u64 time_of_cycle_0(const FstFile&, arch::u64 cycles, arch::u64 after);

// When each cycle begins: after every reset that the file shows cycle 0 seems to lie later.
class CycleTimes {
 public:
  CycleTimes(arch::u64 time_of_cycle_0) : parts_{{0, time_of_cycle_0}} {}  // nothing is reset within the file
  // `at_end`: the time of cycle 0 as the last cycles see it.
  CycleTimes(const FstFile&, arch::u64 at_end);
  arch::u64 operator()(arch::u64 cycle) const;

 private:
  struct Part {
    arch::u64 first;   // cycle
    arch::u64 offset;  // time of cycle 0
  };
  std::vector<Part> parts_;  // the last first
};

// When the clocks begin that were counted while a file was recorded.
class ClockTimes {
 public:
  // nullopt: the file, from `begin` to `end`, is of another clock than the contract's, so that they cannot be placed.
  static std::optional<ClockTimes> of(arch::u64 begin, arch::u64 end, arch::u64 clocks, arch::u64 resets);
  // The edge that begins this clock, after so many resets.
  arch::u64 operator()(arch::u64 clock, arch::u64 resets) const;

 private:
  arch::u64 begin_ = 0;
  arch::u64 reset_clocks_ = 0;  // of one reset
};

}  // namespace kilburn::tb
