// SPDX-License-Identifier: Apache-2.0
//
// Running of trap tests.
#include "tests/directed/traps.h"

namespace kilburn::directed {

std::vector<Trap>& traps() {
  static std::vector<Trap> all;
  return all;
}

std::vector<std::string> run(const Trap& trap, const BenchConfig& config) {
  Bench bench(config);
  try {
    trap.body(bench);
    bench.finish();
  } catch (const tb::DutWrong& wrong) {
    bench.mismatch(wrong.check + ": " + wrong.what());
  }
  if (bench.comparisons() == 0) bench.mismatch("the test compared nothing");
  return bench.mismatches();
}

void check(const Trap& trap) {
  unsigned duts = 0;
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    if (!trap.in(format)) continue;
    for (const std::string dut : {"arch", "tlm", "mmu", "mmu-tiny", "small"}) {
      if (dut == "small" && format == Format::alpha_x64) continue;  // not among its libraries
      for (const std::string& line : run(trap, {dut, format, "", true})) {
        FAIL_CHECK(dut << " " << arch::name(format) << ": " << line);
      }
      ++duts;
    }
  }
  CHECK(duts >= 4);
}

}  // namespace kilburn::directed
