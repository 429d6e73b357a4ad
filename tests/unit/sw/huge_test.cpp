// SPDX-License-Identifier: Apache-2.0
//
// Large pages and granularity-hint blocks: one TLB entry each, together and apart (P35, M16, M19).
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using test::tripped;

// Room for a process with 520 pages, and for an aligned block of 512 beside them.
Config config(arch::Format format, Bug bug = Bug::none) {
  Config c;
  c.format = format;
  c.frames = 1800;
  c.strict = true;
  c.huge = true;
  c.bug = bug;
  return c;
}

void must(bool ok) {
  if (!ok) throw std::logic_error("a step of the test failed");
}

// An area of whole blocks of 512 pages, every page stored to.
template <class Machine>
u64 touched(Machine& m, Process& p, u64 pages = 512) {
  const u64 a = u64{512} * m.page() * 4;
  must(m.kernel.mmap(p, a, pages * m.page(), kRead | kWrite) == 0);
  for (u64 n = 0; n < pages; ++n) must(m.store(p, a + n * m.page() + 8 * (n % 100)));
  return a;
}

TEST_CASE("huge: 512 pages become one TLB entry, and every byte and right stays") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    test::Machine<test::TlbPort> m(config(format));
    Process& p = m.kernel.spawn();
    const u64 a = touched(m, p);
    Memory& memory = m.kernel.memory();
    CHECK(memory.khugepaged(*p.space, 5) == 1);
    CHECK(memory.statistics().collapsed == 1);
    m.kernel.audit();
    const Pfn first = memory.format().view(p.space->table.load(a)).pfn;
    CHECK(first % 512 == 0);
    const size_t entries = m.port.entries();
    const u64 hits = m.port.hits();
    REQUIRE(m.load(p, a));
    for (u64 n = 0; n < 512; ++n) REQUIRE(m.load(p, a + n * m.page() + 8 * (n % 100)));
    CHECK(m.port.entries() == entries + 1);
    CHECK(m.port.hits() == hits + 512);
    CHECK(m.store(p, a + 100 * m.page()));
    CHECK(memory.khugepaged(*p.space, 5) == 0);  // nothing left to put together
    m.kernel.audit();
    m.kernel.finish();
  }
}

TEST_CASE("huge: Alpha's blocks of 8 and 64 pages where 512 do not fit") {
  for (const arch::Format format : {arch::Format::alpha, arch::Format::alpha_x64}) {
    INFO(arch::name(format));
    test::Machine<test::TlbPort> m(config(format));
    Process& p = m.kernel.spawn();
    const u64 a = touched(m, p, 64 + 8 + 3);
    CHECK(m.kernel.memory().khugepaged(*p.space, 9) == 2);
    const auto block = [&](u64 page) {
      return m.kernel.memory().format().view(p.space->table.load(a + page * m.page())).block;
    };
    CHECK(block(0) == 6);
    CHECK(block(63) == 6);
    CHECK(block(64) == 3);
    CHECK(block(71) == 3);
    CHECK(block(72) == 0);
    m.kernel.audit();
    m.kernel.finish();
  }
}

TEST_CASE("huge: a partial munmap, mprotect or fork splits the block first, with one invalidation inside it (P35)") {
  for (const arch::Format format : kFormats) {
    for (const int what : {0, 1, 2, 3}) {
      INFO(arch::name(format) << " " << what);
      test::Machine<test::TlbPort> m(config(format));
      Process& p = m.kernel.spawn();
      const u64 a = touched(m, p);
      Memory& memory = m.kernel.memory();
      REQUIRE(memory.khugepaged(*p.space, 1) == 1);
      for (u64 n = 0; n < 512; n += 31) REQUIRE(m.load(p, a + n * m.page()));
      if (what == 0) REQUIRE(m.kernel.munmap(p, a + 5 * m.page(), 2 * m.page()) == 0);
      if (what == 1) REQUIRE(m.kernel.mprotect(p, a + 5 * m.page(), 2 * m.page(), kRead) == 0);
      if (what == 2) m.kernel.fork(p);
      if (what == 3) REQUIRE(m.kernel.munmap(p, a, 512 * m.page()) == 0);
      CHECK(memory.statistics().split == 1);
      CHECK(memory.spare_tables().empty());
      m.kernel.audit();
      if (what < 3) {
        for (u64 n = 0; n < 512; ++n) {
          if (what != 0 || n < 5 || n > 6) REQUIRE(m.load(p, a + n * m.page() + 8 * (n % 100)));
        }
      }
      if (what == 1) CHECK_FALSE(m.store(p, a + 6 * m.page()));
      if (what == 0) CHECK_FALSE(m.load(p, a + 6 * m.page()));
      m.kernel.finish();
    }
  }
}

TEST_CASE("huge: under memory pressure blocks come apart and their pages are swapped (P45)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format);
    c.yield = YieldPolicy::random;
    test::Machine<test::TlbPort> m(c);
    Process& p = m.kernel.spawn();
    const u64 a = touched(m, p);
    REQUIRE(m.kernel.memory().khugepaged(*p.space, 1) == 1);
    const u64 b = m.kernel.mmap_anywhere(p, 1600 * m.page(), kRead | kWrite);
    for (u64 n = 0; n < 1600; ++n) REQUIRE(m.store(p, b + n * m.page()));
    CHECK(m.kernel.statistics().memory.swapped_out > 100);
    CHECK(m.kernel.statistics().memory.split >= 1);
    m.kernel.audit();
    for (u64 n = 0; n < 512; n += 3) REQUIRE(m.load(p, a + n * m.page() + 8 * (n % 100)));
    m.kernel.finish();
  }
}

TEST_CASE("huge: a recorded program has the same bytes with and without blocks (P47)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto digest = [&](bool huge, u64& collapsed) {
      Config c;
      c.format = format;
      c.frames = 2000;
      c.huge = huge;
      c.audit_every = 5000;
      test::Machine<> m(c);
      test::run_mini(m);
      collapsed = m.kernel.statistics().memory.collapsed;
      return m.kernel.digest();
    };
    u64 with = 0, without = 0;
    CHECK(digest(true, with) == digest(false, without));
    CHECK(without == 0);
    // The program is small: it has aligned runs of 8 pages, none of 512.
    CHECK((with > 0) == (format != arch::Format::x86_64));
  }
}

TEST_CASE("bugs: M16, a granularity-hint block whose frames do not follow each other") {
  for (const arch::Format format : {arch::Format::alpha, arch::Format::alpha_x64}) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug, bool audit) {
      return tripped([&] {
        test::Machine<test::TlbPort> m(config(format, bug));
        Process& p = m.kernel.spawn();
        const u64 a = touched(m, p);
        must(m.kernel.memory().khugepaged(*p.space, 1) == 1);
        if (audit) m.kernel.audit();
        must(m.load(p, a + 2 * m.page()));  // the TLB has the block by this page
        must(m.load(p, a));
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none, true) == "");
    CHECK(run(Bug::block_torn, true) == "P35");
    CHECK(run(Bug::block_torn, false) == "P27");
  }
}

TEST_CASE("bugs: M19, a split that leaves an entry unset") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug, bool audit) {
      Config c = config(format, bug);
      c.check_calls = false;  // P22 sees it at once (bugs_test.cpp)
      return tripped([&] {
        test::Machine<> m(c);
        Process& p = m.kernel.spawn();
        const u64 a = touched(m, p);
        must(m.kernel.memory().khugepaged(*p.space, 1) == 1);
        must(m.kernel.munmap(p, a, m.page()) == 0);
        if (audit) m.kernel.audit();
        for (u64 n = 1; n < 512; ++n) must(m.load(p, a + n * m.page() + 8 * (n % 100)));
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none, true) == "");
    CHECK(run(Bug::split_hole, true) == "P3");
    CHECK(run(Bug::split_hole, false) == "P49");  // the next touch finds nothing of what was stored
  }
}

}  // namespace
}  // namespace kilburn::os
