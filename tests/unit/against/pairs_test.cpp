// SPDX-License-Identifier: Apache-2.0
//
// Pairs of models: legal ones pass whatever they cache, and what is wrong is named with whose it is.
#include "tests/catch.h"
#include "tests/unit/against/misfit.h"
#include "tests/unit/against/pair_run.h"

using namespace kilburn;
using Catch::Matchers::Contains;
using test::Misfit;

namespace {

constexpr arch::u64 kCount = 4000;

tb::DutLibrary model(const char* name, arch::Format format) { return tb::DutLibrary::load(name, format); }

}  // namespace

TEST_CASE("two MMUs that differ only in what is legal pass") {
  const auto format = GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64);
  const auto [a, b] = GENERATE(table<const char*, const char*>({{"wild-notlb", "wild-huge"},
                                                                {"wild-one", "wild-speculative"},
                                                                {"wild-spurious", "wild-early-a"},
                                                                {"arch", "wild-prefetch"},
                                                                {"wild-fracture", "arch"},
                                                                {"wild-sector", "wild-pwc"}}));
  const arch::u64 seed = GENERATE(1, 2, 3);
  const auto run = tb::pair_run(model(a, format), model(b, format), {.seed = seed, .count = kCount});
  INFO(a << " against " << b << ", " << arch::name(format) << ", seed " << seed);
  REQUIRE(run.a.message == "");
  CHECK(run.compared >= kCount);
  CHECK(run.compared == run.a.answered);
  CHECK(run.compared == run.traffic_a.responses);
  CHECK(run.compared == run.traffic_b.responses);
  CHECK(run.equal + run.differing == run.compared);
  arch::u64 sum = 0;
  for (const auto& [which, count] : run.by_class) sum += count;
  CHECK(sum == run.differing);
}

TEST_CASE("an MMU without a TLB and one that forgets nothing differ, and it is told how") {
  const auto format = arch::Format::x86_64;
  const auto run =
      tb::pair_run(model("wild-notlb", format), model("wild-huge", format), {.seed = 4, .count = 4 * kCount});
  REQUIRE(run.a.message == "");
  CHECK(run.equal > run.differing);
  using against::Legality;
  CHECK(run.by_class.contains({Legality::fresh, Legality::stale}));
  // One that walks for every request holds no answer from before it.
  for (const auto& [which, count] : run.by_class) CHECK(which.a != Legality::spurious);
}

TEST_CASE("an illegal answer is the failure of the DUT that gave it") {
  const auto format = arch::Format::x86_64;
  const char* bug = GENERATE("T12-W", "NOA", "T33");
  const auto in_a =
      tb::pair_run(model("wild", format), model("wild-one", format), {.seed = 5, .count = 20 * kCount, .bug = bug});
  INFO(bug << ": " << in_a.a.message);
  CHECK(in_a.a.check == "admissible");
  CHECK_FALSE(in_a.b_failed);
  const auto in_b = tb::pair_run(model("wild-one", format), model("wild", format),
                                 {.seed = 5, .count = 20 * kCount, .against_bug = bug});
  INFO(in_b.a.message);
  CHECK(in_b.a.check == "admissible");
  CHECK(in_b.b_failed);
}

TEST_CASE("a second DUT that breaks the protocol is named") {
  const auto format = GENERATE(arch::Format::x86_64, arch::Format::alpha);
  struct Expected {
    Misfit kind;
    const char *check, *words;
  };
  const auto expected =
      GENERATE(Expected{Misfit::deaf, "protocol", "is not taken"}, Expected{Misfit::silent, "protocol", "R5"},
               Expected{Misfit::twice, "admissible", "R3"}, Expected{Misfit::nobody, "admissible", "R3"},
               Expected{Misfit::no_ack, "protocol", "R6"}, Expected{Misfit::altered, "admissible", "answered pa"});
  const auto run = tb::pair_run(model("wild-one", format), test::misfit_dut(format, expected.kind),
                                {.seed = 6, .count = 10 * kCount});
  INFO(static_cast<int>(expected.kind) << ": " << run.a.message);
  CHECK(run.a.check == expected.check);
  CHECK_THAT(run.a.message, Contains(expected.words));
  CHECK(run.b_failed);
  CHECK(run.compared >= test::misfit::kRightAnswers);
}

TEST_CASE("the same misfit as the first DUT is the first one's failure") {
  const auto format = arch::Format::x86_64;
  const auto run = tb::pair_run(test::misfit_dut(format, Misfit::twice), model("wild-one", format),
                                {.seed = 6, .count = 10 * kCount});
  CHECK_THAT(run.a.message, Contains("R3"));
  CHECK_FALSE(run.b_failed);
}

TEST_CASE("a right second DUT behind the wrapper of the misfits passes") {
  const auto format = arch::Format::x86_64;
  const auto run =
      tb::pair_run(model("wild-one", format), test::misfit_dut(format, Misfit::none), {.seed = 6, .count = kCount});
  CHECK(run.a.message == "");
}

TEST_CASE("a run in which nothing was compared fails") {
  const auto format = arch::Format::x86_64;
  os::RamMem memory(1 << 20);
  const admissible::CheckerConfig rules{format, {}, {}, {}, 0, true};
  against::FollowerConfig follower{"", 2, {}, rules};
  follower.lockstep.exact = false;
  const auto library = model("arch", format);
  against::AgainstMonitor monitor(rules, library, follower, memory, memory);
  tb::Dut dut(library, 1);
  tb::LockstepConfig config;
  config.exact = false;
  config.monitor = &monitor;
  tb::Lockstep lockstep(dut, memory, config);
  for (unsigned n = 0; n < 100; ++n) lockstep.clock();
  CHECK_THROWS_WITH(lockstep.finish(), Contains("judged nothing"));
}

TEST_CASE("stimulus that the second DUT cannot follow is refused in words") {
  const auto format = arch::Format::x86_64;
  static kilburn_dut_api api = tb::arch_dut(format);
  api.config.features = 0;
  os::RamMem memory(tb::RandomTables::kMemoryBytes);
  const admissible::CheckerConfig rules{format, {}, {}, {}, 0, true};
  against::FollowerConfig follower{"", 2, {}, rules};
  follower.lockstep.exact = false;
  against::AgainstMonitor monitor(rules, tb::DutLibrary::wrap(api, "bare"), follower, memory, memory);
  CHECK_THROWS_WITH(tb::random_run(model("arch", format), memory, {.seed = 1, .count = kCount, .monitor = &monitor}),
                    Contains("the stimulus needs") && Contains("which DUT"));
}
