// SPDX-License-Identifier: Apache-2.0
//
// A transaction of a finished run, had by running it again.
#pragma once

#include "tb/app/explain.h"

namespace kilburn::tb {

// Repeats the run of `folder` by the command in its result.json, up to the first response that the DUT offers in
// `cycle` or later; nullopt if the run ends before. Throws UserError: no run's folder, a run without pins, a trace
// that is gone.
std::optional<CapturedTransaction> capture_run(const std::filesystem::path& folder, arch::u64 cycle);

}  // namespace kilburn::tb
