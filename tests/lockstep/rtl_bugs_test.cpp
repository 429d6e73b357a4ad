// SPDX-License-Identifier: Apache-2.0
//
// Every bug planted in the RTL is caught by the exact check within 200 000 responses of the default
// random stimulus; without a bug the instrumented library passes.
#include <cstring>
#include <iostream>

#include "tests/catch.h"
#include "tests/lockstep/random_run.h"

using namespace kilburn;

TEST_CASE("seeded RTL bugs are caught") {
  const auto format = GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64);
  const auto library = tb::DutLibrary::load(
      std::string(KILBURN_DUTS) + "/kilburn_dut_mmu-bugs-" + tb::format_name(format) + ".so", format);
  CHECK(tb::random_run("mmu-bugs", format, 5, 20000).message == "");
  REQUIRE(library.api().bugs != nullptr);
  unsigned bugs = 0;
  for (const char* const* bug = library.api().bugs; *bug; ++bug, ++bugs) {
    const std::string id(*bug, std::strcspn(*bug, "\t"));
    tb::RandomRun r;
    arch::u64 tried = 0;
    for (arch::u64 seed = 1; seed <= 4 && r.message.empty(); ++seed) {
      r = tb::random_run("mmu-bugs", format, seed, 50000, id);
      tried += r.answered;
    }
    std::cout << tb::format_name(format) << " " << id << ": "
              << (r.message.empty() ? "NOT CAUGHT"
                                    : "caught after " + std::to_string(tried) + " responses, " + r.message)
              << "\n";
    INFO("bug " << *bug << " survives " << tried << " responses");
    CHECK_FALSE(r.message.empty());
  }
  CHECK(bugs >= 6);
}
