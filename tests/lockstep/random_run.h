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
  std::string check;    // "exact", "architecture", "protocol"
  std::string signal;
  arch::u64 answered = 0, cycles = 0, pins = 0, entries = 0;
  arch::u64 compared = 0;  // with the architecture's walk
};

enum class Against { twin, architecture };

inline std::string format_name(arch::Format format) { return std::string(arch::name(format)); }

inline RandomRun random_run(const std::string& dut_name, arch::Format format, arch::u64 seed, arch::u64 count,
                            const std::string& bug = {}, Against against = Against::twin) {
  const auto library = DutLibrary::load(
      std::string(KILBURN_DUTS) + "/kilburn_dut_" + dut_name + "-" + format_name(format) + ".so", format);
  Dut dut(library, seed);
  dut.select_bug(bug);
  os::RamMem memory(RandomTables::kMemoryBytes);
  LockstepConfig config;
  config.seed = seed;
  config.contents_interval = 4096;
  config.exact = against == Against::twin;
  Lockstep lockstep(dut, memory, config);
  RandomTest test(lockstep, {.format = format,
                             .count = count,
                             .seed = seed,
                             .vary_settings = true,
                             .settled_phases = against == Against::architecture});
  RandomRun r;
  try {
    test.run();
    lockstep.finish();
  } catch (const DutWrong& wrong) {
    r.message = wrong.what();
    r.check = wrong.check;
    r.signal = wrong.difference.signal;
  }
  r.answered = test.answered();
  r.cycles = lockstep.cycle();
  r.compared = test.result().compared;
  if (lockstep.check()) r.pins = lockstep.check()->pin_comparisons(), r.entries = lockstep.check()->entry_comparisons();
  return r;
}

}  // namespace kilburn::tb
