// SPDX-License-Identifier: Apache-2.0
//
// The sources of a run; each fills the figures of the result.
#pragma once

#include "tb/app/session.h"

namespace kilburn::tb {

// Random test on a DUT with pins.
void run_random(const RunOptions&, const DutLibrary&, Result&);

// Throws UserError for an unknown --os-bug or a number of frames that no run can have.
void check_os_options(const RunOptions&);

// A lackey trace through the OS shim, on a DUT in lockstep, or on a model (library is null).
void run_trace(const RunOptions&, const DutLibrary* library, const std::filesystem::path& trace, Result&);

}  // namespace kilburn::tb
