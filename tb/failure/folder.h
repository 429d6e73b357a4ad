// SPDX-License-Identifier: Apache-2.0
//
// The folder of a failure: what an engineer, or a colleague who is sent it, needs to see it and to see it again.
//
//   mismatch.json     what differed, when, the request it belongs to
//   transactions.txt  the last transactions on the ports
//   page_tables.txt   the tables that the request goes through, as a tree, with what each side read
//   waves.gtkw, waves.sucl   waves.fst in GTKWave or Surfer, with a marker at each event
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

// The time of cycle 0 in a wave file that ends `after` cycles behind cycle `cycles`: resets take cycles of their own.
arch::u64 time_of_cycle_0(const FstFile&, arch::u64 cycles, arch::u64 after);

// The same for a cycle before resets that the file has seen: each of those takes 4 cycles of its own. `at_end` is the
// time of cycle 0 for the last cycles of the file.
arch::u64 time_of_cycle_0(const FstFile&, arch::u64 at_end, arch::u64 cycle, const std::string& reset);
inline constexpr const char* kReset = "rst_ni";  // of rtl/README.md and the contract's adapters

// Writes all of it into the folder, which exists; the viewers' files only if waves.fst is there. Throws
// EnvironmentError, a full disk being the usual reason.
void write_failure_folder(const std::filesystem::path& folder, const Failure&, const FailedRun&);

}  // namespace kilburn::tb
