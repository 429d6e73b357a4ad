// SPDX-License-Identifier: Apache-2.0
//
// One random run of rtl/small: nothing predicts its pins, so responses are compared with the architecture's walk.
#pragma once

#include <string>

#include "sw/hw/ram.h"
#include "tb/stimulus/random_test.h"

namespace kilburn::tb {

inline DutLibrary small_library(const std::string& name, arch::Format format) {
  return DutLibrary::load(
      std::string(KILBURN_DUTS) + "/kilburn_dut_" + name + "-" + std::string(arch::name(format)) + ".so", format);
}

struct SmallRun {
  std::string check, message;  // empty: passed
  RandomTestResult result;
  arch::u64 answered = 0, cycles = 0;
};

inline SmallRun small_run(const std::string& name, arch::Format format, arch::u64 seed, arch::u64 count,
                          const std::string& bug = {}) {
  const auto library = small_library(name, format);
  Dut dut(library, seed);
  dut.select_bug(bug);
  os::RamMem memory(RandomTables::kMemoryBytes);
  LockstepConfig config;
  config.seed = seed;
  config.exact = false;
  config.answer_limit = 20000;
  Lockstep lockstep(dut, memory, config);
  RandomTest test(lockstep, {.format = format,
                             .count = count,
                             .seed = seed,
                             .vary_settings = true,
                             .settled_phases = true,
                             .features = library.api().config.features});
  SmallRun r;
  try {
    test.run();
    lockstep.finish();
  } catch (const DutWrong& wrong) {
    r.check = wrong.check;
    r.message = wrong.what();
  }
  r.result = test.result();
  r.answered = test.answered();
  r.cycles = lockstep.cycle();
  return r;
}

}  // namespace kilburn::tb
