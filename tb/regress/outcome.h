// SPDX-License-Identifier: Apache-2.0
//
// How one run ended: its verdict, which a run must earn, and what a report says about it.
#pragma once

#include <filesystem>
#include <string>

#include "tb/regress/plan.h"

namespace kilburn::regress {

enum class RunVerdict {
  passed,
  failed,       // the DUT is wrong
  hang,         // no end within the time limit
  crashed,      // a signal that nobody sent
  memory,       // more than the memory limit
  no_proof,     // ended with 0 and proves nothing: no result, too few comparisons, files missing
  bad_input,    // exit status 2
  environment,  // exit status 3
};
const char* name(RunVerdict);
RunVerdict run_verdict_from_name(const std::string&);  // throws std::out_of_range

// How a process ended, as the launcher saw it.
struct Ended {
  int status = 0;  // exit status, if signal is 0
  int signal = 0;
  bool timed_out = false;
  double seconds = 0;   // wall time
  u64 peak_memory = 0;  // kB
  std::string machine;  // "" for this one
  std::string lost;     // why it was begun again, a word each time: "NODE_FAIL PREEMPTED"
};

struct Outcome {
  RunVerdict verdict = RunVerdict::passed;
  std::string check;    // of a failure: "exact", "protocol" ...; "" if the run did not get that far
  std::string message;  // one line; empty for a pass
  std::string reproduce;
  std::string waves;  // file in the run's folder, empty if none
  u64 cycle = 0;      // of the failure
  u64 comparisons = 0;
  u64 cycles = 0;
  // Measured, so different every time.
  double seconds = 0;
  u64 peak_memory = 0;  // kB
  std::string machine, lost;
};

// The verdict of a run from how it ended and what it left in `folder`.
Outcome judge(const Test& test, u64 seed, const Ended& ended, const std::filesystem::path& folder);

}  // namespace kilburn::regress
