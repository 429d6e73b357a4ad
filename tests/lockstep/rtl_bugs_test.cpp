// SPDX-License-Identifier: Apache-2.0
//
// Every bug planted in the RTL is caught by the exact check within 200 000 responses of the default
// random stimulus; without a bug the instrumented library passes.
#include <algorithm>
#include <iostream>

#include "tests/catch.h"
#include "tests/duts.h"
#include "tests/random_run.h"

using namespace kilburn;

namespace {

constexpr arch::u64 kSeeds = 4;
constexpr arch::u64 kCount = 50000;  // responses a seed

enum class Against { twin, architecture };

tb::RandomRun run(const std::string& dut, arch::Format format, arch::u64 seed, arch::u64 count,
                  const std::string& bug = {}, Against against = Against::twin) {
  return tb::random_run(tb::dut_library(dut, format), {.seed = seed,
                                                       .count = count,
                                                       .bug = bug,
                                                       .exact = against == Against::twin,
                                                       .settled_phases = against == Against::architecture,
                                                       .answer_limit = tb::LockstepConfig{}.answer_limit});
}

// The prefetch is there in a library of its own only.
std::string library_with(const std::string& bug) {
  return bug.rfind("PREFETCH", 0) == 0 ? "mmu-bugs-prefetch" : "mmu-bugs";
}

struct Caught {
  tb::RandomRun run;  // the last
  arch::u64 tried = 0;
};

Caught hunt(arch::Format format, const std::string& bug) {
  Caught c;
  for (arch::u64 seed = 1; seed <= kSeeds && c.run.message.empty(); ++seed) {
    c.run = run(library_with(bug), format, seed, kCount, bug);
    c.tried += c.run.answered;
  }
  return c;
}

constexpr arch::Format kFormats[] = {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64};

}  // namespace

TEST_CASE("seeded RTL bugs are caught") {
  for (const auto format : kFormats) {
    CHECK(run("mmu-bugs", format, 5, 20000).message == "");
    const auto bugs = tb::bugs_of(tb::dut_library("mmu-bugs", format).api());
    CHECK(bugs.size() >= 50);
    for (const std::string& bug : bugs) {
      const Caught c = hunt(format, bug);
      std::cout << arch::name(format) << " " << bug << ": "
                << (c.run.message.empty() ? "NOT CAUGHT"
                                          : "caught after " + std::to_string(c.tried) + " responses, " + c.run.message)
                << "\n";
      INFO("bug " << bug << " survives " << c.tried << " responses");
      CHECK_FALSE(c.run.message.empty());
    }
  }
  CHECK(run("mmu-bugs-prefetch", arch::Format::x86_64, 5, 20000).message == "");
}

namespace {
// Bugs that leave a legal MMU: they break rtl/README.md, not the architecture, so that only a check that knows the
// microarchitecture can tell.
struct Legal {
  const char* id;
  const char* reason;
};
constexpr Legal kLegal[] = {
    {"FILL-ORDER", "which entry a fill replaces is the implementation's choice"},
    {"PLRU-TOUCH", "which entry a fill replaces is the implementation's choice"},
    {"MERGE-ASID", "the request that waits is looked up again under its own number: it loses time alone"},
    {"L2-DUP", "two ways that match answer nothing and a walk does: it loses time alone"},
    {"NO-REWALK", "a fault of an upper entry that was changed without its invalidation is allowed (SDM 4.10.4.4)"},
};
}  // namespace

TEST_CASE("bugs that leave a legal MMU pass the architecture's walk and fail the exact check") {
  for (const auto format : kFormats) {
    const auto bugs = tb::bugs_of(tb::dut_library("mmu-bugs", format).api());
    for (const Legal& legal : kLegal) {
      INFO(arch::name(format) << " " << legal.id << ": " << legal.reason);
      REQUIRE(std::count(bugs.begin(), bugs.end(), legal.id) == 1);
      const auto free = run("mmu-bugs", format, 1, kCount, legal.id, Against::architecture);
      CHECK(free.message == "");
      CHECK(free.result.compared > kCount / 8);
      CHECK(hunt(format, legal.id).run.check == "exact");
    }
    // The same run does catch what is not legal, in what the caches hold too.
    const std::string illegal = format == arch::Format::x86_64 ? "T12-PSC" : "T68";
    CHECK(run("mmu-bugs", format, 1, kCount, illegal, Against::architecture).check == "architecture");
  }
}
