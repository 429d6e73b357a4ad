// SPDX-License-Identifier: Apache-2.0
//
// x86-64 settings: five levels, MAXPHYADDR, 1 GB pages, AMD's reserved bit, CR4.PGE, translation off.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

// Index into the table of a level (SDM 4.5: 9 bits each, the last level's from bit 12).
std::uint64_t index(std::uint64_t va, unsigned level) { return va >> (12 + 9 * (level - 1)) & 0x1ff; }

}  // namespace

TEST_CASE("LA57: five levels and 57-bit addresses (T16)") {
  DutBench bench(library("mmu-props-x86-64"));
  bench.in.ctx_root = kRoot;
  bench.in.ctx_ctl = kLa57;
  const auto va = GENERATE(0xff12'3456'789a'bcdeull, 0x00ed'cba9'8765'4321ull);
  for (unsigned n = 0; n < 4; ++n) bench.memory[table(n) + 8 * index(va, 5 - n)] = table(n + 1) | kUserTable;
  bench.memory[table(4) + 8 * index(va, 1)] = 0x45'6789'a000 | kUserTable;
  const auto walked = bench.translate_d(va, true, kUser);
  CHECK(walked.rsp_fault == kNoFault);
  CHECK(walked.rsp_pa == (0x45'6789'a000 | (va & 0xfff)));
  CHECK(bench.reads == 5);
  CHECK(bench.updates == 5);
  CHECK(bench.memory[table(0) + 8 * index(va, 5)] == (table(1) | kUserTable | kA));
  CHECK(bench.probe(1, 0).va == (va & 0x01ff'ffff'ffff'f000));
  CHECK(bench.translate_d(va, true, kUser).rsp_pa == walked.rsp_pa);
  CHECK(bench.reads == 5);

  // The same low 48 bits in another half of the 57: not the entry.
  const auto other = bench.translate_d(va ^ 0x0040'0000'0000'0000, false, kUser);
  CHECK(other.rsp_fault == kPf);
  CHECK(other.rsp_err == kErrU);
  CHECK(other.rsp_level == 5);
}

TEST_CASE("the width of an address goes by LA57 (T33)") {
  DutBench bench(library("mmu-props-x86-64"));
  bench.in.ctx_root = kRoot;
  struct Expected {
    std::uint64_t va;
    unsigned fault48, fault57;  // an empty table: a page fault when the address is canonical
  };
  const auto expected = GENERATE(Expected{0x0000'7fff'ffff'ffff, kPf, kPf}, Expected{0x0000'8000'0000'0000, kGp, kPf},
                                 Expected{0x0080'0000'0000'0000, kGp, kPf}, Expected{0x00ff'ffff'ffff'f000, kGp, kPf},
                                 Expected{0x0100'0000'0000'0000, kGp, kGp}, Expected{0xfeff'ffff'ffff'ffff, kGp, kGp},
                                 Expected{0xff00'0000'0000'0000, kGp, kPf}, Expected{0xffff'8000'0000'0000, kPf, kPf});
  CHECK(bench.translate_d(expected.va, false, kUser).rsp_fault == expected.fault48);
  CHECK(bench.translate_i(expected.va, kKernel).rsp_fault == expected.fault48);
  bench.in.ctx_ctl = kLa57;
  CHECK(bench.translate_d(expected.va, false, kUser).rsp_fault == expected.fault57);
  CHECK(bench.translate_i(expected.va, kKernel).rsp_fault == expected.fault57);
}

TEST_CASE("PS at levels 5 and 4 is reserved, bit 8 there only for AMD (T02)") {
  DutBench bench(library("mmu-props-x86-64"));
  const bool amd = GENERATE(false, true);
  const unsigned level = GENERATE(5u, 4u);
  bench.reset(40 | kPage1g | (amd ? kAmd : 0));
  bench.in.ctx_ctl = kLa57;
  x86_tables(bench, 5);
  bench.memory[table(4)] = 0x40000000 | kUserTable;
  bench.memory[table(5 - level)] |= kG;  // bit 8
  const auto response = bench.translate_d(0, false, kUser);
  CHECK(response.rsp_fault == (amd ? kPf : kNoFault));
  CHECK(response.rsp_err == (amd ? kErrP | kErrU | kErrRsvd : 0));
  CHECK(response.rsp_level == (amd ? level : 0));

  bench.invalidate(0, 0, 0);
  bench.memory[table(5 - level)] = table(6 - level) | kUserTable | kPs;
  const auto large = bench.translate_d(0, true, kKernel);
  CHECK(large.rsp_fault == kPf);
  CHECK(large.rsp_err == (kErrP | kErrW | kErrRsvd));
  CHECK(large.rsp_level == level);
}

TEST_CASE("address bits from MAXPHYADDR on are reserved at every level (T09)") {
  DutBench bench(library("mmu-props-x86-64"));
  const unsigned width = GENERATE(36u, 40u, 46u, 52u);
  const unsigned level = GENERATE(1u, 3u);
  bench.reset(width | kPage1g);
  x86_tables(bench);
  bench.memory[table(3)] = 0x1000 | kUserTable;
  const std::uint64_t address = table(4 - level);
  const std::uint64_t entry = bench.memory[address];
  if (level == 1) {
    bench.memory[address] = entry | 1ull << (width - 1);
    const auto response = bench.translate_d(0, false, kUser);
    CHECK(response.rsp_fault == kNoFault);
    CHECK(response.rsp_pa == (1ull << (width - 1) | 0x1000));
    bench.invalidate(0, 0, 0);
  }
  if (width == 52) return;
  bench.memory[address] = entry | 1ull << width;
  const auto response = bench.translate_d(0, false, kUser);
  CHECK(response.rsp_fault == kPf);
  CHECK(response.rsp_err == (kErrP | kErrU | kErrRsvd));
  CHECK(response.rsp_level == level);
}

TEST_CASE("without 1 GB pages PS in a PDPT entry is reserved (T05)") {
  DutBench bench(library("mmu-props-x86-64"));
  const bool page1g = GENERATE(false, true);
  bench.reset(40 | (page1g ? kPage1g : 0));
  x86_tables(bench);
  bench.memory[table(1)] = 0x80000000 | kUserTable | kPs;
  const auto response = bench.translate_d(0x123456, false, kUser);
  CHECK(response.rsp_fault == (page1g ? kNoFault : kPf));
  CHECK(response.rsp_pa == (page1g ? 0x80123456 : 0));
  CHECK(response.rsp_err == (page1g ? 0 : kErrP | kErrU | kErrRsvd));
  CHECK(response.rsp_level == (page1g ? 0 : 3));
}

TEST_CASE("G makes a translation global only with PGE (T75)") {
  DutBench bench(library("mmu-props-x86-64"));
  const bool pge = GENERATE(false, true);
  bench.in.ctx_ctl = pge ? kPge : 0;
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kUserTable | kG;
  CHECK(bench.translate_d(0, false, kUser).rsp_global == (pge ? 1 : 0));
  CHECK(bench.probe(1, 0).global == (pge ? 1 : 0));
  bench.invalidate(1, 0, 0);  // all that is not global
  CHECK(bench.probe(1, 0).valid == (pge ? 1 : 0));
}

TEST_CASE("translation off gives the low bits of the address, before any check") {
  struct Expected {
    const char* library;
    std::uint32_t cfg;
    unsigned width;
  };
  const auto expected =
      GENERATE(Expected{"mmu-props-x86-64", 40 | kPage1g, 40}, Expected{"mmu-props-x86-64", 52 | kPage1g, 52},
               Expected{"mmu-props-alpha", kEv5, 45}, Expected{"mmu-alpha-x64", kEv6, 44});
  DutBench bench(library(expected.library));
  bench.reset(expected.cfg);
  bench.in.ctx_ctl = kPhys | 0x700;  // every superpage enabled: not looked at
  const auto va = GENERATE(0x8765'4321'0fed'cba9ull, 0xffff'fc00'0000'1234ull, 0x0000'0000'0000'0004ull);
  const std::uint64_t pa = va & ((1ull << expected.width) - 1);
  const auto data = bench.translate_d(va, true, kUser);
  CHECK(data.rsp_fault == kNoFault);
  CHECK(data.rsp_pa == pa);
  CHECK(data.rsp_size == expected.width);
  CHECK(data.rsp_global == 1);
  CHECK(data.rsp_mt == 0);
  CHECK(bench.translate_i(va, kKernel).rsp_pa == pa);
  CHECK(bench.reads == 0);
  CHECK(bench.count(14) == 1);  // I_DIRECT
  CHECK(bench.count(15) == 1);  // D_DIRECT
}

}  // namespace kilburn::rtl_test
