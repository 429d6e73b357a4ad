// SPDX-License-Identifier: Apache-2.0
//
// Every test again on the RTL with other parameters: one part of the microarchitecture left out or changed in each.
// Without rewalk a stale fault is seen, with prefetch the next page is there, and nothing else differs.
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

TEST_CASE("the tests hold whatever the parameters are") {
  const std::pair<Format, std::vector<std::string>> sets[] = {
      {Format::x86_64, {"nol2", "nopsc", "prefetch", "norewalk", "roundrobin", "random"}},
      {Format::alpha, {"prefetch", "norewalk"}},
  };
  for (const auto& [format, names] : sets) {
    for (const std::string& name : names) {
      for (const Trap& trap : traps()) {
        if (!trap.in(format)) continue;
        for (const std::string& line : run(trap, {"mmu-" + name, format, "", true})) {
          FAIL_CHECK("mmu-" << name << " " << arch::name(format) << ": " << trap.id() << ": " << line);
        }
      }
    }
  }
  SUCCEED();
}
