// SPDX-License-Identifier: Apache-2.0
//
// What the folder of a finished run says about it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

struct FinishedRun {
  std::filesystem::path folder;
  std::string verdict;               // "passed", "failed", "interrupted"
  std::string format, dut, source;   // as result.json has them
  std::vector<std::string> command;  // arguments after `kilburn run` that repeat it
  std::vector<std::string> checks;
  // Of a failed run.
  std::string check, signal, message, waves;
  std::string against;  // the second DUT; empty without one
  bool of_b = false;    // it failed; cycles are its own
  unsigned mmu = 0;     // of several on one memory, the one that failed
  arch::u64 cycle = 0;
};

// Throws UserError: no such folder, not the folder of a finished run, a result that is none.
FinishedRun read_finished_run(const std::filesystem::path& folder);

}  // namespace kilburn::tb
