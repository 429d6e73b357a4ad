// SPDX-License-Identifier: Apache-2.0
//
// Traps T40 to T51: accessed and dirty bits (SDM 4.8).
#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4567'8000;
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a55'4000;
constexpr u64 kFresh = kP | kW | kU;  // neither accessed nor dirty

// Runs `edit` when the first compare-and-swap of `slot` is offered: another processor is faster.
void overtake(Bench& bench, u64 slot, std::function<void()> edit) {
  bench.on_memory = [slot, edit = std::move(edit), done = false](const MemoryOperation& m) mutable {
    if (m.cas && m.pa == slot && !done) {
      done = true;
      edit();
    }
    return false;
  };
}

// Nothing but A and D may ever change, and only from 0 to 1 in a present entry (R10).
void only_sets_bits(Bench& bench, const Answer& a) {
  for (const MemoryOperation& m : a.memory) {
    if (!m.cas) continue;
    bench.same("bits changed by an update", (m.expect ^ m.desired) & ~(kA | kD), 0);
    bench.same("bits cleared by an update", m.expect & ~m.desired, 0);
    bench.that("the entry updated is present", (m.expect & kP) != 0);
  }
}
}  // namespace

KILBURN_TRAP("T40 A and D of the leaf stand in memory before the access is answered", kX86) {
  struct Size {
    unsigned level;
    u64 pa, flags;
    unsigned log2;
  };
  for (const Size& size :
       {Size{1, kPa, kFresh, 12}, Size{2, kPa, kFresh | kPs, 21}, Size{3, u64{5} << 30, kFresh | kPs, 30}}) {
    for (const Op op : {Op::read, Op::write, Op::fetch}) {
      bench.restart();
      const u64 slot = bench.set(kVa, size.level, size.pa | size.flags);
      const u64 offset = kVa & ((u64{1} << size.log2) - 1);
      const Answer a = bench.access({.va = kVa, .op = op, .mode = Mode::user});
      bench.ok(a, size.pa + offset, size.log2);
      bench.word(slot, size.pa | size.flags | kA | (op == Op::write ? kD : 0));
      bench.same("updates", a.updates(), 1);
      only_sets_bits(bench, a);
    }
  }
  // A of every level, the upper ones first.
  bench.restart();
  bench.map(kVa, kPa, kFresh);
  for (unsigned level = 4; level >= 2; --level)
    bench.store(bench.slot(kVa, level), bench.load(bench.slot(kVa, level)) & ~kA);
  const Answer a = bench.read(kVa);
  bench.ok(a, kPa, 12);
  bench.same("updates", a.updates(), 4);
  for (unsigned level = 4; level >= 1; --level) bench.same("A", bench.load(bench.slot(kVa, level)) & (kA | kD), kA);
  only_sets_bits(bench, a);
}

KILBURN_TRAP("T41 D is set before a write that hits a clean entry is answered", kX86) {
  const u64 slot = bench.map(kVa, kPa, kFresh);
  bench.ok(bench.read(kVa, Mode::user), kPa, 12);
  bench.ok(bench.read(kVa, Mode::user), kPa, 12);
  bench.word(slot, kPa | kFresh | kA);
  bench.ok(bench.write(kVa, Mode::user), kPa, 12);
  bench.word(slot, kPa | kFresh | kA | kD);
  // Dirty now: no more updates.
  const Answer again = bench.write(kVa, Mode::user);
  bench.ok(again, kPa, 12);
  bench.same("updates", again.updates(), 0);
}

KILBURN_TRAP("T42 an update never brings back an entry that was replaced meanwhile", kX86) {
  for (const Op op : {Op::read, Op::write}) {
    bench.restart();
    const u64 slot = bench.map(kVa, kPa, kFresh);
    overtake(bench, slot, [&] { bench.store(slot, kOther | kFresh); });
    const Answer a = bench.access({.va = kVa, .op = op, .mode = Mode::user});
    bench.ok(a, kOther, 12);
    bench.word(slot, kOther | kFresh | kA | (op == Op::write ? kD : 0));
    only_sets_bits(bench, a);
  }
  // The same of an upper entry: the walk goes on in the new table.
  bench.restart();
  bench.map(kVa, kPa, kUserPage);
  const u64 upper = bench.slot(kVa, 2);
  const u64 old_table = bench.load(upper);
  bench.store(upper, old_table & ~kA);
  const u64 table = bench.new_table();
  bench.store(table + (bench.slot(kVa) & 0xfff), kOther | kUserPage);
  overtake(bench, upper, [&] { bench.store(upper, table | kFresh); });
  bench.ok(bench.read(kVa), kOther, 12);
  bench.word(upper, table | kFresh | kA);
}

KILBURN_TRAP("T43 an update compares all 64 bits", kX86) {
  struct Change {
    u64 bits;
    bool refused;
    u16 err;
  };
  // Frame bits above 31, the key, NX, a software bit: each alone must be noticed.
  for (const Change& change : {Change{bit(38), false, 0}, Change{key(1), true, kErrP | kErrW | kErrU | kErrPk},
                               Change{bit(52), false, 0}, Change{kNx, false, 0}}) {
    bench.restart();
    bench.context.controls = kNxe | kPke;
    bench.context.pkru = u32{3} << 2;
    const u64 slot = bench.map(kVa, kPa, kFresh);
    overtake(bench, slot, [&] { bench.store(slot, kPa | kFresh | change.bits); });
    const Answer a = bench.write(kVa, Mode::user);
    if (change.refused) {
      bench.page_fault(a, change.err, 1);
      bench.word(slot, kPa | kFresh | change.bits);
    } else {
      bench.ok(a, kPa | (change.bits & bit(38)), 12);
      bench.word(slot, kPa | kFresh | change.bits | kA | kD);
    }
    if (change.bits == kNx) bench.page_fault(bench.fetch(kVa, Mode::user), kErrP | kErrU | kErrId, 1);
  }
}

KILBURN_TRAP("T44 after a failed update the entry is judged afresh: P, reserved bits, rights", kX86) {
  struct Change {
    u64 entry;
    u16 err;
  };
  for (const Change& change :
       {Change{0, kErrW | kErrU}, Change{kPa | (kFresh & ~kP), kErrW | kErrU},
        Change{kPa | kFresh | bit(51), kErrP | kErrRsvd | kErrW | kErrU}, Change{kPa | kP | kU, kErrP | kErrW | kErrU},
        Change{kPa | kP | kW, kErrP | kErrW | kErrU}}) {
    bench.restart();
    const u64 slot = bench.map(kVa, kPa, kFresh);
    overtake(bench, slot, [&] { bench.store(slot, change.entry); });
    const Answer a = bench.write(kVa, Mode::user);
    bench.page_fault(a, change.err, 1);
    bench.word(slot, change.entry);
    bench.same("pa", a.pa, 0);
  }
  // Somebody else set the bits: nothing is left to do.
  bench.restart();
  const u64 slot = bench.map(kVa, kPa, kFresh);
  overtake(bench, slot, [&] { bench.store(slot, kPa | kUserPage); });
  bench.ok(bench.write(kVa, Mode::user), kPa, 12);
  bench.word(slot, kPa | kUserPage);
}

KILBURN_TRAP("T45 D is never set in an upper entry, and bit 6 there means nothing", kX86) {
  bench.context.controls = kLa57;
  bench.map(kVa, kPa, kFresh);
  for (unsigned level = 5; level >= 2; --level)
    bench.store(bench.slot(kVa, level), bench.load(bench.slot(kVa, level)) & ~kA);
  const Answer a = bench.write(kVa);
  bench.ok(a, kPa, 12);
  for (unsigned level = 5; level >= 2; --level)
    bench.same("A and D", bench.load(bench.slot(kVa, level)) & (kA | kD), kA);
  bench.same("A and D of the leaf", bench.load(bench.slot(kVa)) & (kA | kD), kA | kD);
  // Set beforehand it stays, and the write still sets the leaf's.
  bench.restart();
  bench.map(kVa, kPa, kFresh | kA);
  const u64 upper = bench.slot(kVa, 2);
  const u64 image = bench.load(upper) | kD;
  bench.store(upper, image);
  bench.ok(bench.write(kVa), kPa, 12);
  bench.word(upper, image);
  bench.word(bench.slot(kVa), kPa | kUserPage);
}

KILBURN_TRAP("T46 upper entries of a walk that ends at P = 0 change in A alone", kX86) {
  // Whether A is set in them is left open (SDM 4.8); the entry that is not present is never written.
  bench.map(kVa, kPa, kFresh & ~kP);
  u64 before[5];
  for (unsigned level = 4; level >= 2; --level) {
    before[level] = bench.load(bench.slot(kVa, level)) & ~kA;
    bench.store(bench.slot(kVa, level), before[level]);
  }
  const Answer a = bench.write(kVa, Mode::user);
  bench.page_fault(a, kErrW | kErrU, 1);
  for (unsigned level = 4; level >= 2; --level) {
    bench.same("an upper entry without A", bench.load(bench.slot(kVa, level)) & ~kA, before[level]);
  }
  bench.word(bench.slot(kVa), kPa | (kFresh & ~kP));
  only_sets_bits(bench, a);
}

KILBURN_TRAP("T47 A of a leaf that refuses the access stays clear, at every page size", kX86) {
  // Model specific in the manual (SDM 4.8); this project leaves the leaf alone, whatever its size.
  struct Size {
    unsigned level;
    u64 entry;
  };
  for (const Size& size :
       {Size{1, kPa | kP | kU}, Size{2, kPa | kP | kU | kPs}, Size{3, u64{5} << 30 | kP | kU | kPs}}) {
    bench.restart();
    const u64 slot = bench.set(kVa, size.level, size.entry);
    const Answer a = bench.write(kVa, Mode::user);
    bench.page_fault(a, kErrP | kErrW | kErrU, size.level);
    bench.word(slot, size.entry);
    bench.same("updates", a.updates(), 0);
  }
}

KILBURN_TRAP("T48 D is never set by a write that is refused", kX86) {
  struct Case {
    u64 flags;
    u32 controls;
    Mode mode;
    u16 err;
  };
  for (const Case& c :
       {Case{kP | kU | kA, 0, Mode::user, kErrP | kErrW | kErrU}, Case{kP | kU | kA, kWp, Mode::kernel, kErrP | kErrW},
        Case{kP | kW | kA, 0, Mode::user, kErrP | kErrW | kErrU},
        Case{kP | kW | kU | kA, kSmap, Mode::kernel, kErrP | kErrW}}) {
    bench.restart();
    bench.context.controls = c.controls;
    const u64 slot = bench.map(kVa, kPa, c.flags);
    const Answer a = bench.write(kVa, c.mode);
    bench.page_fault(a, c.err, 1);
    bench.word(slot, kPa | c.flags);
    bench.same("updates", a.updates(), 0);
  }
}

KILBURN_TRAP("T49 each alias of a large page has a dirty bit of its own", kX86) {
  const u64 second = kVa + 0x4000'0000;
  const u64 one = bench.set(kVa, 2, kPa | kFresh | kPs);
  const u64 two = bench.set(second, 2, kPa | kFresh | kPs);
  const u64 offset = kVa & 0x1f'ffff;
  bench.ok(bench.write(kVa, Mode::user), kPa + offset, 21);
  bench.word(one, kPa | kFresh | kPs | kA | kD);
  bench.word(two, kPa | kFresh | kPs);
  bench.ok(bench.read(second, Mode::user), kPa + offset, 21);
  bench.word(two, kPa | kFresh | kPs | kA);
  bench.ok(bench.write(second, Mode::user), kPa + offset, 21);
  bench.word(two, kPa | kFresh | kPs | kA | kD);
}

KILBURN_TRAP("T50 an entry that has its bits already is not written, so it may lie in ROM", kX86) {
  bench.context.controls = kLa57;
  bench.map(kVa, kPa, kUserPage);
  bench.on_memory = [](const MemoryOperation& m) { return m.cas; };  // ROM answers a write with a bus error
  for (const Op op : {Op::read, Op::write, Op::fetch}) {
    const Answer a = bench.access({.va = kVa, .op = op, .mode = Mode::user});
    bench.ok(a, kPa, 12);
    bench.same("updates", a.updates(), 0);
  }
  // A read needs no D.
  const u64 next = kVa + 0x1000;
  bench.map(next, kOther, kFresh | kA);
  const Answer a = bench.read(next);
  bench.ok(a, kOther, 12);
  bench.same("updates", a.updates(), 0);
}

KILBURN_TRAP("T51 no update comes after an invalidation is complete into a table page in new use", kX86) {
  for (unsigned delay = 0; delay <= 24; ++delay) {
    bench.restart();
    bench.set_timing({.min_latency = 3, .max_latency = 3});
    const u64 slot = bench.map(kVa, kPa, kFresh);
    const auto ticket = bench.issue({.va = kVa, .op = Op::write, .mode = Mode::user});
    bench.idle(delay);
    // Software takes the table out, waits for the invalidation, then uses its page for data that looks alike.
    bench.store(bench.slot(kVa, 2), 0);
    bench.begin_invalidation(inv::PAGE, kVa, bench.context.asid);
    bench.wait_invalidated();
    const u64 data = kPa | kFresh;
    bench.store(slot, data);
    const Answer a = bench.wait(ticket);
    bench.idle(20);
    bench.word(slot, data);
    // Answered from before the invalidation, or not at all.
    if (a.fault == Fault::none) {
      bench.ok(a, kPa, 12);
    } else {
      bench.page_fault(a, kErrW | kErrU, 2);
    }
  }
}
