// SPDX-License-Identifier: Apache-2.0
//
// A DUT under the random test with the checker looking on.
#pragma once

#include <string>

#include "tb/admissible/lockstep_monitor.h"
#include "tests/duts.h"
#include "tests/random_run.h"

namespace kilburn::tb {

struct WatchedRun : RandomRun {
  admissible::CheckerCounts counts;
};

inline WatchedRun watched_run(const std::string& name, arch::Format format, arch::u64 seed, arch::u64 count,
                              const std::string& bug = {}, const admissible::Relaxations& relaxations = {}) {
  os::RamMem memory(RandomTables::kMemoryBytes);
  admissible::Checker checker({format, {}, relaxations, {}, 0, true}, memory);
  admissible::LockstepMonitor monitor(checker, 0, memory);
  const auto run =
      random_run(dut_library(name, format), memory, {.seed = seed, .count = count, .bug = bug, .monitor = &monitor});
  return {run, checker.counts()};
}

}  // namespace kilburn::tb
