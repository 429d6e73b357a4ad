// SPDX-License-Identifier: Apache-2.0
//
// The SystemC kernel for the TLM model in this process.
#pragma once

namespace kilburn::directed {

// Makes the modules of `--dut tlm`, one a format, and ends elaboration; later calls do nothing.
void start_tlm();

}  // namespace kilburn::directed
