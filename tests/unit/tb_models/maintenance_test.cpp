// SPDX-License-Identifier: Apache-2.0
//
// Invalidation at the pins: what is held until then, walks that are under way, the acknowledge (R6, R7).
#include "tests/unit/tb_models/rig.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kVa = 0x7F12'3456'7000;

// The leaf has been read when the invalidation is accepted; what the requester and the memory see afterwards.
void during_a_walk(const std::string& name, u8 op, u64 va) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  rig.latency = 8;
  const u64 leaf = tables.map(kVa, 0x800000, kP | kRW);
  const u64 table = tables.entry(kVa, 2);
  rig.ask(kDSide, {kVa, true, Mode::kernel, false, false, 3});
  while (rig.done.empty() || rig.done.back().pa != leaf) rig.clock();
  // The walker knows the leaf and is about to set A and D in it. The table is given away.
  rig.words[table] = 0;
  rig.start_maintenance(op, va);
  CHECK(rig.out.inv_ready == 0);
  rig.finish_maintenance();
  const u64 at_acknowledge = rig.words[leaf];
  const std::size_t done = rig.done.size();
  const kilburn_req_out r = rig.answer(kDSide);
  CHECK(rig.words[leaf] == at_acknowledge);  // R7: no write of that walk is still to come (trap T51)
  for (std::size_t n = done; n < rig.done.size(); ++n) CHECK_FALSE(rig.done[n].swap);
  // It began again and saw the table's absence.
  check_fault(r, Fault::page, 2, 2);
}

void not_acknowledged_before_an_update_in_flight(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  rig.latency = 30;
  const u64 leaf = tables.map(kVa, 0x800000, kP | kRW);
  rig.ask(kDSide, {kVa, true, Mode::kernel, false, false, 3});
  while (!(rig.out.mem_req_valid && rig.out.mem_req_op == 1)) rig.clock();
  rig.takes = false;  // it is at the port and must be held there (R2)
  rig.start_maintenance(kInvAll);
  rig.clock(20);
  CHECK(rig.out.inv_ack == 0);
  CHECK(rig.out.mem_req_valid == 1);
  CHECK(rig.words[leaf] == (0x800000 | kP | kRW));
  rig.takes = true;
  rig.finish_maintenance();
  CHECK(rig.words[leaf] == (0x800000 | kP | kRW | kA | kD));
  check_translated(rig.answer(kDSide), 0x800000, 12);
}

// A response that an invalidation overtook, made of what was read before: only for requests accepted before.
void accepted_during_maintenance(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  rig.latency = 10;
  const u64 leaf = tables.map(kVa, 0x800000, kP | kRW | kA);
  rig.ask(kI, {kVa, false, Mode::kernel, false, false, 1});
  rig.start_maintenance(kInvAll);
  rig.ask(kDSide, {kVa, false, Mode::kernel, false, false, 2});  // before the acknowledge
  CHECK(rig.out.inv_ack == 0);
  rig.words[leaf] = 0x900000 | kP | kRW | kA;
  rig.finish_maintenance();
  check_translated(rig.answer(kDSide), 0x900000, 12);
  check_translated(rig.answer(kI), 0x900000, 12);
  CHECK(rig.events(5) >= 1);   // KILL
  CHECK(rig.events(13) == 1);  // INVALIDATE
}

}  // namespace

TEST_CASE("arch: no translation is held: every request reads the tables") {
  Rig rig(dut("arch", Format::x86_64));
  Tables tables(rig, Format::x86_64);
  const u64 leaf = tables.map(kVa, 0x800000, kP | kRW | kA);
  check_translated(rig.read(kVa), 0x800000, 12);
  rig.words[leaf] = 0x900000 | kP | kRW | kA;
  check_translated(rig.read(kVa), 0x900000, 12);
  CHECK(rig.done.size() == 8);
  CHECK(rig.events(3) == 2);  // D_MISS
  CHECK(rig.events(4) == 2);  // WALK
  CHECK(rig.events(6) == 8);  // MEM_READ
}

TEST_CASE("tlm: a translation is held until an invalidation covers it") {
  Rig rig(dut("tlm", Format::x86_64));
  Tables tables(rig, Format::x86_64);
  rig.in.ctx_asid = 4;
  const u64 leaf = tables.map(kVa, 0x800000, kP | kRW | kA);
  check_translated(rig.read(kVa), 0x800000, 12);
  rig.words[leaf] = 0x900000 | kP | kRW | kA;
  check_translated(rig.read(kVa), 0x800000, 12);
  rig.maintain(kInvPage, kVa, 5);
  check_translated(rig.read(kVa), 0x800000, 12);
  rig.maintain(kInvPage, kVa, 4);
  check_translated(rig.read(kVa), 0x900000, 12);
  CHECK(rig.done.size() == 8);
  CHECK(rig.events(2) == 2);   // D_HIT
  CHECK(rig.events(3) == 2);   // D_MISS
  CHECK(rig.events(12) == 2);  // FILL
  // Nor after a reset.
  rig.words[leaf] = 0x800000 | kP | kRW | kA;
  rig.reset(rig.in.cfg);
  check_translated(rig.read(kVa), 0x800000, 12);
}

TEST_CASE("arch: an invalidation during a walk (T51, T61)") { during_a_walk("arch", kInvAll, 0); }
TEST_CASE("tlm: an invalidation during a walk (T51, T61)") { during_a_walk("tlm", kInvAll, 0); }
TEST_CASE("arch: maintenance that covers nothing still ends walks before its acknowledge") {
  during_a_walk("arch", kInvPage, u64{1} << 60);
  during_a_walk("arch", 15, 0);
}
TEST_CASE("tlm: maintenance that covers nothing still ends walks before its acknowledge") {
  during_a_walk("tlm", kInvPage, u64{1} << 60);
}
TEST_CASE("tlm: an unknown operation still ends walks before its acknowledge") { during_a_walk("tlm", 15, 0); }
TEST_CASE("arch: the acknowledge waits for an update in flight") {
  not_acknowledged_before_an_update_in_flight("arch");
}
TEST_CASE("tlm: the acknowledge waits for an update in flight") { not_acknowledged_before_an_update_in_flight("tlm"); }
TEST_CASE("arch: a request accepted during maintenance") { accepted_during_maintenance("arch"); }
TEST_CASE("tlm: a request accepted during maintenance") { accepted_during_maintenance("tlm"); }

}  // namespace kilburn::tb::test
