// SPDX-License-Identifier: Apache-2.0
//
// What runs on the OS: traces, each in one or several processes, or a workload; and the configuration for it.
#pragma once

#include <filesystem>
#include <vector>

#include "sw/os/kernel.h"
#include "tb/app/options.h"
#include "tb/app/result.h"

namespace kilburn::tb {

// Throws UserError for what no run can have; `frames` as the workload wants them if the user says nothing.
os::Config os_config(const RunOptions&);
arch::u64 memory_bytes(const RunOptions&);

// Runs to the end. An audit or the oracle that trips is a verdict: DutWrong. Throws UserError, TraceError.
void run_programs(const RunOptions&, const std::vector<std::filesystem::path>& traces, os::Kernel&, const os::Clock&);

// What the kernel counted.
void collect(os::Kernel&, Result&);

}  // namespace kilburn::tb
