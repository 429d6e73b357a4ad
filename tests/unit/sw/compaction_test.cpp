// SPDX-License-Identifier: Apache-2.0
//
// Compaction: large blocks come together, bytes and rights stay, whoever maps the pages (P57, P58).
#include <set>

#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using test::tripped;

Config config(arch::Format format, u32 frames = 96) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.strict = true;
  return c;
}

void must(bool ok) {
  if (!ok) throw std::logic_error("a step of the test failed");
}

// Every second frame free: the process touches `pages` pages and gives back every other one.
template <class Machine>
u64 scatter(Machine& m, Process& p, u64 pages) {
  const u64 a = m.kernel.mmap_anywhere(p, pages * m.page(), kRead | kWrite);
  for (u64 n = 0; n < pages; ++n) must(m.store(p, a + n * m.page() + 8 * n));
  for (u64 n = 0; n < pages; n += 2) must(m.kernel.munmap(p, a + n * m.page(), m.page()) == 0);
  return a;
}

unsigned largest(const Memory& memory) {
  unsigned order = 0;
  for (const auto& [pfn, size] : memory.buddy().free_blocks()) order = std::max(order, size);
  return order;
}

TEST_CASE("compaction: an allocation of a block that fragmentation forbids moves pages and succeeds") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    test::Machine<> m(config(format));
    Process& p = m.kernel.spawn();
    const u64 a = scatter(m, p, 80);
    Memory& memory = m.kernel.memory();
    const unsigned before = largest(memory);
    REQUIRE(before < 4);
    REQUIRE(memory.buddy().free_frames() > 40);
    const u64 rss = p.space->rss;
    const u64 block = memory.kernel().kmalloc(16 * m.page());
    REQUIRE(block != 0);
    CHECK(memory.statistics().compactions == 1);
    CHECK(memory.statistics().migrated > 0);
    CHECK(memory.statistics().swapped_out == 0);
    CHECK(p.space->rss == rss);
    m.kernel.audit();
    for (u64 n = 1; n < 80; n += 2) REQUIRE(m.load(p, a + n * m.page() + 8 * n));
    memory.kernel().kfree(block);
    m.kernel.finish();
  }
}

TEST_CASE("compaction: the background thread moves what it is allowed and ends with one free block (P58)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    test::Machine<> m(config(format, 128));
    Process& p = m.kernel.spawn();
    scatter(m, p, 100);
    Memory& memory = m.kernel.memory();
    CHECK(memory.kcompactd(5) == 5);
    m.kernel.audit();
    u32 total = 5;
    for (u32 moved; (moved = memory.kcompactd(7)) != 0;) total += moved;
    CHECK(total <= 50);
    CHECK(memory.kcompactd(1000) == 0);
    // 128 frames, 3 reserved, 50 pages, the tables at the bottom where they were made first: a block of 32 is there.
    CHECK(largest(memory) >= 5);
    m.kernel.audit();
    m.kernel.finish();
  }
}

TEST_CASE("compaction: every mapper of a shared page follows it, with its own rights (P57)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    test::Machine<test::TlbPort> m(config(format, 160));
    Process& p = m.kernel.spawn();
    const u64 a = scatter(m, p, 80);
    REQUIRE(m.kernel.mprotect(p, a + m.page(), m.page(), kRead | kExecute) == 0);
    std::vector<Process*> children;
    for (int n = 0; n < 3; ++n) children.push_back(&m.kernel.fork(p));
    REQUIRE(m.store(*children[0], a + 3 * m.page()));  // its own copy now
    std::vector<std::pair<Process*, std::vector<PteView>>> before;
    const auto views = [&](Process& process) {
      std::vector<PteView> out;
      for (u64 n = 0; n < 80; ++n)
        out.push_back(m.kernel.memory().format().view(process.space->table.load(a + n * m.page())));
      return out;
    };
    for (Process* process : {&p, children[0], children[1], children[2]}) before.emplace_back(process, views(*process));
    REQUIRE(m.kernel.memory().kcompactd(1000) > 10);
    unsigned moved = 0;
    for (const auto& [process, old] : before) {
      const auto now = views(*process);
      for (u64 n = 0; n < 80; ++n) {
        REQUIRE(now[n].kind == old[n].kind);
        REQUIRE(now[n].rights == old[n].rights);
        REQUIRE(now[n].dirty == old[n].dirty);
        REQUIRE(now[n].young == old[n].young);
        moved += now[n].pfn != old[n].pfn;
      }
      for (u64 n = 1; n < 80; n += 2) REQUIRE(m.load(*process, a + n * m.page() + 8 * n));
    }
    CHECK(moved > 40);
    m.kernel.audit();
    CHECK_FALSE(m.store(p, a + m.page()));  // still not writable
    m.kernel.finish();
  }
}

TEST_CASE("compaction: pinned frames, tables and kernel memory stay where they are (P10)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    test::Machine<> m(config(format, 128));
    Process& p = m.kernel.spawn();
    const u64 a = scatter(m, p, 60);
    Memory& memory = m.kernel.memory();
    const u64 area = memory.kernel().vmalloc(3 * m.page());
    auto& map = const_cast<MemMap&>(memory.map_of_frames());
    const Pfn pinned = memory.format().view(p.space->table.load(a + m.page())).pfn;
    ++map[pinned].pins;
    std::set<Pfn> fixed;
    for (Pfn pfn = 0; pfn < map.size(); ++pfn) {
      if (map[pfn].state == FrameState::table || map[pfn].state == FrameState::kernel) fixed.insert(pfn);
    }
    REQUIRE(memory.kcompactd(1000) > 10);
    for (const Pfn pfn : fixed) CHECK((map[pfn].state == FrameState::table || map[pfn].state == FrameState::kernel));
    CHECK(memory.format().view(p.space->table.load(a + m.page())).pfn == pinned);
    --map[pinned].pins;
    m.kernel.audit();
    memory.kernel().vfree(area);
    m.kernel.finish();
  }
}

TEST_CASE("compaction: pages keep their swap slots, and hardware may walk at any step (P45, P57)") {
  for (const arch::Format format : kFormats) {
    for (const u64 seed : {1, 2, 3}) {
      INFO(arch::name(format) << " seed " << seed);
      Config c = config(format, 64);
      c.yield = YieldPolicy::random;
      c.seed = seed;
      c.audit_every = 400;
      test::Machine<test::TlbPort> m(c);
      Process& p = m.kernel.spawn();
      const u64 a = m.kernel.mmap_anywhere(p, 90 * m.page(), kRead | kWrite);
      Random random(seed);
      for (int step = 0; step < 1500; ++step) {
        const u64 at = a + random.below(90) * m.page() + 8 * random.below(64);
        REQUIRE((random.below(3) == 0 ? m.store(p, at) : m.load(p, at)));
        if (step % 100 == 50) {
          // Holes, then pages moved into them.
          REQUIRE(m.kernel.mprotect(p, a, 90 * m.page(), kRead | kWrite) == 0);
          REQUIRE(m.kernel.munmap(p, a + random.below(80) * m.page(), 6 * m.page()) == 0);
          m.kernel.memory().kcompactd(10);
          REQUIRE(m.kernel.mmap(p, a, m.page(), kRead | kWrite) == 0);
          for (u64 n = 0; n < 90; ++n) {
            if (p.space->vmas.find(a + n * m.page()) == nullptr) {
              REQUIRE(m.kernel.mmap(p, a + n * m.page(), m.page(), kRead | kWrite) == 0);
            }
          }
        }
      }
      CHECK(m.kernel.statistics().memory.migrated > 20);
      CHECK(m.kernel.statistics().memory.swapped_out > 20);
      CHECK(m.kernel.statistics().memory.swapped_in > 20);
      m.kernel.finish();
    }
  }
}

TEST_CASE("bugs: M25, a store that is still on its way when the page is copied") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug) {
      Config c = config(format, 64);
      c.bug = bug;
      return tripped([&] {
        test::Machine<test::TlbPort> m(c, true);  // with a store buffer
        Process& p = m.kernel.spawn();
        const u64 a = scatter(m, p, 40);
        for (u64 n = 1; n < 40; n += 2) {
          must(m.store(p, a + n * m.page() + 64));
          m.kernel.memory().kcompactd(1000);
          must(m.kernel.munmap(p, a + n * m.page(), m.page()) == 0);
        }
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none) == "");
    CHECK(run(Bug::migrate_early_copy) == "P57");
  }
}

TEST_CASE("bugs: M9, a frame in the free lists that a process still maps") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug) {
      Config c = config(format);
      c.bug = bug;
      return tripped([&] {
        test::Machine<> m(c);
        Process& p = m.kernel.spawn();
        const u64 a = m.kernel.mmap_anywhere(p, m.page(), kRead | kWrite);
        must(m.store(p, a));
        Process& child = m.kernel.fork(p);
        must(m.kernel.munmap(child, a, m.page()) == 0);
        m.kernel.audit();
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none) == "");
    CHECK(run(Bug::free_mapped) == "P2");
  }
}

}  // namespace
}  // namespace kilburn::os
