// SPDX-License-Identifier: Apache-2.0
//
// A failing run, whatever its source, as the smallest list of operations at the ports of the MMU that failed.
#pragma once

#include <filesystem>
#include <optional>

#include "tb/app/options.h"
#include "tb/failure/finished_run.h"

namespace kilburn::tb {

// What repeating the run showed of the ports, for a message.
struct Recorded {
  arch::u64 cycles = 0;
};

// Repeats the run with its operations recorded, and looks for the smallest part that fails as the run did; of what the
// OS found, in any check of the ports. Writes the directed test `out` and prints it. Returns the exit status; nullopt:
// no part of the record fails by itself. Throws UserError: a model. EnvironmentError.
std::optional<int> shrink_ports(const FinishedRun&, RunOptions repeated, const std::filesystem::path& out,
                                double seconds, Recorded&);

}  // namespace kilburn::tb
