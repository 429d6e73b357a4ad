// SPDX-License-Identifier: Apache-2.0
//
// What configuration decides, and a reset that takes another one (rtl/README.md, "Parameters").
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;
using arch::Mode;

// One right alone: only its mode and its operation have access. OSF: kernel has bits 8 and 12, all others 9 and 13.
TEST_CASE("mmu config: T87 the enable bits of each mode in the OSF and the VMS layout") {
  for (const bool vms : {false, true}) {
    for (unsigned bit = 8; bit < 16; ++bit) {
      arch::Settings settings;
      settings.vms = vms;
      Rig rig(Format::alpha, 4, 4, settings);
      rig.memory.set(rig.root, 0x4000, 1, test::alpha::pfn(7) | test::alpha::kV | u64{1} << bit);
      for (unsigned mode = 0; mode < 4; ++mode) {
        INFO("VMS " << vms << ", bit " << bit << ", mode " << mode);
        const unsigned column = vms ? mode : mode == 0 ? 0 : 1;
        const bool readable = bit == 8 + column;
        const bool writable = bit == 12 + column;
        for (unsigned repeat = 0; repeat < 2; ++repeat) {  // by the walk, then by the entry
          CHECK(rig.load(0x4000, static_cast<Mode>(mode)).rsp_fault == (readable ? 0 : 9));
          CHECK(rig.store(0x4000, static_cast<Mode>(mode)).rsp_fault == (writable ? 0 : 9));
          CHECK(rig.execute(0x4000, static_cast<Mode>(mode)).rsp_fault == (readable ? 0 : 9));
        }
        // A refused access of a software-refilled TLB asks the same bits.
        rig.filled(SideName::data, 0x6000, test::alpha::pfn(8) | test::alpha::kV | u64{1} << bit);
        rig.in.ctx_ctl = control::kRefill;
        CHECK(rig.load(0x6000, static_cast<Mode>(mode)).rsp_fault == (readable ? 0 : 9));
        CHECK(rig.store(0x6000, static_cast<Mode>(mode)).rsp_fault == (writable ? 0 : 9));
        rig.in.ctx_ctl = 0;
      }
    }
  }
}

TEST_CASE("mmu config: T83 an invalid leaf is TNV or ACV by the layout's enable bits, an upper entry by KRE") {
  using namespace test::alpha;
  arch::Settings vms;
  vms.vms = true;
  Rig rig(Format::alpha_x64, 4, 4, vms);
  rig.memory.set(rig.root, 0x4000, 1, pfn(7) | kSre | kVmsUwe);
  CHECK(rig.load(0x4000, Mode::supervisor).rsp_fault == 8);
  CHECK(rig.load(0x4000, Mode::user).rsp_fault == 9);
  CHECK(rig.store(0x4000, Mode::user).rsp_fault == 8);
  CHECK(rig.store(0x4000, Mode::supervisor).rsp_fault == 9);
  const u64 upper = rig.memory.address(rig.root, 0x4000, 2);
  rig.memory.write(upper, kSre | kUre | kVmsUre);
  CHECK(rig.load(0x4000, Mode::user).rsp_fault == 9);
  rig.memory.write(upper, kKre);
  CHECK(rig.load(0x4000, Mode::user).rsp_fault == 8);
}

TEST_CASE("mmu config: a reset takes another configuration, which holds from then on") {
  Rig rig(Format::x86_64);
  const u64 frame = u64{1} << 45;
  rig.memory.set(rig.root, 0x1000, 1, frame | x86::kUserPage);
  CHECK(rig.load(0x1000).rsp_err == 0x9);
  rig.ticks(3);
  rig.mmu->reset(with_pa_width(46));
  CHECK(rig.mmu->settings().pa_width == 46);
  PinsOut expected;
  expected.i.req_ready = expected.d.req_ready = expected.inv_ready = 1;
  CHECK(std::memcmp(&rig.out(), &expected, sizeof expected) == 0);
  CHECK(rig.load(0x1000).rsp_pa == frame);
  rig.in.ctx_ctl = control::kPhys;
  CHECK(rig.load(~u64{0}).rsp_pa == (u64{1} << 46) - 1);
  rig.in.ctx_ctl = 0;
  rig.ticks(3);
  rig.mmu->reset();
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  CHECK(rig.load(0x1000).rsp_pa == frame);
}

TEST_CASE("mmu config: a reset changes chip and layout of every unit") {
  using namespace test::alpha;
  Rig rig(Format::alpha);
  rig.in.ctx_ctl = control::spe(2) | control::kRefill;
  const u64 va = 0xffff'fc12'3456'789a;
  CHECK(rig.load(va).rsp_size == 40);
  rig.filled(SideName::data, 0x2000, pfn(7) | kPage);
  rig.filled(SideName::data, 0x2000, pfn(8) | kPage);
  CHECK(rig.load(0x2000).rsp_pa == 8 << 13);
  rig.ticks(3);
  rig.mmu->reset(with_chip(arch::Chip::ev4));
  CHECK(rig.load(va).rsp_size == 34);
  rig.ticks(3);
  arch::Settings ev6 = with_chip(arch::Chip::ev6);
  ev6.vms = true;
  rig.mmu->reset(ev6);
  CHECK(rig.load(va | u64{1} << 40).rsp_pa == 0x0f12'3456'789a);
  rig.filled(SideName::data, 0x2000, pfn(7) | kPage);
  rig.filled(SideName::data, 0x2000, pfn(8) | kPage);
  CHECK(rig.load(0x2000).rsp_pa == 7 << 13);
  CHECK(rig.load(0x2000, Mode::executive).rsp_pa == 7 << 13);
  CHECK(rig.load(0x2000, Mode::user).rsp_fault == 9);
}

// layout.def Config: PA_WIDTH 5:0, CHIP 10:9; code 3 of CHIP is the 21064 too.
TEST_CASE("mmu config: the settings of a configuration word") {
  for (const u32 code : {0u, 3u}) {
    Rig rig(Format::alpha, 4, 4, arch::settings_of(Format::alpha, code << 9 | 40));
    rig.in.ctx_ctl = control::spe(2);
    CHECK(rig.load(0xffff'fc00'0000'0000).rsp_size == 34);
  }
}
