// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks share of the one SystemC simulation.
#pragma once

#include "tb/lockstep/systemc_process.h"

namespace kilburn::bench {

extern tb::Advance advance;  // lets simulated time pass
void elaborate_tlm();        // builds the modules of bench_tlm.cpp

}  // namespace kilburn::bench
