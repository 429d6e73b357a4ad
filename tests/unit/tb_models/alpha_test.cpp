// SPDX-License-Identifier: Apache-2.0
//
// The Alpha formats through the pins of both models: translations, faults, superpages, software refill.
#include "tests/unit/tb_models/rig.h"

namespace kilburn::tb::test {
namespace {

constexpr u32 kVms = 0x100, kEv4 = 0, kEv5 = 1 << 9, kEv6 = 2 << 9;  // layout.def Config

void translates(const std::string& name, Format format) {
  Rig rig(dut(name, format));
  Tables tables(rig, format);
  rig.in.ctx_ctl = 0;
  const unsigned shift = format == Format::alpha ? 13 : 12;
  const u64 page = u64{1} << shift;
  tables.map(3 * page, 0x800000, kAlphaAll | kASM);
  tables.map(0x4000'0000 + 5 * page, 0x90'0000 + 5 * page, kAlphaAll | kGH1);
  kilburn_req_out r = rig.read(3 * page + 0x123, Mode::user);
  check_translated(r, 0x800123, shift);
  CHECK(r.rsp_global == 1);
  CHECK(r.rsp_mt == 0);
  r = rig.write(0x4000'0000 + 5 * page + 8);
  check_translated(r, 0x90'0000 + 5 * page + 8, shift + 3);
  CHECK(r.rsp_global == 0);
  check_translated(rig.fetch(3 * page), 0x800000, shift);
  CHECK(rig.swaps() == 0);
}

void faults(const std::string& name) {
  Rig rig(dut(name, Format::alpha));
  Tables tables(rig, Format::alpha);
  rig.in.ctx_ctl = 0;
  tables.map(0x2000, 0x800000, kAlphaAll | kFOR);
  tables.map(0x4000, 0x800000, kAlphaAll | kFOW);
  tables.map(0x6000, 0x800000, kAlphaAll | kFOE);
  tables.map(0x8000, 0x800000, kV | kKRE | kKWE);
  tables.map(0xA000, 0x800000, kKRE | kFOR);
  tables.map(0xC000, 0x800000, kV | kKRE | kFOW);
  check_fault(rig.read(0x2000), Fault::on_read, 1);
  check_fault(rig.write(0x4000), Fault::on_write, 1);
  check_fault(rig.fetch(0x6000), Fault::on_execute, 1);
  check_fault(rig.read(0x8000, Mode::user), Fault::acv, 1);
  check_fault(rig.read(0xA000), Fault::tnv, 1);   // trap T84
  check_fault(rig.write(0xA000), Fault::acv, 1);  // trap T83
  check_fault(rig.write(0xC000), Fault::acv, 1);  // trap T85
  check_fault(rig.read(0xE000), Fault::acv, 1);   // trap T80
  rig.words[tables.entry(0x4000'0000, 2)] = kKRE;
  check_fault(rig.write(0x4000'0000, Mode::user), Fault::tnv, 2);  // trap T81
  check_fault(rig.read(u64{1} << 43), Fault::acv, 0);              // trap T88
  rig.broken = tables.entry(0xE000, 2);
  check_fault(rig.read(0xE000), Fault::bus, 2);
}

void superpages(const std::string& name) {
  Rig rig(dut(name, Format::alpha), kEv5);
  Tables tables(rig, Format::alpha);
  const u64 kseg = 0xFFFF'FC00'0000'0000;
  rig.in.ctx_ctl = kSpe1;
  kilburn_req_out r = rig.read(kseg + 0x87'1234'5678);
  check_translated(r, 0x87'1234'5678, 40);
  CHECK(r.rsp_global == 1);
  check_fault(rig.read(kseg + 0x1000, Mode::user), Fault::acv, 0);  // trap T90
  rig.reset(kEv4);
  check_translated(rig.read(kseg + 0x87'1234'5678), 0x3'1234'5678, 34);
  rig.reset(kEv6);
  check_translated(rig.read(kseg + 0x187'1234'5678), 0xF87'1234'5678, 40);  // trap T91: PA<43:41> = PA<40>
  rig.in.ctx_ctl = kPhys | kSpe1;
  check_translated(rig.read(0xFFFF'FFFF'FFFF'FFF8), 0x1FFF'FFFF'FFF8, 45);
  CHECK(rig.done.empty());
}

void vms(const std::string& name) {
  Rig rig(dut(name, Format::alpha), kVms | kEv5);
  Tables tables(rig, Format::alpha);
  rig.in.ctx_ctl = 0;
  tables.map(0x2000, 0x800000, kV | u64{1} << 11 | u64{1} << 14);  // user read, supervisor write
  check_translated(rig.read(0x2000, Mode::user), 0x800000, 13);
  check_fault(rig.read(0x2000, Mode::executive), Fault::acv, 1);
  check_fault(rig.write(0x2000, Mode::user), Fault::acv, 1);
  check_translated(rig.write(0x2000, Mode::supervisor), 0x800000, 13);
  rig.reset(kEv5);
  check_fault(rig.read(0x2000, Mode::user), Fault::acv, 1);
}

}  // namespace

TEST_CASE("arch: alpha translations") { translates("arch", Format::alpha); }
TEST_CASE("tlm: alpha translations") { translates("tlm", Format::alpha); }
TEST_CASE("arch: alpha-x64 translations") { translates("arch", Format::alpha_x64); }
TEST_CASE("tlm: alpha-x64 translations") { translates("tlm", Format::alpha_x64); }
TEST_CASE("arch: alpha faults (T80 to T85, T88)") { faults("arch"); }
TEST_CASE("tlm: alpha faults (T80 to T85, T88)") { faults("tlm"); }
TEST_CASE("arch: superpages of three chips and translation off (T90, T91)") { superpages("arch"); }
TEST_CASE("tlm: superpages of three chips and translation off (T90, T91)") { superpages("tlm"); }
TEST_CASE("arch: the VMS layout (T87)") { vms("arch"); }
TEST_CASE("tlm: the VMS layout (T87)") { vms("tlm"); }

TEST_CASE("arch: a software-refilled TLB that is not there misses whatever is filled") {
  Rig rig(dut("arch", Format::alpha), kEv5);
  Tables tables(rig, Format::alpha);
  const u64 leaf = tables.map(0x2000, 0x800000, kAlphaAll);
  rig.in.ctx_ctl = kRefill | kSpe1;
  check_fault(rig.read(0x2000), Fault::miss, 0);
  rig.maintain(kInvFillD, 0x2000, 0, rig.words[leaf]);
  check_fault(rig.read(0x2000), Fault::miss, 0);
  check_translated(rig.read(0xFFFF'FC00'0000'0000), 0, 40);
  CHECK(rig.done.empty());
}

TEST_CASE("tlm: a software-refilled TLB holds what is filled, and a refused access is its fault (T98)") {
  Rig rig(dut("tlm", Format::alpha), kEv6);
  Tables tables(rig, Format::alpha);
  rig.in.ctx_ctl = kRefill;
  rig.in.ctx_asid = 9;
  check_fault(rig.read(0x2000), Fault::miss, 0);
  rig.maintain(kInvFillD, 0x2000, 9, tables.leaf(0x800000, kAlphaAll | kFOW));
  check_translated(rig.read(0x2008), 0x800008, 13);
  check_fault(rig.write(0x2008), Fault::on_write, 0);
  check_fault(rig.fetch(0x2008), Fault::miss, 0);  // the other side's TLB
  rig.maintain(kInvFillI, 0x2000, 9, tables.leaf(0x800000, kAlphaAll));
  check_translated(rig.fetch(0x2008), 0x800008, 13);
  // The 21264 keeps the old entry; the 21164 takes the new one.
  rig.maintain(kInvFillD, 0x2000, 9, tables.leaf(0x900000, kAlphaAll));
  check_translated(rig.read(0x2008), 0x800008, 13);
  rig.maintain(kInvPage, 0x2000, 9);
  check_fault(rig.read(0x2008), Fault::miss, 0);
  rig.reset(kEv5);
  rig.maintain(kInvFillD, 0x2000, 9, tables.leaf(0x800000, kAlphaAll));
  rig.maintain(kInvFillD, 0x2000, 9, tables.leaf(0x900000, kAlphaAll));
  check_translated(rig.read(0x2008), 0x900008, 13);
  CHECK(rig.done.empty());
}

}  // namespace kilburn::tb::test
