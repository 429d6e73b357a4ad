// SPDX-License-Identifier: Apache-2.0
//
// report.html of a run of the OS: how memory, faults and the TLB went, and the figures of result.json.
#pragma once

#include "tb/app/options.h"
#include "tb/app/result.h"

namespace kilburn::tb {

// Writes it into the run folder and names it in the result. Throws EnvironmentError.
void write_os_report(const RunOptions&, Result&);

}  // namespace kilburn::tb
