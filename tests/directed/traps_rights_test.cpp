// SPDX-License-Identifier: Apache-2.0
//
// Traps T20 to T34: access rights and error codes (SDM 4.6, 4.7), and accesses that cross a page.
#include "model/arch/crossing.h"
#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4567'8000;
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a55'4000;

Answer data(Bench& bench, u64 va, Op op, Mode mode, bool ac, bool implicit) {
  return bench.access({.va = va, .op = op, .mode = mode, .ac = ac, .implicit = implicit});
}
Answer supervisor(Bench& bench, u64 va, Op op, bool ac) { return data(bench, va, op, Mode::kernel, ac, false); }
}  // namespace

KILBURN_TRAP("T20 I/D is reported with NXE or SMEP only", kX86) {
  for (const u32 controls : {u32{0}, kNxe, kSmep, kNxe | kSmep, kWp | kSmap}) {
    bench.restart();
    bench.context.controls = controls;
    const u16 id = (controls & (kNxe | kSmep)) != 0 ? kErrId : 0;
    bench.page_fault(bench.fetch(kVa), id, 4);
    bench.page_fault(bench.fetch(kVa, Mode::user), id | kErrU, 4);
    bench.map(kVa, kPa, kKernelPage);
    bench.page_fault(bench.fetch(kVa, Mode::user), kErrP | id | kErrU, 1);
    bench.page_fault(bench.read(kVa, Mode::user), kErrP | kErrU, 1);
  }
}

KILBURN_TRAP("T21 PK is reported beside any other refusal, and not without P or with RSVD", kX86) {
  bench.context.controls = kWp | kPke | kSmap;
  bench.context.pkru = u32{1} << 6;  // key 3: AD
  bench.map(kVa, kPa, (kUserPage & ~kW) | key(3));
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrW | kErrU | kErrPk, 1);
  bench.page_fault(bench.write(kVa), kErrP | kErrW | kErrPk, 1);  // SMAP and WP refuse too
  bench.page_fault(bench.read(kVa), kErrP | kErrPk, 1);
  bench.map(kVa, kPa, (kUserPage & ~kP) | key(3));
  bench.page_fault(bench.read(kVa, Mode::user), kErrU, 1);
  bench.map(kVa, kPa, kUserPage | key(3) | bit(51));
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrW | kErrU | kErrRsvd, 1);
}

KILBURN_TRAP("T22 a key never stops a fetch", kX86) {
  bench.context.controls = kPke | kPks | kNxe;
  bench.context.pkru = bench.context.pkrs = 0xffff'ffff;
  bench.map(kVa, kPa, kUserPage | key(5));
  bench.map(kVa + 0x2000, kOther, kKernelPage | key(5));
  bench.ok(bench.fetch(kVa, Mode::user), kPa, 12);
  bench.ok(bench.fetch(kVa), kPa, 12);
  bench.ok(bench.fetch(kVa + 0x2000), kOther, 12);
  bench.ok(bench.fetch(kVa, Mode::user), kPa, 12);
  bench.page_fault(bench.read(kVa, Mode::user), kErrP | kErrU | kErrPk, 1);
  // Refused for another reason: PK stays 0.
  bench.map(kVa, kPa, kUserPage | key(5) | kNx);
  bench.invalidate(inv::ALL);
  bench.page_fault(bench.fetch(kVa, Mode::user), kErrP | kErrU | kErrId, 1);
}

KILBURN_TRAP("T23 the key comes from the leaf, never from an upper entry", kX86) {
  bench.context.controls = kPke | kLa57;
  bench.context.pkru = u32{3} << 4;  // key 2: AD, WD
  bench.map(kVa, kPa, kUserPage | key(1));
  for (unsigned level = 5; level >= 2; --level) {
    const u64 slot = bench.slot(kVa, level);
    bench.store(slot, bench.load(slot) | key(2));
  }
  bench.ok(bench.read(kVa, Mode::user), kPa, 12);
  bench.ok(bench.write(kVa, Mode::user), kPa, 12);
  // A refusal reports the leaf's key, not the upper entries'.
  bench.map(kVa, kPa, (kUserPage & ~kW) | key(1));
  bench.invalidate(inv::ALL);
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrW | kErrU, 1);
  // A large leaf is a leaf.
  bench.set(kVa, 2, 0x4000'0000 | kUserPage | kPs | key(2));
  bench.invalidate(inv::ALL);
  bench.page_fault(bench.read(kVa, Mode::user), kErrP | kErrU | kErrPk, 2);
}

KILBURN_TRAP("T24 WD does not bind a supervisor write with WP = 0, AD does", kX86) {
  bench.context.controls = kPke;
  bench.context.pkru = u32{2} << 8;  // key 4: WD
  bench.map(kVa, kPa, kUserPage | key(4));
  bench.ok(bench.write(kVa), kPa, 12);
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrW | kErrU | kErrPk, 1);
  bench.ok(bench.read(kVa, Mode::user), kPa, 12);
  bench.context.controls = kPke | kWp;
  bench.page_fault(bench.write(kVa), kErrP | kErrW | kErrPk, 1);
  bench.ok(bench.read(kVa), kPa, 12);
  bench.context.controls = kPke;
  bench.context.pkru = u32{1} << 8;  // AD
  bench.page_fault(bench.write(kVa), kErrP | kErrW | kErrPk, 1);
  bench.page_fault(bench.read(kVa), kErrP | kErrPk, 1);
  // The same of supervisor pages by PKRS.
  bench.context.controls = kPks;
  bench.context.pkrs = u32{2} << 8;
  bench.map(kVa + 0x2000, kOther, kKernelPage | key(4));
  bench.ok(bench.write(kVa + 0x2000), kOther, 12);
  bench.context.controls = kPks | kWp;
  bench.page_fault(bench.write(kVa + 0x2000), kErrP | kErrW | kErrPk, 1);
}

KILBURN_TRAP("T25 PKRU guards user pages and PKRS supervisor pages, whoever asks", kX86) {
  bench.context.controls = kPke | kPks;
  bench.map(kVa, kPa, kUserPage | key(6));
  bench.map(kVa + 0x2000, kOther, kKernelPage | key(6));
  bench.context.pkru = u32{1} << 12;
  bench.context.pkrs = 0;
  bench.page_fault(bench.read(kVa), kErrP | kErrPk, 1);  // the supervisor, to a user page
  bench.page_fault(bench.read(kVa, Mode::user), kErrP | kErrU | kErrPk, 1);
  bench.ok(bench.read(kVa + 0x2000), kOther, 12);
  bench.context.pkru = 0;
  bench.context.pkrs = u32{1} << 12;
  bench.ok(bench.read(kVa), kPa, 12);
  bench.ok(bench.read(kVa, Mode::user), kPa, 12);
  bench.page_fault(bench.read(kVa + 0x2000), kErrP | kErrPk, 1);
  // U = 0 at one upper level makes it a supervisor page.
  const u64 slot = bench.slot(kVa, 3);
  bench.store(slot, bench.load(slot) & ~kU);
  bench.invalidate(inv::ALL);
  bench.page_fault(bench.read(kVa), kErrP | kErrPk, 1);
  bench.context.pkru = u32{1} << 12;
  bench.context.pkrs = 0;
  bench.ok(bench.read(kVa), kPa, 12);
}

KILBURN_TRAP("T26 AC does not excuse an implicit access from SMAP, and CPL 3 does not make it a user's", kX86) {
  bench.context.controls = kSmap;
  bench.map(kVa, kPa, kUserPage);
  bench.map(kVa + 0x2000, kOther, kKernelPage);
  for (const Mode mode : {Mode::kernel, Mode::user}) {
    bench.page_fault(data(bench, kVa, Op::read, mode, true, true), kErrP, 1);
    bench.page_fault(data(bench, kVa, Op::write, mode, true, true), kErrP | kErrW, 1);
    bench.page_fault(data(bench, kVa, Op::read, mode, false, true), kErrP, 1);
    bench.ok(data(bench, kVa + 0x2000, Op::read, mode, true, true), kOther, 12);
    bench.ok(data(bench, kVa + 0x2000, Op::write, mode, false, true), kOther, 12);
  }
  bench.ok(supervisor(bench, kVa, Op::read, true), kPa, 12);
  bench.page_fault(supervisor(bench, kVa, Op::read, false), kErrP, 1);
  // Through what the TLB holds as well as through a walk.
  bench.page_fault(data(bench, kVa, Op::read, Mode::user, true, true), kErrP, 1);
  bench.page_fault(bench.read(kVa + 0x2000, Mode::user), kErrP | kErrU, 1);
  bench.context.controls = 0;
  bench.ok(data(bench, kVa, Op::read, Mode::user, false, true), kPa, 12);
}

KILBURN_TRAP("T27 WP = 0 does not excuse a supervisor write from SMAP", kX86) {
  bench.context.controls = kSmap;
  bench.map(kVa, kPa, kUserPage & ~kW);
  bench.page_fault(supervisor(bench, kVa, Op::write, false), kErrP | kErrW, 1);
  bench.ok(supervisor(bench, kVa, Op::write, true), kPa, 12);  // AC; WP = 0 lets R/W = 0 pass
  bench.page_fault(supervisor(bench, kVa, Op::write, false), kErrP | kErrW, 1);
  bench.context.controls = kSmap | kWp;
  bench.page_fault(supervisor(bench, kVa, Op::write, true), kErrP | kErrW, 1);
}

KILBURN_TRAP("T28 SMEP stops a fetch from a page that a WP = 0 write has cached", kX86) {
  bench.map(kVa, kPa, kP | kU | kA);
  bench.ok(bench.write(kVa), kPa, 12);
  bench.ok(bench.fetch(kVa), kPa, 12);
  bench.context.controls = kSmep;
  bench.page_fault(bench.fetch(kVa), kErrP | kErrId, 1);
  bench.ok(bench.fetch(kVa, Mode::user), kPa, 12);
  bench.page_fault(bench.fetch(kVa), kErrP | kErrId, 1);
  bench.ok(bench.read(kVa), kPa, 12);
}

KILBURN_TRAP("T29 WP, SMAP, AC, SMEP, NXE, keys and mode act at once, without an invalidation", kX86) {
  bench.map(kVa, kPa, (kUserPage & ~kW) | key(7));
  const auto sets = [&](u32 controls) { bench.context.controls = controls; };
  bench.ok(bench.write(kVa), kPa, 12);
  sets(kWp);
  bench.page_fault(bench.write(kVa), kErrP | kErrW, 1);
  bench.ok(bench.read(kVa), kPa, 12);
  sets(kSmap);
  bench.page_fault(bench.read(kVa), kErrP, 1);
  bench.ok(supervisor(bench, kVa, Op::read, true), kPa, 12);
  bench.page_fault(supervisor(bench, kVa, Op::read, false), kErrP, 1);
  sets(kPke);
  bench.ok(bench.read(kVa, Mode::user), kPa, 12);
  bench.context.pkru = u32{1} << 14;
  bench.page_fault(bench.read(kVa, Mode::user), kErrP | kErrU | kErrPk, 1);
  bench.context.pkru = 0;
  bench.ok(bench.read(kVa, Mode::user), kPa, 12);
  bench.context.pkru = u32{2} << 14;
  bench.ok(bench.write(kVa), kPa, 12);
  sets(kPke | kWp);
  bench.page_fault(bench.write(kVa), kErrP | kErrW | kErrPk, 1);
  sets(0);
  bench.ok(bench.fetch(kVa), kPa, 12);
  sets(kSmep);
  bench.page_fault(bench.fetch(kVa), kErrP | kErrId, 1);
  // A supervisor page that the kernel has cached, and the user.
  bench.map(kVa + 0x2000, kOther, kKernelPage | key(7));
  sets(kPks);
  bench.ok(bench.read(kVa + 0x2000), kOther, 12);
  bench.page_fault(bench.read(kVa + 0x2000, Mode::user), kErrP | kErrU, 1);
  bench.context.pkrs = u32{1} << 14;
  bench.page_fault(bench.read(kVa + 0x2000), kErrP | kErrPk, 1);
}

KILBURN_TRAP("T30 a locked operation is a write even if it stores what was there", kX86) {
  // The port has one bit for stores and read-modify-writes alike; whether data changes is not its affair.
  bench.map(kVa, kPa, kP | kU);
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrW | kErrU, 1);
  const u64 slot = bench.map(kVa, kPa, kP | kU | kW | kA);
  bench.ok(bench.read(kVa, Mode::user), kPa, 12);
  bench.word(slot, kPa | kP | kU | kW | kA);
  bench.ok(bench.write(kVa, Mode::user), kPa, 12);
  bench.word(slot, kPa | kP | kU | kW | kA | kD);
}

KILBURN_TRAP("T31 a user access to a supervisor page reports P and U, never PK", kX86) {
  bench.context.controls = kPke | kPks | kNxe | kWp;
  bench.context.pkru = bench.context.pkrs = 0xffff'ffff;
  bench.map(kVa, kPa, kKernelPage | key(9));
  bench.page_fault(bench.read(kVa, Mode::user), kErrP | kErrU, 1);
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrU | kErrW, 1);
  bench.page_fault(bench.fetch(kVa, Mode::user), kErrP | kErrU | kErrId, 1);
  bench.map(kVa, kPa, (kKernelPage & ~kW) | key(9));
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrU | kErrW, 1);
}

namespace {
struct Crossing {
  Answer answer;  // of the piece that faulted, else of the last
  u64 va = 0;     // of that piece
  unsigned pieces = 0;
};

// An access as the processor makes it: page by page, to the first fault.
Crossing cross(Bench& bench, u64 va, u64 length, Op op, Mode mode) {
  Crossing out;
  const auto f = arch::info(bench.format(), {}, bench.context.controls);
  for (const arch::Piece piece : arch::Pieces(f, va, length)) {
    out.answer = bench.access({.va = piece.va, .op = op, .mode = mode});
    out.va = piece.va;
    ++out.pieces;
    if (out.answer.fault != Fault::none) break;
  }
  return out;
}
}  // namespace

KILBURN_TRAP("T32 the fault of a crossing access names the first byte in the page that faults", kAll) {
  const u64 page = bench.page();
  const u64 next = kVa + page;
  const Fault missing = bench.x86() ? Fault::page : Fault::acv;
  bench.map(kVa, kPa);
  Crossing c = cross(bench, next - 3, 8, Op::write, Mode::user);
  bench.same("faulting address", c.va, next);
  bench.fault(c.answer, missing, 1);
  if (bench.x86()) bench.same("error code of the second page", c.answer.err, kErrW | kErrU);
  // Both pages missing: the first faults first, with the access's own address.
  bench.set(kVa, 1, 0);
  bench.invalidate(inv::ALL);
  c = cross(bench, next - 3, 8, Op::read, Mode::user);
  bench.same("faulting address", c.va, next - 3);
  bench.same("pieces", c.pieces, 1);
  bench.fault(c.answer, missing, 1);
  // Frames that do not follow each other.
  bench.map(kVa, kPa);
  bench.map(next, kOther);
  c = cross(bench, next - 3, 8, Op::read, Mode::user);
  bench.same("pieces", c.pieces, 2);
  bench.ok(c.answer, kOther, bench.page_shift());
  bench.ok(bench.read(next - 3, Mode::user), kPa + page - 3, bench.page_shift());
}

KILBURN_TRAP("T33 each half of a crossing access is checked for being canonical", kX86) {
  for (const u32 la57 : {u32{0}, kLa57}) {
    bench.restart();
    bench.context.controls = la57;
    const u64 hole = bit(la57 != 0 ? 56 : 47);  // first address that is not canonical
    bench.map(hole - 0x1000, kPa);
    Crossing c = cross(bench, hole - 4, 8, Op::read, Mode::kernel);
    bench.same("faulting address", c.va, hole);
    bench.same("pieces", c.pieces, 2);
    bench.fault(c.answer, Fault::general, 0);
    bench.same("memory operations of the second half", c.answer.memory.size(), 0);
    bench.ok(bench.read(hole - 4), kPa + 0xffc, 12);
    // From the hole into the upper half: the first half already faults.
    const u64 upper = ~(hole - 1);
    bench.map(upper, kOther);
    c = cross(bench, upper - 4, 8, Op::read, Mode::kernel);
    bench.same("pieces", c.pieces, 1);
    bench.fault(c.answer, Fault::general, 0);
    bench.ok(bench.read(upper), kOther, 12);
    bench.fault(bench.fetch(hole), Fault::general, 0);
    bench.fault(bench.fetch(upper - 1), Fault::general, 0);
  }
  // Canonical with 57 bits and not with 48; LA57 changes with an invalidation, as paging is left and entered again.
  bench.restart();
  bench.fault(bench.read(bit(48)), Fault::general, 0);
  bench.fault(bench.read(~bit(50)), Fault::general, 0);
  bench.context.controls = kLa57;
  bench.map(bit(48), kPa);
  bench.ok(bench.read(bit(48)), kPa, 12);
  bench.fault(bench.read(bit(57)), Fault::general, 0);
  bench.page_fault(bench.read(~bit(50)), 0, 5);
}

KILBURN_TRAP("T34 the second half's walk leaves the first half and the tables alone", kAll) {
  const u64 page = bench.page();
  const u64 next = kVa + page;
  const u64 first_slot = bench.map(kVa, kPa);
  const u64 second_slot = bench.slot(next);
  const u64 first_entry = bench.load(first_slot);
  bench.store(second_slot, 0);
  const u64 top = bench.load(bench.slot(kVa, bench.levels()));
  for (unsigned n = 0; n < 3; ++n) {
    const Crossing c = cross(bench, next - 1, 4, Op::write, Mode::kernel);
    bench.same("faulting address", c.va, next);
    bench.same("updates of the second half", c.answer.updates(), 0);
    bench.word(first_slot, first_entry);
    bench.word(second_slot, 0);
    bench.word(bench.slot(kVa, bench.levels()), top);
    bench.ok(bench.write(next - 1), kPa + page - 1, bench.page_shift());
  }
  // Both halves at once on the two ports.
  bench.invalidate(inv::ALL);
  const auto first = bench.issue({.va = next - 4, .op = Op::fetch, .mode = Mode::user});
  const auto second = bench.issue({.va = next, .op = Op::read, .mode = Mode::user});
  bench.fault(bench.wait(second), bench.x86() ? Fault::page : Fault::acv, 1);
  bench.ok(bench.wait(first), kPa + page - 4, bench.page_shift());
}
