// SPDX-License-Identifier: Apache-2.0
//
// What the operating system does wrong is not on the ports of the MMU: such a run shrinks to a shorter trace.
#pragma once

#include <filesystem>

#include "tb/failure/finished_run.h"

namespace kilburn::tb {

// The run failed in a check that knows the operating system's books: a list of operations on the ports cannot show it.
bool is_of_the_os(const FinishedRun&);

// The shortest traces with which the run still fails so, as lackey logs: `out`, and out2, out3 ... beside it if the run
// has several; forked children keep theirs. Prints what came of it. Returns the exit status.
// Throws UserError: a run without a trace. EnvironmentError: it does not fail again.
int shrink_traces(const FinishedRun&, const std::filesystem::path& out, double seconds);

}  // namespace kilburn::tb
