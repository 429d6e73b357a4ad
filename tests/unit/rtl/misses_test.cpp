// SPDX-License-Identifier: Apache-2.0
//
// The miss file's merging and the L2 TLB: hits, refusals, replacement, invalidation, prefetch. Cycles are counted by
// hand from rtl/README.md.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

// layout.def Event
constexpr unsigned kFill = 12, kDMerge = 17, kDRetry = 19, kL2Hit = 20, kL2Miss = 21;
constexpr std::uint32_t kL2Ways = 4;

// Way `way` of set `set` of the bank of 4 KB pages.
kilburn_tlb_entry l2_way(DutBench& bench, std::uint32_t set, std::uint32_t way) {
  return bench.probe(2, set * kL2Ways + way);
}

}  // namespace

TEST_CASE("an L2 hit: four cycles, and it fills the L1 TLB") {
  // Taken in 0, LOOK in 1, LOOKING in 2, DONE in 3, the response in 4.
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  bench.translate_i(0x3000, kUser);
  const auto way = l2_way(bench, 3, 0);
  CHECK(way.valid == 1);
  CHECK(way.va == 0x3000);
  CHECK(way.pa == 0x40003000);
  CHECK(way.rights == 0b1011);
  CHECK(bench.probe(1, 0).valid == 0);
  CHECK(latency(bench, 0x3008) == 4);
  CHECK(bench.probe(1, 0).va == 0x3000);
  CHECK(bench.count(kL2Hit) == 1);
  CHECK(bench.count(kL2Miss) == 1);
  CHECK(bench.count(kFill) == 2);
  CHECK(bench.reads == 4);
  CHECK(latency(bench, 0x3008) == 1);

  SECTION("not for another address space (T67)") {
    bench.in.ctx_asid = 1;
    CHECK(latency(bench, 0x3008) == 13);
  }
  SECTION("nor after a page invalidation, which drops the whole set") {
    bench.translate_d(0x43000, false, kUser);  // the same set
    REQUIRE(l2_way(bench, 3, 1).valid == 1);
    bench.invalidate(3, 0x3fff, 0);
    CHECK(l2_way(bench, 3, 0).valid == 0);
    CHECK(l2_way(bench, 3, 1).valid == 0);
    CHECK(latency(bench, 0x3008) == 13);
  }
  SECTION("nor after a page fault at the address (T71)") {
    bench.memory[table(3) + 8 * 3] = 0;
    CHECK(bench.translate_d(0x3000, false, kKernel).rsp_fault == kNoFault);  // the L1 TLB's, stale as it may be
    bench.in.ctx_ctl = kSmap;  // refused by both TLBs: the walk finds the page gone
    CHECK(bench.translate_d(0x3000, false, kKernel).rsp_fault == kPf);
    CHECK(l2_way(bench, 3, 0).valid == 0);
    CHECK(bench.probe(1, 0).valid == 0);
    CHECK(bench.probe(0, 0).valid == 0);
  }
}

TEST_CASE("a way that does not answer goes, and the walk's takes its place") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  bench.memory[table(3) + 8 * 3] = 0x40003000 | kUserTable | kA;  // clean
  bench.translate_d(0x3000, false, kUser);
  CHECK(l2_way(bench, 3, 0).rights == 0b0011);
  bench.translate_d(0x3000, true, kUser);
  CHECK(l2_way(bench, 3, 0).rights == 0b1011);
  CHECK(l2_way(bench, 3, 1).valid == 0);
  CHECK(bench.updates == 1);
}

TEST_CASE("larger pages have banks of their own") {
  DutBench bench(library("mmu-x86-64"));
  x86_pages(bench);
  bench.memory[table(2) + 8 * 5] = 0x80000000 | kUserTable | kA | kPs;  // 2 MB at A00000
  bench.memory[table(1) + 8] = 0xc0000000 | kUserTable | kA | kPs;      // 1 GB at 40000000
  bench.translate_d(0xa12345, false, kUser);
  bench.translate_d(0x40000000, false, kUser);
  const auto large = bench.probe(2, 64 * kL2Ways + 5 * kL2Ways);
  CHECK(large.va == 0xa00000);
  CHECK(large.size == 21);
  const auto huge = bench.probe(2, (64 + 8) * kL2Ways + kL2Ways);
  CHECK(huge.va == 0x40000000);
  CHECK(huge.pa == 0xc0000000);
  CHECK(huge.size == 30);
}

TEST_CASE("an invalidation of an address space scans the sets, one a cycle") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  bench.in.ctx_ctl = kPge;
  bench.memory[table(3) + 8 * 62] |= kG;
  for (const std::uint64_t page : {0u, 62u, 63u}) bench.translate_d(page << 12, false, kUser);
  bench.in.ctx_asid = 1;
  bench.translate_d(0x3d000, false, kUser);
  // Taken in 0; BUSY in 1 to 65, the set n - 1 cleared when the count is n, 64 the last; acknowledged in 66.
  CHECK(bench.invalidate(2, 0, 0) == 66);
  CHECK(l2_way(bench, 0, 0).valid == 0);
  CHECK(l2_way(bench, 63, 0).valid == 0);
  CHECK(l2_way(bench, 62, 0).valid == 1);  // global
  CHECK(l2_way(bench, 61, 0).valid == 1);  // of another address space
  CHECK(bench.invalidate(0, 0, 0) == 2);
  CHECK(l2_way(bench, 62, 0).valid == 0);
}

TEST_CASE("a miss for a page under way is merged and looked up again when that is done") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  bench.memory_answers = false;
  bench.request_d(0x5000, false, kUser, 1);
  bench.request_d(0x5008, true, kUser, 2);
  bench.in.ctx_asid = 1;
  bench.request_d(0x5010, false, kUser, 3);  // another address space: its own walk
  bench.in.ctx_asid = 0;
  for (int i = 0; i < 10; ++i) bench.clock();
  CHECK(bench.in_flight.size() == 2);
  CHECK(bench.count(kDMerge) == 1);
  bench.memory_answers = true;
  CHECK(bench.response_d().rsp_id == 1);
  CHECK(bench.response_d().rsp_id == 3);  // done a cycle after 1, and a result goes before a retry
  const auto merged = bench.response_d();
  CHECK(merged.rsp_id == 2);
  CHECK(merged.rsp_pa == 0x40005008);
  CHECK(bench.count(kDRetry) == 1);
  CHECK(bench.reads == 8);
}

TEST_CASE("a merged request that the page refuses walks for itself, with its own context (T104)") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  bench.memory[table(3) + 8 * 5] = 0x40005000 | kP | kUs | kA;  // read only
  bench.request_d(0x5000, false, kUser, 1);
  bench.request_d(0x5008, true, kUser, 2);
  bench.in.ctx_asid = 7;
  bench.in.ctx_root = 0;
  CHECK(bench.response_d().rsp_fault == kNoFault);
  const auto refused = bench.response_d();
  CHECK(refused.rsp_id == 2);
  CHECK(refused.rsp_fault == kPf);
  CHECK(refused.rsp_err == (kErrP | kErrW | kErrU));
}

TEST_CASE("a walk for a page is followed by one for the next, into the L2 TLB only") {
  DutBench bench(library("mmu-prefetch-x86-64"));
  x86_pages(bench);
  bench.memory[table(3) + 8 * 9] = 0;
  bench.translate_d(0x7000, true, kUser);
  for (int i = 0; i < 20; ++i) bench.clock();
  CHECK(l2_way(bench, 8, 0).va == 0x8000);
  CHECK(bench.probe(1, 0).va == 0x7000);
  CHECK(bench.probe(1, 1).valid == 0);
  CHECK(bench.reads == 5);  // the prefetch from the table of the last level
  // An L2 hit, no walk, so no prefetch; page 9 is not there, and that is nobody's fault.
  CHECK(latency(bench, 0x8000) == 4);
  bench.memory[table(3) + 8 * 8] = 0x60000000 | kUserTable | kA;
  bench.invalidate(0, 0, 0);
  CHECK(bench.translate_d(0x8000, false, kUser).rsp_fault == kNoFault);
  for (int i = 0; i < 20; ++i) bench.clock();
  CHECK(l2_way(bench, 9, 0).valid == 0);
  CHECK(bench.count(9) == 0);  // WALK_FAULT
}

TEST_CASE("round-robin and random replacement") {
  const bool random = GENERATE(false, true);
  DutBench bench(library(random ? "mmu-random-x86-64" : "mmu-roundrobin-x86-64"));
  x86_pages(bench);
  // The instruction side has 16 entries: pages 0 to 15 fill them in order, each later page takes a victim.
  for (std::uint64_t page = 0; page < 16; ++page) bench.translate_i(page << 12, kUser);
  bench.translate_i(0, kUser);  // a use is no matter
  std::uint16_t r = 0xace1;
  for (std::uint64_t n = 0; n < 20; ++n) {
    bench.translate_i((16 + n) << 12, kUser);
    const auto victim = static_cast<std::uint32_t>(random ? r % 16 : n % 16);
    CHECK(bench.probe(0, victim).va == (16 + n) << 12);
    const auto bit = static_cast<std::uint16_t>((r ^ r >> 2 ^ r >> 3 ^ r >> 5) & 1);
    r = static_cast<std::uint16_t>(r >> 1 | bit << 15);
  }
}

}  // namespace kilburn::rtl_test
