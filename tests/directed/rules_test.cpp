// SPDX-License-Identifier: Apache-2.0
//
// Rules of rtl/README.md that no trap is about, each named like the seeded bug that breaks it: translation off,
// software fills, AMD's reserved bit, responses, and what the RTL replaces. Misses, the L2 TLB and the paging-structure
// caches are in rules_misses_test.cpp and rules_caches_test.cpp.
#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4567'8000;
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a55'4000;
}  // namespace

KILBURN_TRAP("AMD-BIT8 bit 8 of PML5 and PML4 entries is reserved on AMD's processors, lower down it is not", kX86) {
  for (const bool amd : {false, true}) {
    for (unsigned level = 5; level >= 1; --level) {
      bench.restart({.amd = amd});
      bench.context.controls = kLa57;
      bench.map(kVa, kPa);
      const u64 slot = bench.slot(kVa, level);
      bench.store(slot, bench.load(slot) | bit(8));
      if (amd && level >= 4) {
        bench.page_fault(bench.read(kVa), kErrP | kErrRsvd, level);
      } else {
        bench.ok(bench.read(kVa), kPa, 12);
      }
    }
  }
}

KILBURN_TRAP("PHYS-SIGN with translation off no address is refused and no table is read", kAll) {
  for (const u64 va : {u64{0x1234'5678}, bit(60) | 0x1234'5678, bit(63) | bit(52) | 0x1234'5678}) {
    for (const Op op : {Op::read, Op::write, Op::fetch}) {
      for (const Mode mode : {Mode::kernel, Mode::user}) {
        bench.context.controls = kPhys | kNxe | kSmap | kSmep;
        const Answer a = bench.access({.va = va, .op = op, .mode = mode});
        bench.ok(a, 0x1234'5678);
        bench.same("memory operations", a.memory.size(), 0);
      }
    }
  }
}

KILBURN_TRAP("PHYS-WIDTH with translation off the address has the physical width", kAll) {
  for (const unsigned width : {32u, 36u, 52u}) {
    bench.restart({.pa_width = static_cast<u8>(width)});
    bench.context.controls = kPhys;
    const unsigned bits = bench.x86() ? width : bench.format() == Format::alpha ? 45 : 44;
    const Answer a = bench.read(~u64{0});
    bench.ok(a, (u64{1} << bits) - 1, bits);
    bench.that("global", a.global);
  }
}

KILBURN_TRAP("FILL-INVALID a software fill with V = 0, or of an address that is not sign-extended, writes nothing",
             kBothAlpha) {
  bench.context.controls = kRefill;
  bench.fill(Side::data, kVa, bench.entry(kPa, bench.full() & ~kV));
  bench.fault(bench.read(kVa), Fault::miss, 0);
  bench.fill(Side::data, kVa | bit(62), bench.entry(kPa, bench.full()));
  bench.fault(bench.read(kVa), Fault::miss, 0);
  bench.fill(Side::data, kVa, bench.entry(kPa, bench.full()));
  if (bench.caches()) bench.ok(bench.read(kVa), kPa);
}

KILBURN_TRAP("REFUSED-MISS with software refill an access that its entry refuses is that fault, not a miss",
             kBothAlpha) {
  bench.context.controls = kRefill;
  struct Case {
    u64 low;
    Op op;
    Fault fault;
  };
  for (const Case& c : {Case{kV | kKre | kKwe, Op::read, Fault::acv}, Case{kV | kUre | kFor, Op::read, Fault::on_read},
                        Case{kV | kUwe | kFow, Op::write, Fault::on_write}, Case{kV | kUre, Op::write, Fault::acv}}) {
    bench.invalidate(inv::ALL);
    bench.fill(Side::data, kVa, bench.entry(kPa, c.low));
    bench.fault(bench.access({.va = kVa, .op = c.op, .mode = Mode::user}), bench.caches() ? c.fault : Fault::miss, 0);
  }
}

KILBURN_TRAP("FILL-EARLY a software fill is written when it is acknowledged, not while it waits for a walk",
             kBothAlpha) {
  // The walk is the other side's, so that the side with the fill takes requests however few misses it has room for.
  for (const Side side : {Side::data, Side::instruction}) {
    bench.restart();
    const bool data = side == Side::data;
    const u64 filled = kVa + 4 * bench.page();
    const Request lookup{.va = filled, .op = data ? Op::read : Op::fetch};
    bench.map(kVa, kPa);
    bench.set_timing({.min_latency = 12, .max_latency = 12});
    const auto walked = bench.issue({.va = kVa, .op = data ? Op::fetch : Op::read, .mode = Mode::user});
    bench.idle(6);
    bench.context.controls = kRefill;
    bench.begin_invalidation(data ? inv::FILL_D : inv::FILL_I, filled, bench.context.asid,
                             bench.entry(kOther, bench.full()));
    bench.idle(2);
    if (bench.rtl()) {
      const Answer early = bench.access(lookup);
      bench.that("the walk still holds the fill up", bench.invalidating());
      bench.fault(early, Fault::miss, 0);
    }
    bench.wait_invalidated();
    const Answer late = bench.access(lookup);
    if (bench.caches()) bench.ok(late, kOther);
    bench.ok(bench.wait(walked), kPa);
  }
}

KILBURN_TRAP("RSP-HOLD a response stands until it is taken", kAll) {
  bench.map(kVa, kPa);
  for (const Op op : {Op::read, Op::fetch}) {
    for (unsigned n = 0; n < 2; ++n) {  // by a walk, and by a hit
      bench.hold_responses(true);
      const auto ticket = bench.issue({.va = kVa, .op = op, .mode = Mode::user});
      bench.idle(60);
      bench.that("not yet answered", !bench.answered(ticket));
      bench.hold_responses(false);
      bench.ok(bench.wait(ticket), kPa);
    }
  }
}

KILBURN_TRAP("RSP-ID requests that wait are answered under their own ids", kAll) {
  const u64 page = bench.page();
  for (u64 n = 0; n < 4; ++n) bench.map(kVa + n * page, kPa + 2 * n * page);
  for (const Op op : {Op::read, Op::fetch}) {
    bench.invalidate(inv::ALL);
    Bench::Ticket tickets[4] = {};
    for (u64 n = 0; n < 4; ++n) tickets[n] = bench.issue({.va = kVa + n * page, .op = op, .mode = Mode::user});
    for (u64 n = 0; n < 4; ++n) bench.ok(bench.wait(tickets[n]), kPa + 2 * n * page);
    // Of one page: those that wait for the first one's walk have their own ids still.
    bench.invalidate(inv::ALL);
    for (u64 n = 0; n < 3; ++n) tickets[n] = bench.issue({.va = kVa + 8 * n, .op = op, .mode = Mode::user});
    for (u64 n = 0; n < 3; ++n) bench.ok(bench.wait(tickets[n]), kPa + 8 * n);
  }
}

namespace {
// Maps `count` pages and reads each, so that an L1 TLB of so many entries holds them all. What it has lost the L2 TLB
// still has: a hit is known by its time alone, one cycle (rtl/README.md, Timing of the rules).
void occupy(Bench& bench, unsigned count) {
  for (u64 n = 0; n < count; ++n) bench.map(kVa + n * bench.page(), kPa + n * bench.page());
  for (u64 n = 0; n < count; ++n) bench.ok(bench.read(kVa + n * bench.page()), kPa + n * bench.page());
}
void hit(Bench& bench, u64 n) {
  const Answer a = bench.read(kVa + n * bench.page());
  bench.ok(a, kPa + n * bench.page());
  if (bench.rtl()) bench.same("cycles of a hit", a.cycles, 1);
}
}  // namespace

KILBURN_TRAP("FILL-ORDER a fill takes an invalid entry before it replaces one", kAll) {
  const unsigned entries = bench.rtl() ? bench.tlb_entries(Side::data) : 16;
  for (u64 gone = 0; gone < entries; gone += 3) {
    bench.restart();
    occupy(bench, entries);
    bench.invalidate(inv::PAGE, kVa + gone * bench.page(), bench.context.asid);
    bench.map(kVa + entries * bench.page(), kOther);
    bench.ok(bench.read(kVa + entries * bench.page()), kOther);
    for (u64 n = 0; n < entries; ++n) {
      if (n != gone) hit(bench, n);
    }
  }
}

KILBURN_TRAP("PLRU-TOUCH the entry used last is not the one replaced", kAll) {
  const unsigned entries = bench.rtl() ? bench.tlb_entries(Side::data) : 16;
  for (u64 used = 0; used < entries; ++used) {
    bench.restart();
    occupy(bench, entries);
    hit(bench, used);
    bench.map(kVa + entries * bench.page(), kOther);
    bench.ok(bench.read(kVa + entries * bench.page()), kOther);
    if (bench.rtl() && bench.parameters().policy != 0) continue;  // another policy does not look at uses
    hit(bench, used);
  }
}
