// SPDX-License-Identifier: Apache-2.0
//
// The random test finds nothing wrong with the small MMU, and finds the bugs planted in it.
#include <iostream>

#include "tests/catch.h"
#include "tests/duts.h"
#include "tests/random_run.h"

using namespace kilburn;
using arch::Format;

// Nothing predicts its pins, so responses are compared with the architecture's walk.
static tb::RandomRun run(const std::string& name, Format format, arch::u64 seed, arch::u64 count,
                         const std::string& bug = {}) {
  return tb::random_run(tb::dut_library(name, format),
                        {.seed = seed, .count = count, .bug = bug, .settled_phases = true});
}

TEST_CASE("the small MMU answers as the architecture's walk") {
  const auto format = GENERATE(Format::x86_64, Format::alpha);
  const auto seed = GENERATE(range(1, 9));
  const tb::RandomRun r = run("small", format, static_cast<arch::u64>(seed), 40000);
  INFO(arch::name(format) << " seed " << seed);
  CHECK(r.message == "");
  CHECK(r.answered >= 40000);
  CHECK(r.result.compared > 5000);
  CHECK(r.result.invalidations > 10);
  CHECK(r.result.edits > 10);
  CHECK(r.result.restarts >= 1);
  CHECK(r.result.faults[0] > 4000);
}

TEST_CASE("both formats meet every kind of answer") {
  const auto total = [](Format format) {
    std::array<arch::u64, 16> faults{};
    arch::u64 fills = 0;
    for (arch::u64 seed = 20; seed < 24; ++seed) {
      const tb::RandomRun r = run("small", format, seed, 40000);
      CHECK(r.message == "");
      for (unsigned n = 0; n < 16; ++n) faults[n] += r.result.faults[n];
      fills += r.result.fills;
    }
    return std::pair{faults, fills};
  };
  const auto [x86, no_fills] = total(Format::x86_64);
  for (unsigned fault : {0, 1, 2, 3}) CHECK(x86[fault] > 0);  // none, PF, GP, BUS
  const auto [alpha, fills] = total(Format::alpha);
  for (unsigned fault : {0, 3, 4, 8, 9, 10, 11, 12}) CHECK(alpha[fault] > 0);  // none, BUS, MISS, TNV to FOW
  CHECK(fills > 0);
}

// What leaves no trace in the answers of settled phases, or too seldom with one entry a side: vectors_test.cpp and
// pins_test.cpp catch these.
static bool beyond_random(const std::string& id, Format format) {
  for (const char* other : {"CAS-BLIND", "DIRTY-HIT", "HIT-ASID", "FILL-INVALID", "REFILL-WALK"}) {
    if (id == other) return true;
  }
  return id == "NO-CLEAR" && format == Format::x86_64;
}

TEST_CASE("bugs planted in the small MMU are caught without a twin") {
  const auto format = GENERATE(Format::x86_64, Format::alpha);
  CHECK(run("small-bugs", format, 1, 20000).message == "");
  unsigned caught = 0;
  for (const std::string& id : tb::bugs_of(tb::dut_library("small-bugs", format).api())) {
    if (beyond_random(id, format)) continue;
    tb::RandomRun r;
    arch::u64 answered = 0;
    for (arch::u64 seed = 1; seed <= 4 && r.message.empty(); ++seed) {
      r = run("small-bugs", format, seed, 40000, id);
      answered += r.answered;
    }
    std::cout << arch::name(format) << " " << id << ": "
              << (r.message.empty() ? "not caught"
                                    : "after " + std::to_string(answered) + " answers, " + r.check + ": ")
              << r.message << "\n";
    INFO(id);
    CHECK_FALSE(r.message.empty());
    ++caught;
  }
  CHECK(caught >= 5);
}
