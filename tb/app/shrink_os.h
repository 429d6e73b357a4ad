// SPDX-License-Identifier: Apache-2.0
//
// What the operating system does wrong is not on the ports of the MMU: such a run shrinks to a shorter trace, that of a
// workload to fewer of its calls.
#pragma once

#include <filesystem>
#include <functional>

#include "tb/failure/finished_run.h"

namespace kilburn::tb {

// The run failed in a check that knows the operating system's books: a list of operations on the ports cannot show it.
bool is_of_the_os(const FinishedRun&);

// The shortest lists with which the run still fails so: `out`, and out2, out3 ... beside it if the run has several
// traces; forked children keep theirs. Empty `out`: RUN/shrunk.lk of traces, RUN/shrunk.calls of a workload. Prints
// what came of it; then lets `then` look at the run that is left, whose files are there as long. Returns the exit
// status. Throws UserError: a failure that no list can show. EnvironmentError: the run does not fail again.
int shrink_os(const FinishedRun&, const std::filesystem::path& out, double seconds,
              const std::function<void(const FinishedRun&)>& then = {});

}  // namespace kilburn::tb
