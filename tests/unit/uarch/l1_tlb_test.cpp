// SPDX-License-Identifier: Apache-2.0
//
// The TLB alone: match, fill choice and what an entry shows (rtl/README.md, "L1 TLB").
#include "model/uarch/l1_tlb.h"

#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::uarch;
using X86Tlb = L1Tlb<arch::Format::x86_64>;
using AlphaTlb = L1Tlb<arch::Format::alpha>;

namespace {

arch::Translation page(u64 pa, u8 log2 = 12, bool global = false) {
  arch::Translation t;
  t.pa = pa;
  t.page_log2 = log2;
  t.global = global;
  t.rights = 0xb;
  return t;
}

template <class Tlb>
void fill(Tlb& tlb, u64 va, u64 asid, const arch::Translation& t) {
  tlb.fill(va, asid, t, tlb.victim());
}

template <class Tlb>
u64 address(Tlb& tlb, u64 va, u64 asid) {
  const int index = tlb.lookup(va, asid);
  REQUIRE(index >= 0);
  ReqOut response;
  tlb.respond(index, va, response);
  return response.rsp_pa;
}

}  // namespace

TEST_CASE("l1_tlb: an empty TLB matches nothing and shows zeros") {
  X86Tlb tlb(4, Policy::tree);
  CHECK(tlb.lookup(0, 0) == X86Tlb::kNone);
  const TlbEntry entry = tlb.entry(0);
  CHECK(entry.valid == 0);
  CHECK(entry.va == 0);
  CHECK(tlb.entry(4).valid == 0);  // no such entry
}

TEST_CASE("l1_tlb: an entry matches its page and ASID only") {
  X86Tlb tlb(4, Policy::tree);
  fill(tlb, 0x7000'1234, 5, page(0x9'8000));
  CHECK(address(tlb, 0x7000'1fff, 5) == 0x9'8fff);
  CHECK(tlb.lookup(0x7000'0fff, 5) == X86Tlb::kNone);
  CHECK(tlb.lookup(0x7000'2000, 5) == X86Tlb::kNone);
  CHECK(tlb.lookup(0x7000'1000, 4) == X86Tlb::kNone);
  CHECK(tlb.lookup(0x7000'1000, 0x805) == X86Tlb::kNone);        // the highest ASID bit counts
  CHECK(tlb.lookup(0x0100'0000'7000'1000, 5) == X86Tlb::kNone);  // the highest VA bit counts
}

TEST_CASE("l1_tlb: a global entry matches every ASID") {
  X86Tlb tlb(4, Policy::tree);
  fill(tlb, 0xffff'8000'0000'0000, 5, page(0x1000, 12, true));
  CHECK(address(tlb, 0xffff'8000'0000'0123, 0xfff) == 0x1123);
}

TEST_CASE("l1_tlb: a large page matches all of its bytes, and an entry shows its first") {
  X86Tlb tlb(4, Policy::tree);
  fill(tlb, 0xffff'8000'4012'3456, 7, page(0x8000'0000, 21));
  CHECK(address(tlb, 0xffff'8000'401f'ffff, 7) == 0x801f'ffff);
  CHECK(tlb.lookup(0xffff'8000'4020'0000, 7) == X86Tlb::kNone);
  const TlbEntry entry = tlb.entry(0);
  CHECK(entry.valid == 1);
  CHECK(entry.va == 0x01ff'8000'4000'0000);  // bits above the 57 of the virtual address are 0
  CHECK(entry.pa == 0x8000'0000);
  CHECK(entry.asid == 7);
  CHECK(entry.size == 21);
  CHECK(entry.rights == 0xb);
  CHECK(entry.global == 0);
}

TEST_CASE("l1_tlb: T92 a granularity-hint block of 64 pages") {
  AlphaTlb tlb(4, Policy::tree);
  fill(tlb, 0x123'4567, 3, page(0x4008'0000, 19));  // 8 KB pages, GH = 2
  CHECK(address(tlb, 0x120'0000, 3) == 0x4008'0000);
  CHECK(address(tlb, 0x127'ffff, 3) == 0x400f'ffff);
  CHECK(tlb.lookup(0x128'0000, 3) == AlphaTlb::kNone);
  CHECK(tlb.lookup(0x11f'ffff, 3) == AlphaTlb::kNone);
}

TEST_CASE("l1_tlb: fills take the lowest invalid entry, then the tree's victim") {
  X86Tlb tlb(4, Policy::tree);
  for (u64 n = 0; n < 4; ++n) {
    fill(tlb, n << 12, 1, page(n << 20));
    CHECK(tlb.entry(static_cast<unsigned>(n)).pa == n << 20);
  }
  // Touched in the order 0 1 2 3: every node points to its lower half.
  fill(tlb, 0x10'0000, 1, page(0x77'7000));
  CHECK(tlb.entry(0).pa == 0x77'7000);
  CHECK(tlb.lookup(0, 1) == X86Tlb::kNone);
  tlb.invalidate(1u << 2);
  CHECK(tlb.entry(2).valid == 0);
  fill(tlb, 0x20'0000, 1, page(0x88'8000));  // an invalid entry before any victim
  CHECK(tlb.entry(2).pa == 0x88'8000);
}

TEST_CASE("l1_tlb: the victim is the tree's choice before the hit of the same cycle") {
  X86Tlb tlb(2, Policy::tree);
  fill(tlb, 0x1000, 1, page(0x1000));
  fill(tlb, 0x2000, 1, page(0x2000));
  const unsigned victim = tlb.victim();
  CHECK(victim == 0);
  tlb.touch(0);  // the hit: the tree now points to entry 1
  tlb.fill(0x3000, 1, page(0x3000), victim);
  CHECK(tlb.entry(0).va == 0x3000);
  CHECK(tlb.entry(1).va == 0x2000);
  CHECK(tlb.victim() == 1);  // the fill's touch comes last
}

TEST_CASE("l1_tlb: a fill replaces the lowest entry that matches and clears the others") {
  X86Tlb tlb(4, Policy::tree);
  fill(tlb, 0x9000, 1, page(0x9000));              // entry 0: elsewhere
  fill(tlb, 0x20'1000, 1, page(0xa000));           // entry 1
  fill(tlb, 0x20'2000, 1, page(0xb000));           // entry 2
  fill(tlb, 0x20'3000, 1, page(0x4000'0000, 21));  // entry 3 overlaps 1 and 2, matches neither's request
  CHECK(tlb.lookup(0x20'1000, 1) == X86Tlb::kMulti);
  CHECK(tlb.lookup(0x20'3000, 1) == 3);
  fill(tlb, 0x20'1000, 1, page(0xc000));
  CHECK(tlb.entry(1).pa == 0xc000);
  CHECK(tlb.entry(3).valid == 0);
  CHECK(tlb.entry(2).valid == 1);  // it did not match the request
  CHECK(tlb.entry(0).valid == 1);
}

TEST_CASE("l1_tlb: another address space's entry is not replaced, a global one is") {
  X86Tlb tlb(4, Policy::tree);
  fill(tlb, 0x1000, 1, page(0x1000));
  fill(tlb, 0x1000, 2, page(0x2000));
  CHECK(tlb.entry(0).asid == 1);
  CHECK(tlb.entry(1).asid == 2);
  fill(tlb, 0x1000, 3, page(0x3000, 12, true));
  CHECK(tlb.entry(2).global == 1);
  CHECK(tlb.lookup(0x1000, 1) == X86Tlb::kMulti);
  CHECK(tlb.lookup(0x1000, 9) == 2);
  fill(tlb, 0x1000, 9, page(0x4000));  // the global entry matches ASID 9
  CHECK(tlb.entry(2).global == 0);
  CHECK(tlb.entry(2).asid == 9);
  CHECK(tlb.lookup(0x1000, 1) == 0);
}

TEST_CASE("l1_tlb: an access is remembered only where one entry matches") {
  X86Tlb tlb(4, Policy::tree);
  const X86Tlb::Access read{0x55, 0, 0x1, false};
  const X86Tlb::Access write{0x55, 0, 0x101, true};
  fill(tlb, 0x20'1000, 1, page(0xa000));
  REQUIRE(tlb.lookup(0x20'1000, 1) == 0);
  CHECK(tlb.remembered(0x20'1000, read) == X86Tlb::kNone);
  tlb.remember(0, read);
  CHECK(tlb.remembered(0x20'1fff, read) == 0);
  CHECK(tlb.remembered(0x20'1fff, write) == X86Tlb::kNone);
  CHECK(tlb.remembered(0x20'2000, read) == X86Tlb::kNone);
  CHECK(tlb.remembered(0x1'0000'0020'1000, read) == X86Tlb::kNone);  // same translated bits, wrong sign
  // Each word of the access counts (T29: controls and keys act at the access).
  for (const X86Tlb::Access& other :
       {X86Tlb::Access{0x56, 0, 0x1, false}, X86Tlb::Access{0x55, 1, 0x1, false},
        X86Tlb::Access{0x55, u64{1} << 63, 0x1, false}, X86Tlb::Access{0x55, 0, 0x10'0000'0001, false}}) {
    CHECK(tlb.remembered(0x20'1000, other) == X86Tlb::kNone);
  }
  tlb.remember(0, write);
  CHECK(tlb.remembered(0x20'1000, write) == 0);
  CHECK(tlb.remembered(0x20'1000, read) == 0);
  fill(tlb, 0x20'3000, 1, page(0x4000'0000, 21));  // overlaps
  CHECK(tlb.remembered(0x20'1000, read) == X86Tlb::kNone);
  CHECK(tlb.remembered(0x20'1000, write) == X86Tlb::kNone);
  tlb.remember(0, read);
  CHECK(tlb.remembered(0x20'1000, read) == X86Tlb::kNone);
}

TEST_CASE("l1_tlb: one entry works") {
  X86Tlb tlb(1, Policy::tree);
  fill(tlb, 0x1000, 1, page(0x1000));
  fill(tlb, 0x2000, 1, page(0x2000));
  CHECK(tlb.lookup(0x1000, 1) == X86Tlb::kNone);
  CHECK(address(tlb, 0x2004, 1) == 0x2004);
}

TEST_CASE("l1_tlb: sixty-four entries are all used") {
  X86Tlb tlb(64, Policy::tree);
  for (u64 n = 0; n < 64; ++n) fill(tlb, n << 12, 1, page(n << 12));
  for (u64 n = 0; n < 64; ++n) CHECK(tlb.lookup(n << 12, 1) == static_cast<int>(n));
  fill(tlb, u64{64} << 12, 1, page(0));
  CHECK(tlb.lookup(0, 1) == X86Tlb::kNone);
}
