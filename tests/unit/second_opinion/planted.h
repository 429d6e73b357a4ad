// SPDX-License-Identifier: Apache-2.0
//
// A pin log with one output changed by hand.
#pragma once

#include <filesystem>
#include <functional>

#include "tb/second_opinion/pin_log.h"

namespace kilburn::test {

// The log of `from` with `change` made to record `number` (0: the reset), written to `to`.
inline void plant(const std::filesystem::path& from, const std::filesystem::path& to, arch::u64 number,
                  const std::function<void(kilburn_dut_out&)>& change) {
  const tb::PinLog log = tb::PinLog::read(from);
  tb::PinLog planted;
  tb::PinLog::Reader reader(log);
  tb::PinCycle cycle;
  for (arch::u64 n = 0; reader.next(cycle); ++n) {
    if (n == number) change(cycle.out);
    if (n == 0)
      planted.start(cycle.in.cfg, cycle.out);
    else
      planted.add(cycle);
  }
  planted.header = log.header;
  planted.write(to);
}

}  // namespace kilburn::test
