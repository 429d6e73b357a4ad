// SPDX-License-Identifier: Apache-2.0
//
// One random run on an RTL library, for the tests of this folder.
#pragma once

#include <string>

#include "sw/hw/ram.h"
#include "tb/stimulus/random_test.h"

namespace kilburn::tb {

struct RandomRun {
  std::string message;  // empty: passed
  std::string signal;
  arch::u64 answered = 0, cycles = 0, pins = 0, entries = 0;
};

inline std::string format_name(arch::Format format) { return std::string(arch::name(format)); }

inline RandomRun random_run(const std::string& dut_name, arch::Format format, arch::u64 seed, arch::u64 count,
                            const std::string& bug = {}) {
  const auto library = DutLibrary::load(
      std::string(KILBURN_DUTS) + "/kilburn_dut_" + dut_name + "-" + format_name(format) + ".so", format);
  Dut dut(library, seed);
  dut.select_bug(bug);
  os::RamMem memory(RandomTables::kMemoryBytes);
  LockstepConfig config;
  config.seed = seed;
  config.contents_interval = 4096;
  Lockstep lockstep(dut, memory, config);
  RandomTest test(lockstep, {.format = format, .count = count, .seed = seed, .vary_settings = true});
  RandomRun r;
  try {
    test.run();
    lockstep.finish();
  } catch (const DutWrong& wrong) {
    r.message = wrong.what();
    r.signal = wrong.difference.signal;
  }
  r.answered = test.answered();
  r.cycles = lockstep.cycle();
  r.pins = lockstep.check()->pin_comparisons();
  r.entries = lockstep.check()->entry_comparisons();
  return r;
}

}  // namespace kilburn::tb
