// SPDX-License-Identifier: Apache-2.0
//
// Every workload on the architectural port: with the frames that force it and with plenty, in all formats, to one
// digest; and the expectations bite.
#include "sw/workload/workload.h"

#include "sw/hw/arch_port.h"
#include "sw/workload/stage.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os::test {
namespace {

struct Run {
  u64 digest = 0;
  WorkloadOutcome outcome;
};

Run run(const Workload& w, const Config& config, u64 seed = 1, u32 scale = 1) {
  Machine<> machine(config);
  Run result;
  result.outcome = run_workload(w.name, machine.kernel, seed, scale);
  result.digest = machine.kernel.digest();
  return result;
}

Config plenty(const Workload& w, arch::Format format) {
  Config config = workload_config(w, format);
  config.frames = config.frames * 4 + 400;
  config.swap_slots = 4096;
  return config;
}

}  // namespace

TEST_CASE("workloads: forced and with plenty, in every format, to one digest") {
  for (const Workload& w : workloads()) {
    CAPTURE(w.name);
    try {
      const u64 digest = run(w, plenty(w, arch::Format::x86_64)).digest;
      for (const arch::Format format : kFormats) {
        CAPTURE(arch::name(format));
        const Run forced = run(w, workload_config(w, format));
        CHECK(forced.outcome.forced);
        if (!w.kills) CHECK(forced.digest == digest);
        CHECK(!forced.outcome.facts.empty());
        const Run easy = run(w, plenty(w, format));
        CHECK_FALSE(easy.outcome.forced);
        CHECK(easy.digest == digest);
      }
    } catch (const std::exception& e) {
      FAIL_CHECK(e.what());
    }
  }
}

TEST_CASE("workloads: the scale multiplies the work, forced at every scale") {
  for (const Workload& w : workloads()) {
    CAPTURE(w.name);
    u64 references[2];
    for (u32 scale : {1u, 2u}) {
      Machine<> machine(workload_config(w, arch::Format::alpha, scale));
      CHECK(run_workload(w.name, machine.kernel, 1, scale).forced);
      references[scale - 1] = machine.kernel.statistics().references;
    }
    CHECK(2 * references[1] > 3 * references[0]);
  }
}

TEST_CASE("workloads: yield points everywhere and another quantum of audits change nothing") {
  for (const char* name : {"thrash", "page-merge-par", "straddle", "kill-middle", "mmap-churn"}) {
    CAPTURE(name);
    const Workload& w = *find_workload(name);
    Config config = workload_config(w, arch::Format::x86_64);
    const u64 digest = run(w, config).digest;
    config.yield = YieldPolicy::every;
    config.audit_every = 997;
    CHECK(run(w, config).digest == digest);
  }
}

TEST_CASE("workloads: names are unique and rows are complete, the seed matters") {
  const auto names = workload_names();
  CHECK(names.size() == workloads().size());
  for (size_t n = 0; n < names.size(); ++n) {
    CHECK(std::count(names.begin(), names.end(), names[n]) == 1);
    const Workload& w = workloads()[n];
    CHECK((!w.what.empty() && !w.needs.empty() && !w.source.empty()));
    CHECK(find_workload(names[n]) == &w);
  }
  CHECK(find_workload("none") == nullptr);
  const Workload& w = *find_workload("page-shuffle");
  const Config config = workload_config(w, arch::Format::alpha);
  CHECK(run(w, config, 1).digest != run(w, config, 2).digest);
  Machine<> machine(config);
  CHECK_THROWS_AS(run_workload("none", machine.kernel, 1), UserError);
  CHECK_THROWS_AS(run_workload("thrash", machine.kernel, 1, 0), UserError);
}

TEST_CASE("workloads: a run that did not do what it is about is a violation") {
  Machine<> machine(workload_config(*find_workload("thrash"), arch::Format::x86_64));
  Stage stage(machine.kernel, 1, 1, true, true);
  CHECK(tripped([&] { stage.expect_forced(0, 1, "pages swapped in"); }) == "workload");
  CHECK(tripped([&] { stage.expect_least(4, 5, "copies"); }) == "workload");
  CHECK(tripped([&] { stage.expect(false, "text"); }) == "workload");
  stage.forced = false;
  CHECK(tripped([&] { stage.expect_forced(0, 1, "pages swapped in"); }).empty());
  Process& p = stage.spawn();
  stage.map(p, kArena, kSpan);
  CHECK(tripped([&] { stage.dies(p, TraceEvent::Kind::read, kArena, 8, kArena); }) == "workload");
  CHECK(tripped([&] { stage.load(p, kArena + kSpan); }) == "workload");
}

// The seeded bugs of the kernel under the workload that is about their mechanism.
TEST_CASE("workloads: they make seeded bugs trip their checks") {
  struct Case {
    Bug bug;
    const char* workload;
    std::string_view check;
  };
  for (const Case& c : {Case{Bug::early_free, "thrash", "P29"}, Case{Bug::no_coalescing, "mmap-exit", "P12"},
                        Case{Bug::slot_leak, "pointer-chase", "P46"},
                        Case{Bug::protect_stale, "mprotect-toggle", "P28"}, Case{Bug::fork_stale, "fork-storm", "P28"},
                        Case{Bug::swap_word_valid, "page-linear", "P33"}, Case{Bug::no_zero_fill, "brk", "P30"}}) {
    CAPTURE(c.workload);
    const Workload& w = *find_workload(c.workload);
    Config config = workload_config(w, arch::Format::x86_64);
    config.bug = c.bug;
    CHECK(tripped([&] { run(w, config); }) == c.check);
  }
}

}  // namespace kilburn::os::test
