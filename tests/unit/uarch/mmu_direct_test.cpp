// SPDX-License-Identifier: Apache-2.0
//
// Requests decided before the TLB: sign checks and superpages (rtl/README.md, "Side", first line of a
// lookup; EV5 5.2, EV6 M_CTL).
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;

namespace {
constexpr u32 spe(u32 enables) { return enables << 8; }
}  // namespace

TEST_CASE("mmu direct: T88 a wrong sign is answered in the next cycle, without a walk") {
  struct Case {
    Format format;
    u64 va;
    u8 fault;
  };
  const std::vector<Case> cases = {
      {Format::x86_64, 0x0000'8000'0000'0000, 2},    {Format::x86_64, 0xffff'7fff'ffff'ffff, 2},
      {Format::x86_64, 0x8000'0000'0000'0000, 2},    {Format::alpha, 0x0000'0400'0000'0000, 9},
      {Format::alpha, 0xffff'fbff'ffff'ffff, 9},     {Format::alpha_x64, 0x0000'8000'0000'0000, 9},
      {Format::alpha_x64, 0xffff'7fff'ffff'ffff, 9}, {Format::alpha_x64, 0x4000'0000'0000'0000, 9},
  };
  for (const Case& c : cases) {
    Rig rig(c.format);
    rig.in.ctx_ctl = spe(7);
    INFO(arch::name(c.format) << " " << std::hex << c.va);
    rig.data(c.va, true, arch::Mode::kernel, 5);
    rig.fetch(c.va, arch::Mode::user, 6);
    rig.ticks(20);
    REQUIRE(rig.d_responses.size() == 1);
    CHECK(rig.d_responses[0].cycle == 1);
    ReqOut expected;
    expected.req_ready = 1;
    expected.rsp_valid = 1;
    expected.rsp_id = 5;
    expected.rsp_fault = c.fault;
    CHECK(std::memcmp(&rig.d_responses[0].pins, &expected, sizeof expected) == 0);
    REQUIRE(rig.i_responses.size() == 1);
    CHECK(rig.i_responses[0].pins.rsp_fault == c.fault);
    CHECK(rig.accesses.empty());
    CHECK(rig.count(event::D_DIRECT) == 1);
    CHECK(rig.count(event::I_DIRECT) == 1);
    CHECK(rig.count(event::D_MISS) == 0);
  }
}

TEST_CASE("mmu direct: T90 T91 superpages: address, size, and kernel mode only") {
  struct Case {
    Format format;
    u32 enable;
    u64 va;
    u64 pa;
    u8 size;
  };
  const std::vector<Case> cases = {
      {Format::alpha, 1u << 1, 0xffff'fc12'3456'789a, 0x12'3456'789a, 40},
      {Format::alpha, 1u << 1, 0xffff'fd80'0000'0008, 0x80'0000'0008, 40},  // VA<40> is not part of the PA
      {Format::alpha, 1u << 0, 0xffff'ffff'9234'5678, 0x1234'5678, 30},
      {Format::alpha_x64, 1u << 2, 0xffff'8876'5432'1098, 0x0876'5432'1098, 44},
      {Format::alpha_x64, 1u << 1, 0xffff'fc12'3456'789a, 0x12'3456'789a, 40},
      {Format::alpha_x64, 1u << 1, 0xffff'fd12'3456'789a, 0x0f12'3456'789a, 40},  // PA<43:41> = VA<40>
      {Format::alpha_x64, 1u << 0, 0xffff'ffff'9234'5678, 0x1234'5678, 30},
  };
  for (const Case& c : cases) {
    INFO(arch::name(c.format) << " " << std::hex << c.va);
    Rig rig(c.format);
    rig.in.ctx_ctl = spe(c.enable);
    rig.data(c.va, true, arch::Mode::kernel, 5);
    rig.data(c.va, false, arch::Mode::user, 6);
    rig.fetch(c.va, arch::Mode::kernel, 7);
    rig.ticks(3);
    REQUIRE(rig.d_responses.size() == 2);
    CHECK(rig.d_responses[0].pins.rsp_fault == 0);
    CHECK(rig.d_responses[0].pins.rsp_pa == c.pa);
    CHECK(rig.d_responses[0].pins.rsp_size == c.size);
    CHECK(rig.d_responses[0].pins.rsp_global == 1);
    CHECK(rig.d_responses[0].pins.rsp_mt == 0);
    CHECK(rig.d_responses[1].pins.rsp_fault == 9);
    CHECK(rig.d_responses[1].pins.rsp_pa == 0);
    CHECK(rig.d_responses[1].pins.rsp_global == 0);
    REQUIRE(rig.i_responses.size() == 1);
    CHECK(rig.i_responses[0].pins.rsp_pa == c.pa);
    CHECK(rig.accesses.empty());
    CHECK(rig.count(event::D_DIRECT) == 2);
    CHECK(rig.count(event::I_DIRECT) == 1);
  }
}

TEST_CASE("mmu direct: a superpage that is not enabled is translated by the tables") {
  Rig rig(Format::alpha);
  const u64 va = 0xffff'fc00'0000'0000;
  rig.memory.set(rig.root, va, 1, rig.memory.pointer(0x6'0000, test::alpha::kPage));
  rig.in.ctx_ctl = spe(1 | 4);  // SPE<2> does nothing in this format
  CHECK(rig.load(va).rsp_pa == 0x6'0000);
  CHECK(rig.load(va).rsp_pa == 0x6'0000);
  CHECK(rig.count(event::D_HIT) == 1);
  rig.in.ctx_ctl = spe(2);  // now it comes before the TLB that holds the page
  CHECK(rig.load(va).rsp_pa == 0);
  CHECK(rig.d_responses.back().pins.rsp_size == 40);
  CHECK(rig.load(va, arch::Mode::user).rsp_fault == 9);
  rig.in.ctx_ctl = 0;
  CHECK(rig.load(va).rsp_pa == 0x6'0000);
}

TEST_CASE("mmu direct: a wrong sign is never answered from a TLB entry of the same translated bits") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, 0x1000, 1, 0x5'0000 | x86::kKernelPage);
  CHECK(rig.load(0x1000).rsp_pa == 0x5'0000);
  CHECK(rig.load(0x1000).rsp_pa == 0x5'0000);
  CHECK(rig.load(0x0001'0000'0000'1000).rsp_fault == 2);
  CHECK(rig.load(0xffff'0000'0000'1000).rsp_fault == 2);
  CHECK(rig.load(0x1000).rsp_pa == 0x5'0000);
}
