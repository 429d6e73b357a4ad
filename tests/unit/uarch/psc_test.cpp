// SPDX-License-Identifier: Apache-2.0
//
// The paging-structure caches alone: longest prefix, fill, coverage, probe order (rtl/README.md).
#include "model/uarch/psc.h"

#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::uarch;
using X86Psc = Psc<arch::Format::x86_64>;
using AlphaPsc = Psc<arch::Format::alpha>;

namespace {

// Indices 3, 2, 1, 7 at levels 4 to 1.
constexpr u64 kVa = u64{3} << 39 | u64{2} << 30 | u64{1} << 21 | 7 << 12;

template <class AnyPsc>
void fill(AnyPsc& psc, unsigned level, u64 va, u64 asid, u64 table, arch::Accumulated above = {}) {
  psc.fill(level, va, asid, {table, above}, psc.victim(level));
}

}  // namespace

TEST_CASE("psc: the lowest level that matches is the longest prefix") {
  X86Psc psc({4, 4, 4, 4}, Policy::tree);
  CHECK(psc.lookup(kVa, 1, 4).level == 0);
  fill(psc, 5, kVa, 1, 0x5000);
  fill(psc, 4, kVa, 1, 0x4000);
  CHECK(psc.lookup(kVa, 1, 5).level == 4);
  fill(psc, 2, kVa, 1, 0x2000, {false, true, true});
  fill(psc, 3, kVa, 1, 0x3000);
  const X86Psc::Hit hit = psc.lookup(kVa + 0xfff, 1, 4);
  CHECK(hit.level == 2);
  CHECK(psc.table(hit).pa == 0x2000);
  CHECK_FALSE(psc.table(hit).above.w);
  CHECK(psc.table(hit).above.u);
  CHECK(psc.table(hit).above.nx);
  CHECK(psc.lookup(kVa + (u64{1} << 21), 1, 4).level == 3);  // another entry of the level-2 table
  CHECK(psc.lookup(kVa + (u64{1} << 30), 1, 4).level == 4);  // of the level-3 table
  CHECK(psc.lookup(kVa + (u64{1} << 39), 1, 4).level == 0);  // level 5 is above the top
  CHECK(psc.lookup(kVa + (u64{1} << 39), 1, 5).level == 5);
  CHECK(psc.lookup(kVa + (u64{1} << 48), 1, 5).level == 0);
  CHECK(psc.lookup(kVa, 2, 5).level == 0);                 // another address space
  CHECK(psc.lookup(kVa | u64{1} << 56, 1, 5).level == 0);  // the highest bit counts
  CHECK(psc.lookup(kVa | u64{1} << 57, 1, 5).level == 2);  // the sign does not
}

TEST_CASE("psc: a fill takes the one that matches, else a free one, else the victim") {
  X86Psc psc({2, 0, 0, 0}, Policy::tree);
  const u64 step = u64{1} << 21;
  fill(psc, 2, 0 * step, 1, 0x1000);
  fill(psc, 2, 1 * step, 1, 0x2000);  // index 1; the tree points to 0
  fill(psc, 2, 0 * step, 1, 0x3000);  // again index 0; the tree points to 1
  CHECK(psc.entry(0).pa == 0x3000);
  CHECK(psc.entry(1).pa == 0x2000);
  fill(psc, 2, 2 * step, 1, 0x4000);
  CHECK(psc.entry(0).pa == 0x3000);
  CHECK(psc.entry(1).pa == 0x4000);
  psc.touch(psc.lookup(2 * step, 1, 4));
  psc.touch(psc.lookup(0, 1, 4));
  fill(psc, 2, 3 * step, 1, 0x5000);
  CHECK(psc.entry(1).pa == 0x5000);
}

TEST_CASE("psc: a victim chosen before the edge is used although a touch comes first") {
  X86Psc psc({2, 0, 0, 0}, Policy::tree);
  const u64 step = u64{1} << 21;
  fill(psc, 2, 0 * step, 1, 0x1000);
  fill(psc, 2, 1 * step, 1, 0x2000);
  const unsigned victim = psc.victim(2);  // 0
  psc.touch(psc.lookup(0, 1, 4));         // would point to 1
  psc.fill(2, 2 * step, 1, {0x3000, {}}, victim);
  CHECK(psc.entry(0).pa == 0x3000);
  CHECK(psc.entry(1).pa == 0x2000);
}

TEST_CASE("psc: each level has a pointer or shift register of its own") {
  for (const Policy policy : {Policy::round_robin, Policy::random}) {
    X86Psc psc({2, 2, 0, 0}, policy);
    const u64 step = u64{1} << 30;
    for (u64 n = 0; n < 3; ++n) fill(psc, 3, n * step, 1, 0x1000 * (n + 1));
    // The first victim of level 3 is 0 (the pointer), 1 (ACE1 is odd); now 1, and 0 (5670 is even).
    const unsigned first = policy == Policy::random ? 1 : 0;
    CHECK(psc.entry(2 + first).pa == 0x3000);
    CHECK(psc.victim(3) == 1 - first);
    CHECK(psc.victim(2) == first);
  }
}

TEST_CASE("psc: a level without entries holds nothing, and one that the format has not is ignored") {
  X86Psc psc({0, 2, 0, 0}, Policy::tree);
  fill(psc, 2, kVa, 1, 0x1000);
  fill(psc, 4, kVa, 1, 0x1000);
  CHECK(psc.lookup(kVa, 1, 5).level == 0);
  CHECK(psc.entries() == 2);
  const AlphaPsc alpha({1, 2, 4, 8}, Policy::tree);
  CHECK(alpha.entries() == 3);  // levels 2 and 3
}

TEST_CASE("psc: the probe shows level 2 first, prefix, table, span and rights") {
  X86Psc psc({2, 4, 1, 1}, Policy::tree);
  CHECK(psc.entries() == 8);
  fill(psc, 3, kVa, 0x801, 0x7000, {true, false, true});
  fill(psc, 5, ~u64{0}, 2, 0x8000);
  CHECK(psc.entry(0).valid == 0);
  const TlbEntry third = psc.entry(2);
  CHECK(third.valid == 1);
  CHECK(third.va == (u64{3} << 39 | u64{2} << 30));
  CHECK(third.pa == 0x7000);
  CHECK(third.size == 30);
  CHECK(third.asid == 0x801);
  CHECK(third.rights == 0b101);  // W, NX
  CHECK(third.global == 0);
  CHECK(psc.entry(7).va == u64{0x1ff} << 48);
  CHECK(psc.entry(7).size == 48);
  CHECK(psc.entry(7).rights == 0b011);
  CHECK(psc.entry(8).valid == 0);
  AlphaPsc alpha({1, 1, 0, 0}, Policy::tree);
  fill(alpha, 3, u64{5} << 33 | 0x1234, 1, 0xe000);
  CHECK(alpha.entry(1).va == u64{5} << 33);
  CHECK(alpha.entry(1).size == 33);  // 13 + 2 * 10
  CHECK(alpha.entry(1).rights == 0);
}

TEST_CASE("psc: coverage: a page fault drops the prefixes of its address, the rest is by address space") {
  X86Psc psc({4, 4, 4, 4}, Policy::tree);
  const auto fill_all = [&] {
    psc.reset();
    for (unsigned level = 2; level <= 5; ++level) fill(psc, level, kVa, 1, 0x1000);
    fill(psc, 2, kVa + (u64{1} << 21), 1, 0x2000);
    fill(psc, 2, kVa, 2, 0x3000);
  };
  fill_all();
  psc.invalidate(kVa, 1);
  CHECK(psc.lookup(kVa, 1, 5).level == 0);
  CHECK(psc.lookup(kVa + (u64{1} << 21), 1, 5).level == 2);
  CHECK(psc.lookup(kVa, 2, 5).level == 2);
  fill_all();
  psc.invalidate_asid(1);
  CHECK(psc.lookup(kVa + (u64{1} << 21), 1, 5).level == 0);
  CHECK(psc.lookup(kVa, 2, 5).level == 2);
  psc.invalidate_all();
  CHECK(psc.lookup(kVa, 2, 5).level == 0);
}
