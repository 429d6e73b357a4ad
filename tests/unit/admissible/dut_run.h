// SPDX-License-Identifier: Apache-2.0
//
// A DUT under the random test with the checker looking on.
#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "sw/hw/ram.h"
#include "tb/admissible/lockstep_monitor.h"
#include "tb/stimulus/random_test.h"

namespace kilburn::tb {

struct WatchedRun {
  std::string check, message;  // empty: nothing wrong
  admissible::CheckerCounts counts;
  arch::u64 answered = 0;
};

inline DutLibrary dut_library(const std::string& name, arch::Format format) {
  if (name.starts_with("wild")) return DutLibrary::load(name, format);
  return DutLibrary::load(
      std::string(KILBURN_DUTS) + "/kilburn_dut_" + name + "-" + std::string(arch::name(format)) + ".so", format);
}

inline WatchedRun watched_run(const std::string& name, arch::Format format, arch::u64 seed, arch::u64 count,
                              const std::string& bug = {}, const admissible::Relaxations& relaxations = {}) {
  const auto library = dut_library(name, format);
  Dut dut(library, seed);
  if (!bug.empty()) dut.select_bug(bug);
  os::RamMem memory(RandomTables::kMemoryBytes);
  admissible::Checker checker({format, {}, relaxations, {}, 0, true}, memory);
  admissible::LockstepMonitor monitor(checker, 0, memory);
  LockstepConfig config;
  config.seed = seed;
  config.exact = false;
  config.answer_limit = 20000;
  config.monitor = &monitor;
  Lockstep lockstep(dut, memory, config);
  RandomTest test(lockstep, {.format = format,
                             .count = count,
                             .seed = seed,
                             .vary_settings = true,
                             .features = library.api().config.features});
  WatchedRun run;
  try {
    test.run();
    lockstep.finish();
  } catch (const DutWrong& wrong) {
    run.check = wrong.check;
    run.message = wrong.what();
  }
  run.counts = checker.counts();
  run.answered = test.answered();
  return run;
}

inline std::vector<std::string> bugs_of(const kilburn_dut_api& api) {
  std::vector<std::string> ids;
  for (const char* const* bug = api.bugs; *bug; ++bug) ids.emplace_back(*bug, std::strcspn(*bug, "\t"));
  return ids;
}

}  // namespace kilburn::tb
