// SPDX-License-Identifier: Apache-2.0
//
// What each invalidation operation covers: every operation times every kind of entry, the expectation a
// table written from rtl/README.md, "TLB maintenance" (SDM 4.10.4.1, INVPCID; EV5 5.1.7, EV6 5.2.5).
#include "model/uarch/invalidate.h"

#include <string>

#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::uarch;

namespace {

constexpr u64 kVa = 0x7fff'4020'3000;
constexpr u16 kAsid = 0x801;

TlbEntry page(u64 va, u16 asid, bool global, u8 size = 12) {
  TlbEntry entry;
  entry.va = va;
  entry.asid = asid;
  entry.global = global;
  entry.size = size;
  entry.valid = 1;
  return entry;
}

struct Row {
  const char* what;
  TlbEntry entry;
  // One character an operation 0 to 15: I, D the side on which alone it is covered, + both, . none.
  const char* covered;
};

const Row kRows[] = {
    //                                                          ALL NONGLOBAL ASID PAGE PAGE_NONGLOBAL PAGE_I PAGE_D
    {"own page", page(kVa, kAsid, false), "+++++ID........."},
    {"own page, global, this ASID", page(kVa, kAsid, true), "+..+.ID........."},
    {"own page, global, other ASID", page(kVa, 0x001, true), "+..+.ID........."},
    {"same page, other ASID", page(kVa, 0x001, false), "++.............."},
    {"other page, this ASID", page(kVa + 0x1000, kAsid, false), "+++............."},
    {"page below, this ASID", page(kVa - 0x1000, kAsid, false), "+++............."},
    {"other page, global", page(kVa + 0x1000, kAsid, true), "+..............."},
    {"2 MB page around it", page(0x7fff'4020'0000, kAsid, false, 21), "+++++ID........."},
    {"2 MB page beside it", page(0x7fff'4000'0000, kAsid, false, 21), "+++............."},
    {"1 GB page around it, global", page(0x7fff'4000'0000, 0x001, true, 30), "+..+.ID........."},
    {"other half of the addresses", page(0x01ff'ffff'4020'3000, kAsid, false), "+++............."},
    {"only the highest bit differs", page(0x0100'7fff'4020'3000, kAsid, false), "+++............."},
};

}  // namespace

TEST_CASE("invalidate: T62 T63 T65 every operation times every kind of entry") {
  constexpr arch::FormatInfo kFormat = arch::widest_info(arch::Format::x86_64);
  for (const Row& row : kRows) {
    for (u8 op = 0; op < 16; ++op) {
      const char code = row.covered[op];
      for (const u64 offset : {u64{0}, u64{0xfff}}) {  // any byte of the page
        INFO(row.what << ", operation " << int{op} << ", offset " << offset);
        CHECK(covers(kFormat, Holder::i_tlb, op, kVa + offset, kAsid, row.entry) == (code == '+' || code == 'I'));
        CHECK(covers(kFormat, Holder::d_tlb, op, kVa + offset, kAsid, row.entry) == (code == '+' || code == 'D'));
      }
    }
  }
}

TEST_CASE("invalidate: T94 the same table holds for an Alpha block") {
  constexpr arch::FormatInfo kFormat = arch::info(arch::Format::alpha);
  const TlbEntry block = page(0x3'0040'0000, 7, false, 22);  // GH 3: 512 pages of 8 KB
  for (const u64 va : {u64{0x3'0040'0000}, u64{0x3'0040'2000}, u64{0x3'007f'ffff}}) {
    CHECK(covers(kFormat, Holder::d_tlb, inv::PAGE, va, 7, block));
    CHECK_FALSE(covers(kFormat, Holder::d_tlb, inv::PAGE, va, 8, block));
  }
  CHECK_FALSE(covers(kFormat, Holder::d_tlb, inv::PAGE, 0x3'0080'0000, 7, block));
  CHECK_FALSE(covers(kFormat, Holder::d_tlb, inv::PAGE, 0x3'003f'ffff, 7, block));
}

TEST_CASE("invalidate: an address that fails the sign check covers nothing, but whole-TLB operations do not ask") {
  struct Case {
    arch::Format format;
    u64 bad;  // the entry's translated bits under a wrong sign
    u64 va;
  };
  const Case cases[] = {
      {arch::Format::x86_64, 0x0200'0000'0000'1000, 0x1000},  // bit 57 differs from bit 56
      {arch::Format::x86_64, 0x8000'0000'0000'1000, 0x1000},
      {arch::Format::x86_64, 0x0100'0000'0000'1000, 0x0100'0000'0000'1000},
      {arch::Format::x86_64, 0xfe00'0000'0000'1000, 0x1000},
      {arch::Format::alpha_x64, 0x0001'0000'0000'1000, 0x1000},
      {arch::Format::alpha, 0x0000'0800'0000'2000, 0x2000},  // bit 43 differs from bit 42
      {arch::Format::alpha, 0xffff'f800'0000'2000, 0x2000},
  };
  for (const Case& c : cases) {
    const arch::FormatInfo format = arch::widest_info(c.format);
    const TlbEntry entry = page(c.va, 1, true, format.page_shift);
    for (const u8 op : {inv::PAGE, inv::PAGE_I, inv::PAGE_D, inv::PAGE_NONGLOBAL}) {
      CHECK_FALSE(covers(format, Holder::i_tlb, op, c.bad, 1, entry));
      CHECK_FALSE(covers(format, Holder::d_tlb, op, c.bad, 1, entry));
    }
    CHECK(covers(format, Holder::d_tlb, inv::ALL, c.bad, 1, entry));
  }
}

// Five-level addresses are in the TLB whatever CR4.LA57 is now, so 57 bits are asked.
TEST_CASE("invalidate: T33 an address of 57 bits covers its page with LA57 or without") {
  constexpr arch::FormatInfo kFormat = arch::widest_info(arch::Format::x86_64);
  // Under four levels these two are not canonical; under five they are.
  for (const u64 va : {u64{0x0000'8000'0000'1000}, u64{0x00ff'ffff'ffff'f000}}) {
    CHECK(covers(kFormat, Holder::d_tlb, inv::PAGE, va, 1, page(va, 1, false)));
    CHECK_FALSE(covers(kFormat, Holder::d_tlb, inv::PAGE, va, 1, page(va ^ u64{1} << 47, 1, false)));
    CHECK_FALSE(covers(kFormat, Holder::d_tlb, inv::PAGE, va, 1, page(va ^ u64{1} << 56, 1, false)));
  }
  // An upper-half address carries its sign, an entry 57 bits of it.
  CHECK(covers(kFormat, Holder::d_tlb, inv::PAGE, 0xffff'8000'0000'1000, 1, page(0x01ff'8000'0000'1000, 1, false)));
  CHECK(covers(kFormat, Holder::d_tlb, inv::PAGE, 0xff00'0000'0000'1000, 1, page(0x0100'0000'0000'1000, 1, false)));
}
