// SPDX-License-Identifier: Apache-2.0
//
// Random stimulus on the RTL: no pin and no TLB entry differs from the twin. The million-request runs
// are the nightly form of the same command (tb/README.md).
#include "tests/catch.h"
#include "tests/duts.h"
#include "tests/random_run.h"

using namespace kilburn;

TEST_CASE("random lockstep on RTL") {
  const auto format = GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64);
  const std::string dut = GENERATE("mmu", "mmu-tiny");
  for (arch::u64 seed : {11, 12, 13}) {
    const auto r = tb::random_run(tb::dut_library(dut, format), {.seed = seed, .count = 100000, .exact = true});
    INFO(dut << " " << arch::name(format) << " seed " << seed);
    CHECK(r.message == "");
    CHECK(r.answered >= 100000);
    CHECK(r.pins >= 29 * r.cycles);
    CHECK(r.entries > 0);
  }
}
