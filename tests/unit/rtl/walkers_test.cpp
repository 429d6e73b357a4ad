// SPDX-License-Identifier: Apache-2.0
//
// Several walks at once, the paging-structure caches, the walk from the root before a fault, kill and hold. Cycles
// are counted by hand from rtl/README.md.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

// layout.def Event
constexpr unsigned kWalk = 4, kKill = 5, kWalkFault = 9, kPscHit2 = 23, kPscHit3 = 24, kWalkReads1 = 27,
                   kWalkReads2 = 28, kWalkReads4 = 30;

unsigned valid_pscs(DutBench& bench) {
  unsigned count = 0;
  for (std::uint32_t n = 0; n < 30; ++n) count += bench.probe(3, n).valid;
  return count;
}

}  // namespace

TEST_CASE("the cycles of a walk: from the root, and from the table of the last level") {
  // Taken in 0; LOOK in 1, LOOKING in 2, READY in 3, the walker REQ in 4. A read is on the port, answered a cycle
  // later, and followed by the next: 4 reads take 8 cycles, 4 to 11. DONE in 12, pushed, the response in 13.
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  CHECK(latency(bench, 0x1000) == 13);
  CHECK(bench.reads == 4);
  CHECK(bench.count(kWalkReads4) == 1);
  CHECK(latency(bench, 0x2000) == 7);  // 3 reads and 6 cycles less
  CHECK(bench.reads == 5);
  CHECK(bench.count(kPscHit2) == 1);
  CHECK(bench.count(kWalkReads1) == 1);
  // Levels 2, 3 and 4 know the address: structure 3 has 16, 8, 4 and 2 entries.
  const auto level2 = bench.probe(3, 0), level3 = bench.probe(3, 16), level4 = bench.probe(3, 24);
  CHECK(level2.pa == table(3));
  CHECK(level2.size == 21);
  CHECK(level2.rights == 0b011);
  CHECK(level3.pa == table(2));
  CHECK(level3.size == 30);
  CHECK(level4.pa == table(1));
  CHECK(level4.size == 39);
  CHECK(valid_pscs(bench) == 3);

  // Another table of the last level: the caches of level 3 leave two reads.
  bench.memory[table(2) + 8] = table(4) | kUserTable | kA;
  bench.memory[table(4)] = 0x80000000 | kUserTable | kA;
  CHECK(latency(bench, 0x200000) == 9);
  CHECK(bench.count(kPscHit3) == 1);
  CHECK(bench.count(kWalkReads2) == 1);

  SECTION("another address space shares none of it") {
    bench.in.ctx_asid = 9;
    CHECK(latency(bench, 0x3000) == 13);
  }
  SECTION("a page invalidation drops the paging structures of the whole address space (T64)") {
    bench.invalidate(3, 0x7654321000, 0);
    CHECK(valid_pscs(bench) == 0);
    CHECK(latency(bench, 0x3000) == 13);
  }
  SECTION("that of another address space drops none") {
    bench.invalidate(3, 0, 1);
    CHECK(valid_pscs(bench) == 4);
  }
}

TEST_CASE("the rights of the upper levels stay with a walk from the middle (T12)") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  bench.memory[table(1)] &= ~kRw;
  CHECK(latency(bench, 0x1000) == 13);
  CHECK(bench.probe(3, 0).rights == 0b010);  // U; not W
  CHECK(bench.translate_d(0x2000, false, kUser).rsp_fault == kNoFault);
  const auto refused = bench.translate_d(0x3000, true, kUser);
  CHECK(refused.rsp_fault == kPf);
  CHECK(refused.rsp_err == (kErrP | kErrW | kErrU));
}

TEST_CASE("four walks overlap: an access a cycle, and the port goes round") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  for (std::uint64_t n = 1; n < 4; ++n) {
    bench.memory[table(0) + 8 * n] = (table(1) + (n << 20)) | kUserTable | kA;
    bench.memory[table(1) + (n << 20)] = (table(2) + (n << 20)) | kUserTable | kA;
    bench.memory[table(2) + (n << 20)] = (table(3) + (n << 20)) | kUserTable | kA;
    bench.memory[table(3) + (n << 20)] = (n << 24) | kUserTable | kA;
  }
  bench.memory_answers = false;
  for (std::uint64_t n = 0; n < 4; ++n) bench.request_d(n << 39, false, kUser, static_cast<unsigned>(n));
  for (int i = 0; i < 8; ++i) bench.clock();
  REQUIRE(bench.in_flight.size() == 4);
  // Now an answer a cycle, 16 of them in 0 to 15, each walker's next read on the port a cycle after its answer. The
  // walkers' last answers come in 12 to 15, a response is shown two cycles after.
  bench.memory_answers = true;
  const auto start = bench.cycle;
  std::vector<unsigned> ids;
  std::vector<std::uint64_t> when;
  while (ids.size() < 4) {
    const auto now = bench.cycle - start;
    REQUIRE(now < 100);
    CHECK(bench.out.mem_req_valid == (now >= 1 && now <= 12 ? 1 : 0));
    if (bench.out.mem_req_valid != 0) CHECK(bench.out.mem_req_id == (now - 1) % 4);
    bench.clock();
    if (bench.out.d.rsp_valid != 0) {
      ids.push_back(bench.out.d.rsp_id);
      when.push_back(bench.cycle - start);
    }
  }
  CHECK(ids == std::vector<unsigned>{0, 1, 2, 3});
  CHECK(when == std::vector<std::uint64_t>{14, 15, 16, 17});
  CHECK(bench.reads == 16);
}

TEST_CASE("a fault found from the middle of the tables is confirmed from the root") {
  const bool stale = GENERATE(true, false);
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  bench.translate_d(0x1000, false, kUser);
  REQUIRE(bench.reads == 4);
  bench.memory[table(3) + 16] = 0;
  if (stale) {  // software moved the table without an invalidation, which it may where it only adds
    bench.memory[table(2)] = table(5) | kUserTable | kA;
    bench.memory[table(5) + 16] = 0x50000000 | kUserTable | kA;
  }
  bench.translate_i(0x1000, kUser);  // from the L2 TLB, so that the other side has it
  CHECK(bench.probe(0, 0).valid == 1);
  const auto response = bench.translate_d(0x2000, false, kUser);
  CHECK(response.rsp_fault == (stale ? kNoFault : kPf));
  CHECK(response.rsp_pa == (stale ? 0x50000000 : 0));
  CHECK(bench.reads == 4 + 1 + 4);
  CHECK(bench.count(kWalk) == 3);
  CHECK(bench.count(kWalkFault) == (stale ? 0 : 1));
  // A page fault drops the paging structures of its address (T71); the walk from the root filled them first.
  CHECK(valid_pscs(bench) == (stale ? 3 : 0));
}

TEST_CASE("an operation that killed a walk holds the next one off until a walk has ended") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_pages(bench);
  bench.memory_answers = false;
  bench.request_d(0x1000, false, kUser);
  for (int i = 0; i < 6; ++i) bench.clock();  // the read is taken
  REQUIRE(bench.in_flight.size() == 1);
  bench.in.inv_op = 0;
  bench.in.inv_valid = 1;
  bench.clock();
  bench.in.inv_valid = 0;
  bench.memory_answers = true;
  bench.clock();  // killed in this cycle
  CHECK(bench.out.inv_ack == 0);
  bench.clock();  // every walker is idle
  CHECK(bench.out.inv_ack == 1);
  bench.clock();
  // A storm of invalidations from here on: none is taken before the walk has ended.
  bench.in.inv_valid = 1;
  unsigned waited = 0;
  for (; bench.out.inv_ready == 0; ++waited) {
    REQUIRE(waited < 100);
    bench.clock();
  }
  CHECK(bench.count(kKill) == 1);
  CHECK(bench.reads == 1 + 4);
  // Started in the cycle of the acknowledgement, REQ in the next, 8 cycles of reads; ready with DONE.
  CHECK(waited == 8);
}

TEST_CASE("every request is answered under a storm of invalidations") {
  const auto name = GENERATE(as<std::string>{}, "mmu-props-x86-64", "mmu-tiny-x86-64");
  DutBench bench(library(name));
  x86_pages(bench);
  bench.in.inv_valid = 1;
  bench.in.inv_op = 0;
  for (std::uint64_t page = 0; page < 20; ++page) {
    CHECK(bench.translate_d(page << 12, true, kUser).rsp_pa == 0x40000000 + (page << 12));
  }
}

}  // namespace kilburn::rtl_test
