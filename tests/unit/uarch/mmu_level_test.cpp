// SPDX-License-Identifier: Apache-2.0
//
// Five levels and 57-bit addresses: the walk, the sign check, TLB keys, invalidations and page faults that must
// tell addresses apart by their upper bits (SDM 4.5, LA57; rtl/README.md).
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using namespace kilburn::uarch::test::x86;
using namespace kilburn::uarch::test::control;
using arch::Format;
using arch::Mode;

namespace {

// Indices by level: 0x12, 0x068, 0x0d1, 0x0b3, 0x189.
constexpr u64 kWide = 0x0012'3434'5678'9000;
static_assert((kWide >> 48) == 0x12 && (kWide >> 39 & 511) == 0x68 && (kWide >> 30 & 511) == 0xd1 &&
              (kWide >> 21 & 511) == 0xb3 && (kWide >> 12 & 511) == 0x189);

Rig five(const arch::Settings& settings = {}) {
  Rig rig(Format::x86_64, 4, 4, settings);
  rig.memory.levels = 5;
  rig.in.ctx_ctl = kLa57;
  return rig;
}

}  // namespace

// Two cycles a level: the response of a walk of five comes in cycle 2 * 5 + 3 (see mmu_timing_test.cpp).
TEST_CASE("mmu level: T16 five levels, from VA<56:48> on, respond after 13 cycles") {
  Rig rig = five();
  rig.memory.set(rig.root, kWide, 1, 0x9000 | kUserPage);
  REQUIRE(rig.data(kWide + 0x678, false, Mode::user) == 0);
  rig.ticks(15);
  REQUIRE(rig.d_responses.size() == 1);
  CHECK(rig.d_responses[0].cycle == 13);
  CHECK(rig.d_responses[0].pins.rsp_pa == 0x9678);
  CHECK(rig.d_responses[0].pins.rsp_size == 12);
  REQUIRE(rig.accesses.size() == 5);
  CHECK(rig.accesses[0].address == rig.root + 8 * 0x12);
  const u64 index[] = {0x12, 0x68, 0xd1, 0xb3, 0x189};
  for (unsigned n = 0; n < 5; ++n) {
    CHECK(rig.accesses[n].cycle == 2 + 2 * n);
    CHECK((rig.accesses[n].address & 0xfff) == 8 * index[n]);
  }
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).va == kWide);
  CHECK(rig.count(event::MEM_READ) == 5);
  CHECK(rig.load(kWide).rsp_pa == 0x9000);
  CHECK(rig.count(event::D_HIT) == 1);
}

TEST_CASE("mmu level: T12 T40 level 5 takes part in rights and accessed bits") {
  Rig rig = five();
  rig.memory.set(rig.root, kWide, 1, 0x9000 | kUserPage, kP | kUs);  // nothing accessed, read-only above the leaf
  CHECK(rig.load(kWide, Mode::user).rsp_fault == 0);
  CHECK(rig.count(event::MEM_CAS) == 4);
  CHECK(rig.accesses[1].op == 1);
  CHECK(rig.accesses[1].address == rig.root + 8 * 0x12);
  CHECK((rig.accesses[1].data ^ rig.accesses[1].compare) == kA);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).rights == 0xa);  // U D
  Rig one = five();
  one.memory.set(one.root, kWide, 1, 0x9000 | kUserPage);
  const u64 top = one.root + 8 * 0x12;
  one.memory.write(top, one.memory.read(top) & ~kRw);
  CHECK(one.store(kWide, Mode::user).rsp_err == 0x7);
  one.memory.write(top, one.memory.read(top) & ~kP);
  const ReqOut absent = one.store(kWide, Mode::user);
  CHECK(absent.rsp_err == 0x6);
  CHECK(absent.rsp_level == 5);
}

TEST_CASE("mmu level: T104 a request keeps the levels of its acceptance") {
  Rig rig(Format::x86_64);
  const u64 va = 0x1234'5678'9000;
  const u64 five_root = rig.memory.table();
  rig.memory.set(rig.root, va, 1, 0x9000 | kUserPage);
  rig.memory.levels = 5;
  rig.memory.set(five_root, va, 1, 0xa000 | kUserPage);
  rig.in.ctx_asid = 1;
  rig.data(va, false, Mode::kernel, 1);  // four levels
  rig.in.ctx_asid = 2;
  rig.in.ctx_root = five_root;
  rig.in.ctx_ctl = kLa57;
  rig.data(va, false, Mode::kernel, 2);  // held
  rig.in.ctx_ctl = 0;
  rig.in.ctx_root = 0;
  rig.ticks(40);
  REQUIRE(rig.d_responses.size() == 2);
  CHECK(rig.d_responses[0].cycle == 11);
  CHECK(rig.d_responses[0].pins.rsp_pa == 0x9000);
  // The walker is idle in cycle 10; five reads from 11 to 19, the last answered in 20.
  CHECK(rig.d_responses[1].cycle == 22);
  CHECK(rig.d_responses[1].pins.rsp_pa == 0xa000);
}

TEST_CASE("mmu level: T33 T88 canonical means 48 bits, with LA57 57") {
  struct Case {
    u64 va;
    bool four;  // canonical
    bool five;
  };
  const std::vector<Case> cases = {
      {0x0000'7fff'ffff'f000, true, true},   {0x0000'8000'0000'0000, false, true},
      {0x00ff'ffff'ffff'f000, false, true},  {0x0100'0000'0000'0000, false, false},
      {0x0200'0000'0000'0000, false, false}, {0x8000'0000'0000'0000, false, false},
      {0xfeff'ffff'ffff'f000, false, false}, {0xff00'0000'0000'0000, false, true},
      {0xffff'7fff'ffff'f000, false, true},  {0xffff'8000'0000'0000, true, true},
  };
  for (const Case& c : cases) {
    INFO(std::hex << c.va);
    Rig rig(Format::x86_64);
    CHECK(rig.load(c.va).rsp_fault == (c.four ? 1 : 2));
    CHECK(rig.d_responses.back().pins.rsp_level == (c.four ? 4 : 0));
    rig.in.ctx_ctl = kLa57;
    CHECK(rig.load(c.va).rsp_fault == (c.five ? 1 : 2));
    CHECK(rig.d_responses.back().pins.rsp_level == (c.five ? 5 : 0));
    CHECK(rig.count(event::D_DIRECT) == unsigned{!c.four} + unsigned{!c.five});
  }
}

TEST_CASE("mmu level: T33 a cached page of five levels is no page of four") {
  Rig rig = five();
  const u64 va = 0x0000'8000'0000'1000;
  rig.memory.set(rig.root, va, 1, 0x9000 | kUserPage);
  for (unsigned n = 0; n < 3; ++n) CHECK(rig.load(va).rsp_pa == 0x9000);
  rig.in.ctx_ctl = 0;
  CHECK(rig.load(va).rsp_fault == 2);
  rig.in.ctx_ctl = kLa57;
  CHECK(rig.load(va).rsp_pa == 0x9000);
  CHECK(rig.count(event::D_HIT) == 3);
  // An address that both forms have goes on hitting.
  rig.memory.set(rig.root, 0x1000, 1, 0xa000 | kUserPage);
  CHECK(rig.load(0x1000).rsp_pa == 0xa000);
  rig.in.ctx_ctl = 0;
  CHECK(rig.load(0x1000).rsp_pa == 0xa000);
  CHECK(rig.count(event::D_HIT) == 4);
}

TEST_CASE("mmu level: pages that differ in one upper bit are told apart") {
  for (unsigned bit = 47; bit < 57; ++bit) {
    INFO("bit " << bit);
    Rig rig = five();
    u64 other = kWide ^ u64 { 1 } << bit;
    if (bit == 56) other |= ~u64{0} << 57;  // with its sign
    rig.memory.set(rig.root, kWide, 1, 0x9000 | kUserPage);
    rig.memory.set(rig.root, other, 1, 0xa000 | kUserPage);
    for (unsigned n = 0; n < 2; ++n) {
      CHECK(rig.load(kWide).rsp_pa == 0x9000);
      CHECK(rig.load(other).rsp_pa == 0xa000);
    }
    CHECK(rig.count(event::D_HIT) == 2);
    CHECK(rig.count(event::D_MISS) == 2);
    CHECK(rig.mmu->entry(Structure::d_tlb, 1).va == (other & 0x01ff'ffff'ffff'ffff));
    // INVLPG looks at 57 bits, whatever the controls are now.
    rig.in.ctx_ctl = 0;
    rig.invalidated(inv::PAGE, other ^ u64{1} << 57);
    CHECK(rig.valid_entries(Structure::d_tlb) == 2);
    rig.invalidated(inv::PAGE, other + 0xfff);
    CHECK(rig.valid_entries(Structure::d_tlb) == 1);
    CHECK(rig.mmu->entry(Structure::d_tlb, 0).va == kWide);
  }
}

TEST_CASE("mmu level: T71 a page fault clears its own address of 57 bits in both TLBs") {
  Rig rig = five();
  const u64 other = kWide ^ u64 { 1 } << 55;
  rig.in.ctx_ctl = kLa57 | kWp;
  for (const u64 va : {kWide, other}) {
    rig.memory.set(rig.root, va, 1, 0x9000 | (kUserPage & ~kRw));
    CHECK(rig.load(va).rsp_fault == 0);
    CHECK(rig.execute(va).rsp_fault == 0);
  }
  CHECK(rig.store(kWide).rsp_err == 0x3);
  for (const Structure side : {Structure::i_tlb, Structure::d_tlb}) {
    CHECK(rig.valid_entries(side) == 1);
    CHECK(rig.mmu->entry(side, 1).va == other);
  }
}

TEST_CASE("mmu level: T02 T05 PS is reserved at levels 5 and 4, and at level 3 without 1 GB pages") {
  for (const bool page_1g : {false, true}) {
    arch::Settings settings;
    settings.page_1g = page_1g;
    for (unsigned level = 5; level >= 2; --level) {
      INFO("level " << level << ", 1 GB pages " << page_1g);
      Rig rig = five(settings);
      rig.memory.set(rig.root, kWide, level, 0x8000'0000 | kUserPage | kPs);
      const ReqOut response = rig.load(kWide + 0x678);
      if (level == 2 || (level == 3 && page_1g)) {
        CHECK(response.rsp_fault == 0);
        CHECK(response.rsp_size == (level == 2 ? 21 : 30));
        const u64 offset = (kWide + 0x678) & ((u64{1} << response.rsp_size) - 1);
        CHECK(response.rsp_pa == 0x8000'0000 + offset);
      } else {
        CHECK(response.rsp_fault == 1);
        CHECK(response.rsp_err == 0x9);
        CHECK(response.rsp_level == level);
      }
    }
  }
}

TEST_CASE("mmu level: bit 8 of an entry of levels 5 and 4 is reserved in AMD's processors only") {
  for (const bool amd : {false, true}) {
    arch::Settings settings;
    settings.amd = amd;
    for (unsigned level = 5; level >= 2; --level) {
      INFO("level " << level << ", AMD " << amd);
      Rig rig = five(settings);
      rig.memory.set(rig.root, kWide, 1, 0x9000 | kUserPage);
      const u64 address = rig.memory.address(rig.root, kWide, level);
      rig.memory.write(address, rig.memory.read(address) | kG);
      const ReqOut response = rig.load(kWide);
      CHECK(response.rsp_err == (amd && level >= 4 ? 0x9 : 0));
      CHECK(response.rsp_level == (amd && level >= 4 ? level : 0));
      CHECK(response.rsp_global == 0);
    }
  }
}

TEST_CASE("mmu level: the Alpha formats have no fifth level") {
  for (const Format format : {Format::alpha, Format::alpha_x64}) {
    Rig rig(format);
    rig.in.ctx_ctl = kLa57;
    rig.memory.set(rig.root, 0x4000, 1, test::alpha::pfn(7) | test::alpha::kPage);
    CHECK(rig.load(0x4000).rsp_fault == 0);
    CHECK(rig.accesses.size() == (format == Format::alpha ? 3 : 4));
  }
}
