// SPDX-License-Identifier: Apache-2.0
//
// The folder of a failure: what an engineer, or a colleague who is sent it, needs to see it and to see it again.
//
//   mismatch.json     what differed, when, the request it belongs to
//   transactions.txt  the last transactions on the ports
//   page_tables.txt   the tables that the request goes through, as a tree, with what each side read
//   waves.gtkw, waves.sucl   waves.fst in GTKWave or Surfer, with a marker at each event
//   transactions.sucl   the same for transactions.ftr in Surfer
//   replay.sh         runs it again; names seed, command, state of the sources and versions of the tools
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tb/failure/failure.h"
#include "tb/failure/timing_diagram.h"

namespace kilburn::tb {

struct FailedRun {
  std::string command;    // as typed
  std::string reproduce;  // with every choice spelled out
  std::string format, dut;
  arch::u64 seed = 0;
  arch::u64 cycles = 0;  // of the run
};

// Events of the story that the failure's history tells, in their order: the request, the last write of a page-table
// word that its walk reads, the last TLB operation, the mismatch.
std::vector<Marker> markers(const Failure&);

// Writes all of it into the folder, which exists; the viewers' files only if waves.fst is there. Throws
// EnvironmentError, a full disk being the usual reason.
void write_failure_folder(const std::filesystem::path& folder, const Failure&, const FailedRun&);

}  // namespace kilburn::tb
