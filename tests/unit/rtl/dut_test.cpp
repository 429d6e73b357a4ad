// SPDX-License-Identifier: Apache-2.0
//
// The libraries behind dut.h: what they say of themselves, walks, hits, latency and contents.

#include <filesystem>
#include <iterator>

#include "model/arch/layout.h"
#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {

TEST_CASE("every library says what it is") {
  struct Expected {
    const char* library;
    const char* name;
    std::uint32_t format, cfg, features, i_entries, d_entries, i_misses, d_misses, l2_sets, l2_large_sets, l2_ways;
    std::uint32_t psc[4], walkers;
  };
  const auto expected =
      GENERATE(Expected{"mmu-x86-64", "mmu", 0, 0x68, 0x2f, 16, 32, 2, 4, 64, 8, 4, {16, 8, 4, 2}, 4},
               Expected{"mmu-alpha", "mmu", 1, 0x200, 0x30, 16, 32, 2, 4, 64, 8, 4, {16, 8, 0, 0}, 4},
               Expected{"mmu-alpha-x64", "mmu", 2, 0x400, 0x30, 16, 32, 2, 4, 64, 8, 4, {16, 8, 4, 0}, 4},
               Expected{"mmu-tiny-x86-64", "mmu-tiny", 0, 0x68, 0x2f, 2, 4, 1, 1, 1, 1, 1, {1, 1, 1, 1}, 1},
               Expected{"mmu-tiny-alpha", "mmu-tiny", 1, 0x200, 0x30, 2, 4, 1, 1, 1, 1, 1, {1, 1, 0, 0}, 1},
               Expected{"mmu-tiny-alpha-x64", "mmu-tiny", 2, 0x400, 0x30, 2, 4, 1, 1, 1, 1, 1, {1, 1, 1, 0}, 1});
  DutBench bench(library(expected.library));
  const kilburn_dut_api& api = bench.api();
  CHECK(api.magic == KILBURN_DUT_MAGIC);
  CHECK(api.abi == KILBURN_DUT_ABI);
  CHECK(api.api_size == sizeof(kilburn_dut_api));
  CHECK(api.in_size == sizeof(kilburn_dut_in));
  CHECK(api.out_size == sizeof(kilburn_dut_out));
  CHECK(api.entry_size == sizeof(kilburn_tlb_entry));
  CHECK(api.config_size == sizeof(kilburn_dut_config));
  CHECK(std::string(api.name) == expected.name);
  CHECK(api.config.format == expected.format);
  CHECK(api.config.cfg == expected.cfg);
  CHECK(api.config.cfg_pins == 1);
  CHECK(api.config.features == expected.features);
  CHECK(api.config.exact == 1);
  CHECK(api.config.i_entries == expected.i_entries);
  CHECK(api.config.d_entries == expected.d_entries);
  CHECK(api.config.i_misses == expected.i_misses);
  CHECK(api.config.d_misses == expected.d_misses);
  CHECK(api.config.l2_sets == expected.l2_sets);
  CHECK(api.config.l2_large_sets == expected.l2_large_sets);
  CHECK(api.config.l2_ways == expected.l2_ways);
  std::uint32_t psc_entries = 0;
  for (unsigned n = 0; n < 4; ++n) {
    CHECK(api.config.psc_entries[n] == expected.psc[n]);
    psc_entries += expected.psc[n];
  }
  CHECK(api.config.walkers == expected.walkers);
  CHECK(api.config.policy == 0);
  CHECK(api.config.rewalk == 1);
  CHECK(api.config.prefetch == 0);
  CHECK(api.bugs == nullptr);
  CHECK(api.set_bug == nullptr);
  kilburn_tlb_entry entry;
  CHECK(api.probe(bench.self(), 0, expected.i_entries - 1, &entry) == 0);
  CHECK(api.probe(bench.self(), 0, expected.i_entries, &entry) == -1);
  CHECK(api.probe(bench.self(), 1, expected.d_entries, &entry) == -1);
  // The L2 TLB has a bank for each page size: three, or one for each granularity hint.
  const std::uint32_t l2_ways =
      expected.l2_ways * (expected.l2_sets + (expected.format == 0 ? 2 : 3) * expected.l2_large_sets);
  CHECK(api.probe(bench.self(), 2, l2_ways - 1, &entry) == 0);
  CHECK(api.probe(bench.self(), 2, l2_ways, &entry) == -1);
  CHECK(api.probe(bench.self(), 3, psc_entries - 1, &entry) == 0);
  CHECK(api.probe(bench.self(), 3, psc_entries, &entry) == -1);
  CHECK(api.probe(bench.self(), 4, 0, &entry) == -1);
}

TEST_CASE("an instance starts no thread, so that a process with one can fork") {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
  };
  const auto before = threads();
  DutBench bench(library("mmu-x86-64"));
  bench.clock();
  CHECK(threads() == before);
}

TEST_CASE("an x86-64 walk of four levels, then hits in the next cycle") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  bench.in.ctx_ctl = kPge;
  bench.memory[table(3) + 8 * 5] = 0x1234567000 | kUserTable | kG | 0x18;  // PCD, PWT
  const auto walked = bench.translate_d(0x5abc, false, kUser);
  CHECK(walked.rsp_fault == 0);
  CHECK(walked.rsp_pa == 0x1234567abc);
  CHECK(walked.rsp_size == 12);
  CHECK(walked.rsp_mt == 3);
  CHECK(walked.rsp_global == 1);
  CHECK(walked.rsp_level == 0);
  CHECK(bench.reads == 4);

  const auto start = bench.cycle;
  bench.request_d(0x5001, false, kUser, 9);
  CHECK(bench.cycle == start + 1);
  CHECK(bench.out.d.rsp_valid == 1);
  CHECK(bench.out.d.rsp_id == 9);
  CHECK(bench.out.d.rsp_pa == 0x1234567001);
  CHECK(bench.reads == 4);
  bench.clock();
  CHECK(bench.count(2) == 1);  // D_HIT
  CHECK(bench.count(3) == 1);  // D_MISS
}

// Row 91 of the OS shim's list: translation has no penalty for what is mapped already.
TEST_CASE("a hit costs no more cycles than an access with translation off, on both ports") {
  const auto name = GENERATE(as<std::string>{}, "mmu-x86-64", "mmu-alpha", "mmu-alpha-x64", "mmu-tiny-x86-64");
  DutBench bench(library(name));
  const bool x86 = bench.api().config.format == 0;
  const std::uint64_t last = table(bench.api().config.format == 1 ? 2 : 3), frame = 0x40000000;
  x86 ? x86_tables(bench) : alpha_tables(bench);
  bench.memory[last] = x86 ? frame | kUserTable : alpha_pte(bench, frame, kV | kAllRights);
  bench.translate_d(0x10, false, kUser);
  bench.translate_i(0x10, kUser);
  const auto cycles = [&bench](bool data, std::uint64_t va) {
    const auto start = bench.cycle;
    data ? bench.request_d(va, false, kUser) : bench.request_i(va, kUser);
    while ((data ? bench.out.d.rsp_valid : bench.out.i.rsp_valid) == 0) bench.clock();
    const auto end = bench.cycle;
    CHECK((data ? bench.out.d : bench.out.i).rsp_fault == 0);
    CHECK((data ? bench.out.d : bench.out.i).rsp_pa == frame + 0x18);
    bench.clock();
    return end - start;
  };
  const auto reads = bench.reads;
  const auto read = cycles(true, 0x18), fetched = cycles(false, 0x18);
  bench.in.ctx_ctl |= static_cast<std::uint32_t>(arch::layout::Controls::PHYS.mask());
  const auto read_off = cycles(true, frame + 0x18), fetched_off = cycles(false, frame + 0x18);
  CHECK(bench.reads == reads);
  CHECK(read == 1);
  CHECK(read == read_off);
  CHECK(fetched == 1);
  CHECK(fetched == fetched_off);
}

TEST_CASE("one translation a cycle on both ports") {
  const auto name = GENERATE(as<std::string>{}, "mmu-props-x86-64", "mmu-props-alpha", "mmu-alpha-x64");
  DutBench bench(library(name));
  const bool x86 = bench.api().config.format == 0;
  const unsigned shift = bench.api().config.format == 1 ? 13 : 12;
  const std::uint64_t last = table(bench.api().config.format == 1 ? 2 : 3);
  x86 ? x86_tables(bench) : alpha_tables(bench);
  for (std::uint64_t page = 0; page < 4; ++page) {
    const std::uint64_t frame = 0x40000000 + (page << (shift + 4));
    bench.memory[last + 8 * page] = x86 ? frame | kUserTable : alpha_pte(bench, frame, kV | kAllRights);
    bench.translate_d(page << shift, true, kUser);
    bench.translate_i(page << shift, kUser);
  }
  const unsigned reads = bench.reads;
  bench.in.i.valid = bench.in.d.valid = 1;
  bench.in.i.mode = bench.in.d.mode = kUser;
  bench.in.d.write = 1;
  for (std::uint64_t n = 0; n < 100; ++n) {
    const std::uint64_t page = n % 4;
    bench.in.i.va = page << shift | 0x10;
    bench.in.d.va = (3 - page) << shift | 0x20;
    bench.in.i.id = bench.in.d.id = static_cast<std::uint8_t>(n % 16);
    REQUIRE(bench.out.i.req_ready == 1);
    REQUIRE(bench.out.d.req_ready == 1);
    bench.clock();
    REQUIRE(bench.out.i.rsp_valid == 1);
    REQUIRE(bench.out.i.rsp_id == n % 16);
    REQUIRE(bench.out.i.rsp_pa == 0x40000000 + (page << (shift + 4)) + 0x10);
    REQUIRE(bench.out.d.rsp_valid == 1);
    REQUIRE(bench.out.d.rsp_pa == 0x40000000 + ((3 - page) << (shift + 4)) + 0x20);
  }
  CHECK(bench.reads == reads);
}

TEST_CASE("a hit passes a miss, a second miss is walked for meanwhile, a full miss file closes the port") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  for (std::uint64_t page = 0; page < 6; ++page) bench.memory[table(3) + 8 * page] = (page + 1) << 20 | kUserTable;
  bench.translate_d(0x0000, false, kUser);
  bench.memory_answers = false;
  bench.request_d(0x1000, false, kUser, 1);
  bench.request_d(0x0040, false, kUser, 2);  // hit under the miss
  CHECK(bench.out.d.rsp_valid == 1);
  CHECK(bench.out.d.rsp_id == 2);
  CHECK(bench.out.d.rsp_pa == 0x100040);
  bench.request_d(0x2000, false, kUser, 3);
  bench.request_d(0x3000, false, kUser, 4);
  bench.request_d(0x4000, false, kUser, 5);
  for (int i = 0; i < 10; ++i) {
    CHECK(bench.out.d.req_ready == 0);
    bench.clock();
  }
  CHECK(bench.in_flight.size() == 4);                                   // one walk each
  bench.choose = [](const auto& flight) { return flight.size() - 1; };  // the youngest first
  bench.memory_answers = true;
  std::vector<unsigned> order;
  while (order.size() < 4) {
    const auto response = bench.response_d();
    CHECK(response.rsp_pa == (response.rsp_id == 1 ? 0x200000 : std::uint64_t{response.rsp_id} << 20));
    order.push_back(response.rsp_id);
  }
  CHECK(order == std::vector<unsigned>{5, 4, 3, 1});
}

TEST_CASE("a response waits until it is taken, and two close the port") {
  DutBench bench(library("mmu-props-alpha"));
  alpha_tables(bench);
  bench.memory[table(2)] = alpha_pte(bench, 0x40000000, kV | kAllRights);
  bench.translate_d(0, false, kUser);
  bench.in.d.rsp_ready = 0;
  bench.request_d(0x1, false, kUser, 1);
  bench.request_d(0x2, false, kUser, 2);
  for (int i = 0; i < 5; ++i) {
    CHECK(bench.out.d.req_ready == 0);
    CHECK(bench.out.d.rsp_valid == 1);
    CHECK(bench.out.d.rsp_id == 1);
    CHECK(bench.out.d.rsp_pa == 0x40000001);
    bench.clock();
  }
  bench.in.d.rsp_ready = 1;
  bench.clock();
  CHECK(bench.out.d.rsp_id == 2);
  CHECK(bench.out.d.req_ready == 1);
  bench.clock();
  CHECK(bench.out.d.rsp_valid == 0);
  CHECK(bench.out.d.rsp_pa == 0);
}

TEST_CASE("probe shows a large page, an address space and rights as they were filled") {
  DutBench bench(library("mmu-x86-64"));
  x86_tables(bench);
  bench.in.ctx_ctl = 2;  // NXE
  bench.in.ctx_asid = 0xabc;
  bench.memory[table(2)] = 0x80400000 | kP | kUs | kPs | kA | kNx | (1ull << 12);  // 2 MB, read only, PAT
  CHECK(bench.translate_d(0x1f1234, false, kUser).rsp_pa == 0x805f1234);
  const auto entry = bench.probe(1, 0);
  CHECK(entry.valid == 1);
  CHECK(entry.va == 0);
  CHECK(entry.pa == 0x80400000);
  CHECK(entry.asid == 0xabc);
  CHECK(entry.size == 21);
  CHECK(entry.global == 0);
  CHECK(entry.mt == 4);
  CHECK(entry.rights == 0b0110);  // NX, U; not W, not D
  const auto empty = bench.probe(1, 1);
  CHECK(empty.valid == 0);
  CHECK(empty.va == 0);
  CHECK(empty.pa == 0);
}

TEST_CASE("alpha: granularity hint, and the superpages of each implementation") {
  DutBench bench(library("mmu-alpha"));
  alpha_tables(bench);
  // GH = 2: 64 pages; the frame number of page 9 has 9 in its low bits (EV5 5.2).
  bench.memory[table(2) + 8 * 9] = alpha_pte(bench, 0x40000000 + 9 * 0x2000, kV | kAllRights | kAsm | 2 << 5);
  const auto walked = bench.translate_d(9 * 0x2000 + 4, false, kUser);
  CHECK(walked.rsp_pa == 0x40000000 + 9 * 0x2000 + 4);
  CHECK(walked.rsp_size == 19);
  CHECK(walked.rsp_global == 1);
  const auto hit = bench.translate_d(63 * 0x2000, false, kUser);
  CHECK(hit.rsp_pa == 0x40000000 + 63 * 0x2000);
  CHECK(bench.reads == 3);

  bench.in.ctx_ctl = 3u << 8;
  const auto upper = bench.translate_d(0xfffffc9876543210, true, kKernel);  // VA<42:41> = 2
  CHECK(upper.rsp_fault == 0);
  CHECK(upper.rsp_pa == 0x9876543210);
  CHECK(upper.rsp_size == 40);
  CHECK(upper.rsp_global == 1);
  CHECK(bench.translate_d(0xffffffff9abcdef0, false, kKernel).rsp_pa == 0x1abcdef0);  // VA<42:30> = 1FFE
  CHECK(bench.translate_d(0xfffffc9876543210, false, kUser).rsp_fault == 9);          // ACV
  CHECK(bench.translate_d(0x0000040000000000, false, kKernel).rsp_fault == 9);        // sign check

  DutBench ev6(library("mmu-alpha-x64"));
  ev6.in.ctx_ctl = 7u << 8;
  CHECK(ev6.translate_d(0xffff812345678900, false, kKernel).rsp_pa == 0x012345678900);
  CHECK(ev6.translate_d(0xffff812345678900, false, kKernel).rsp_size == 44);
  const auto sext = ev6.translate_d(0xfffffd0000000008, false, kKernel);  // VA<47:41> = 7E, VA<40> = 1
  CHECK(sext.rsp_pa == 0xf0000000008);
  CHECK(sext.rsp_size == 40);
  CHECK(ev6.reads == 0);
}

TEST_CASE("a bus error on a page-table read ends the walk at its level") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  bench.bus_error = true;
  const auto response = bench.translate_d(0x1000, true, kUser);
  CHECK(response.rsp_fault == 3);
  CHECK(response.rsp_level == 4);
  CHECK(response.rsp_err == 0);
  CHECK(response.rsp_pa == 0);
  CHECK(bench.probe(1, 0).valid == 0);
}

}  // namespace kilburn::rtl_test
