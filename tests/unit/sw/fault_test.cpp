// SPDX-License-Identifier: Apache-2.0
//
// The fault handler, one cause at a time, on every format.
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using Machine = test::Machine<>;

Config config(arch::Format format, u32 frames = 64) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.strict = true;
  return c;
}

TEST_CASE("fault: nothing is allocated before the first touch, a read gets the zero page, a write a frame") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format));
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 4 * m.page(), kRead | kWrite);
    REQUIRE(a != 0);
    CHECK(p.space->rss == 0);
    CHECK(m.load(p, a));
    CHECK(m.faults(FaultKind::zero_page) == 1);
    CHECK(p.space->rss == 0);
    CHECK(m.load(p, a + m.page()));
    CHECK(m.store(p, a));
    CHECK(m.faults(FaultKind::cow_copy) == 1);
    CHECK(m.store(p, a + 2 * m.page()));
    CHECK(m.faults(FaultKind::first_touch) == 1);
    CHECK(p.space->rss == 2);
    CHECK(m.load(p, a));
    CHECK(m.kernel.statistics().faults_seen == 4);
    m.kernel.finish();
  }
}

TEST_CASE("fault: what the areas forbid is SIGSEGV, and frees all that the process had") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format));
    const u64 page = m.page();
    const auto dies = [&](Rights rights, auto&& access) {
      Process& p = m.kernel.spawn();
      const u64 a = m.kernel.mmap_anywhere(p, 2 * page, kRead | kWrite);
      REQUIRE(m.store(p, a));
      REQUIRE(m.kernel.mprotect(p, a, page, rights) == 0);
      const bool survived = access(p, a);
      CHECK(p.alive() == survived);
      CHECK((p.killed_by == Signal::segv) == !survived);
      return !survived;
    };
    CHECK(dies(kRead, [&](Process& p, u64 a) { return m.store(p, a); }));
    CHECK(dies(kRead, [&](Process& p, u64 a) { return m.fetch(p, a); }));
    CHECK(dies(0, [&](Process& p, u64 a) { return m.load(p, a); }));
    CHECK(dies(kRead | kWrite, [&](Process& p, u64 a) { return m.load(p, a + 2 * page); }));  // no area
    CHECK(dies(kRead | kWrite, [&](Process& p, u64) { return m.load(p, u64{1} << 63); }));    // not canonical
    CHECK_FALSE(dies(kRead, [&](Process& p, u64 a) { return m.load(p, a); }));
    CHECK_FALSE(dies(kRead | kExecute, [&](Process& p, u64 a) { return m.fetch(p, a); }));
    CHECK_FALSE(dies(kRead | kWrite, [&](Process& p, u64 a) { return m.store(p, a); }));
    CHECK(m.faults(FaultKind::segv) == 5);
    m.kernel.finish();
  }
}

TEST_CASE("fault: files have their bytes, clean pages are dropped and made again") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 16));
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 24 * m.page(), kRead | kWrite, {3, 0x4000});
    std::byte data[8];
    for (int round = 0; round < 3; ++round) {
      for (u64 n = 0; n < 24; ++n) REQUIRE(m.load(p, a + n * m.page() + 8 * n));
    }
    REQUIRE(m.kernel.memory().peek(*p.space, a + 16, data));
    const u64 expected = file_word(3, 0x4010);
    CHECK(std::memcmp(data, &expected, 8) == 0);
    CHECK(m.kernel.statistics().memory.dropped > 24);
    CHECK(m.kernel.statistics().memory.swapped_out == 0);
    REQUIRE(m.store(p, a + 8));  // private: the page now differs from the file
    for (u64 n = 1; n < 24; ++n) REQUIRE(m.load(p, a + n * m.page()));
    REQUIRE(m.load(p, a + 8));
    REQUIRE(m.load(p, a));
    m.kernel.finish();
  }
}

TEST_CASE("fault: fork shares, the first write copies, the last owner does not (P42)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format));
    Process& parent = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(parent, m.page(), kRead | kWrite);
    REQUIRE(m.store(parent, a));
    const u32 before = m.kernel.memory().buddy().free_frames();
    Process& child = m.kernel.fork(parent);
    // The child has its tables and no page of its own.
    CHECK(before - m.kernel.memory().buddy().free_frames() == m.kernel.memory().format().info().levels);
    CHECK(m.load(child, a));
    CHECK(m.store(child, a));
    CHECK(m.faults(FaultKind::cow_copy) == 1);
    CHECK(m.load(parent, a));
    CHECK(m.store(parent, a));
    CHECK(m.faults(FaultKind::cow_copy) == 1);
    CHECK(m.faults(FaultKind::cow_reuse) == 1);
    CHECK(m.load(child, a));
    m.kernel.finish();
  }
}

TEST_CASE("fault: many sharers of one frame, killed in the middle (P42, M10)") {
  Machine m(config(arch::Format::x86_64, 2000));
  Process& first = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(first, 4096, kRead | kWrite);
  REQUIRE(m.store(first, a));
  std::vector<Process*> children;
  for (int n = 0; n < 300; ++n) children.push_back(&m.kernel.fork(first));
  const Pfn pfn = m.kernel.memory().format().view(first.space->table.load(a)).pfn;
  CHECK(m.kernel.memory().map_of_frames()[pfn].count == 301);
  for (int n = 0; n < 300; n += 2) m.kernel.exit(*children[static_cast<size_t>(n)]);
  m.kernel.audit();
  CHECK(m.kernel.memory().map_of_frames()[pfn].count == 151);
  CHECK(m.store(*children[1], a));
  CHECK(m.kernel.memory().map_of_frames()[pfn].count == 150);
  m.kernel.finish();
}

TEST_CASE("fault: a page comes back from the swap area, a clean one is not written again (P45, P48)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 16));
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 24 * m.page(), kRead | kWrite);
    for (u64 n = 0; n < 24; ++n) REQUIRE(m.store(p, a + n * m.page()));
    for (int round = 0; round < 4; ++round) {
      for (u64 n = 0; n < 24; ++n) REQUIRE(m.load(p, a + n * m.page()));
    }
    const MemoryStatistics& s = m.kernel.statistics().memory;
    // Each page was stored to once: at most one write a page, all later evictions are free.
    CHECK(s.swapped_out <= 24);
    CHECK(s.swapped_in > 24);
    CHECK(s.evicted_unwritten > 24);
    m.kernel.finish();
  }
}

TEST_CASE("fault: two processes share a page through the swap area") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 24));
    Process& parent = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(parent, m.page(), kRead | kWrite);
    REQUIRE(m.store(parent, a));
    Process& child = m.kernel.fork(parent);
    const u64 b = m.kernel.mmap_anywhere(parent, 30 * m.page(), kRead | kWrite);
    for (u64 n = 0; n < 30; ++n) REQUIRE(m.store(parent, b + n * m.page()));
    const PteFormat& f = m.kernel.memory().format();
    const PteView out = f.view(parent.space->table.load(a));
    REQUIRE(out.kind == EntryKind::swap);
    CHECK(parent.space->table.load(a) == child.space->table.load(a));
    CHECK(m.kernel.memory().swap()[out.slot].users == 2);
    m.kernel.audit();
    CHECK(m.load(parent, a));
    CHECK(m.kernel.memory().swap()[out.slot].users == 1);
    CHECK(m.load(child, a));  // the frame is still there: no second read
    CHECK(m.faults(FaultKind::swap_cache) == 1);
    CHECK(f.view(parent.space->table.load(a)).pfn == f.view(child.space->table.load(a)).pfn);
    m.kernel.audit();
    CHECK(m.store(child, a));
    CHECK(m.load(parent, a));
    m.kernel.finish();
  }
}

TEST_CASE("fault: on Alpha young and dirty come by faults, on x86-64 by the walker") {
  Config c = config(arch::Format::alpha, 20);
  Machine m(c);
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, m.page(), kRead | kWrite, {1, 0, AreaKind::file_shared});
  REQUIRE(m.load(p, a));  // young, clean
  REQUIRE(m.store(p, a));
  CHECK(m.faults(FaultKind::young_dirty) == 1);
  REQUIRE(m.store(p, a));
  CHECK(m.faults(FaultKind::young_dirty) == 1);
  m.kernel.finish();

  c.format = arch::Format::x86_64;
  Machine x(c);
  Process& q = x.kernel.spawn();
  const u64 b = x.kernel.mmap_anywhere(q, x.page(), kRead | kWrite, {1, 0, AreaKind::file_shared});
  REQUIRE(x.load(q, b));
  CHECK_FALSE(x.kernel.memory().format().view(q.space->table.load(b)).dirty);
  REQUIRE(x.store(q, b));
  CHECK(x.kernel.memory().format().view(q.space->table.load(b)).dirty);
  CHECK(x.faults(FaultKind::young_dirty) == 0);
  x.kernel.finish();
}

TEST_CASE("fault: an access that crosses a page brings in both pages") {
  for (const arch::Format format : kFormats) {
    Machine m(config(format));
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 2 * m.page(), kRead | kWrite);
    CHECK(m.store(p, a + m.page() - 3, 8));
    CHECK(m.faults(FaultKind::first_touch) == 2);
    CHECK(m.load(p, a + m.page() - 3, 8));
    CHECK(m.kernel.statistics().straddles == 2);
    m.kernel.finish();
  }
}

TEST_CASE("fault: a hot page stays in memory among cold ones (ageing)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 24));
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 60 * m.page(), kRead | kWrite);
    REQUIRE(m.store(p, a));
    u64 hot_faults = 0;
    for (int round = 0; round < 5; ++round) {
      for (u64 n = 1; n < 60; ++n) {
        REQUIRE(m.store(p, a + n * m.page()));
        const u64 before = m.faults(FaultKind::swap_in);
        REQUIRE(m.load(p, a));
        hot_faults += m.faults(FaultKind::swap_in) - before;
      }
    }
    CHECK(hot_faults <= 2);  // of 295 loads between 295 stores that nearly all fault
    CHECK(m.faults(FaultKind::swap_in) > 200);
    m.kernel.finish();
  }
}

TEST_CASE("fault: more processes than ASIDs") {
  Config c = config(arch::Format::x86_64, 200);
  c.asid_bits = 2;
  Machine m(c);
  std::vector<Process*> processes;
  for (int n = 0; n < 8; ++n) {
    processes.push_back(&m.kernel.spawn());
    REQUIRE(m.kernel.mmap(*processes.back(), 0x10000, 4096, kRead | kWrite) == 0);
  }
  for (int round = 0; round < 5; ++round) {
    for (Process* p : processes) {
      REQUIRE(m.store(*p, 0x10000));
      REQUIRE(m.load(*p, 0x10000));
      m.kernel.audit();
    }
  }
  CHECK(m.kernel.statistics().asid_wraps >= 12);
  m.kernel.finish();
}

}  // namespace
}  // namespace kilburn::os
