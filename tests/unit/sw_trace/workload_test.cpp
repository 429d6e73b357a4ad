// SPDX-License-Identifier: Apache-2.0
//
// Every workload on the architectural port: with the frames that force it and with plenty, in all formats, to one
// digest; and the expectations bite.
#include "sw/workload/workload.h"

#include "sw/hw/arch_port.h"
#include "sw/workload/stage.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

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

// Fewer frames than a workload's own: it still leaves the same memory, or says in one sentence that it does not fit.
TEST_CASE("workloads: with ever fewer frames the same memory, or too few said") {
  u32 finished = 0, refused = 0, below_half = 0;
  for (const Workload& w : workloads()) {
    CAPTURE(w.name);
    if (w.pages(1) > 1000 || w.processes > 7) continue;  // seconds
    const u64 digest = run(w, workload_config(w, arch::Format::x86_64)).digest;
    u32 step = 0;
    for (u32 frames = 7;; ++step) {
      const arch::Format format = kFormats[step % 3];
      Config config = workload_config(w, format);
      const u32 own = config.frames;
      frames += std::max(1u, own / 5);
      if (frames >= own) break;
      config.frames = frames;
      CAPTURE(arch::name(format), frames);
      try {
        const Run few = run(w, config);
        if (!w.kills) CHECK(few.digest == digest);
        ++finished;
        below_half += frames < own / 2;
      } catch (const UserError& e) {
        ++refused;
        CHECK(std::string(e.what()).find("frames") != std::string::npos);
      } catch (const std::exception& e) {
        FAIL_CHECK(e.what());
      }
    }
  }
  CHECK(finished > 120);
  CHECK(below_half > 15);
  CHECK(refused > 10);
}

TEST_CASE("workloads: what only a workload's own frames make necessary is not asked of fewer") {
  Config config = workload_config(*find_workload("thrash"), arch::Format::x86_64);
  Machine<> machine(config);
  Stage own(machine.kernel, 1, 1, true, true), fewer(machine.kernel, 1, 1, true, true, true);
  CHECK(tripped([&] { own.expect_forced(0, 1, "alarms", true); }) == "workload");
  CHECK(tripped([&] { fewer.expect_forced(0, 1, "alarms", true); }).empty());
  CHECK(tripped([&] { fewer.expect_forced(0, 1, "pages swapped in"); }) == "workload");
  CHECK(tripped([&] { own.expect_room(false, "no block"); }) == "workload");
  CHECK_THROWS_AS(fewer.expect_room(false, "no block"), OutOfMemory);
  // A page that was shared and comes back from the swap area is a copy; with its own frames only a store makes one.
  Process& p = own.spawn();
  own.map(p, kArena, 40 * kSpan);
  for (u64 n = 0; n < 40; ++n) own.store(p, kArena + n * kSpan);
  own.load(p, kArena);
  CHECK(own.faults(FaultKind::swap_in) == 1);
  CHECK(fewer.copies() == own.copies() + 1);
}

// Hardware that walks ahead at every yield point makes pages young that the sweep has just made old.
TEST_CASE("workloads: recency is asked of the replacement where hardware lets the OS see it") {
  const Workload& w = *find_workload("thrash");
  Config config = workload_config(w, arch::Format::x86_64);
  config.yield = YieldPolicy::every;
  Machine<> plain(config);
  run_workload(w.name, plain.kernel, 1);
  CHECK(plain.kernel.statistics().young_untouched == 0);
  CHECK(plain.kernel.statistics().memory.swapped_in >= 60);
  Machine<TlbPort> ahead(config);
  run_workload(w.name, ahead.kernel, 1);
  CHECK(ahead.port.prefetches() > 100);
  CHECK(ahead.kernel.statistics().young_untouched > 0);
  CHECK(ahead.kernel.statistics().memory.swapped_in >= 3);
  CHECK(ahead.kernel.digest() == plain.kernel.digest());
}

TEST_CASE("workloads: a process that was killed for its memory takes no more references") {
  Config config = workload_config(*find_workload("oom"), arch::Format::x86_64);
  Machine<> machine(config);
  Process& p = machine.kernel.spawn();
  REQUIRE(machine.kernel.mmap(p, kArena, kSpan, kRead | kWrite) == 0);
  REQUIRE(machine.store(p, kArena));
  machine.kernel.kill(p);
  CHECK_FALSE(machine.store(p, kArena));
  CHECK(machine.kernel.statistics().references == 1);
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
