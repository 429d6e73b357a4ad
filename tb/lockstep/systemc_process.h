// SPDX-License-Identifier: Apache-2.0
//
// Runs a test as one SystemC process. The test clocks the DUT from plain C++ and gives control to the
// kernel once a quantum: entering the kernel costs more than evaluating the RTL.
#pragma once

#include <functional>

#include "model/arch/types.h"

namespace kilburn::tb {

// Lets `cycles` clock periods (1 ns each) of simulated time pass; valid only inside the body.
using Advance = std::function<void(arch::u64 cycles)>;

// Elaborates a module with one thread, runs `body` in it to its end and returns. An exception that
// leaves `body` is thrown again here. At most once in a process: SystemC cannot elaborate twice.
// `elaborate` builds further modules (the TLM model) before simulation starts.
void run_in_systemc(const std::function<void()>& elaborate, const std::function<void(const Advance&)>& body);

}  // namespace kilburn::tb
