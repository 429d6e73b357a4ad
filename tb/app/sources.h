// SPDX-License-Identifier: Apache-2.0
//
// The sources of a run; each fills the figures of the result.
#pragma once

#include "tb/app/session.h"

namespace kilburn::tb {

// Runs `body` in SystemC, where a Session can be made for the DUT of the options.
void run_with_dut(const RunOptions&, const std::function<void(const Advance&)>& body);

// Random test on a DUT with pins.
void run_random(const RunOptions&, const DutLibrary&, Result&);

// Every decision about as often as every other.
void run_decisions(const RunOptions&, const DutLibrary&, Result&);

// Situations that chance meets seldom, made on purpose.
void run_scenes(const RunOptions&, const DutLibrary&, Result&);

// The random test on several instances of the DUT with one memory.
void run_harts(const RunOptions&, const DutLibrary&, Result&);

// Recorded vectors: the format that the file names, which --format may not contradict; and the run.
arch::Format vectors_format(const RunOptions&);
void run_vectors(const RunOptions&, const DutLibrary&, Result&);

// A guest memory dump: everything that can be wrong with it, the listing of its mappings (returns the exit
// status), and the run.
void check_dump(const RunOptions&);
int list_mappings(const RunOptions&);
void run_dump(const RunOptions&, const DutLibrary&, Result&);

// Throws UserError for an unknown --os-bug, a number of frames that no run can have, a DUT without what the OS needs.
void check_os_options(const RunOptions&, const DutLibrary* library);

// Traces or a workload through the OS shim, on a DUT in lockstep, on several, or on a model (library is null).
void run_os(const RunOptions&, const DutLibrary* library, const std::vector<std::filesystem::path>& traces, Result&);

}  // namespace kilburn::tb
