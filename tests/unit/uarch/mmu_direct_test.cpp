// SPDX-License-Identifier: Apache-2.0
//
// Requests decided before the TLB: sign checks and superpages (rtl/README.md, "Side", first line of a
// lookup; EV5 5.2, EV6 M_CTL).
#include <optional>
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;

using control::spe;

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

TEST_CASE("mmu direct: T90 T91 superpages of each chip: address, size, and kernel mode only") {
  using arch::Chip;
  struct Case {
    Format format;
    std::optional<Chip> chip;  // none: the format's own
    u32 enable;
    u64 va;
    u64 pa;
    u8 size;
  };
  const std::vector<Case> cases = {
      {Format::alpha, {}, 1u << 1, 0xffff'fc12'3456'789a, 0x12'3456'789a, 40},
      {Format::alpha, {}, 1u << 1, 0xffff'fd80'0000'0008, 0x80'0000'0008, 40},  // VA<40> is not part of the PA
      {Format::alpha, {}, 1u << 0, 0xffff'ffff'9234'5678, 0x1234'5678, 30},
      {Format::alpha_x64, {}, 1u << 2, 0xffff'8876'5432'1098, 0x0876'5432'1098, 44},
      {Format::alpha_x64, {}, 1u << 1, 0xffff'fc12'3456'789a, 0x12'3456'789a, 40},
      {Format::alpha_x64, {}, 1u << 1, 0xffff'fd12'3456'789a, 0x0f12'3456'789a, 40},  // PA<43:41> = VA<40>
      {Format::alpha_x64, {}, 1u << 0, 0xffff'ffff'9234'5678, 0x1234'5678, 30},
      {Format::alpha, Chip::ev4, 1u << 1, 0xffff'fc12'3456'789a, 0x2'3456'789a, 34},  // 34 bits
      {Format::alpha, Chip::ev4, 1u << 1, 0xffff'fdff'ffff'ffff, 0x3'ffff'ffff, 34},
      {Format::alpha, Chip::ev4, 1u << 0, 0xffff'ffff'9234'5678, 0x1234'5678, 30},
      {Format::alpha, Chip::ev6, 1u << 1, 0xffff'fd12'3456'789a, 0x0f12'3456'789a, 40},
      {Format::alpha, Chip::ev6, 1u << 0, 0xffff'ffff'bfff'ffff, 0x3fff'ffff, 30},
      {Format::alpha_x64, Chip::ev4, 1u << 1, 0xffff'fc12'3456'789a, 0x2'3456'789a, 34},
      {Format::alpha_x64, Chip::ev4, 1u << 0, 0xffff'ffff'9234'5678, 0x1234'5678, 30},
      {Format::alpha_x64, Chip::ev5, 1u << 1, 0xffff'fd12'3456'789a, 0x12'3456'789a, 40},
      {Format::alpha_x64, Chip::ev5, 1u << 0, 0xffff'ffff'9234'5678, 0x1234'5678, 30},
  };
  for (const Case& c : cases) {
    INFO(arch::name(c.format) << " " << std::hex << c.va << ", chip " << (c.chip ? int(*c.chip) : -1));
    arch::Settings settings;
    settings.chip = c.chip;
    Rig rig(c.format, 4, 4, settings);
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

// Just outside each region, and regions of other chips: these go to the tables, which are empty.
TEST_CASE("mmu direct: what no enabled region of the chip matches is left to the tables") {
  using arch::Chip;
  struct Case {
    Format format;
    Chip chip;
    u32 enable;
    u64 va;
  };
  const std::vector<Case> cases = {
      {Format::alpha, Chip::ev4, 2, 0xffff'fe00'0000'0000},      // VA<42:41> = 3
      {Format::alpha, Chip::ev4, 1, 0xffff'ffff'7fff'ffff},      // VA<42:30> = 0x1ffd
      {Format::alpha, Chip::ev4, 1, 0xffff'ffff'c000'0000},      // 0x1fff
      {Format::alpha, Chip::ev4, 4 | 1, 0xffff'fc00'0000'0000},  // SPE<2> is no enable of this chip
      {Format::alpha, Chip::ev6, 4, 0xffff'fc00'0000'0000},      // VA<47:46> is 3 in every such address
      {Format::alpha_x64, Chip::ev4, 4, 0xffff'8876'5432'1098},  // the 21264's alone
      {Format::alpha_x64, Chip::ev5, 4, 0xffff'8876'5432'1098},
      {Format::alpha_x64, Chip::ev5, 2, 0xffff'f400'0000'0000},  // no sign-extended 43-bit address
      {Format::alpha_x64, Chip::ev6, 3, 0xffff'8876'5432'1098},  // not enabled
  };
  for (const Case& c : cases) {
    INFO(arch::name(c.format) << ", chip " << int(c.chip) << ", " << std::hex << c.va);
    Rig rig(c.format, 4, 4, with_chip(c.chip));
    rig.in.ctx_ctl = spe(c.enable);
    CHECK(rig.load(c.va).rsp_fault == 9);
    CHECK(rig.d_responses.back().pins.rsp_level == (c.format == Format::alpha ? 3 : 4));
    CHECK(rig.count(event::D_DIRECT) == 0);
  }
}

TEST_CASE("mmu direct: with translation off the address is physical, before the sign check and superpages") {
  struct Case {
    Format format;
    u8 width;  // MAXPHYADDR; of a frame number of 32 bits
    u64 va;
    u64 pa;
  };
  const std::vector<Case> cases = {
      {Format::x86_64, 40, 0xdead'beef'1234'5678, 0xef'1234'5678},
      {Format::x86_64, 32, 0xdead'beef'1234'5678, 0x1234'5678},
      {Format::x86_64, 52, 0xdead'beef'1234'5678, 0xd'beef'1234'5678},
      {Format::x86_64, 40, 0x7fff, 0x7fff},
      {Format::alpha, 45, ~u64{0}, 0x1fff'ffff'ffff},
      {Format::alpha, 45, 0x0000'3456'789a'bcde, 0x1456'789a'bcde},
      {Format::alpha, 45, 0xffff'fc12'3456'789a, 0x1c12'3456'789a},  // a superpage's address
      {Format::alpha_x64, 44, ~u64{0}, 0x0fff'ffff'ffff},
      {Format::alpha_x64, 44, 0xffff'8876'5432'1098, 0x0876'5432'1098},
      {Format::alpha_x64, 44, 0x7654'3210'fedc'ba98, 0x0210'fedc'ba98},
  };
  for (const Case& c : cases) {
    INFO(arch::name(c.format) << " " << std::hex << c.va);
    arch::Settings settings;
    if (c.format == Format::x86_64) settings.pa_width = c.width;
    Rig rig(c.format, 4, 4, settings);
    rig.in.ctx_ctl = control::kPhys | spe(7);
    rig.data(c.va, true, arch::Mode::user, 5);
    rig.fetch(c.va, arch::Mode::user, 6);
    rig.ticks(20);
    REQUIRE(rig.d_responses.size() == 1);
    CHECK(rig.d_responses[0].cycle == 1);
    ReqOut expected;
    expected.req_ready = 1;
    expected.rsp_valid = 1;
    expected.rsp_id = 5;
    expected.rsp_pa = c.pa;
    expected.rsp_size = c.width;
    expected.rsp_global = 1;
    CHECK(std::memcmp(&rig.d_responses[0].pins, &expected, sizeof expected) == 0);
    REQUIRE(rig.i_responses.size() == 1);
    CHECK(rig.i_responses[0].pins.rsp_pa == c.pa);
    CHECK(rig.accesses.empty());
    CHECK(rig.count(event::D_DIRECT) == 1);
    CHECK(rig.count(event::I_DIRECT) == 1);
    CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  }
}

TEST_CASE("mmu direct: translation off is before the TLB and leaves it as it is") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, 0x1000, 1, 0x5'0000 | x86::kKernelPage);
  for (unsigned n = 0; n < 2; ++n) CHECK(rig.load(0x1000).rsp_pa == 0x5'0000);
  rig.in.ctx_ctl = control::kPhys;
  CHECK(rig.load(0x1008).rsp_pa == 0x1008);
  CHECK(rig.store(0x1008, arch::Mode::user).rsp_pa == 0x1008);  // no rights are asked
  rig.in.ctx_ctl = 0;
  CHECK(rig.load(0x1008).rsp_pa == 0x5'0008);
  CHECK(rig.count(event::D_HIT) == 2);
  CHECK(rig.count(event::D_MISS) == 1);
}
