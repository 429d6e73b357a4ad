// SPDX-License-Identifier: Apache-2.0
//
// The OOM killer: whom it takes, what it leaves alone, and how a process goes that is in the middle of something.
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using test::tripped;

constexpr u64 kBase = 0x10000000;

void must(bool ok) {
  if (!ok) throw std::logic_error("a step of the test failed");
}

// Frames and slots for about 60 pages in all.
Config config(arch::Format format, u32 reserve = 6) {
  Config c;
  c.format = format;
  c.frames = 3 + 4u * arch::info(format).levels + 40;
  c.swap_slots = 20;
  c.strict = true;
  c.reclaim.min = reserve;
  c.reclaim.oom_kill = true;
  return c;
}

template <class M>
Process& grow(M& m, u64 pages) {
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, pages * m.page(), kRead | kWrite) == 0);
  for (u64 n = 0; n < pages; ++n) must(m.store(p, kBase + n * m.page()));
  return p;
}

}  // namespace

TEST_CASE("oom: the choice by a table") {
  const OomCandidate init{1, {900, 0, 4, 900}, false}, small{2, {10, 5, 4, 15}, false},
      swapped{3, {2, 30, 4, 32}, false}, pinned{4, {200, 0, 4, 0}, false}, dying{5, {300, 0, 4, 300}, true},
      twin{6, {30, 2, 4, 32}, false};
  CHECK(choose_victim(std::array{init, small, swapped, pinned, dying}) == 3u);
  CHECK(choose_victim(std::array{init, small}) == 2u);
  CHECK(choose_victim(std::array{swapped, twin}) == 6u);  // the younger of equals
  CHECK(choose_victim(std::array{init, pinned, dying}) == std::nullopt);
  CHECK(choose_victim({}) == std::nullopt);
}

TEST_CASE("oom: badness is resident pages, swap words and tables") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    test::Machine<> m(config(format, 0));
    Process& p = grow(m, 12);
    CHECK(m.kernel.memory().try_to_swap_out(5) == 5);
    const Badness b = m.kernel.memory().badness(*p.space);
    CHECK(b.rss == 7);
    CHECK(b.swap == 5);
    CHECK(b.tables == arch::info(format).levels);
    CHECK(b.loose == 12);
    CHECK(b.total() == 12 + b.tables);
    m.kernel.finish();
  }
}

TEST_CASE("oom: the largest goes, the others keep every byte") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format);
    c.audit_every = 20;
    test::Machine<test::TlbPort> m(c);
    Process& init = grow(m, 8);
    Process& large = grow(m, 22);
    Process& small = grow(m, 6);
    Process& asks = m.kernel.spawn();
    must(m.kernel.mmap(asks, kBase, 64 * m.page(), kRead | kWrite) == 0);
    for (u64 n = 0; n < 20; ++n) must(m.store(asks, kBase + n * m.page()));
    CHECK(init.alive());
    CHECK(small.alive());
    CHECK(asks.alive());
    CHECK_FALSE(large.alive());
    CHECK(large.killed_by == Signal::kill);
    const Statistics& s = m.kernel.statistics();
    CHECK(s.oom_kills == 1);
    CHECK(s.killed_oom == 1);
    for (u64 n = 0; n < 8; ++n) CHECK(m.load(init, kBase + n * m.page()));
    for (u64 n = 0; n < 6; ++n) CHECK(m.load(small, kBase + n * m.page()));
    m.kernel.finish();
  }
}

TEST_CASE("oom: the one that asks is the largest, uses the reserve and goes") {
  for (const arch::Format format : kFormats) {
    for (const u32 reserve : {0u, 6u}) {
      INFO(arch::name(format) << ", reserve " << reserve);
      test::Machine<> m(config(format, reserve));
      Process& init = grow(m, 4);
      Process& p = m.kernel.spawn();
      must(m.kernel.mmap(p, kBase, 200 * m.page(), kRead | kWrite) == 0);
      u64 n = 0;
      while (m.store(p, kBase + n * m.page())) REQUIRE(++n < 200);
      CHECK(n > 30);
      CHECK_FALSE(p.alive());
      CHECK(init.alive());
      CHECK(m.kernel.statistics().killed_oom == 1);
      CHECK((m.kernel.statistics().memory.reserve_used != 0) == (reserve != 0));
      for (u64 k = 0; k < 4; ++k) CHECK(m.load(init, kBase + k * m.page()));
      m.kernel.finish();
    }
  }
}

TEST_CASE("oom: shared pages stay with those who are left") {
  test::Machine<> m(config(arch::Format::x86_64));
  Process& init = grow(m, 20);
  Process& child = m.kernel.fork(init);
  Process& grower = m.kernel.fork(init);
  must(m.kernel.mmap(grower, 2 * kBase, 100 * m.page(), kRead | kWrite) == 0);
  u64 n = 0;
  while (m.store(grower, 2 * kBase + n * m.page())) REQUIRE(++n < 100);
  CHECK_FALSE(grower.alive());
  for (u64 k = 0; k < 20; ++k) {
    CHECK(m.load(init, kBase + k * m.page()));
    CHECK(m.load(child, kBase + k * m.page()));
  }
  m.kernel.finish();
}

TEST_CASE("oom: with nobody to kill, or without the killer, the run ends in one sentence") {
  for (const bool kill : {false, true}) {
    Config c = config(arch::Format::x86_64);
    c.reclaim.oom_kill = kill;
    test::Machine<> m(c);
    CHECK_THROWS_AS(grow(m, 100), OutOfMemory);  // the first process
  }
}

TEST_CASE("oom: an alarm that lasts costs a process, and then the rest fits") {
  Config c = config(arch::Format::x86_64, 0);
  c.swap_slots = 4096;
  c.reclaim.thrash_window = 100;
  c.reclaim.thrash_alarm = 300;
  c.reclaim.thrash_kill = 3;
  test::Machine<> m(c);
  Process& first = grow(m, 20);
  Process& second = grow(m, 40);
  for (int round = 0; round < 40 && second.alive(); ++round) {
    for (u64 n = 0; n < 40 && second.alive(); ++n) {
      m.store(second, kBase + n * m.page());
      must(m.store(first, kBase + n / 2 * m.page()));
    }
  }
  CHECK_FALSE(second.alive());
  CHECK(first.alive());
  CHECK(m.kernel.statistics().memory.thrash.alarms >= 1);
  CHECK(m.kernel.statistics().killed_oom == 1);
  m.kernel.finish();
}

TEST_CASE("oom: swapoff that does not fit fails instead of killing") {
  test::Machine<> m(config(arch::Format::x86_64));
  grow(m, 4);
  Process& p = grow(m, 56);
  CHECK(m.kernel.memory().swap_off(0) != 0);
  CHECK(p.alive());
  CHECK(m.kernel.statistics().oom_kills == 0);
  m.kernel.finish();
}

// A page that came back from an area on its way out, and that no other area took, has its only copy in memory.
TEST_CASE("swapoff: pages that find no other slot stay") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format);
    c.frames = 3 + 8 + 48;
    test::Machine<> m(c);
    grow(m, 4);
    Process& p = grow(m, 3 * 16 - 6);
    CHECK(m.kernel.memory().swap_off(0) == 0);
    for (u64 n = 0; n < 3 * 16 - 6; ++n) must(m.load(p, kBase + n * m.page()));
    m.kernel.finish();
  }
}

TEST_CASE("oom: M34, the first process is taken") {
  Config c = config(arch::Format::x86_64);
  c.bug = Bug::oom_kills_init;
  CHECK(tripped([&] {
          test::Machine<> m(c);
          grow(m, 4);
          grow(m, 100);
        }) == "P59");
}

}  // namespace kilburn::os
