// SPDX-License-Identifier: Apache-2.0
//
// The random test on a library, and what came of it.
#pragma once

#include <string>

#include "sw/hw/ram.h"
#include "tb/stimulus/random_test.h"

namespace kilburn::tb {

struct RandomRunConfig {
  arch::u64 seed;     // never 0
  arch::u64 count;    // responses to wait for
  std::string bug{};  // "": none
  // What judges, beside the protocol check: the twin, the architecture's walk while the tables rest, a monitor.
  bool exact = false;
  bool settled_phases = false;
  PassiveMonitor* monitor = nullptr;
  arch::u64 answer_limit = 20000;  // cycles
};

struct RandomRun {
  std::string check, signal, message;  // empty: passed
  RandomTestResult result;
  arch::u64 answered = 0, cycles = 0;
  arch::u64 pins = 0, entries = 0;  // compared with the twin's
};

// `memory` has RandomTables::kMemoryBytes; the monitor, if there is one, watches it.
inline RandomRun random_run(const DutLibrary& library, os::PhysMem& memory, const RandomRunConfig& config) {
  Dut dut(library, config.seed);
  dut.select_bug(config.bug);
  LockstepConfig lockstep_config;
  lockstep_config.seed = config.seed;
  lockstep_config.contents_interval = 4096;
  lockstep_config.answer_limit = config.answer_limit;
  lockstep_config.exact = config.exact;
  lockstep_config.monitor = config.monitor;
  Lockstep lockstep(dut, memory, lockstep_config);
  RandomTest test(lockstep, {.format = static_cast<arch::Format>(library.api().config.format),
                             .count = config.count,
                             .seed = config.seed,
                             .vary_settings = true,
                             .settled_phases = config.settled_phases,
                             .features = library.api().config.features});
  RandomRun run;
  try {
    test.run();
    lockstep.finish();
  } catch (const DutWrong& wrong) {
    run.check = wrong.check;
    run.signal = wrong.difference.signal;
    run.message = wrong.what();
  }
  run.result = test.result();
  run.answered = test.answered();
  run.cycles = lockstep.cycle();
  if (const auto* check = lockstep.check()) {
    run.pins = check->pin_comparisons();
    run.entries = check->entry_comparisons();
  }
  return run;
}

inline RandomRun random_run(const DutLibrary& library, const RandomRunConfig& config) {
  os::RamMem memory(RandomTables::kMemoryBytes);
  return random_run(library, memory, config);
}

}  // namespace kilburn::tb
