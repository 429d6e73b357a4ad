// SPDX-License-Identifier: Apache-2.0
//
// The L2 TLB alone: banks, sets and ways, matches, replacement and clearing (rtl/README.md, "L2 TLB").
#include "model/uarch/l2_tlb.h"

#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::uarch;
using X86L2 = L2Tlb<arch::Format::x86_64>;
using AlphaL2 = L2Tlb<arch::Format::alpha>;

namespace {

arch::Translation page(u64 pa, u8 log2 = 12, bool global = false) {
  arch::Translation t;
  t.pa = pa;
  t.page_log2 = log2;
  t.global = global;
  t.rights = 0xb;
  t.memory_type = 5;
  return t;
}

}  // namespace

TEST_CASE("l2_tlb: without sets there is none") {
  const X86L2 none(0, 8, 4, Policy::tree);
  CHECK_FALSE(none.present());
  CHECK(none.entries() == 0);
  CHECK(none.most_sets() == 0);
}

TEST_CASE("l2_tlb: the probe goes bank after bank, set after set, way after way") {
  X86L2 l2(4, 2, 2, Policy::tree);
  CHECK(l2.entries() == (4 + 2 + 2) * 2);
  CHECK(l2.most_sets() == 4);
  l2.fill(0x7000'3456, 0x801, page(0x9000));                         // set 3
  l2.fill(0x7000'3456, 0x802, page(0xa000));                         // set 3, way 1
  l2.fill((u64{5} << 21) + 0x1234, 1, page(0x40'0000, 21));          // 2 MB: set 1
  l2.fill((u64{6} << 30) + 0x1234, 1, page(0x4000'0000, 30, true));  // 1 GB: set 0
  const TlbEntry first = l2.entry(3 * 2);
  CHECK(first.valid == 1);
  CHECK(first.va == 0x7000'3000);
  CHECK(first.pa == 0x9000);
  CHECK(first.asid == 0x801);
  CHECK(first.rights == 0xb);
  CHECK(first.size == 12);
  CHECK(first.mt == 5);
  CHECK(l2.entry(7).asid == 0x802);
  CHECK(l2.entry(8 + 2).va == u64{5} << 21);
  CHECK(l2.entry(8 + 2).size == 21);
  CHECK(l2.entry(12).va == u64{6} << 30);
  CHECK(l2.entry(12).global == 1);
  unsigned valid = 0;
  for (unsigned index = 0; index < 20; ++index) valid += l2.entry(index).valid;
  CHECK(valid == 4);
  AlphaL2 alpha(2, 4, 1, Policy::tree);
  CHECK(alpha.entries() == 2 + 3 * 4);
  CHECK(alpha.most_sets() == 4);
  alpha.fill(u64{7} << 22, 1, page(0, 22));  // granularity hint 3: set 3 of the last bank
  CHECK(alpha.entry(2 + 2 * 4 + 3).valid == 1);
}

TEST_CASE("l2_tlb: ways of every bank match, by address and by address space or as global") {
  X86L2 l2(4, 2, 2, Policy::tree);
  const u64 va = 0x40'3000;
  CHECK(l2.matching(va, 1) == 0);
  l2.fill(va, 1, page(0x9000));
  CHECK(l2.matching(va + 0xfff, 1) == 1);
  CHECK(l2.matching(va, 2) == 0);
  CHECK(l2.matching(va + 0x4000, 1) == 0);  // the same set
  l2.fill(va, 3, page(0x40'0000, 21, true));
  CHECK(l2.matching(va, 1) == (1 | 1 << 8));
  CHECK(l2.matching(va, 2) == 1 << 8);
  l2.fill(va, 1, page(0xa000));  // a walk for the other side: the same page twice
  CHECK(l2.matching(va, 1) == (3 | 1 << 8));
  CHECK(l2.translation(va, 1).pa == 0xa000);
  CHECK(l2.translation(va, 8).page_log2 == 21);
  l2.invalidate(va, 3);
  CHECK(l2.matching(va, 1) == 1 << 8);
}

TEST_CASE("l2_tlb: a fill takes the lowest free way, else the set's victim") {
  X86L2 l2(2, 1, 2, Policy::tree);
  const auto fill = [&](u64 number) { l2.fill(number * 0x2000, 1, page(0x1000 * (number + 1))); };  // set 0
  fill(0);
  fill(1);         // way 1 touched: the tree points to way 0
  l2.touch(0, 0);  // to way 1
  fill(2);
  CHECK(l2.entry(0).pa == 0x1000);
  CHECK(l2.entry(1).pa == 0x3000);
  fill(3);  // way 0
  CHECK(l2.entry(0).pa == 0x4000);
  CHECK(l2.entry(2).valid == 0);  // the other set
}

TEST_CASE("l2_tlb: round-robin has a pointer a set, random one register for all banks") {
  X86L2 pointers(2, 1, 2, Policy::round_robin);
  for (u64 n = 0; n < 3; ++n) pointers.fill(n * 0x2000, 1, page(0x1000 * (n + 1)));  // set 0: way 0 taken
  for (u64 n = 0; n < 3; ++n) pointers.fill(n * 0x2000 + 0x1000, 1, page(0x1000 * (n + 1)));
  CHECK(pointers.entry(0).pa == 0x3000);
  CHECK(pointers.entry(2).pa == 0x3000);  // set 1's own pointer
  // ACE1, 5670, AB38: ways 1, 0, 0 in whatever bank.
  X86L2 random(1, 1, 2, Policy::random);
  for (u64 n = 0; n < 3; ++n) random.fill(n << 12, 1, page(0x1000 * (n + 1)));
  CHECK(random.entry(1).pa == 0x3000);
  for (u64 n = 0; n < 3; ++n) random.fill(n << 21, 1, page((n + 1) << 21, 21));
  CHECK(random.entry(2).pa == u64{3} << 21);
  CHECK(random.entry(3).pa == u64{2} << 21);
}

TEST_CASE("l2_tlb: clearing by set, by what is covered in a set of that number, and all") {
  X86L2 l2(4, 2, 2, Policy::tree);
  const auto fill_all = [&] {
    l2.reset();
    l2.fill(0x1000, 1, page(0x1000));       // bank 0, set 1
    l2.fill(0x5000, 2, page(0x2000));       // bank 0, set 1
    l2.fill(0x3000, 1, page(0x3000));       // bank 0, set 3
    l2.fill(u64{3} << 21, 1, page(0, 21));  // bank 1, set 1
    l2.fill(u64{2} << 30, 1, page(0, 30));  // bank 2, set 0
  };
  const auto valid = [&] {
    unsigned count = 0;
    for (unsigned index = 0; index < l2.entries(); ++index) count += l2.entry(index).valid;
    return count;
  };
  fill_all();
  REQUIRE(valid() == 5);
  l2.invalidate_sets_of(0x9000);  // sets 1, 0, 0: two ways and the 1 GB page, none of which matches
  CHECK(valid() == 2);
  fill_all();
  const auto first_space = [](const TlbEntry& entry) { return entry.asid == 1; };
  l2.invalidate_in_set(1, first_space);
  CHECK(valid() == 3);
  l2.invalidate_in_set(0, first_space);
  CHECK(valid() == 2);
  l2.invalidate_in_set(3, first_space);
  CHECK(valid() == 1);
  l2.invalidate_in_set(9, first_space);  // no bank has it
  CHECK(l2.matching(0x5000, 2) != 0);
  l2.invalidate_all();
  CHECK(valid() == 0);
}
