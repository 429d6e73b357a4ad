// SPDX-License-Identifier: Apache-2.0
//
// Two DUTs side by side in the result of a run.
#pragma once

#include "tb/against/against_monitor.h"
#include "tb/app/options.h"
#include "tb/app/result.h"

namespace kilburn::tb {

// The seed of the second DUT: not that of the first, so that two random MMUs are two.
arch::u64 against_seed(const RunOptions&);
// Throws UserError: no such DUT, no such bug, settings or waves that do not go with it or with the first DUT. Settings
// that it is built with are put into `options`.
void check_against(RunOptions&, const kilburn_dut_api& a);
// Whether the exact check applies to the second DUT.
bool against_exact(const RunOptions&, const kilburn_dut_api&);
// The figures of both, and what the comparison of their answers has found.
void collect_against(const Lockstep& a, against::AgainstMonitor&, Result&);

}  // namespace kilburn::tb
