// SPDX-License-Identifier: Apache-2.0
//
// Carries out a plan: every run that the journal does not have yet, then the failed ones again with waves.
#pragma once

#include <functional>

#include "tb/regress/journal.h"
#include "tb/regress/launcher.h"

namespace kilburn::regress {

// Told after every run that ended; `job` is its number.
using Progress =
    std::function<void(const Results&, std::size_t job, std::size_t ended, std::size_t all, bool repeating)>;

// Folder of a run below the results folder; of its repetition with waves.
std::filesystem::path run_folder(const Plan&, std::size_t job, bool repeated);

// Goes on from `results`, which the journal has. Throws EnvironmentError.
void carry_out(const Plan&, const std::filesystem::path& folder, Launcher&, Journal&, Results& results,
               const Progress&);

// Whether anything of the plan is still to be done.
bool unfinished(const Plan&, const Results&);

}  // namespace kilburn::regress
