// SPDX-License-Identifier: Apache-2.0
//
// No false alarm: MMUs that keep to the manuals are not rejected, whatever they hold, prefetch or forget.
#include "tests/catch.h"
#include "tests/unit/admissible/dut_run.h"

using namespace kilburn;

namespace {

void accepted(const std::string& name, arch::Format format, arch::u64 seeds, arch::u64 count,
              const admissible::Relaxations& relaxations = {}) {
  for (arch::u64 seed = 1; seed <= seeds; ++seed) {
    const auto run = tb::watched_run(name, format, seed, count, {}, relaxations);
    INFO(name << " " << arch::name(format) << ", seed " << seed);
    REQUIRE(run.message == "");
    CHECK(run.counts.judged >= count);
    CHECK(run.counts.by_legality[static_cast<unsigned>(admissible::Legality::waived)] == 0);
    CHECK(run.counts.walker_unknown == 0);
  }
}

}  // namespace

TEST_CASE("the RTL is accepted") {
  const std::string name = GENERATE("mmu", "mmu-tiny");
  const auto format = GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64);
  accepted(name, format, 6, 10000);
}

TEST_CASE("the small RTL is accepted") {
  accepted("small", GENERATE(arch::Format::x86_64, arch::Format::alpha), 6, 10000);
}

TEST_CASE("the RTL is accepted in every set of parameters") {
  const std::string name = GENERATE("mmu-random", "mmu-roundrobin", "mmu-nol2", "mmu-nopsc", "mmu-norewalk", "mmu-large",
                                    "mmu-odd", "mmu-blocking");
  accepted(name, arch::Format::x86_64, 4, 10000);
}

// A prefetch that waited kept the context of before an invalidation and walked from it afterwards, seen at seed 101.
TEST_CASE("the RTL with prefetch is accepted") {
  for (const arch::u64 seed : {101u, 105u, 112u}) {
    const auto run = tb::watched_run("mmu-prefetch", arch::Format::x86_64, seed, 20000);
    INFO("seed " << seed);
    CHECK(run.message == "");
  }
  accepted("mmu-prefetch", GENERATE(arch::Format::x86_64, arch::Format::alpha), 3, 10000);
}

TEST_CASE("every legal random MMU is accepted") {
  const std::string name =
      GENERATE("wild", "wild-notlb", "wild-one", "wild-huge", "wild-sector", "wild-nopsc", "wild-pwc", "wild-prefetch",
               "wild-speculative", "wild-spurious", "wild-early-a", "wild-fracture");
  const auto format = GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64);
  accepted(name, format, 4, 8000);
}

TEST_CASE("the classes of legality are met") {
  admissible::CheckerCounts sum;
  for (arch::u64 seed = 1; seed <= 8; ++seed) {
    const auto run = tb::watched_run("wild", arch::Format::x86_64, seed, 8000);
    for (unsigned n = 0; n < admissible::kLegalities; ++n) sum.by_legality[n] += run.counts.by_legality[n];
  }
  using admissible::Legality;
  for (const Legality l :
       {Legality::fresh, Legality::direct, Legality::stale, Legality::mixed, Legality::spurious, Legality::early_a}) {
    INFO(admissible::name(l));
    CHECK(sum.by_legality[static_cast<unsigned>(l)] > 0);
  }
}
