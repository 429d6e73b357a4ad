// SPDX-License-Identifier: Apache-2.0
//
// Traps T60 to T79: what is cached and what invalidations take away (SDM 4.10). Where software owes an invalidation,
// a DUT may answer from the old or from the new tables: both are legal, and `arch`, which caches nothing, gives the
// new. The RTL's page says which it is (rtl/README.md), so of the RTL that one is expected.
#include "model/arch/system.h"
#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4567'8000;
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a55'4000;

// After an edit that needs an invalidation, before it: old or new; the RTL still has the old.
void stale(Bench& bench, const Answer& a, u64 old_pa, u64 new_pa,
           std::source_location where = std::source_location::current()) {
  if (bench.rtl()) {
    bench.ok(a, old_pa, where);
    bench.same("memory operations of a hit", a.memory.size(), 0, where);
  } else {
    bench.either(a, old_pa, new_pa, where);
  }
}

// After an upper entry has become another without an invalidation: the old table, cached, may lack the page, and the
// fault is legal once (SDM 4.10.4.4). The RTL confirms it by the tables and does not give it, but with `Rewalk` 0.
Answer after_change(Bench& bench, const Request& request) {
  const Answer a = bench.access(request);
  const bool may_fault = bench.x86() && !(bench.rtl() && bench.parameters().rewalk != 0);
  return a.fault == Fault::page && may_fault ? bench.access(request) : a;
}

void perform(Bench& bench, const arch::SystemResult& result) {
  bench.that("no exception", result.exception == arch::Exception::none);
  for (const arch::Invalidation& i : result.due) bench.invalidate(i.code, i.va, i.asid);
}

// IA-32e paging with the bench's tables and PCIDs.
arch::X86State paging(const Bench& bench, u64 cr4) {
  arch::X86State s;
  s.cr0 = arch::cr0::PE.mask() | arch::cr0::PG.mask();
  s.cr4 = arch::cr4::PAE.mask() | cr4;
  s.efer = arch::efer::LME.mask() | arch::efer::LMA.mask();
  s.cr3 = bench.context.root | bench.context.asid;
  return s;
}
}  // namespace

KILBURN_TRAP("T60 a fault is not cached: not present, reserved, refused", kAll) {
  const Fault missing = bench.x86() ? Fault::page : Fault::acv;
  const u64 slot = bench.map(kVa, kPa);
  bench.store(slot, 0);
  for (const Op op : {Op::read, Op::write, Op::fetch}) {
    bench.store(slot, 0);
    bench.invalidate(inv::ALL);
    bench.fault(bench.access({.va = kVa, .op = op, .mode = Mode::user}), missing, 1);
    bench.store(slot, bench.entry(kOther, bench.full()));
    bench.ok(bench.access({.va = kVa, .op = op, .mode = Mode::user}), kOther, bench.page_shift());
  }
  if (!bench.x86()) {
    // Refused entries are not cached either: hardware fills on success only.
    bench.store(slot, bench.entry(kPa, (bench.full() & ~kUwe)));
    bench.invalidate(inv::ALL);
    bench.fault(bench.write(kVa, Mode::user), Fault::acv, 1);
    bench.store(slot, bench.entry(kOther, bench.full()));
    bench.ok(bench.write(kVa, Mode::user), kOther, bench.page_shift());
    return;
  }
  for (const u64 bad :
       {kPa | kUserPage | bit(51), (kPa | kUserPage) & ~kP, (kPa | kUserPage) & ~kW, (kPa | kUserPage) & ~kU}) {
    bench.store(slot, bad);
    bench.invalidate(inv::ALL);
    bench.that("the write faults", bench.write(kVa, Mode::user).fault == Fault::page);
    bench.store(slot, kOther | kUserPage);
    bench.ok(bench.write(kVa, Mode::user), kOther, 12);
  }
  // At an upper level.
  const u64 upper = bench.slot(kVa, 3);
  const u64 image = bench.load(upper);
  bench.store(upper, image & ~kP);
  bench.invalidate(inv::ALL);
  bench.page_fault(bench.read(kVa), 0, 3);
  bench.store(upper, image);
  bench.ok(bench.read(kVa), kOther, 12);
}

KILBURN_TRAP("T61 a walk under way when an invalidation is accepted leaves nothing old behind", kAll) {
  for (const unsigned op : {unsigned{inv::PAGE}, unsigned{inv::ASID}, unsigned{inv::ALL}, unsigned{inv::NONGLOBAL}}) {
    for (const unsigned latency : {1u, 3u}) {
      for (unsigned delay = 0; delay <= 20; ++delay) {
        for (const Op access : {Op::read, Op::fetch}) {
          bench.restart();
          bench.set_timing({.min_latency = latency, .max_latency = latency});
          bench.map(kVa, kPa);
          const Request request{.va = kVa, .op = access, .mode = Mode::user};
          const auto ticket = bench.issue(request);
          bench.idle(delay);
          bench.map(kVa, kOther);
          bench.begin_invalidation(op, kVa, bench.context.asid);
          bench.wait_invalidated();
          const Answer after = bench.access(request);
          bench.ok(after, kOther, bench.page_shift());
          bench.either(bench.wait(ticket), kPa, kOther);
          bench.ok(bench.access(request), kOther, bench.page_shift());
        }
      }
    }
  }
}

KILBURN_TRAP("T62 INVLPG of any address inside a large page takes all of it", kX86) {
  for (const unsigned level : {2u, 3u}) {
    const u64 size = u64{1} << (12 + 9 * (level - 1));
    const u64 va = 0x7f40'0000'0000;
    const u64 pa = 4 * size, other = 9 * size;
    for (const u64 at : {u64{0}, size / 2 + 0x3000, size - 1}) {
      bench.restart();
      const u64 slot = bench.set(va, level, pa | kUserPage | kPs);
      for (const u64 offset : {u64{0x10}, size - 8, size / 2}) {
        bench.ok(bench.read(va + offset), pa + offset);
        bench.ok(bench.fetch(va + offset), pa + offset);
      }
      bench.store(slot, other | kUserPage | kPs);
      stale(bench, bench.read(va + 0x20), pa + 0x20, other + 0x20);
      bench.invalidate(inv::PAGE, va + at, bench.context.asid);
      for (const u64 offset : {u64{0x10}, size - 8, size / 2}) {
        bench.ok(bench.read(va + offset), other + offset);
        bench.ok(bench.fetch(va + offset), other + offset);
      }
    }
  }
}

KILBURN_TRAP("T63 INVLPG takes global translations, of large pages and from any address space too", kAll) {
  bench.context.controls = bench.x86() ? kPge : 0;
  const u64 slot = bench.map(kVa, kPa, bench.full_global());
  bench.that("global", bench.read(kVa).global);
  bench.ok(bench.fetch(kVa), kPa, bench.page_shift());
  bench.store(slot, bench.entry(kOther, bench.full_global()));
  bench.context.asid = 2;
  stale(bench, bench.read(kVa), kPa, kOther);
  bench.invalidate(inv::PAGE, kVa, 2);
  bench.ok(bench.read(kVa), kOther, bench.page_shift());
  bench.ok(bench.fetch(kVa), kOther, bench.page_shift());
  bench.context.asid = 1;
  bench.ok(bench.read(kVa), kOther, bench.page_shift());
  if (!bench.x86()) return;
  const u64 va = 0x7f40'0000'0000;
  bench.set(va, 2, 0x4000'0000 | kUserPage | kPs | kG);
  bench.that("global", bench.read(va).global);
  bench.set(va, 2, 0x8000'0000 | kUserPage | kPs | kG);
  bench.invalidate(inv::PAGE, va + 0x1000, 7);
  bench.ok(bench.read(va), 0x8000'0000, 21);
}

KILBURN_TRAP("T64 INVLPG of one address takes the cached upper entries of the whole address space", kAll) {
  // Whatever holds upper entries: another page below the same one must not be reached through the old one.
  for (unsigned level = bench.levels(); level >= 2; --level) {
    bench.restart();
    // Not the next page, which an MMU might have prefetched.
    const u64 cold = kVa + 3 * bench.page(), far = 0x11'0000;
    bench.map(kVa, kPa);
    bench.map(cold, kPa + bench.page());
    bench.map(far, kPa + 8 * bench.page());
    bench.ok(bench.read(kVa), kPa, bench.page_shift());
    // A new subtree below the entry of `level`.
    bench.set(kVa, level, 0);
    bench.map(kVa, kOther);
    bench.map(cold, kOther + 2 * bench.page());
    bench.invalidate(inv::PAGE, far, bench.context.asid);
    bench.ok(bench.read(cold), kOther + 2 * bench.page(), bench.page_shift());
    bench.ok(bench.fetch(cold), kOther + 2 * bench.page(), bench.page_shift());
  }
}

KILBURN_TRAP("T65 an invalidation may spare other address spaces and globals, and the RTL does", kAll) {
  bench.context.controls = bench.x86() ? kPge : 0;
  const u64 page = bench.page();
  const u64 global = kVa + 2 * page;
  struct Case {
    unsigned op;
    bool takes_own, takes_other, takes_global;
  };
  for (const Case& c : {Case{inv::PAGE_NONGLOBAL, true, false, false}, Case{inv::ASID, true, false, false},
                        Case{inv::NONGLOBAL, true, true, false}, Case{inv::PAGE, true, false, false},
                        Case{inv::ALL, true, true, true}}) {
    bench.restart();
    bench.context.controls = bench.x86() ? kPge : 0;
    bench.map(kVa, kPa);
    bench.map(global, kPa + 2 * page, bench.full_global());
    bench.context.asid = 2;
    bench.ok(bench.read(kVa), kPa);
    bench.context.asid = 1;
    bench.ok(bench.read(kVa), kPa);
    bench.ok(bench.read(global), kPa + 2 * page);
    bench.map(kVa, kOther);
    bench.map(global, kOther + 2 * page, bench.full_global());
    bench.invalidate(c.op, kVa, 1);
    const auto expect = [&](u64 va, bool taken, u64 old_pa, u64 new_pa) {
      const Answer a = bench.read(va);
      if (taken) {
        bench.ok(a, new_pa);
      } else {
        stale(bench, a, old_pa, new_pa);
      }
    };
    expect(kVa, c.takes_own, kPa, kOther);
    expect(global, c.takes_global, kPa + 2 * page, kOther + 2 * page);
    bench.context.asid = 2;
    expect(kVa, c.takes_other, kPa, kOther);
  }
}

KILBURN_TRAP("T66 a CR3 load takes the incoming PCID's translations, and none with bit 63", kX86) {
  using arch::cr4::PCIDE;
  // Address spaces 1 and 2 have tables of their own.
  const u64 root1 = bench.context.root;
  bench.map(kVa, kPa);
  const u64 root2 = bench.new_table();
  const auto enter = [&](u64 operand) {
    const auto result = arch::mov_cr3(paging(bench, PCIDE.mask()), operand, {});
    perform(bench, result);
    bench.context = arch::context_of(result.state);
  };
  enter(root2 | 2);
  bench.same("root", bench.context.root, root2);
  bench.same("PCID", bench.context.asid, 2);
  const u64 slot2 = bench.map(kVa, kPa + 0x1000);
  bench.ok(bench.read(kVa), kPa + 0x1000);
  enter(root1 | 1);
  const u64 slot1 = bench.slot(kVa);
  bench.ok(bench.read(kVa), kPa);
  // Both change; entering 2 takes what 2 had, and 1's may stay.
  bench.store(slot1, kOther | kUserPage);
  bench.store(slot2, (kOther + 0x1000) | kUserPage);
  enter(root2 | 2);
  bench.ok(bench.read(kVa), kOther + 0x1000);
  enter(root1 | 1 | bit(63));  // keeps 1's old translation
  stale(bench, bench.read(kVa), kPa, kOther);
  enter(root1 | 1);
  bench.ok(bench.read(kVa), kOther);
}

KILBURN_TRAP("T67 entries are looked up with their address space number, by lookups and invalidations", kAll) {
  const u64 root1 = bench.context.root;
  bench.map(kVa, kPa);
  const u64 root2 = bench.new_table();
  bench.context.root = root2;
  bench.context.asid = 2;
  const u64 slot2 = bench.map(kVa, kOther);
  const auto enter = [&](u16 asid) {
    bench.context.root = asid == 1 ? root1 : root2;
    bench.context.asid = asid;
  };
  for (unsigned n = 0; n < 3; ++n) {
    for (const Op op : {Op::read, Op::fetch, Op::write}) {
      enter(1);
      bench.ok(bench.access({.va = kVa, .op = op, .mode = Mode::user}), kPa, bench.page_shift());
      enter(2);
      bench.ok(bench.access({.va = kVa, .op = op, .mode = Mode::user}), kOther, bench.page_shift());
    }
  }
  // All 12 bits of the number count.
  enter(1);
  bench.context.asid = 1 | 0x800;
  bench.context.root = root2;
  bench.ok(bench.read(kVa), kOther);
  // INVLPG in 2 takes 2's entry though 1 has one of the same page.
  enter(2);
  bench.store(slot2, bench.entry(kOther + bench.page(), bench.full()));
  bench.invalidate(inv::PAGE, kVa, 2);
  bench.ok(bench.read(kVa), kOther + bench.page());
  enter(1);
  bench.ok(bench.read(kVa), kPa);
}

KILBURN_TRAP("T68 two entries for one address give one of the translations, never a mixture", kAll) {
  // A small page, then a larger one over it without an invalidation; the frames share no bit.
  const u64 page = bench.page();
  const u64 va = 0x100'4000'0000;
  const u64 small = bench.entry(u64{0x15} << 24 | 5 * page, bench.full());
  const u64 block = u64{0x2a} << 24;
  for (const Op op : {Op::read, Op::fetch, Op::write}) {
    bench.restart();
    const unsigned level = bench.x86() ? 2 : 1;
    // Neighbours in the TLB, so that a mixture of the two entries' numbers is an entry of another page.
    const u64 before = va + 1024 * 512 * page, after = before + page;
    bench.map(before, kPa);
    bench.map(after, kOther);
    bench.ok(bench.access({.va = before, .op = op, .mode = Mode::user}), kPa);
    bench.set(va + page, 1, small);
    const Request first{.va = va + page, .op = op, .mode = Mode::user};
    const Request second{.va = va + 2 * page, .op = op, .mode = Mode::user};
    bench.ok(bench.access(first), u64{0x15} << 24 | 5 * page);
    if (bench.x86()) {
      bench.set(va, level, block | kUserPage | kPs);
    } else {
      for (unsigned n = 0; n < 8; ++n) bench.map(va + n * page, block, bench.full() | gh(1));
    }
    bench.ok(after_change(bench, second), block + 2 * page);
    bench.ok(bench.access({.va = after, .op = op, .mode = Mode::user}), kOther);
    for (unsigned n = 0; n < 3; ++n) {
      const Answer a = bench.access(first);
      const bool old = a.pa == (u64{0x15} << 24 | 5 * page);
      bench.either(a, u64{0x15} << 24 | 5 * page, block + page);
      bench.same("size", a.size, old ? bench.page_shift() : bench.x86() ? 21u : bench.page_shift() + 3);
    }
    bench.invalidate(inv::PAGE, va + page, bench.context.asid);
    bench.ok(bench.access(first), block + page);
  }
}

KILBURN_TRAP("T70 a changed upper entry may act late, and acts after an invalidation", kAll) {
  for (unsigned level = bench.levels(); level >= 2; --level) {
    bench.restart();
    bench.map(kVa, kPa);
    bench.ok(bench.read(kVa), kPa);
    bench.ok(bench.fetch(kVa), kPa);
    bench.set(kVa, level, 0);
    bench.map(kVa, kOther);
    stale(bench, bench.read(kVa), kPa, kOther);
    stale(bench, bench.fetch(kVa), kPa, kOther);
    bench.invalidate(inv::PAGE, kVa, bench.context.asid);
    bench.ok(bench.read(kVa), kOther);
    bench.ok(bench.fetch(kVa), kOther);
  }
}

KILBURN_TRAP("T71 a page fault takes the address's entries with it, so it comes once at most", kX86) {
  // Rights added without an invalidation: at most one spurious fault.
  const u64 slot = bench.map(kVa, kPa, kP | kU | kA);
  bench.ok(bench.read(kVa, Mode::user), kPa);
  bench.store(slot, kPa | kUserPage);
  Answer a = bench.write(kVa, Mode::user);
  if (a.fault == Fault::page) a = bench.write(kVa, Mode::user);
  bench.ok(a, kPa, 12);
  // A fault found by a walk takes older entries of either side: they were read before the tables said no.
  bench.restart();
  const u64 page = bench.map(kVa, kPa, kP | kU | kA);
  bench.ok(bench.read(kVa, Mode::user), kPa);
  bench.ok(bench.fetch(kVa, Mode::user), kPa);
  bench.store(page, 0);
  bench.page_fault(bench.write(kVa, Mode::user), kErrW | kErrU, 1);
  bench.page_fault(bench.read(kVa, Mode::user), kErrU, 1);
  bench.page_fault(bench.fetch(kVa, Mode::user), kErrU, 1);
  // What another walk of the page had cached between the fault's start and the fault goes too, wherever it lies.
  unsigned judged = 0;
  for (unsigned delay = 0; delay <= 10; ++delay) {
    bench.restart();
    bench.set_timing({.min_latency = 3, .max_latency = 3});
    const u64 leaf = bench.map(kVa, kPa, kP | kU | kA);
    const auto fetch = bench.issue({.va = kVa, .op = Op::fetch, .mode = Mode::user});
    bench.idle(delay);
    const auto write = bench.issue({.va = kVa, .op = Op::write, .mode = Mode::user});
    while (!bench.answered(fetch) && !bench.answered(write)) bench.idle(1);
    const bool fetch_first = bench.answered(fetch) && !bench.answered(write);
    bench.ok(bench.wait(fetch), kPa);
    bench.page_fault(bench.wait(write), kErrP | kErrW | kErrU, 1);
    bench.store(leaf, 0);
    if (!fetch_first) continue;
    ++judged;
    bench.page_fault(bench.fetch(kVa, Mode::user), kErrU, 1);
    bench.page_fault(bench.read(kVa, Mode::user), kErrU, 1);
  }
  if (bench.rtl()) bench.that("the fetch comes first", judged > 0);
  // The paging-structure caches of the address go too (SDM 4.10.4.1): an upper entry that is changed after the fault
  // needs no invalidation of its own.
  for (unsigned level = bench.levels(); level >= 2; --level) {
    bench.restart();
    const u64 old_leaf = bench.map(kVa, 0, 0);
    bench.page_fault(bench.read(kVa, Mode::user), kErrU, 1);
    bench.store(old_leaf, kPa | kUserPage);
    bench.set(kVa, level, 0);
    bench.map(kVa, kOther);
    bench.ok(bench.read(kVa, Mode::user), kOther, 12);
  }
}

KILBURN_TRAP("T72 after a change of page size INVLPG takes both sizes", kX86) {
  const u64 va = 0x7f40'0020'0000;
  bench.map(va + 0x3000, kPa);
  bench.ok(bench.read(va + 0x3000), kPa, 12);
  bench.ok(bench.fetch(va + 0x3000), kPa, 12);
  const u64 table = bench.load(bench.slot(va, 2));
  bench.set(va, 2, 0x4000'0000 | kUserPage | kPs);
  const Answer beside = after_change(bench, {.va = va + 0x5000, .op = Op::read});  // the small one
  bench.ok(beside, 0x4000'5000, 21);
  bench.set(va, 2, 0x8000'0000 | kUserPage | kPs);
  bench.invalidate(inv::PAGE, va + 0x3000, bench.context.asid);
  for (const u64 offset : {u64{0x3000}, u64{0x5000}, u64{0x1f'fff8}}) {
    bench.ok(bench.read(va + offset), 0x8000'0000 + offset, 21);
    bench.ok(bench.fetch(va + offset), 0x8000'0000 + offset, 21);
  }
  // And back.
  bench.set(va, 2, table);
  bench.map(va + 0x5000, kOther);
  bench.invalidate(inv::PAGE, va + 0x3000, bench.context.asid);
  bench.ok(bench.read(va + 0x3000), kPa, 12);
  bench.ok(bench.read(va + 0x5000), kOther, 12);
}

KILBURN_TRAP("T73 a self-referencing entry serves every level at once", kX86) {
  const u64 slot510 = bench.context.root + 8 * 510;
  const u64 self = bench.context.root | kP | kW;
  bench.store(slot510, self);
  bench.map(kVa, kPa);
  const u64 pte_slot = bench.slot(kVa);
  // Indices 510, then the first three of kVa: the page table of kVa as a page.
  const u64 i4 = kVa >> 39 & 511, i3 = kVa >> 30 & 511, i2 = kVa >> 21 & 511, i1 = kVa >> 12 & 511;
  const u64 high = ~u64{0} << 48;
  const u64 as_page = high | u64{510} << 39 | i4 << 30 | i3 << 21 | i2 << 12 | i1 << 3;
  bench.ok(bench.read(as_page), pte_slot, 12);
  bench.same("A of the self-reference", bench.load(slot510), self | kA);
  // All indices 510: the root as a page; a write makes the entry its own dirty leaf.
  const u64 as_root = high | u64{510} << 39 | u64{510} << 30 | u64{510} << 21 | u64{510} << 12;
  bench.ok(bench.read(as_root + 8 * 510), slot510, 12);
  bench.ok(bench.write(as_root + 8 * 510), slot510, 12);
  bench.same("A and D of the self-reference", bench.load(slot510), self | kA | kD);
  bench.page_fault(bench.read(as_root, Mode::user), kErrP | kErrU, 1);
  // Each role is an address of its own: after the invalidation of each, the new page table is seen in it.
  const u64 table = bench.new_table();
  bench.store(table + 8 * i1, kOther | kUserPage);
  bench.store(bench.slot(kVa, 2), table | kUserPage);
  bench.invalidate(inv::PAGE, kVa, bench.context.asid);
  bench.ok(bench.read(kVa), kOther, 12);
  bench.invalidate(inv::PAGE, as_page, bench.context.asid);
  bench.ok(bench.read(as_page), table + 8 * i1, 12);
}

KILBURN_TRAP("T74 an entry made valid needs no invalidation, below cached upper entries too", kAll) {
  const Fault missing = bench.x86() ? Fault::page : Fault::acv;
  const u64 page = bench.page();
  bench.map(kVa, kPa);
  bench.ok(bench.read(kVa), kPa);
  bench.ok(bench.fetch(kVa), kPa);
  for (const Op op : {Op::read, Op::fetch}) {
    const Request request{.va = kVa + (op == Op::read ? 1 : 2) * page, .op = op, .mode = Mode::user};
    bench.fault(bench.access(request), missing, 1);
    bench.map(request.va, kOther);
    bench.ok(bench.access(request), kOther);
  }
  // Upper entries.
  for (unsigned level = bench.levels(); level >= 2; --level) {
    bench.restart();
    bench.map(kVa, kPa);
    const u64 slot = bench.slot(kVa, level);
    const u64 image = bench.load(slot);
    bench.store(slot, 0);
    bench.fault(bench.read(kVa), missing, level);
    bench.store(slot, image);
    bench.ok(bench.read(kVa), kPa);
  }
}

KILBURN_TRAP("T75 G counts with PGE only, and a change of PGE takes everything", kX86) {
  const u64 root1 = bench.context.root;
  const u64 root2 = bench.new_table();
  const auto enter = [&](u16 asid) {
    bench.context.root = asid == 1 ? root1 : root2;
    bench.context.asid = asid;
  };
  bench.map(kVa, kPa, kUserPage | kG);
  enter(2);
  bench.map(kVa, kOther, kUserPage | kG);
  // PGE = 0: not global, so each space has its own.
  for (unsigned n = 0; n < 2; ++n) {
    enter(1);
    const Answer a = bench.read(kVa);
    bench.ok(a, kPa);
    bench.that("not global", !a.global);
    enter(2);
    bench.ok(bench.read(kVa), kOther);
    bench.ok(bench.fetch(kVa), kOther);
  }
  // PGE 0 to 1 and back, with the invalidations that MOV to CR4 owes.
  enter(1);
  const auto load_cr4 = [&](u64 from, u64 to) {
    using arch::cr4::PAE;
    const auto result = arch::mov_cr4(paging(bench, from), PAE.mask() | to);
    perform(bench, result);
    bench.context.controls = arch::context_of(result.state).controls;
  };
  const u64 pge = arch::cr4::PGE.mask(), pcide = arch::cr4::PCIDE.mask();
  load_cr4(pcide, pcide | pge);
  bench.that("PGE is on", (bench.context.controls & kPge) != 0);
  const Answer a = bench.read(kVa);
  bench.ok(a, kPa);
  bench.that("global", a.global);
  enter(2);
  stale(bench, bench.read(kVa), kPa, kOther);  // software's fault: two spaces map a global page differently
  load_cr4(pcide | pge, pcide);
  bench.that("PGE is off", (bench.context.controls & kPge) == 0);
  bench.ok(bench.read(kVa), kOther);
  enter(1);
  bench.ok(bench.read(kVa), kPa);
}

KILBURN_TRAP("T76 the two sides do not disturb each other", kAll) {
  const Fault missing = bench.x86() ? Fault::page : Fault::acv;
  const u64 page = bench.page();
  for (unsigned delay = 0; delay <= 24; ++delay) {
    for (const bool data_first : {true, false}) {
      bench.restart();
      bench.map(kVa, kPa);
      const u64 absent = kVa + page;
      const Request data{.va = absent, .op = Op::write, .mode = Mode::user};
      const Request fetch{.va = kVa, .op = Op::fetch, .mode = Mode::kernel};
      const auto one = bench.issue(data_first ? data : fetch);
      bench.idle(delay);
      const auto two = bench.issue(data_first ? fetch : data);
      const Answer of_data = bench.wait(data_first ? one : two);
      const Answer of_fetch = bench.wait(data_first ? two : one);
      bench.fault(of_data, missing, 1);
      if (bench.x86()) bench.same("error code", of_data.err, kErrW | kErrU);
      bench.ok(of_fetch, kPa, bench.page_shift());
      bench.map(absent, kOther);
      bench.ok(bench.access(data), kOther);
    }
  }
}

KILBURN_TRAP("T77 a second invalidation while the first is under way is carried out as well", kAll) {
  const u64 page = bench.page();
  for (unsigned delay = 0; delay <= 6; ++delay) {
    bench.restart();
    const u64 second = kVa + page, walked = kVa + 4 * page;
    bench.map(kVa, kPa);
    bench.map(second, kPa + page);
    bench.map(walked, kPa + 4 * page);
    bench.ok(bench.read(kVa), kPa);
    bench.ok(bench.read(second), kPa + page);
    bench.ok(bench.fetch(second), kPa + page);
    // A slow walk keeps the first one busy.
    bench.set_timing({.min_latency = 9, .max_latency = 9});
    const auto ticket = bench.issue({.va = walked, .op = Op::read, .mode = Mode::user});
    bench.idle(delay);
    bench.map(kVa, kOther);
    bench.map(second, kOther + page);
    bench.begin_invalidation(inv::PAGE, kVa, bench.context.asid);
    bench.begin_invalidation(inv::PAGE, second, bench.context.asid);
    bench.wait_invalidated();
    bench.ok(bench.read(second), kOther + page);
    bench.ok(bench.fetch(second), kOther + page);
    bench.ok(bench.read(kVa), kOther);
    bench.ok(bench.wait(ticket), kPa + 4 * page);
  }
}

KILBURN_TRAP("T79 page-table accesses have the exact address of the entry", kAll) {
  for (const u64 va : {kVa, kVa + 37 * bench.page() + 0x128, ~u64{0} << 40 | 0x1234'5678}) {
    bench.restart();
    bench.map(va, kPa);
    const Answer a = bench.read(va);
    bench.ok(a, kPa + va % bench.page());
    bench.same("reads", a.reads(), bench.levels());
    for (unsigned n = 0; n < a.memory.size() && n < bench.levels(); ++n) {
      bench.same("address of an entry", a.memory[n].pa, bench.slot(va, bench.levels() - n));
    }
  }
}
