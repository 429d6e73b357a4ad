// SPDX-License-Identifier: Apache-2.0
//
// Several CPUs: who must be told of a change, who has which ASID, and what goes wrong otherwise.
#include "tests/unit/sw/cpus.h"

#include "tests/catch.h"

namespace kilburn::os {
namespace {

using test::Cluster;
using test::kFormats;
using test::must;
using test::tripped;

Config config(arch::Format format, u32 frames = 64) {
  Config c;
  c.format = format;
  c.frames = frames;
  return c;
}

Config strict(arch::Format format, Bug bug = Bug::none) {
  Config c = config(format);
  c.strict = true;
  c.bug = bug;
  return c;
}

template <class Port>
u64 run_mini_on(Cluster<Port>& cluster) {
  const auto reader = LackeyReader::open(test::trace_path("28871"));
  cluster.kernel->run(*reader, [](u32 pid) { return LackeyReader::open(test::trace_path(std::to_string(pid))); });
  return cluster.kernel->digest();
}

TEST_CASE("cpus: the recorded program ends with the same bytes on 1 to 8 CPUs, spread or not") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format, 44);
    test::Machine<> plain(c);
    test::run_mini(plain);
    const u64 digest = plain.kernel.digest();
    for (const unsigned cpus : {2u, 3u, 8u}) {
      INFO(cpus << " CPUs");
      c.audit_every = 4000;
      c.quantum = 90 + cpus;
      c.asid_bits = cpus == 8 ? 2 : 8;
      c.spread = cpus != 3;
      c.yield = cpus == 2 ? YieldPolicy::every : YieldPolicy::random;
      Cluster<> cluster(c, cpus);
      CHECK(run_mini_on(cluster) == digest);
      CHECK(cluster.kernel->statistics().references == 11617);
      u64 hits = 0;
      for (const auto& port : cluster.ports) hits += port->hits() > 0;
      CHECK(hits == cpus);  // each of them ran something
    }
  }
}

TEST_CASE("cpus: an invalidation goes where the space has been active, and nowhere else") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Cluster<> m(strict(format), 3);
    Process& p = m.kernel->spawn();
    const u64 a = m.kernel->mmap_anywhere(p, m.page(), kRead | kWrite);
    for (const unsigned cpu : {0u, 2u}) {
      p.cpu = cpu;
      REQUIRE(m.store(p, a));
    }
    const auto sent = [&] {
      std::vector<u64> counts;
      for (const auto& port : m.ports) counts.push_back(port->invalidations());
      return counts;
    };
    const std::vector<u64> before = sent();
    REQUIRE(m.kernel->mprotect(p, a, m.page(), kRead) == 0);
    CHECK(sent() == std::vector<u64>{before[0] + 1, before[1], before[2] + 1});
    CHECK(m.load(p, a));
    // Once flushed as a whole where it does not run, it is not active there.
    REQUIRE(m.kernel->munmap(p, a, m.page()) == 0);  // tables go: the whole space
    const u64 b = m.kernel->mmap_anywhere(p, m.page(), kRead | kWrite);
    Process& q = m.kernel->spawn();
    q.cpu = 0;
    const u64 c = m.kernel->mmap_anywhere(q, m.page(), kRead | kWrite);
    REQUIRE(m.store(q, c));  // CPU 0 leaves p
    REQUIRE(m.store(p, b));
    REQUIRE(m.kernel->munmap(p, b, m.page()) == 0);
    const u64 d = m.kernel->mmap_anywhere(p, m.page(), kRead | kWrite);
    REQUIRE(m.store(p, d));
    const std::vector<u64> now = sent();
    REQUIRE(m.kernel->mprotect(p, d, m.page(), kRead) == 0);
    CHECK(sent() == std::vector<u64>{now[0], now[1], now[2] + 1});
    m.kernel->finish();
  }
}

TEST_CASE("cpus: an acknowledge of one CPU does not free what another still holds (P29)") {
  const PteFormat& format = PteFormat::of(arch::Format::x86_64);
  EventLog log;
  OrderChecker checker(format, 100, log);
  const u64 word = format.leaf({.kind = EntryKind::leaf, .pfn = 9, .rights = kRead, .young = true});
  checker.event({.kind = MmEvent::Kind::entry,
                 .space = 1,
                 .va = 0x1000,
                 .span = 4096,
                 .seen = word,
                 .old_word = word,
                 .new_word = 0,
                 .live = {4, 0, 7}});
  const auto invalidate = [&](u8 cpu, u16 asid) {
    checker.event({.kind = MmEvent::Kind::invalidate, .op = Invalidate::page, .cpu = cpu, .asid = asid, .va = 0x1000});
    checker.event({.kind = MmEvent::Kind::acknowledge, .cpu = cpu});
  };
  const auto free = [&] { return tripped([&] { checker.event({.kind = MmEvent::Kind::free, .pfn = 9}); }); };
  invalidate(0, 4);
  CHECK(free() == "P29");
  invalidate(2, 4);  // its ASID there is 7
  CHECK(free() == "P29");
  invalidate(1, 7);
  CHECK(free() == "P29");
  invalidate(2, 7);
  CHECK(free() == "");
}

TEST_CASE("cpus: each CPU gives out ASIDs of its own and starts anew on its own (2 bits, P34)") {
  Config c = strict(arch::Format::x86_64);
  c.asid_bits = 2;
  Cluster<> m(c, 2);
  std::vector<Process*> all;
  for (int n = 0; n < 5; ++n) {
    all.push_back(&m.kernel->spawn());
    all.back()->cpu = 0;  // where its first call runs, too
    REQUIRE(m.kernel->mmap(*all.back(), 0x10000, 4096, kRead | kWrite) == 0);
  }
  // CPU 1 runs two processes, CPU 0 five: only CPU 0 runs out of its three numbers.
  for (int round = 0; round < 3; ++round) {
    for (Process* p : all) {
      p->cpu = 0;
      REQUIRE(m.store(*p, 0x10000));
      if (p->id > 2) continue;
      p->cpu = 1;
      REQUIRE(m.load(*p, 0x10000));
    }
    m.kernel->audit();
  }
  const AsidSet first = m.kernel->memory().cpus().live(all[0]->space->tag);
  CHECK(first[1] == 1);  // for ever: CPU 1 never had to start anew
  CHECK(m.kernel->statistics().asid_wraps >= 4);
  m.kernel->finish();
}

TEST_CASE("cpus: with flushes at every switch no ASID is needed, and the TLB starts cold (row 96)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](SwitchPolicy policy, u64& misses, u64& switches, u64& flushes) {
      Config c = strict(format);
      c.switch_policy = policy;
      test::Machine<test::TlbPort> m(c);
      Process* both[2] = {&m.kernel.spawn(), &m.kernel.spawn()};
      for (Process* p : both) REQUIRE(m.kernel.mmap(*p, 0x10000, 4 * m.page(), kRead | kWrite) == 0);
      const Statistics before = m.kernel.statistics();  // the calls have switched, too
      for (int round = 0; round < 10; ++round) {
        for (Process* p : both) {
          for (u64 n = 0; n < 4; ++n) REQUIRE(m.store(*p, 0x10000 + n * m.page()));
        }
      }
      misses = m.kernel.statistics().accesses - m.port.hits();
      switches = m.kernel.statistics().context_switches - before.context_switches;
      flushes = m.kernel.statistics().asid_wraps - before.asid_wraps;
      m.kernel.finish();
    };
    u64 tagged = 0, flushed = 0, switches = 0, flushes = 0;
    run(SwitchPolicy::tagged, tagged, switches, flushes);
    CHECK(switches == 20);
    CHECK(flushes == 0);
    run(SwitchPolicy::flush, flushed, switches, flushes);
    CHECK(switches == 20);
    CHECK(flushes == 20);
    CHECK(flushed == tagged + 18 * 4);  // all but the first visit of each process find nothing
  }
}

// Two processes at the same address on one CPU.
std::string two_processes(arch::Format format, Bug bug, bool order, bool translation) {
  Config c = strict(format, bug);
  c.asid_bits = 1;
  c.check_order = order;
  c.check_translation = translation;
  return tripped([&] {
    test::Machine<test::TlbPort> m(c);
    Process& p = m.kernel.spawn();
    Process& q = m.kernel.spawn();
    for (Process* r : {&p, &q}) must(m.kernel.mmap(*r, 0x10000, m.page(), kRead | kWrite) == 0);
    for (int round = 0; round < 3; ++round) {
      for (Process* r : {&p, &q}) {
        must(m.store(*r, 0x10000));
        must(m.load(*r, 0x10000));
      }
      must(m.load(p, 0x10000));
    }
    m.kernel.finish();
  });
}

TEST_CASE("bugs: M8 and M15, one ASID for two spaces") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    CHECK(two_processes(format, Bug::none, true, true) == "");
    for (const Bug bug : {Bug::asid_ignored, Bug::asid_reuse}) {
      CHECK(two_processes(format, bug, true, true) == "P34");
      CHECK(two_processes(format, bug, false, true) == "P27");
      CHECK(two_processes(format, bug, false, false) == "oracle");
    }
    // The audit sees M8 without looking at the order of events.
    Config c = strict(format, Bug::asid_ignored);
    c.check_order = false;
    test::Machine<> m(c);
    for (int n = 0; n < 2; ++n) {
      Process& p = m.kernel.spawn();
      REQUIRE(m.kernel.mmap(p, 0x10000, m.page(), kRead | kWrite) == 0);
      REQUIRE(m.store(p, 0x10000));
    }
    CHECK(tripped([&] { m.kernel.audit(); }) == "P34");
  }
}

// One process with threads on two CPUs writes to a page that it shares with its child.
std::string copy_on_write(arch::Format format, Bug bug, bool order, YieldPolicy yield) {
  Config c = strict(format, bug);
  c.check_order = order;
  c.yield = yield;
  return tripped([&] {
    Cluster<> m(c, 2);
    Process& p = m.kernel->spawn();
    const u64 a = m.kernel->mmap_anywhere(p, 2 * m.page(), kRead | kWrite);
    must(m.store(p, a));
    Process& child = m.kernel->fork(p);
    for (const unsigned cpu : {0u, 1u}) {
      p.cpu = cpu;
      must(m.load(p, a));
      must(m.load(p, a + m.page()));  // the zero page
    }
    p.cpu = 0;
    must(m.store(p, a));
    must(m.store(p, a + m.page()));
    p.cpu = 1;
    must(m.load(p, a));
    must(m.load(p, a + m.page()));
    child.cpu = 0;
    must(m.load(child, a));
    m.kernel->finish();
  });
}

TEST_CASE("bugs: M24, the copy is mapped before the other CPU has forgotten the original") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    for (const YieldPolicy yield : {YieldPolicy::none, YieldPolicy::every}) {
      CHECK(copy_on_write(format, Bug::none, true, yield) == "");
      CHECK(copy_on_write(format, Bug::cow_late_flush, true, yield) == "P42");
      CHECK(copy_on_write(format, Bug::cow_late_flush, false, yield) == "P44");
    }
  }
}

TEST_CASE("cpus: too many are refused") {
  CHECK_THROWS_WITH(Cluster<>(config(arch::Format::x86_64), 9), "9 CPUs: there must be 1 to 8");
}

TEST_CASE("cpus: several programs at once, each its own bytes") {
  const auto run = [](unsigned programs, unsigned cpus) {
    Cluster<> m(config(arch::Format::x86_64, 60), cpus);
    std::vector<std::unique_ptr<LackeyReader>> readers;
    std::vector<TraceReader*> pointers;
    for (unsigned n = 0; n < programs; ++n) {
      readers.push_back(LackeyReader::open(test::trace_path("28871")));
      pointers.push_back(readers.back().get());
    }
    m.kernel->run(pointers, [](u32 pid) { return LackeyReader::open(test::trace_path(std::to_string(pid))); });
    CHECK(m.kernel->statistics().processes == 3 * programs);
    return m.kernel->digest();
  };
  const u64 one = run(1, 1);
  CHECK(run(3, 1) == 3 * one);  // sums
  CHECK(run(3, 2) == 3 * one);
}

}  // namespace
}  // namespace kilburn::os
