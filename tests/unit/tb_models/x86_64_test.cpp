// SPDX-License-Identifier: Apache-2.0
//
// x86-64 through the pins of both models: translations, faults, accessed and dirty bits, configuration.
#include "tests/unit/tb_models/rig.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kVa = 0x7F12'3456'7000;
// layout.def Config: MAXPHYADDR in 5:0, PAGE1G 6, AMD 7.
constexpr u32 kPage1g = 0x40, kAmd = 0x80;

void translates(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  tables.map(kVa, 0x12345000, kUsed | kD | kPWT | kPS | kG);  // PS in a last-level entry is PAT (trap T10)
  tables.map(0x4000'0000, 0x4060'0000, kUsed | kD | kPS | kPCD, 2);
  tables.map(0x80'0000'0000, 0x1'C000'0000, kUsed | kD | kPS | u64{1} << 12, 3);
  kilburn_req_out r = rig.read(kVa + 0xABC);
  check_translated(r, 0x12345ABC, 12);
  CHECK(r.rsp_mt == 5);
  CHECK(r.rsp_global == 1);
  r = rig.write(0x4000'0000 + 0x1F'FFF8, Mode::user);
  check_translated(r, 0x4060'0000 + 0x1F'FFF8, 21);
  CHECK(r.rsp_mt == 2);
  CHECK(r.rsp_global == 0);
  r = rig.fetch(0x80'0000'0000 + 0x3FFF'FFFF);
  check_translated(r, 0x1'FFFF'FFFF, 30);
  CHECK(r.rsp_mt == 4);
  CHECK(rig.done.size() == 4 + 3 + 2);
  CHECK(rig.swaps() == 0);
  // G counts only with PGE.
  rig.in.ctx_ctl &= ~kPGE;
  rig.maintain(kInvAll);
  CHECK(rig.read(kVa).rsp_global == 0);
}

void faults(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  tables.map(0x1000, 0x800000, kP | kA);
  tables.map(0x2000, 0x801000, kP | kUS | kA);
  tables.map(0x3000, 0x802000, kUsed | kNX);
  tables.map(0x4000, u64{1} << 45, kUsed);
  // SDM 4.7: P 1, W 2, U 4, RSVD 8, I/D 16, PK 32.
  check_fault(rig.read(0x1000, Mode::user), Fault::page, 1, 5);
  check_fault(rig.write(0x1000), Fault::page, 1, 3);
  check_fault(rig.write(0x2000, Mode::user), Fault::page, 1, 7);
  check_fault(rig.fetch(0x3000, Mode::user), Fault::page, 1, 0x15);
  check_fault(rig.read(0x4000), Fault::page, 1, 9);
  check_fault(rig.write(0x5000, Mode::user), Fault::page, 1, 6);
  check_fault(rig.read(0x4000'0000), Fault::page, 3, 0);
  check_fault(rig.fetch(0x5000), Fault::page, 1, 0x10);
  check_fault(rig.read(0x8000'0000'0000), Fault::general, 0);
  check_fault(rig.fetch(0xFFFF'7FFF'FFFF'FFFF), Fault::general, 0);
  for (unsigned level = 4; level >= 1; --level) {
    rig.broken = tables.entry(0x2000, level);
    rig.maintain(kInvAll);
    check_fault(rig.read(0x2000), Fault::bus, level);
  }
}

void accessed_and_dirty(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  const u64 leaf = tables.map(kVa, 0x12345000, kP | kRW);
  const u64 top = tables.entry(kVa, 4);
  rig.words[top] &= ~kA;
  check_translated(rig.read(kVa), 0x12345000, 12);
  CHECK(rig.words[top] % 0x1000 == kUsed);
  CHECK(rig.words[leaf] == (0x12345000 | kP | kRW | kA));
  CHECK(rig.swaps() == 2);
  check_translated(rig.write(kVa), 0x12345000, 12);  // trap T41
  CHECK(rig.words[leaf] == (0x12345000 | kP | kRW | kA | kD));
  CHECK(rig.swaps() == 3);
  check_translated(rig.write(kVa), 0x12345000, 12);  // trap T50
  CHECK(rig.swaps() == 3);
  // A refused access sets neither in the leaf.
  const u64 other = tables.map(0x1000, 0x800000, kP | kRW);
  check_fault(rig.write(0x1000, Mode::user), Fault::page, 1, 7);
  CHECK(rig.words[other] == (0x800000 | kP | kRW));
}

// Somebody else writes the entry between its read and its update (traps T42, T44).
void lost_race(const std::string& name, bool removed) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  const u64 leaf = tables.map(kVa, 0x12345000, kP | kRW);
  const u64 instead = removed ? 0 : 0x999000 | kP | kRW | u64{1} << 60;
  bool changed = false;
  rig.before = [&](u64 pa, bool swap) {
    if (swap && pa == leaf && !std::exchange(changed, true)) rig.words[leaf] = instead;
  };
  const kilburn_req_out r = rig.write(kVa);
  REQUIRE(rig.swaps() == (removed ? 1 : 2));
  bool first = true;
  for (const Rig::Operation& o : rig.done) {
    if (o.swap) CHECK(o.matched != std::exchange(first, false));
  }
  if (removed) {
    check_fault(r, Fault::page, 1, 2);
    CHECK(rig.words[leaf] == 0);
  } else {
    check_translated(r, 0x999000, 12);
    CHECK(rig.words[leaf] == (instead | kA | kD));
  }
  CHECK(rig.events(8) == 1);  // CAS_FAIL
}

void broken_update(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  const u64 leaf = tables.map(kVa, 0x12345000, kP | kRW);
  rig.before = [&](u64 pa, bool swap) { rig.broken = swap && pa == leaf ? std::optional(leaf) : std::nullopt; };
  check_fault(rig.read(kVa), Fault::bus, 1);
  CHECK(rig.words[leaf] == (0x12345000 | kP | kRW));
  rig.before = nullptr;
  rig.broken.reset();
  check_translated(rig.read(kVa), 0x12345000, 12);
}

void configured(const std::string& name) {
  Rig rig(dut(name, Format::x86_64), 36 | kPage1g);
  Tables tables(rig, Format::x86_64);
  tables.map(0x1000, u64{1} << 35, kUsed);
  tables.map(0x2000, u64{1} << 36, kUsed);
  tables.map(0x4000'0000, 0x4000'0000, kUsed | kPS, 3);
  tables.map(0x80'0000'0000, 0x800000, kUsed);
  rig.words[tables.entry(0x80'0000'0000, 4)] |= kG;
  check_translated(rig.read(0x1000), u64{1} << 35, 12);
  check_fault(rig.read(0x2000), Fault::page, 1, 9);
  check_translated(rig.read(0x4000'0000), 0x4000'0000, 30);
  check_translated(rig.read(0x80'0000'0000), 0x800000, 12);
  rig.reset(52 | kAmd);
  check_translated(rig.read(0x2000), u64{1} << 36, 12);
  check_fault(rig.read(0x4000'0000), Fault::page, 3, 9);     // trap T05
  check_fault(rig.read(0x80'0000'0000), Fault::page, 4, 9);  // AMD: bit 8 of a PML4 entry
  // Translation off: the width of the configuration.
  rig.reset(40);
  rig.in.ctx_ctl = kPhys;
  kilburn_req_out r = rig.read(0xFEDC'BA98'7654'3210);
  check_translated(r, 0x98'7654'3210, 40);
  CHECK(r.rsp_global == 1);
}

void five_levels(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64, 5);
  const u64 high = 0xFF23'4567'89AB'C000;
  tables.map(high, 0x12345000, kUsed | kD);
  rig.in.ctx_ctl |= kLA57;
  check_translated(rig.read(high + 8), 0x12345008, 12);
  CHECK(rig.done.size() == 5);
  check_fault(rig.read(high ^ u64{1} << 60), Fault::general, 0);
  rig.words[tables.entry(high, 5)] |= kPS;  // trap T02 at level 5
  rig.maintain(kInvAll);
  check_fault(rig.read(high), Fault::page, 5, 9);
  rig.in.ctx_ctl &= ~kLA57;
  check_fault(rig.read(high), Fault::general, 0);
}

void keys(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  tables.map(0x1000, 0x800000, kUsed | kD | u64{3} << 59);
  tables.map(0x2000, 0x801000, kP | kRW | kA | kD | u64{5} << 59);
  rig.in.ctx_ctl |= kPKE | kPKS;
  check_translated(rig.write(0x1000, Mode::user), 0x800000, 12);
  rig.in.ctx_pkru = 2 << 6;  // WD of key 3
  check_fault(rig.write(0x1000, Mode::user), Fault::page, 1, 0x27);
  check_translated(rig.read(0x1000, Mode::user), 0x800000, 12);
  rig.in.ctx_pkru = 1 << 6;  // AD
  CHECK(rig.read(0x1000, Mode::user).rsp_err == 0x25);
  check_translated(rig.fetch(0x1000, Mode::user), 0x800000, 12);  // trap T22
  rig.in.ctx_pkrs = 1 << 10;
  CHECK(rig.read(0x2000).rsp_err == 0x21);
  rig.in.ctx_pkrs = 0;
  check_translated(rig.read(0x2000), 0x801000, 12);
  // An implicit access is the supervisor's and AC does not excuse it (trap T26).
  rig.in.ctx_ctl |= kSMAP;
  rig.in.ctx_pkru = 0;
  CHECK(rig.translate(kDSide, {0x1000, false, Mode::user, true, true, 1}).rsp_err == 1);
  check_translated(rig.translate(kDSide, {0x1000, false, Mode::kernel, true, false, 1}), 0x800000, 12);
  check_translated(rig.translate(kDSide, {0x2000, false, Mode::user, false, true, 1}), 0x801000, 12);
}

}  // namespace

TEST_CASE("arch: x86-64 translations of three sizes") { translates("arch"); }
TEST_CASE("tlm: x86-64 translations of three sizes") { translates("tlm"); }
TEST_CASE("arch: x86-64 faults") { faults("arch"); }
TEST_CASE("tlm: x86-64 faults") { faults("tlm"); }
TEST_CASE("arch: A and D by compare-and-swap") { accessed_and_dirty("arch"); }
TEST_CASE("tlm: A and D by compare-and-swap") { accessed_and_dirty("tlm"); }
TEST_CASE("arch: a swap that lost against a new mapping (T42)") { lost_race("arch", false); }
TEST_CASE("tlm: a swap that lost against a new mapping (T42)") { lost_race("tlm", false); }
TEST_CASE("arch: a swap that lost against a removal (T44)") { lost_race("arch", true); }
TEST_CASE("tlm: a swap that lost against a removal (T44)") { lost_race("tlm", true); }
TEST_CASE("arch: an update that fails on the bus") { broken_update("arch"); }
TEST_CASE("tlm: an update that fails on the bus") { broken_update("tlm"); }
TEST_CASE("arch: the configuration pins of x86-64") { configured("arch"); }
TEST_CASE("tlm: the configuration pins of x86-64") { configured("tlm"); }
TEST_CASE("arch: five levels (T16)") { five_levels("arch"); }
TEST_CASE("tlm: five levels (T16)") { five_levels("tlm"); }
TEST_CASE("arch: protection keys and implicit accesses (T22, T26, T29)") { keys("arch"); }
TEST_CASE("tlm: protection keys and implicit accesses (T22, T26, T29)") { keys("tlm"); }

}  // namespace kilburn::tb::test
