// SPDX-License-Identifier: Apache-2.0
//
// SystemC takes modules before simulation starts and events after it has: both once in a process.
#include "tests/directed/tlm_start.h"

#include <cstdlib>
#include <systemc>

#include "tb/dut/models/models.h"

namespace kilburn::directed {

void start_tlm() {
  static const bool started = [] {
    setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 0);
    for (const auto format : {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64}) {
      tb::elaborate_tlm_duts(format, 1);
    }
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    return true;
  }();
  static_cast<void>(started);
}

}  // namespace kilburn::directed
