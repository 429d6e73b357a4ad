// SPDX-License-Identifier: Apache-2.0
//
// System calls on areas: errors of Linux's manual pages; random streams against an interval map (P20, P22, P23);
// stacks, locks, advice, moved entries, prefaulting.
#include <algorithm>
#include <boost/icl/interval_map.hpp>
#include <cerrno>
#include <map>

#include "tests/catch.h"
#include "tests/unit/sw/cpus.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using test::must;
using test::tripped;
using Machine = test::Machine<>;

Config config(arch::Format format, u32 frames = 64) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.strict = true;
  return c;
}

constexpr u64 kBase = 0x400000;

TEST_CASE("areas: errors as in the manual pages") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format));
    Kernel& k = m.kernel;
    Process& p = k.spawn();
    REQUIRE(k.mmap(p, kBase, 0x4000, kRead | kWrite) == 0);
    REQUIRE(k.mmap(p, kBase + 0x8000, 0x2000, kRead | kWrite) == 0);
    CHECK(k.mmap_fresh(p, kBase + 0x3000, 0x2000, kRead) == EEXIST);  // mmap(2): MAP_FIXED_NOREPLACE
    CHECK(k.mmap_fresh(p, kBase + 0x4000, 0x4000, kRead) == 0);
    CHECK(k.munmap(p, kBase + 0x4000, 0x4000) == 0);
    CHECK(k.munmap(p, kBase + 1, 0x1000) == EINVAL);
    CHECK(k.munmap(p, kBase, 0) == EINVAL);
    CHECK(k.mprotect(p, kBase, 0, kRead) == 0);  // nothing asked, nothing done
    CHECK(k.mprotect(p, kBase + 0x800, 0x1000, kRead) == EINVAL);
    CHECK(k.mprotect(p, kBase, 0x6000, kRead) == ENOMEM);  // a hole
    CHECK(k.mremap(p, kBase, 0x1000, kBase, 0) == EINVAL);
    CHECK(k.mremap(p, kBase, 0x2000, kBase + 0x1000, 0x2000) == EINVAL);  // old and new overlap
    CHECK(k.mremap(p, kBase + 0x5000, 0x1000, kBase + 0x20000, 0x1000) == EFAULT);
    CHECK(k.madvise(p, kBase + 4, 0x1000, Advice::dont_need) == EINVAL);
    CHECK(k.madvise(p, kBase, 0x9000, Advice::dont_need) == ENOMEM);  // a hole, the rest is done
    CHECK(k.madvise(p, kBase, 0, Advice::dont_need) == 0);
    CHECK(k.msync(p, kBase + 1, 0x1000) == EINVAL);
    CHECK(k.msync(p, kBase, 0x9000) == ENOMEM);
    CHECK(k.msync(p, kBase, 0x4000) == 0);
    CHECK(k.mlock(p, kBase, 0x9000) == ENOMEM);  // a hole
    CHECK(k.mlock(p, kBase, u64{64} * m.page()) == ENOMEM);
    REQUIRE(k.mlock(p, kBase, 0x2000) == 0);
    CHECK(k.madvise(p, kBase, 0x1000, Advice::dont_need) == EINVAL);  // locked pages
    CHECK(k.munlock(p, kBase, 0x2000) == 0);
    CHECK(k.madvise(p, kBase, 0x1000, Advice::dont_need) == 0);
    REQUIRE(k.mmap(p, kBase, 0x1000, kRead, {5, 0}) == 0);
    CHECK(k.madvise(p, kBase, 0x1000, Advice::free) == EINVAL);  // only private anonymous memory
    CHECK(k.brk(p, kBase - 0x1000) == 0);                        // where the heap begins
    CHECK(k.brk(p, kBase + 0x1000) == ENOMEM);                   // would meet a mapping
    CHECK(k.brk(p, kBase) == 0);
    k.finish();
  }
}

TEST_CASE("areas: no more than 65530 (MAX_MAP_COUNT)") {
  Machine m(config(arch::Format::x86_64));
  Process& p = m.kernel.spawn();
  for (u64 n = 0; n < VmaSet::kMaxCount; ++n) {
    p.space->vmas.insert(kBase + 2 * n * kGranule, kBase + (2 * n + 1) * kGranule, kRead, {});
  }
  CHECK(m.kernel.mmap(p, 0x10000, 0x1000, kRead) == ENOMEM);
  // A hole in the middle of an area, or other rights there, would make two more of it.
  REQUIRE(m.kernel.munmap(p, kBase, 8 * kGranule) == 0);
  REQUIRE(m.kernel.mmap(p, kBase, 4 * kGranule, kRead) == 0);
  for (u64 n = 0; p.space->vmas.count() < VmaSet::kMaxCount; ++n) {
    p.space->vmas.insert(0x10000 + 2 * n * kGranule, 0x10000 + (2 * n + 1) * kGranule, kRead, {});
  }
  CHECK(m.kernel.munmap(p, kBase + kGranule, kGranule) == ENOMEM);
  CHECK(m.kernel.mprotect(p, kBase + kGranule, kGranule, kRead | kWrite) == ENOMEM);
  CHECK(m.kernel.munmap(p, kBase, kGranule) == 0);
}

// The oracle: an interval map that joins equal neighbours as the kernel must, with an id for each kind of area. Ids
// are not 0, values are set rather than added, and no interval ends at the top of the numbers.
class IntervalOracle {
 public:
  void map(u64 start, u64 end, Rights rights, u32 file, u64 offset) {
    areas_.set({boost::icl::interval<u64>::right_open(start, end), id({rights, file, file == 0 ? 0 : offset - start})});
  }
  void unmap(u64 start, u64 end) { areas_.erase(boost::icl::interval<u64>::right_open(start, end)); }
  bool protect(u64 start, u64 end, Rights rights) {
    const auto range = boost::icl::interval<u64>::right_open(start, end);
    const auto old = areas_ & range;
    u64 covered = 0;
    for (const auto& [where, kind] : old) covered += where.upper() - where.lower();
    if (covered != end - start) return false;
    for (const auto& [where, kind] : old) {
      Kind changed = kinds_[kind - 1];
      changed.rights = rights;
      areas_.set({where, id(changed)});
    }
    return true;
  }
  struct Area {
    u64 start, end;
    Rights rights;
    u32 file;
    bool operator==(const Area&) const = default;
  };
  std::vector<Area> list() const {
    std::vector<Area> out;
    for (const auto& [where, kind] : areas_) {
      out.push_back({where.lower(), where.upper(), kinds_[kind - 1].rights, kinds_[kind - 1].file});
    }
    return out;
  }

 private:
  struct Kind {
    Rights rights;
    u32 file;
    u64 base;  // file offset of address 0
    bool operator==(const Kind&) const = default;
  };
  u64 id(const Kind& kind) {
    const auto at = std::find(kinds_.begin(), kinds_.end(), kind);
    if (at != kinds_.end()) return static_cast<u64>(at - kinds_.begin()) + 1;
    kinds_.push_back(kind);
    return kinds_.size();
  }
  boost::icl::interval_map<u64, u64> areas_;
  std::vector<Kind> kinds_;
};

using Entries = std::map<u64, u64>;
Entries entries_outside(Process& p, const PteFormat& format, u64 lo, u64 hi) {
  Entries out;
  p.space->table.for_each_leaf(0, format.user_top(), [&](u64 va, u64 word) {
    if (va + format.page_size() <= lo || va >= hi) out[va] = word;
  });
  return out;
}

TEST_CASE("areas: random calls equal an interval map, and touch nothing outside their range (P20, P22, P23)") {
  for (const arch::Format format : kFormats) {
    for (u64 seed = 1; seed <= 6; ++seed) {
      INFO(arch::name(format) << " seed " << seed);
      Machine m(config(format, 300));
      Kernel& k = m.kernel;
      Process& p = k.spawn();
      const PteFormat& f = k.memory().format();
      IntervalOracle oracle;
      Random random(seed);
      for (int step = 0; step < 300; ++step) {
        const u64 start = kBase + (random.below(100) << kGranuleShift);
        const u64 length = (1 + random.below(24)) << kGranuleShift, end = start + length;
        const Rights rights = with_read(static_cast<unsigned>(random.below(8)));
        const Entries before = entries_outside(p, f, start, end);
        switch (random.below(5)) {
          case 0:
          case 1: {
            const u32 file = static_cast<u32>(random.below(3));
            const u64 offset = file == 0 ? 0 : random.below(2) * 0x1000 + start;
            REQUIRE(k.mmap(p, start, length, rights, {file, offset}) == 0);
            oracle.map(start, end, rights, file, offset);
            break;
          }
          case 2:
            REQUIRE(k.munmap(p, start, length) == 0);
            oracle.unmap(start, end);
            p.space->table.for_each_leaf(start, f.page_down(end), [&](u64 va, u64) {
              REQUIRE(p.space->vmas.coverage(va, va + f.page_size()).any);  // only pages that others share
            });
            break;
          case 3: {
            const bool whole = oracle.protect(start, end, rights);
            REQUIRE(k.mprotect(p, start, length, rights) == (whole ? 0 : ENOMEM));
            break;
          }
          default: {
            const Vma* vma = p.space->vmas.find(start);
            if (vma == nullptr || vma->rights == 0) break;
            const auto kind = (vma->rights & kWrite) ? TraceEvent::Kind::write : TraceEvent::Kind::read;
            REQUIRE(k.reference(p, kind, start, 8));
            continue;
          }
        }
        REQUIRE(entries_outside(p, f, start, end) == before);
        std::vector<IntervalOracle::Area> mine;
        p.space->vmas.for_each([&](const Vma& v) { mine.push_back({v.start, v.end, v.rights, v.backing.file}); });
        REQUIRE(mine == oracle.list());
        p.space->vmas.check(f.user_top());
      }
      k.finish();
    }
  }
}

TEST_CASE("areas: a stack grows where it is touched, to its limit, and keeps its distance") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format);
    c.stack_limit = 1u << 20;
    const u64 top = 0x4000000;
    const auto dies = [&](u64 va, u64 below) {
      Machine m(c);
      Process& p = m.kernel.spawn();
      must(m.kernel.mmap_stack(p, top - 0x2000, 0x2000) == 0);
      if (below != 0) must(m.kernel.mmap(p, below, 0x1000, kRead | kWrite) == 0);
      const bool survived = m.store(p, va);
      if (survived) {
        must(p.space->vmas.find(va)->end == top);
        must(m.store(p, top - 8));
      }
      m.kernel.finish();
      return !survived;
    };
    CHECK_FALSE(dies(top - 0x2008, 0));
    CHECK_FALSE(dies(top - 0x100000, 0));  // the last page of the limit
    CHECK(dies(top - 0x100008, 0));
    // 256 pages of 4 KB between the stack and what is mapped below it (LX stack_guard_gap).
    const u64 new_start = top - 0x10000;
    CHECK_FALSE(dies(new_start, new_start - 0x101000));
    CHECK(dies(new_start, new_start - 0x100000));
    CHECK(dies(new_start, new_start - 0x1000));
  }
}

TEST_CASE("areas: what is mapped anywhere leaves a stack its gap") {
  VmaSet set;
  set.insert(0x10000000, 0x10002000, kRead | kWrite, {}, false, {.grows_down = true});
  const u64 length = 0x10000000 - 0x10000;
  CHECK(set.find_gap(length - VmaSet::kGuardGap, 0x10000, u64{1} << 42, 0x1000) == 0x10000);
  CHECK(set.find_gap(length - VmaSet::kGuardGap + 0x1000, 0x10000, u64{1} << 42, 0x1000) == 0x10002000);
}

TEST_CASE("bugs: M21, a stack that grows over what lies below it") {
  for (const arch::Format format : kFormats) {
    const auto run = [&](Bug bug) {
      Config c = config(format);
      c.bug = bug;
      return tripped([&] {
        Machine m(c);
        Process& p = m.kernel.spawn();
        must(m.kernel.mmap_stack(p, 0x4000000, 0x2000) == 0);
        must(m.kernel.mmap(p, 0x3f00000, 0x4000, kRead | kWrite) == 0);
        m.store(p, 0x3ef0000);
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none) == "");
    CHECK(run(Bug::stack_gap) == "P19");
  }
}

TEST_CASE("areas: locked pages stay, others go around them") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 28));
    Kernel& k = m.kernel;
    Process& p = k.spawn();
    const u64 page = m.page();
    REQUIRE(k.mmap(p, kBase, 40 * page, kRead | kWrite) == 0);
    REQUIRE(k.mlock(p, kBase, 4 * page) == 0);
    CHECK(p.space->rss == 4);  // mlock(2): present on return
    CHECK(k.statistics().faults_seen == 0);
    std::vector<u64> frames;
    const PteFormat& f = k.memory().format();
    for (u64 n = 0; n < 4; ++n) frames.push_back(f.view(p.space->table.load(kBase + n * page)).pfn);
    for (int round = 0; round < 3; ++round) {
      for (u64 n = 4; n < 40; ++n) REQUIRE(m.store(p, kBase + n * page));
      k.audit();
    }
    for (u64 n = 0; n < 4; ++n) CHECK(f.view(p.space->table.load(kBase + n * page)).pfn == frames[n]);
    CHECK(k.mlock(p, kBase, 40 * page) == ENOMEM);  // more than half of memory
    // fork: locks are not inherited, munlock lets the pages go.
    Process& child = k.fork(p);
    CHECK_FALSE(child.space->vmas.coverage(kBase, kBase + page).locked);
    k.exit(child);
    REQUIRE(k.munlock(p, kBase, 4 * page) == 0);
    for (int round = 0; round < 3; ++round) {
      for (u64 n = 4; n < 40; ++n) REQUIRE(m.store(p, kBase + n * page));
    }
    CHECK(f.view(p.space->table.load(kBase)).kind == EntryKind::swap);
    k.finish();
  }
}

TEST_CASE("areas: MADV_DONTNEED and MADV_FREE give pages back, MADV_WILLNEED fetches them") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 28));
    Kernel& k = m.kernel;
    Process& p = k.spawn();
    const u64 page = m.page();
    REQUIRE(k.mmap(p, kBase, 40 * page, kRead | kWrite) == 0);
    for (u64 n = 0; n < 40; ++n) REQUIRE(m.store(p, kBase + n * page));
    const u64 resident = p.space->rss;
    // From the middle of a page to the middle of another, where pages are larger than 4 KB.
    REQUIRE(k.madvise(p, kBase + 0x1000, 5 * page, Advice::dont_need) == 0);
    CHECK(p.space->vmas.count() == 1);
    for (u64 va = kBase; va < kBase + 8 * page; va += 0x800) REQUIRE(m.load(p, va));  // zeros there
    REQUIRE(k.madvise(p, kBase + 32 * page, 8 * page, Advice::free) == 0);
    CHECK(p.space->rss < resident);
    REQUIRE(m.load(p, kBase + 33 * page));
    // What is on disk is on its way before anybody touches it.
    const PteFormat& f = k.memory().format();
    u64 out = 0;
    for (u64 n = 8; n < 12; ++n) out += f.view(p.space->table.load(kBase + n * page)).kind == EntryKind::swap;
    REQUIRE(out > 0);
    REQUIRE(k.madvise(p, kBase + 8 * page, 4 * page, Advice::will_need) == 0);
    CHECK(k.statistics().memory.read_ahead > 0);
    k.audit();
    for (u64 n = 8; n < 12; ++n) REQUIRE(m.load(p, kBase + n * page));
    k.finish();
  }
}

TEST_CASE("areas: mremap moves entries, with their frames, A and D") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format, 40);
    c.yield = YieldPolicy::every;
    test::Machine<test::TlbPort> m(c);
    Kernel& k = m.kernel;
    Process& p = k.spawn();
    const u64 page = m.page(), to = kBase + (u64{1} << 30);
    REQUIRE(k.mmap(p, kBase, 12 * page, kRead | kWrite) == 0);
    for (u64 n = 0; n < 10; ++n) REQUIRE(m.store(p, kBase + n * page));
    REQUIRE(m.load(p, kBase + 10 * page));  // the zero page
    const PteFormat& f = k.memory().format();
    std::vector<u64> words;
    for (u64 n = 0; n < 12; ++n) words.push_back(p.space->table.load(kBase + n * page));
    const u64 read = k.statistics().memory.swapped_in;
    const u64 before = k.statistics().faults_seen;
    REQUIRE(k.mremap(p, kBase, 12 * page, to, 12 * page) == 0);
    for (u64 n = 0; n < 12; ++n) {
      CHECK(p.space->table.load(to + n * page) == words[n]);
      CHECK(p.space->table.load(kBase + n * page) == 0);
    }
    CHECK(k.statistics().memory.swapped_in == read);
    CHECK(f.view(words[3]).dirty);
    for (u64 n = 0; n < 11; ++n) REQUIRE(m.load(p, to + n * page));
    CHECK(k.statistics().faults_seen == before);
    k.audit();
    k.finish();
  }
}

TEST_CASE("areas: with prefaulting there are no first-touch faults (row 19)") {
  for (const arch::Format format : kFormats) {
    for (const bool prefault : {false, true}) {
      INFO(arch::name(format) << (prefault ? " prefault" : ""));
      Config c = config(format);
      c.prefault = prefault;
      Machine m(c);
      Process& p = m.kernel.spawn();
      REQUIRE(m.kernel.mmap(p, kBase, 10 * m.page(), kRead | kWrite) == 0);
      REQUIRE(m.kernel.mmap(p, kBase + 0x100000, 5 * m.page(), kRead, {1, 0}) == 0);
      CHECK(p.space->rss == (prefault ? 15 : 0));
      for (u64 n = 0; n < 10; ++n) REQUIRE(m.store(p, kBase + n * m.page()));
      for (u64 n = 0; n < 5; ++n) REQUIRE(m.load(p, kBase + 0x100000 + n * m.page()));
      CHECK(m.kernel.statistics().faults_seen == (prefault ? 0 : 15));
      m.kernel.finish();
    }
  }
}

TEST_CASE("areas: what is mapped over with prefaulting is new, and its neighbours in a page keep their bytes") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format);
    c.prefault = true;
    c.check_contents = true;
    Machine m(c);
    Process& p = m.kernel.spawn();
    const u64 page = m.page();
    REQUIRE(m.kernel.mmap(p, kBase, 4 * page, kRead | kWrite) == 0);
    for (u64 n = 0; n < 4; ++n) REQUIRE(m.store(p, kBase + n * page));
    REQUIRE(m.kernel.mmap(p, kBase + page, 2 * page, kRead | kWrite) == 0);
    REQUIRE(m.kernel.mmap(p, kBase + 3 * page, kGranule, kRead | kWrite, {1, 0}) == 0);
    // The loads are compared with zeroes, the file and what was stored.
    for (u64 at = 0; at < 4 * page; at += kGranule) REQUIRE(m.load(p, kBase + at));
    m.kernel.audit();
    m.kernel.finish();
  }
}

TEST_CASE("P63: the signals add up") {
  Machine m(config(arch::Format::x86_64));
  for (int n = 0; n < 3; ++n) {
    Process& p = m.kernel.spawn();
    if (n == 2) {
      m.kernel.kill(p);
    } else {
      CHECK_FALSE(m.load(p, 0x1000));
    }
    CHECK_FALSE(p.alive());
  }
  CHECK(m.kernel.statistics().killed_segv == 2);
  CHECK(m.kernel.statistics().killed_asked == 1);
  m.kernel.finish();
}

}  // namespace
}  // namespace kilburn::os
