// SPDX-License-Identifier: Apache-2.0
//
// Every profile in the random test: the protocol holds, and while the tables rest every answer is the walk of now.
// The seeds are printed; KILBURN_SEED=n runs one other.
#include <cstdlib>
#include <iostream>

#include "tb/dut/models/wild_dut.h"
#include "tests/catch.h"
#include "tests/random_run.h"

namespace kilburn::tb::test {
namespace {

using arch::Format;
using arch::u64;

void soak(Format format) {
  const char* given = std::getenv("KILBURN_SEED");
  const u64 first = given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
  for (const std::string& name : wild_dut_names()) {
    // What "wild" is like depends on the seed.
    const u64 last = given != nullptr ? first : first + (name == "wild" ? 23 : 2);
    RandomTestResult sum;
    for (u64 seed = first; seed <= last; ++seed) {
      INFO(name << " seed " << seed);
      const RandomRun r =
          random_run(DutLibrary::load(name, format), {.seed = seed, .count = 20000, .settled_phases = true});
      CHECK(r.check + r.message == "");
      CHECK(r.answered >= 20000);
      sum.compared += r.result.compared;
      sum.invalidations += r.result.invalidations;
      sum.faults[0] += r.result.faults[0];
    }
    INFO(name);
    CHECK(sum.compared > 1500);
    CHECK(sum.invalidations > 10);
    CHECK(sum.faults[0] > 10000);
  }
  std::cout << "seeds from " << first << "\n";
}

}  // namespace

TEST_CASE("every profile answers as the walk of now, x86-64") { soak(Format::x86_64); }
TEST_CASE("every profile answers as the walk of now, alpha") { soak(Format::alpha); }
TEST_CASE("every profile answers as the walk of now, alpha-x64") { soak(Format::alpha_x64); }

}  // namespace kilburn::tb::test
