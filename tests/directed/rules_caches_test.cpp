// SPDX-License-Identifier: Apache-2.0
//
// What the L2 TLB, the paging-structure caches and the prefetch may answer, and what they save (rtl/README.md). Named
// like the seeded bugs that break them.
#include <algorithm>

#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4568'0000;
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a80'0000;

// Other pages fill the side's L1 TLB twice over; none is of the 64 below kVa's block of 64, nor of the set of its
// first two pages.
void evict(Bench& bench, Side side) {
  const unsigned entries = bench.rtl() ? bench.tlb_entries(side) : 16;
  for (u64 n = 0; n < 2 * entries; ++n) {
    const u64 va = kVa + (64 * (1 + n / 60) + 2 + n % 60) * bench.page();
    bench.map(va, kPa + (100 + n) * bench.page());
    bench.ok(bench.access({.va = va, .op = side == Side::data ? Op::read : Op::fetch}), kPa + (100 + n) * bench.page());
  }
}

struct Spaces {
  explicit Spaces(Bench& b) : bench(b), first(b.context.root), second(b.new_table()) {}
  void enter(u16 asid) {
    bench.context.root = asid == 1 ? first : second;
    bench.context.asid = asid;
  }
  Bench& bench;
  u64 first, second;
};
}  // namespace

KILBURN_TRAP("L2-HIT what the L1 TLB lost or the other side walked for needs no memory", kAll) {
  bench.map(kVa, kPa);
  bench.ok(bench.fetch(kVa), kPa);
  const Answer other_side = bench.read(kVa);
  bench.ok(other_side, kPa, bench.page_shift());
  if (bench.has_l2()) {
    bench.same("memory operations of an L2 hit", other_side.memory.size(), 0);
    bench.same("cycles of an L2 hit", other_side.cycles, 4);
  }
  evict(bench, Side::data);
  const Answer lost = bench.read(kVa);
  bench.ok(lost, kPa, bench.page_shift());
  // An L2 TLB that is large enough still has it; random replacement (2) may have spared it in the L1 TLB.
  if (!bench.has_l2() || bench.parameters().l2_sets < 64 || bench.parameters().policy == 2) return;
  bench.same("memory operations of an L2 hit", lost.memory.size(), 0);
  bench.same("cycles of an L2 hit", lost.cycles, 4);
}

KILBURN_TRAP("PSC-READS a walk begins below the longest prefix that is cached", kAll) {
  bench.map(kVa, kPa);
  const Answer cold = bench.read(kVa);
  bench.ok(cold, kPa);
  bench.same("reads from the root", cold.reads(), bench.levels());
  const unsigned index_bits = bench.page_shift() - 3;
  for (unsigned level = 1; level < bench.levels(); ++level) {
    // The first page that shares the tables down to that of `level` and none below.
    const u64 va = kVa + (u64{1} << (bench.page_shift() + index_bits * (level - 1)));
    bench.map(va, kOther + level * bench.page());
    const Answer a = bench.read(va);
    bench.ok(a, kOther + level * bench.page());
    const auto& p = bench.parameters();
    if (!bench.rtl() || p.prefetch != 0 || p.psc_entries[level - 1] == 0) continue;
    bench.same("reads", a.reads(), level);
    const u64 first = a.memory.empty() ? 0 : a.memory.front().pa;
    bench.same("its entry is the first one read", first, bench.slot(va, level));
    // Back, so that a cache of one entry has kVa's prefix again.
    bench.invalidate(inv::ALL);
    bench.ok(bench.read(kVa), kPa);
  }
}

KILBURN_TRAP("INV-L2 an invalidation of a page takes it from whatever holds it", kAll) {
  struct Case {
    unsigned op;
    bool i_taken, d_taken;
  };
  for (const Case& c : {Case{inv::PAGE, true, true}, Case{inv::PAGE_NONGLOBAL, true, true},
                        Case{inv::PAGE_I, true, false}, Case{inv::PAGE_D, false, true}}) {
    bench.restart();
    bench.map(kVa, kPa);
    bench.ok(bench.fetch(kVa), kPa);
    bench.ok(bench.read(kVa), kPa);
    bench.map(kVa, kOther);
    bench.invalidate(c.op, kVa, bench.context.asid);
    const auto expect = [&](const Answer& a, bool taken) {
      if (taken) {
        bench.ok(a, kOther);
      } else {
        bench.either(a, kPa, kOther);
      }
    };
    expect(bench.fetch(kVa), c.i_taken);
    expect(bench.read(kVa), c.d_taken);
    // After both sides' operations nothing old is left.
    bench.invalidate(inv::PAGE_I, kVa, bench.context.asid);
    bench.invalidate(inv::PAGE_D, kVa, bench.context.asid);
    bench.ok(bench.fetch(kVa), kOther);
    bench.ok(bench.read(kVa), kOther);
  }
}

KILBURN_TRAP("L2-ASID what one side cached in one address space does not answer the other side in another", kAll) {
  Spaces spaces(bench);
  for (const Op first : {Op::fetch, Op::read}) {
    const Op second = first == Op::fetch ? Op::read : Op::fetch;
    bench.invalidate(inv::ALL);
    spaces.enter(1);
    bench.map(kVa, kPa);
    bench.ok(bench.access({.va = kVa, .op = first}), kPa);
    spaces.enter(2);
    bench.map(kVa, kOther);
    bench.ok(bench.access({.va = kVa, .op = second}), kOther);
    bench.ok(bench.access({.va = kVa, .op = first}), kOther);
    spaces.enter(1);
    bench.ok(bench.access({.va = kVa, .op = second}), kPa);
  }
}

KILBURN_TRAP("PSC-ASID walks of one address space do not begin in another's tables", kAll) {
  Spaces spaces(bench);
  const u64 page = bench.page();
  for (const u16 asid : {u16{1}, u16{2}}) {
    spaces.enter(asid);
    for (u64 n = 0; n < 4; ++n) bench.map(kVa + n * page, (asid == 1 ? kPa : kOther) + n * page);
  }
  for (u64 n = 0; n < 4; ++n) {
    for (const u16 asid : {u16{1}, u16{2}}) {
      spaces.enter(asid);
      bench.ok(bench.read(kVa + n * page), (asid == 1 ? kPa : kOther) + n * page);
    }
  }
}

KILBURN_TRAP("L2-DUP a translation that no longer suffices makes room for the one that replaces it", kAll) {
  // Read-only, then writable, without an invalidation: legal to see late, on x86-64 by one fault at most.
  const u64 read_only = bench.x86() ? kP | kU | kA | kD : kV | kKre | kUre;
  const u64 slot = bench.map(kVa, kPa, read_only);
  bench.ok(bench.read(kVa), kPa);
  bench.store(slot, bench.entry(kPa, bench.full()));
  if (bench.rtl()) {
    // The RTL walks whenever an entry refuses, so it never gives the stale fault.
    bench.ok(bench.write(kVa, Mode::user), kPa);
  } else {
    bench.invalidate(inv::PAGE, kVa, bench.context.asid);
    bench.ok(bench.write(kVa, Mode::user), kPa);
  }
  const Answer fetch = bench.fetch(kVa, Mode::user);
  bench.ok(fetch, kPa);
  if (bench.has_l2()) bench.same("memory operations of an L2 hit", fetch.memory.size(), 0);
  if (!bench.x86()) return;
  // A clean page that is written.
  const u64 clean = kVa + bench.page();
  const u64 image = kPa | kP | kW | kU | kA;
  bench.map(clean, kPa, image & 0xfff);
  bench.ok(bench.read(clean), kPa);
  bench.ok(bench.write(clean), kPa);
  const Answer again = bench.fetch(clean);
  bench.ok(again, kPa);
  if (bench.has_l2()) bench.same("memory operations of an L2 hit", again.memory.size(), 0);
}

KILBURN_TRAP("L2-MULTI pages of two sizes at one address give one of the two, never a mixture", kAll) {
  const u64 page = bench.page(), base = 0x100'4000'0000;
  const u64 small = u64{0x15} << 24 | 5 * page, block = u64{0x2a} << 24;  // no bit in common
  bench.set(base + page, 1, bench.entry(small, bench.full()));
  bench.ok(bench.fetch(base + page), small);
  // Takes cached upper entries and leaves the page.
  bench.invalidate(inv::PAGE, base + 5 * page, bench.context.asid);
  if (bench.x86()) {
    bench.set(base, 2, block | kUserPage | kPs);
  } else {
    for (u64 n = 0; n < 8; ++n) bench.map(base + n * page, block, bench.full() | gh(1));
  }
  bench.ok(bench.read(base + 2 * page), block + 2 * page);
  evict(bench, Side::instruction);
  evict(bench, Side::data);
  for (const Op op : {Op::fetch, Op::read}) {
    const Answer a = bench.access({.va = base + page, .op = op});
    bench.either(a, small, block + page);
    bench.same("size", a.size, a.pa == small ? bench.page_shift() : bench.x86() ? 21u : bench.page_shift() + 3);
  }
}

KILBURN_TRAP("SCAN-SHORT an invalidation of an address space takes all of its pages, and none is spared", kAll) {
  const unsigned count = bench.has_l2() ? std::max(bench.parameters().l2_sets, 2u) : 64;
  const u64 page = bench.page();
  for (const unsigned op : {unsigned{inv::ASID}, unsigned{inv::NONGLOBAL}, unsigned{inv::ALL}}) {
    bench.restart();
    for (u64 n = 0; n < count; ++n) bench.map(kVa + n * page, kPa + n * page);
    for (u64 n = 0; n < count; ++n) bench.ok(bench.read(kVa + n * page), kPa + n * page);
    for (u64 n = 0; n < count; ++n) bench.map(kVa + n * page, kOther + n * page);
    bench.invalidate(op, 0, bench.context.asid);
    for (u64 n = 0; n < count; ++n) bench.ok(bench.read(kVa + n * page), kOther + n * page);
  }
}

KILBURN_TRAP("KILL-PSC a walk that an invalidation stops leaves no half-judged upper entry behind", kAll) {
  const u64 far = kVa + (u64{1} << 40);
  const auto judged = [&](u64 va, Mode mode, unsigned delay) {
    bench.set_timing({.min_latency = 3, .max_latency = 3});
    const auto ticket = bench.issue({.va = va, .op = Op::read, .mode = mode});
    bench.idle(delay);
    bench.invalidate(inv::PAGE, far, 9);  // of another address space: what is cached of this one may stay
    return bench.wait(ticket);
  };
  for (unsigned delay = 0; delay <= 20; ++delay) {
    // Frame 0, which a table's address that was never read would be, holds what looks like a page table.
    bench.restart();
    for (u64 n = 0; n < bench.page() / 8; ++n) bench.store(8 * n, bench.entry(kOther, bench.full()));
    bench.map(kVa, kPa);
    bench.ok(judged(kVa, Mode::kernel, delay), kPa);
    bench.ok(bench.read(kVa), kPa);
    // An upper entry that is not valid, though what it points to is a table.
    for (unsigned level = bench.levels(); level >= 2; --level) {
      bench.restart();
      bench.map(kVa, kPa);
      const u64 slot = bench.slot(kVa, level);
      bench.store(slot, bench.load(slot) & ~u64{1});
      const Answer a = judged(kVa, Mode::user, delay);
      if (bench.x86()) {
        bench.page_fault(a, kErrU, level);
      } else {
        bench.fault(a, Fault::tnv, level);  // KRE is set
      }
    }
    if (!bench.x86()) continue;
    // A large page, in whose frame stands what looks like a page table.
    const u64 large = 0x4000'0000;
    for (const unsigned level : {2u, 3u}) {
      bench.restart();
      bench.set(kVa, level, large | kUserPage | kPs);
      for (u64 n = 0; n < 512; ++n) bench.store(large + 8 * n, kOther | kUserPage);
      const u64 size = u64{1} << (12 + 9 * (level - 1));
      bench.ok(judged(kVa, Mode::user, delay), large + kVa % size);
    }
  }
}

KILBURN_TRAP("NO-REWALK a fault found through a cached upper entry is confirmed by the tables", kAll) {
  // A page that the old page table lacks and the new one has; the upper entry is changed without an invalidation.
  // The fault of the old tables is legal; with `Rewalk` 1 the RTL never gives it, with 0 it does (rtl/README.md).
  const u64 beside = kVa + bench.page();
  for (unsigned level = 2; level <= bench.levels(); ++level) {
    bench.restart();
    bench.map(kVa, kPa);
    bench.set(kVa + bench.page(), 1, 0);
    bench.ok(bench.read(kVa), kPa);
    bench.set(kVa, level, 0);
    bench.map(beside, kOther);
    Answer a = bench.read(beside, Mode::user);
    const bool psc = bench.rtl() && bench.parameters().psc_entries[0] != 0;
    if (psc && bench.parameters().rewalk == 0) {
      bench.fault(a, bench.x86() ? Fault::page : Fault::acv, 1);
      bench.same("reads of the fault", a.reads(), 1);
    } else if (bench.rtl()) {
      bench.ok(a, kOther);
      bench.same("reads", a.reads(), (psc ? 1 : 0) + bench.levels());
    }
    // Not twice: the fault invalidates on x86-64 (SDM 4.10.4.1), software does on Alpha.
    if (!bench.x86()) bench.invalidate(inv::PAGE, beside, bench.context.asid);
    if (a.fault != Fault::none) a = bench.read(beside, Mode::user);
    bench.ok(a, kOther);
  }
}

KILBURN_TRAP("REWALK-MID a fault of a page beside one that was walked for is answered", kAll) {
  const u64 absent = kVa + bench.page();
  bench.map(kVa, kPa);
  for (unsigned n = 0; n < 3; ++n) {
    bench.ok(bench.read(kVa), kPa);
    const Answer a = bench.read(absent, Mode::user);
    if (bench.x86()) {
      bench.page_fault(a, kErrU, 1);
    } else {
      bench.fault(a, Fault::acv, 1);
    }
    // One read from the middle; with `Rewalk` all from the root after it.
    if (bench.rtl() && n == 0) {
      const bool psc = bench.parameters().psc_entries[0] != 0, rewalk = bench.parameters().rewalk != 0;
      bench.same("reads", a.reads(), !psc ? bench.levels() : 1 + (rewalk ? bench.levels() : 0));
    }
    bench.invalidate(inv::ALL);
  }
}

KILBURN_TRAP("PREFETCH the page after one that was walked for is there where it is prefetched", kAll) {
  const u64 next = kVa + bench.page();
  bench.map(kVa, kPa);
  bench.map(next, kOther);
  bench.ok(bench.read(kVa), kPa);
  bench.idle(60);
  const Answer a = bench.read(next);
  bench.ok(a, kOther, bench.page_shift());
  if (!bench.rtl()) return;
  const auto& p = bench.parameters();
  if (p.prefetch != 0 && p.l2_sets != 0) {
    bench.same("memory operations", a.memory.size(), 0);
  } else {
    bench.same("reads", a.reads(), p.psc_entries[0] != 0 ? 1 : bench.levels());
  }
}

KILBURN_TRAP("PREFETCH-FAULT a page that could not be prefetched is seen as soon as it is valid", kAll) {
  const u64 next = kVa + bench.page();
  bench.map(kVa, kPa);
  const u64 slot = bench.map(next, kPa + 3 * bench.page(), bench.full() & ~u64{1});
  bench.ok(bench.read(kVa), kPa);
  bench.idle(60);
  bench.store(slot, bench.entry(kOther, bench.full()));  // needs no invalidation (trap T74)
  bench.ok(bench.read(next), kOther);
}
