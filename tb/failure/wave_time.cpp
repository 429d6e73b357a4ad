// SPDX-License-Identifier: Apache-2.0
//
// Resets are counted back from the end, where time and cycle are both known.
#include "tb/failure/wave_time.h"

#include <algorithm>

namespace kilburn::tb {
using arch::u64;

namespace {
constexpr u64 kResetCycles = 4;           // of one reset (tb/dut/verilated_dut.h)
constexpr const char* kReset = "rst_ni";  // rtl/README.md
}  // namespace

u64 time_of_cycle_0(const FstFile& file, u64 cycles, u64 after) {
  const u64 clocked = (file.end() + kTimePerCycle / 2) / kTimePerCycle;
  const u64 resets = clocked >= cycles + after ? clocked - cycles - after : 0;
  const bool plausible = resets >= kResetCycles && resets % kResetCycles == 0;
  return kTimePerCycle * (plausible ? resets : kResetCycles);
}

CycleTimes::CycleTimes(const FstFile& file, u64 at_end) {
  std::vector<u64> resets;
  if (const FstFile::Signal* signal = file.find(kReset)) {
    file.read({signal->handle}, file.end(), [&](u64 time, unsigned, std::string_view value) {
      if (value == "0" && time > file.begin()) resets.push_back(time);
    });
  }
  u64 offset = at_end;
  for (auto time = resets.rbegin(); time != resets.rend(); ++time) {
    const u64 before = offset - kTimePerCycle * kResetCycles;
    if (before > offset || *time < before) break;
    parts_.push_back({(*time - before) / kTimePerCycle, offset});
    offset = before;
  }
  parts_.push_back({0, offset});
}

u64 CycleTimes::operator()(u64 cycle) const {
  const auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) { return cycle >= p.first; });
  return part->offset + kTimePerCycle * cycle;
}

std::optional<ClockTimes> ClockTimes::of(u64 begin, u64 end, u64 clocks, u64 resets) {
  // The last edge of a clock is half a clock before its end. What is more than the clocks counted was reset.
  const u64 all = (end - begin + kTimePerCycle / 2) / kTimePerCycle;
  if (all < clocks) return std::nullopt;
  ClockTimes times;
  times.begin_ = begin;
  times.reset_clocks_ = resets == 0 ? 0 : (all - clocks) / resets;
  return times;
}

u64 ClockTimes::operator()(u64 clock, u64 resets) const {
  const u64 start = kTimePerCycle * (clock + reset_clocks_ * resets);
  return begin_ + (start < kTimePerCycle / 2 ? 0 : start - kTimePerCycle / 2);
}

}  // namespace kilburn::tb
