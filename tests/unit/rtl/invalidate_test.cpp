// SPDX-License-Identifier: Apache-2.0
//
// Invalidations through the pins: what each covers, when it is acknowledged, and the walk it kills.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

constexpr unsigned kAll = 0, kNonGlobal = 1, kAsid = 2, kPage = 3, kPageNonGlobal = 4, kPageI = 5, kPageD = 6;
constexpr unsigned kEventKill = 5;

// Entries of both sides: page 0 of ASID 1, page 1 global, page 2 of ASID 2, filled in this order.
void fill_three(DutBench& bench) {
  x86_tables(bench);
  bench.in.ctx_ctl = kPge;
  for (std::uint64_t page = 0; page < 3; ++page) {
    bench.memory[table(3) + 8 * page] = (page + 1) << 20 | kUserTable | (page == 1 ? kG : 0);
    bench.in.ctx_asid = page == 2 ? 2 : 1;
    bench.translate_i(page << 12, kUser);
    bench.translate_d(page << 12, false, kUser);
  }
}

unsigned valid_mask(DutBench& bench, int side) {
  unsigned mask = 0;
  for (unsigned n = 0; n < 3; ++n) mask |= bench.probe(side, n).valid << n;
  return mask;
}

}  // namespace

TEST_CASE("what each invalidation covers") {
  struct Expected {
    unsigned op;
    std::uint64_t va;
    unsigned asid;
    unsigned i_left, d_left;  // bit n: the n-th entry survives
  };
  const auto expected = GENERATE(
      Expected{kAll, 0, 0, 0b000, 0b000}, Expected{kNonGlobal, 0, 0, 0b010, 0b010}, Expected{kAsid, 0, 1, 0b110, 0b110},
      Expected{kPage, 0x0fff, 1, 0b110, 0b110}, Expected{kPage, 0x0000, 2, 0b111, 0b111},
      Expected{kPage, 0x1000, 5, 0b101, 0b101}, Expected{kPageNonGlobal, 0x1000, 1, 0b111, 0b111},
      Expected{kPageNonGlobal, 0x2000, 2, 0b011, 0b011}, Expected{kPageI, 0x0000, 1, 0b110, 0b111},
      Expected{kPageD, 0x0000, 1, 0b111, 0b110}, Expected{kPage, 0x8000000000000000, 1, 0b111, 0b111},
      Expected{7, 0, 1, 0b111, 0b111}, Expected{8, 0, 1, 0b111, 0b111}, Expected{9, 0, 1, 0b111, 0b111});
  DutBench bench(library("mmu-props-x86-64"));
  fill_three(bench);
  REQUIRE(valid_mask(bench, 0) == 0b111);
  REQUIRE(valid_mask(bench, 1) == 0b111);
  // The L2 TLB is scanned for what is not global or of one address space: 64 sets, one a cycle.
  CHECK(bench.invalidate(expected.op, expected.va, expected.asid) ==
        (expected.op == kNonGlobal || expected.op == kAsid ? 66 : 2));
  CHECK(valid_mask(bench, 0) == expected.i_left);
  CHECK(valid_mask(bench, 1) == expected.d_left);
}

TEST_CASE("a page invalidation inside a large page drops all of it (T62)") {
  DutBench bench(library("mmu-x86-64"));
  x86_tables(bench);
  bench.memory[table(1)] = 0x80000000 | kUserTable | kPs;  // 1 GB
  CHECK(bench.translate_d(0x1234567, false, kUser).rsp_size == 30);
  bench.invalidate(kPage, 0x3ffff000, 0);
  CHECK(bench.probe(1, 0).valid == 0);
}

TEST_CASE("an invalidation kills the walk under way, which then reads the new entry (T61)") {
  const auto name = GENERATE(as<std::string>{}, "mmu-props-x86-64", "mmu-props-alpha", "mmu-alpha-x64");
  DutBench bench(library(name));
  const bool x86 = bench.api().config.format == 0;
  const std::uint64_t leaf = table(bench.api().config.format == 1 ? 2 : 3);
  x86 ? x86_tables(bench) : alpha_tables(bench);
  const auto entry = [&](std::uint64_t frame) {
    return x86 ? frame | kUserTable | kA : alpha_pte(bench, frame, kV | kAllRights);
  };
  bench.memory[leaf] = entry(0x40000000);
  bench.request_d(0x10, false, kUser);
  while (bench.out.mem_req_valid == 0 || bench.out.mem_req_addr != leaf) bench.clock();
  bench.memory_answers = false;
  bench.clock();  // the read of the leaf is taken, its answer on the way
  bench.memory[leaf] = entry(0x50000000);

  bench.in.inv_op = kPage;
  bench.in.inv_valid = 1;
  bench.clock();
  bench.in.inv_valid = 0;
  for (int i = 0; i < 5; ++i) {
    CHECK(bench.out.inv_ready == 0);
    CHECK(bench.out.inv_ack == 0);  // not before the memory has answered (R7)
    bench.clock();
  }
  bench.memory_answers = true;
  bench.clock();
  CHECK(bench.out.inv_ack == 0);
  bench.clock();
  CHECK(bench.out.inv_ack == 1);
  CHECK(bench.out.d.rsp_valid == 0);
  CHECK(bench.probe(1, 0).valid == 0);
  const auto response = bench.response_d();
  CHECK(response.rsp_fault == 0);
  CHECK(response.rsp_pa == 0x50000010);
  CHECK(bench.count(kEventKill) == 1);
}

}  // namespace kilburn::rtl_test
