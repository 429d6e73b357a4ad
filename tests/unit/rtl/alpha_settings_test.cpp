// SPDX-License-Identifier: Apache-2.0
//
// Alpha settings: the VMS layout's four modes, and the superpages of the three chips.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

unsigned levels(const DutBench& bench) { return bench.api().config.format == 1 ? 3 : 4; }

}  // namespace

TEST_CASE("VMS layout: each mode has its own enables, OSF: all but kernel share one (T87)") {
  const auto name = GENERATE(as<std::string>{}, "mmu-props-alpha", "mmu-alpha-x64");
  const bool vms = GENERATE(false, true);
  const unsigned column = GENERATE(0u, 1u, 2u, 3u);  // of the one enable bit that is set
  const unsigned mode = GENERATE(0u, 1u, 2u, 3u);
  DutBench bench(library(name));
  bench.reset(kEv5 | (vms ? kVms : 0));
  alpha_tables(bench);
  const std::uint64_t last = table(levels(bench) - 1);
  bench.memory[last] = alpha_pte(bench, 0x40000000, kV | 0x100ull << column);
  const unsigned page_shift = bench.api().config.format == 1 ? 13 : 12;
  bench.memory[last + 8] = alpha_pte(bench, 0x40000000, kV | 0x1000ull << column);
  bench.memory[last + 16] = alpha_pte(bench, 0, 0x100ull << column);  // not valid
  const bool given = column == (vms ? mode : mode == 0 ? 0 : 1);
  const unsigned expected = given ? kNoFault : kAcv;
  CHECK(bench.translate_d(0, false, mode).rsp_fault == expected);
  CHECK(bench.translate_d(0, false, mode).rsp_fault == expected);  // a hit where it was granted
  CHECK(bench.translate_i(0, mode).rsp_fault == expected);
  CHECK(bench.translate_d(0, true, mode).rsp_fault == kAcv);
  CHECK(bench.translate_d(1ull << page_shift, true, mode).rsp_fault == expected);
  CHECK(bench.translate_d(1ull << page_shift, false, mode).rsp_fault == kAcv);
  CHECK(bench.translate_d(2ull << page_shift, false, mode).rsp_fault == (given ? kTnv : kAcv));
}

TEST_CASE("the superpages of EV4, EV5 and EV6 (T90, T91)") {
  struct Region {
    std::uint32_t chip;
    unsigned spe;
    std::uint64_t va, pa;
    unsigned size;  // 0: no superpage of this chip
  };
  // EV4 ABOX_CTL, EV5 MCSR (VA<42:41> = 2, VA<42:30> = 1FFE), EV6 M_CTL.
  const auto region = GENERATE(
      Region{kEv4, 2, 0xffff'fdff'ffff'fff8, 0x3'ffff'fff8, 34}, Region{kEv4, 2, 0xffff'fc04'0000'0010, 0x10, 34},
      Region{kEv4, 1, 0xffff'ffff'9abc'def0, 0x1abc'def0, 30},
      Region{kEv5, 2, 0xffff'fdff'ffff'fff8, 0xff'ffff'fff8, 40},
      Region{kEv5, 2, 0xffff'fc98'7654'3210, 0x98'7654'3210, 40}, Region{kEv5, 1, 0xffff'ffff'8000'0000, 0, 30},
      Region{kEv6, 2, 0xffff'fdff'ffff'fff8, 0xfff'ffff'fff8, 40},
      Region{kEv6, 2, 0xffff'fcff'ffff'fff8, 0xff'ffff'fff8, 40},
      Region{kEv6, 1, 0xffff'ffff'bfff'ffff, 0x3fff'ffff, 30}, Region{kEv6, 4, 0xffff'fc98'7654'3210, 0, 0},
      Region{kEv5, 4, 0xffff'fc98'7654'3210, 0, 0}, Region{kEv4, 5, 0xffff'fc98'7654'3210, 0, 0},
      Region{kEv5, 6, 0xffff'ffff'9abc'def0, 0, 0}, Region{kEv5, 2, 0x0000'0000'9abc'def0, 0, 0});
  const auto name = GENERATE(as<std::string>{}, "mmu-props-alpha", "mmu-alpha-x64");
  DutBench bench(library(name));
  bench.in.ctx_root = kRoot;  // an empty table: ACV of a walk
  bench.reset(region.chip);
  bench.in.ctx_ctl = region.spe << 8;
  const auto kernel = bench.translate_d(region.va, true, kKernel);
  if (region.size == 0) {
    CHECK(kernel.rsp_fault == kAcv);
    CHECK(kernel.rsp_level == levels(bench));
    return;
  }
  CHECK(kernel.rsp_fault == kNoFault);
  CHECK(kernel.rsp_pa == region.pa);
  CHECK(kernel.rsp_size == region.size);
  CHECK(kernel.rsp_global == 1);
  CHECK(bench.translate_i(region.va, kKernel).rsp_pa == region.pa);
  for (unsigned mode = 1; mode < 4; ++mode) {
    const auto refused = bench.translate_d(region.va, false, mode);
    CHECK(refused.rsp_fault == kAcv);
    CHECK(refused.rsp_level == 0);
  }
  CHECK(bench.reads == 0);
}

TEST_CASE("SPE<2> is EV6's, whose region needs 48 bits of address") {
  const std::uint64_t va = 0xffff'8123'4567'8900;  // VA<47:46> = 2
  DutBench narrow(library("mmu-props-alpha"));
  narrow.reset(kEv6);
  narrow.in.ctx_ctl = 4u << 8;
  CHECK(narrow.translate_d(va, false, kKernel).rsp_fault == kAcv);  // sign check of 43 bits
  CHECK(narrow.reads == 0);
  DutBench wide(library("mmu-alpha-x64"));
  wide.in.ctx_ctl = 4u << 8;
  wide.in.ctx_root = kRoot;
  const auto translated = wide.translate_d(va, false, kKernel);
  CHECK(translated.rsp_pa == 0x0123'4567'8900);
  CHECK(translated.rsp_size == 44);
  wide.reset(kEv5);
  CHECK(wide.translate_d(va, false, kKernel).rsp_level == 4);  // a walk
}

}  // namespace kilburn::rtl_test
