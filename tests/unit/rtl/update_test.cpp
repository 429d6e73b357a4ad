// SPDX-License-Identifier: Apache-2.0
//
// Accessed and dirty bits: which entries are written, when, and what happens when another processor wins.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

constexpr unsigned kEventCasFail = 8;

}  // namespace

TEST_CASE("a read sets A at every level, a later write sets D (T40, T41, T45)") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kUserTable;
  bench.translate_d(0, false, kUser);
  CHECK(bench.updates == 4);
  for (unsigned n = 0; n < 3; ++n) CHECK(bench.memory[table(n)] == (table(n + 1) | kUserTable | kA));
  CHECK(bench.memory[table(3)] == (0x40000000 | kUserTable | kA));
  CHECK(bench.probe(1, 0).rights == 0b0011);

  CHECK(bench.translate_d(8, true, kUser).rsp_pa == 0x40000008);
  CHECK(bench.updates == 5);
  CHECK(bench.memory[table(3)] == (0x40000000 | kUserTable | kA | kD));
  CHECK(bench.memory[table(2)] == (table(3) | kUserTable | kA));
  CHECK(bench.probe(1, 0).rights == 0b1011);
  CHECK(bench.probe(1, 1).valid == 0);  // filled over the clean entry

  bench.translate_d(16, true, kUser);  // D is set: a hit, no more writes
  CHECK(bench.updates == 5);
}

TEST_CASE("a fault writes nothing to the entry that decides it") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kP | kUs;  // read only
  const auto response = bench.translate_d(0, true, kUser);
  CHECK(response.rsp_fault == 1);
  CHECK(response.rsp_err == 7);  // P, W, U
  CHECK(response.rsp_level == 1);
  CHECK(bench.memory[table(3)] == (0x40000000 | kP | kUs));
  CHECK(bench.probe(1, 0).valid == 0);
}

TEST_CASE("a compare-and-swap that fails is judged by what stands there now (T44)") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kUserTable;
  std::uint64_t replacement = 0;
  bench.before_update = [&](std::uint64_t address) {
    if (address == table(3)) bench.memory[address] = replacement;
  };

  SECTION("the page was moved: the new frame, marked by a second compare-and-swap") {
    replacement = 0x50000000 | kUserTable;
    const auto response = bench.translate_d(4, true, kUser);
    CHECK(response.rsp_fault == 0);
    CHECK(response.rsp_pa == 0x50000004);
    CHECK(bench.memory[table(3)] == (0x50000000 | kUserTable | kA | kD));
    CHECK(bench.updates == 5);
    CHECK(bench.count(kEventCasFail) == 1);
  }
  SECTION("the page was unmapped") {
    const auto response = bench.translate_d(4, true, kUser);
    CHECK(response.rsp_fault == 1);
    CHECK(response.rsp_err == 6);
    CHECK(bench.memory[table(3)] == 0);
    CHECK(bench.probe(1, 0).valid == 0);
  }
  SECTION("write access was taken away") {
    replacement = 0x40000000 | kP | kUs;
    const auto response = bench.translate_d(4, true, kUser);
    CHECK(response.rsp_fault == 1);
    CHECK(response.rsp_err == 7);
    CHECK(bench.memory[table(3)] == replacement);
  }
  SECTION("another processor set the bits") {
    replacement = 0x40000000 | kUserTable | kA | kD;
    CHECK(bench.translate_d(4, true, kUser).rsp_pa == 0x40000004);
    CHECK(bench.updates == 4);
  }
}

TEST_CASE("Alpha formats never write a page table") {
  const auto name = GENERATE(as<std::string>{}, "mmu-props-alpha", "mmu-alpha-x64");
  DutBench bench(library(name));
  alpha_tables(bench);
  bench.memory[table(bench.api().config.format == 1 ? 2 : 3)] = alpha_pte(bench, 0x40000000, kV | kAllRights);
  CHECK(bench.translate_d(8, true, kUser).rsp_pa == 0x40000008);
  CHECK(bench.updates == 0);
}

}  // namespace kilburn::rtl_test
