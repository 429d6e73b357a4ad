// SPDX-License-Identifier: Apache-2.0
//
// The software-refilled TLB of the Alpha formats: a miss is reported, software fills, the access is tried again.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

constexpr unsigned kIMiss = 1, kDHit = 2, kDMiss = 3, kDMulti = 11, kFill = 12;  // layout.def Event
constexpr std::uint64_t kKre = 0x100, kUre = 0x200;

std::uint64_t page(const DutBench& bench, std::uint64_t number) {
  return number << (bench.api().config.format == 1 ? 13 : 12);
}

}  // namespace

TEST_CASE("miss, fill, hit, refused") {
  const auto name = GENERATE(as<std::string>{}, "mmu-props-alpha", "mmu-alpha-x64");
  DutBench bench(library(name));
  bench.in.ctx_asid = 5;
  bench.in.ctx_ctl = kRefill;
  const std::uint64_t va = page(bench, 3);
  const auto missed = bench.translate_d(va | 8, false, kUser);
  CHECK(missed.rsp_fault == kMiss);
  CHECK(missed.rsp_level == 0);
  CHECK(missed.rsp_pa == 0);
  CHECK(bench.translate_i(va, kUser).rsp_fault == kMiss);
  CHECK(bench.count(kDMiss) == 1);
  CHECK(bench.count(kIMiss) == 1);

  bench.fill(1, va, 5, alpha_pte(bench, 0x40000000, kV | kKre | kUre | kForBit | 0x3000 | kFow));
  CHECK(bench.count(kFill) == 1);
  const auto entry = bench.probe(1, 0);
  CHECK(entry.valid == 1);
  CHECK(entry.va == va);
  CHECK(entry.pa == 0x40000000);
  CHECK(entry.asid == 5);
  CHECK(entry.rights == 0x3307);
  CHECK(bench.probe(0, 0).valid == 0);                           // the other TLB (T95)
  CHECK(bench.translate_d(va, false, kUser).rsp_fault == kFor);  // refused: the right is there, FOR is set
  CHECK(bench.translate_d(va, true, kKernel).rsp_fault == kFowFault);
  CHECK(bench.translate_i(va, kUser).rsp_fault == kMiss);

  bench.fill(1, va, 5, alpha_pte(bench, 0x50000000, kV | kUre));
  if (name == "mmu-alpha-x64") {  // EV6 by default: the duplicate is ignored until the page is invalidated (T98)
    CHECK(bench.probe(1, 0).pa == 0x40000000);
    CHECK(bench.count(kFill) == 1);
    bench.invalidate(3, va, 5);
    bench.fill(1, va, 5, alpha_pte(bench, 0x50000000, kV | kUre));
  }
  CHECK(bench.count(kFill) == 2);
  const auto hit = bench.translate_d(va | 0x123, false, kUser);
  CHECK(hit.rsp_fault == kNoFault);
  CHECK(hit.rsp_pa == 0x50000123);
  CHECK(hit.rsp_global == 0);
  CHECK(bench.probe(1, 1).valid == 0);  // written over the first
  CHECK(bench.translate_d(va, false, kKernel).rsp_fault == kAcv);
  CHECK(bench.translate_d(va, true, kUser).rsp_fault == kAcv);
  CHECK(bench.count(kDHit) == 5);  // two before the second fill, three after: a refusal counts as a hit
  bench.in.ctx_asid = 6;
  CHECK(bench.translate_d(va, false, kUser).rsp_fault == kMiss);

  bench.fill(0, va, 6, alpha_pte(bench, 0x60000000, kV | kAllRights | kFoeBit | kAsm));
  CHECK(bench.translate_i(va, kUser).rsp_fault == kFoe);
  CHECK(bench.probe(0, 0).global == 1);
  CHECK(bench.reads == 0);
}

TEST_CASE("a fill with a granularity hint maps its block (T92)") {
  DutBench bench(library("mmu-props-alpha"));
  bench.in.ctx_ctl = kRefill;
  bench.fill(1, page(bench, 9), 0, alpha_pte(bench, 0x40000000 + page(bench, 9), kV | kAllRights | 2 << 5));
  const auto hit = bench.translate_d(page(bench, 63) + 4, true, kUser);
  CHECK(hit.rsp_pa == 0x40000000 + page(bench, 63) + 4);
  CHECK(hit.rsp_size == 19);
  CHECK(bench.translate_d(page(bench, 64), true, kUser).rsp_fault == kMiss);
}

TEST_CASE("nothing is filled from an entry that is not valid, nor for an address that no access can use") {
  DutBench bench(library("mmu-props-alpha"));
  bench.fill(1, 0, 0, alpha_pte(bench, 0x40000000, kAllRights));
  CHECK(bench.probe(1, 0).valid == 0);
  bench.fill(1, 0x0000'0400'0000'0000, 0, alpha_pte(bench, 0x40000000, kV | kAllRights));
  CHECK(bench.probe(1, 0).valid == 0);
  CHECK(bench.count(kFill) == 0);
  bench.fill(1, 0xffff'fc00'0000'0000, 0, alpha_pte(bench, 0x40000000, kV));  // no rights: filled all the same
  CHECK(bench.probe(1, 0).valid == 1);
  CHECK(bench.probe(1, 0).va == 0x0400'0000'0000);
}

TEST_CASE("EV4 and EV5 replace a duplicate, EV6 ignores it (T98)") {
  const auto chip = GENERATE(kEv4, kEv5, kEv6);
  DutBench bench(library("mmu-alpha-x64"));
  bench.reset(chip);
  bench.fill(1, 0, 0, alpha_pte(bench, 0x40000000, kV | kAllRights));
  bench.fill(1, 0, 0, alpha_pte(bench, 0x50000000, kV | kAllRights));
  CHECK(bench.probe(1, 0).pa == (chip == kEv6 ? 0x40000000 : 0x50000000));
  CHECK(bench.probe(1, 1).valid == 0);
  // On EV6 a walker's fill replaces nonetheless: the entry refuses a write, the table grants it.
  bench.fill(1, page(bench, 1), 0, alpha_pte(bench, 0x60000000, kV | kKre | kUre));
  if (chip == kEv6) {
    alpha_tables(bench);
    bench.memory[table(3) + 8] = alpha_pte(bench, 0x70000000, kV | kAllRights);
    CHECK(bench.translate_d(page(bench, 1), true, kUser).rsp_pa == 0x70000000);
    CHECK(bench.probe(1, 1).pa == 0x70000000);
  }
}

TEST_CASE("two entries that match are a miss, counted, until a fill leaves one (T68)") {
  DutBench bench(library("mmu-props-alpha"));
  bench.in.ctx_ctl = kRefill;
  bench.fill(1, page(bench, 0), 0, alpha_pte(bench, 0x40000000, kV | kAllRights));
  bench.fill(1, page(bench, 2), 0, alpha_pte(bench, 0x50000000, kV | kAllRights | 1 << 5));  // pages 0 to 7
  CHECK(bench.translate_d(0, false, kUser).rsp_fault == kMiss);
  CHECK(bench.count(kDMulti) == 1);
  CHECK(bench.count(kDMiss) == 1);
  bench.fill(1, page(bench, 0), 0, alpha_pte(bench, 0x60000000, kV | kAllRights));
  CHECK(bench.translate_d(0, false, kUser).rsp_pa == 0x60000000);
  CHECK(bench.probe(1, 1).valid == 0);
}

TEST_CASE("a fill waits for the walk under way and is written once") {
  DutBench bench(library("mmu-props-alpha"));
  alpha_tables(bench);
  bench.memory[table(2)] = alpha_pte(bench, 0x40000000, kV | kAllRights);
  bench.memory_answers = false;
  bench.request_d(0, false, kUser);
  for (int i = 0; i < 4; ++i) bench.clock();
  bench.in.inv_op = 8;
  bench.in.inv_va = page(bench, 5);
  bench.in.inv_pte = alpha_pte(bench, 0x50000000, kV | kAllRights);
  bench.in.inv_valid = 1;
  bench.clock();
  bench.in.inv_valid = 0;
  for (int i = 0; i < 5; ++i) {
    CHECK(bench.probe(1, 0).valid == 0);
    CHECK(bench.out.inv_ack == 0);
    bench.clock();
  }
  bench.memory_answers = true;
  while (bench.out.inv_ack == 0) bench.clock();
  CHECK(bench.probe(1, 0).pa == 0x50000000);  // as of the acknowledgement
  CHECK(bench.response_d().rsp_pa == 0x40000000);
  CHECK(bench.probe(1, 1).pa == 0x40000000);
  CHECK(bench.count(kFill) == 2);
}

TEST_CASE("FILL operations do nothing in x86-64") {
  DutBench bench(library("mmu-props-x86-64"));
  bench.fill(0, 0, 0, ~0ull);
  bench.fill(1, 0, 0, ~0ull);
  CHECK(bench.probe(0, 0).valid == 0);
  CHECK(bench.probe(1, 0).valid == 0);
  CHECK(bench.count(kFill) == 0);
}

}  // namespace kilburn::rtl_test
