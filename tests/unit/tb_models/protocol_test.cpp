// SPDX-License-Identifier: Apache-2.0
//
// Handshakes of both models: back-pressure, both sides at once, reset in the middle; the contract's header; and
// that the watched rules are seen when they are broken.
#include <algorithm>

#include "tests/unit/tb_models/rig.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kVa = 0x7F12'3456'7000;

void back_pressure(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  tables.map(kVa, 0x800000, kP | kRW | kA);
  rig.in.d.rsp_ready = 0;
  rig.takes = false;
  rig.ask(kDSide, {kVa + 5, false, Mode::kernel, false, false, 9});
  rig.clock(30);
  CHECK(rig.out.mem_req_valid == 1);
  CHECK(rig.out.d.rsp_valid == 0);
  rig.takes = true;
  rig.clock(60);
  CHECK(rig.out.d.rsp_valid == 1);
  CHECK(rig.out.d.rsp_id == 9);
  check_translated(rig.out.d, 0x800005, 12);
  CHECK(rig.out.d.req_ready == 0);
  rig.in.d.rsp_ready = 1;
  rig.clock();
  CHECK(rig.out.d.rsp_valid == 0);
  CHECK(rig.out.d.req_ready == 1);
  rig.clock(10);
  CHECK(rig.out.d.rsp_valid == 0);  // R3: exactly one
}

void both_sides(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  rig.latency = 6;
  for (u64 n = 0; n < 16; ++n) tables.map(kVa + n * 0x1000, 0x800000 + n * 0x1000, kP | kRW);
  // The address space of each is its own, sampled when it was accepted (R4).
  Tables other(rig, Format::x86_64);
  for (int skip = 0; skip < 64; ++skip) other.page();
  const u64 root = other.page();
  for (u64 n = 0; n < 16; ++n) {
    rig.in.ctx_root = tables.root;
    rig.in.ctx_asid = 1;
    rig.ask(kDSide, {kVa + n * 0x1000, true, Mode::kernel, false, false, 3});
    rig.in.ctx_root = root;  // empty
    rig.in.ctx_asid = 2;
    rig.ask(kI, {kVa + n * 0x1000, false, Mode::kernel, false, false, 3});
    rig.in.ctx_root = 0;
    kilburn_req_out seen[2] = {};
    for (int waited = 0; !(seen[0].rsp_valid && seen[1].rsp_valid); ++waited) {
      REQUIRE(waited < 500);
      if (rig.out.i.rsp_valid) seen[0] = rig.out.i;
      if (rig.out.d.rsp_valid) seen[1] = rig.out.d;
      rig.clock();
    }
    check_fault(seen[0], Fault::page, 4, 0x10);
    check_translated(seen[1], 0x800000 + n * 0x1000, 12);
  }
  CHECK(rig.most_in_flight == 2);  // ids 0 and 1
}

void reset_in_the_middle(const std::string& name) {
  Rig rig(dut(name, Format::x86_64));
  Tables tables(rig, Format::x86_64);
  const u64 leaf = tables.map(kVa, 0x800000, kP | kRW);
  tables.map(kVa + 0x1000, 0x900000, kUsed);
  rig.latency = 4;
  for (unsigned cycles = 0; cycles < 40; ++cycles) {
    rig.words[leaf] = 0x800000 | kP | kRW;
    rig.ask(kDSide, {kVa, true, Mode::kernel, false, false, 1});
    rig.ask(kI, {kVa, false, Mode::kernel, false, false, 1});
    rig.clock(cycles);
    rig.reset(rig.in.cfg);
    CHECK(rig.out.d.req_ready == 1);
    CHECK(rig.out.inv_ready == 1);
    CHECK(rig.out.mem_req_valid == 0);
    CHECK(rig.out.d.rsp_valid == 0);
    // Nothing of the requests before is left, their context neither.
    rig.in.ctx_root = 0x70'0000;
    check_fault(rig.write(kVa + 0x1000), Fault::page, 4, 2);
    rig.in.ctx_root = tables.root;
    check_translated(rig.write(kVa + 0x1000), 0x900000, 12);
    check_translated(rig.fetch(kVa + 0x1000), 0x900000, 12);
    rig.reset(rig.in.cfg);
  }
}

std::vector<std::string> broken_by(const std::function<void(kilburn_dut_in&, kilburn_dut_out&, int)>& fault) {
  // A read request taken by memory in cycle 1, answered in 2; a response shown in 3 and taken in 4.
  Protocol protocol;
  for (int cycle = 0; cycle < 8; ++cycle) {
    kilburn_dut_in in{};
    kilburn_dut_out out{};
    out.i.req_ready = out.d.req_ready = out.inv_ready = 1;
    if (cycle == 0) in.d.valid = 1, in.d.id = 2, in.inv_valid = 1;
    out.inv_ready = cycle == 0 || cycle > 2 ? 1 : 0;
    out.inv_ack = cycle == 2 ? 1 : 0;
    if (cycle == 1) out.mem_req_valid = 1, out.mem_req_addr = 0x1000, in.mem_req_ready = 1;
    if (cycle == 2) in.mem_rsp_valid = 1;
    if (cycle == 3 || cycle == 4) out.d.rsp_valid = 1, out.d.rsp_id = 2, out.d.rsp_pa = 0x5000;
    in.d.rsp_ready = cycle == 4 ? 1 : 0;
    fault(in, out, cycle);
    protocol.cycle(in, out);
  }
  return protocol.broken;
}

}  // namespace

TEST_CASE("arch: back-pressure on every port") { back_pressure("arch"); }
TEST_CASE("tlm: back-pressure on every port") { back_pressure("tlm"); }
TEST_CASE("arch: both sides walk at once, each in its own context (T104)") { both_sides("arch"); }
TEST_CASE("tlm: both sides walk at once, each in its own context (T104)") { both_sides("tlm"); }
TEST_CASE("arch: reset in any cycle of a walk") { reset_in_the_middle("arch"); }
TEST_CASE("tlm: reset in any cycle of a walk") { reset_in_the_middle("tlm"); }

TEST_CASE("both models state the contract they keep") {
  for (const std::string name : {"arch", "tlm"}) {
    for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
      const kilburn_dut_api& api = dut(name, format);
      CHECK(api.magic == KILBURN_DUT_MAGIC);
      CHECK(api.abi == KILBURN_DUT_ABI);
      CHECK(api.api_size == sizeof(kilburn_dut_api));
      CHECK(api.in_size == sizeof(kilburn_dut_in));
      CHECK(api.out_size == sizeof(kilburn_dut_out));
      CHECK(api.name == name);
      CHECK(api.config.format == static_cast<u32>(format));
      CHECK(api.config.exact == 0);
      CHECK(api.config.cfg_pins == 1);
      CHECK(api.config.features == (format == Format::x86_64 ? 0x2FU : 0x30U));  // layout.def Feature
      CHECK(&dut(name, format) == &api);
    }
  }
}

TEST_CASE("tlm: modules are made before simulation starts and given back") {
  const kilburn_dut_api& api = tlm_dut(Format::x86_64);
  elaborate_tlm_duts(Format::x86_64, 2);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  void* one = api.create(1);
  void* two = api.create(1);
  REQUIRE(one != nullptr);
  REQUIRE(two != nullptr);
  CHECK(api.create(1) == nullptr);
  CHECK(tlm_dut(Format::alpha).create(1) == nullptr);
  // In the middle of a request.
  kilburn_dut_in in{};
  kilburn_dut_out out{};
  in.d.valid = 1;
  api.clock(one, &in, &out);
  CHECK(out.mem_req_valid == 1);
  api.clock(two, &in, &out);
  CHECK(out.mem_req_valid == 1);
  api.destroy(one);
  one = api.create(1);
  REQUIRE(one != nullptr);
  in.d.valid = 0;
  api.clock(one, &in, &out);
  CHECK(out.d.req_ready == 1);
  CHECK(out.mem_req_valid == 0);
  api.destroy(one);
  api.destroy(two);
}

TEST_CASE("the protocol check bites") {
  const auto seen = [](const std::string& rule, const auto& fault) {
    const auto broken = broken_by(fault);
    INFO(rule);
    CHECK(std::ranges::find(broken, rule) != broken.end());
  };
  CHECK(broken_by([](auto&, auto&, int) {}).empty());
  seen("R2 d response", [](auto&, auto& out, int c) { out.d.rsp_pa += c == 4 ? 8 : 0; });
  seen("R2 memory", [](auto& in, auto&, int c) { in.mem_req_ready = c == 1 ? 0 : in.mem_req_ready; });
  seen("R3 d", [](auto&, auto& out, int c) { out.d.rsp_id = c == 3 ? 1 : out.d.rsp_id; });
  seen("R3 d", [](auto&, auto& out, int c) { out.d.rsp_valid |= c == 5 ? 1 : 0; });
  seen("R3 d", [](auto&, auto& out, int c) { out.d.rsp_valid |= c == 0 ? 1 : 0; });
  seen("R6 ready too early", [](auto&, auto& out, int c) { out.inv_ready = c == 1 ? 1 : out.inv_ready; });
  seen("R6 acknowledge of nothing", [](auto&, auto& out, int c) { out.inv_ack = c == 5 ? 1 : out.inv_ack; });
  seen("R9", [](auto&, auto& out, int c) { out.mem_req_valid |= c == 2 ? 1 : 0; });
  seen("R10", [](auto&, auto& out, int c) {
    if (c == 1) out.mem_req_op = 1, out.mem_req_cmp = 1, out.mem_req_data = 3;
  });
  seen("zero d", [](auto&, auto& out, int c) { out.d.rsp_pa = c == 6 ? 1 : out.d.rsp_pa; });
  seen("zero memory", [](auto&, auto& out, int c) { out.mem_req_addr = c == 6 ? 8 : out.mem_req_addr; });
}

}  // namespace kilburn::tb::test
