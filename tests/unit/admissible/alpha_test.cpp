// SPDX-License-Identifier: Apache-2.0
//
// What an Alpha MMU may and may not answer: EV5 5.1 and 5.2, EV6 5.2 and 5.3, DEC's PALcode.
#include "tests/unit/admissible/scene.h"

namespace kilburn::admissible::test {

namespace {
constexpr auto kAlpha = arch::Format::alpha;
}

TEST_CASE("alpha: a changed entry may be used until TBIS, FOE is a matter of the fill (T86)") {
  Scene s(kAlpha);
  alpha_tables(s);
  s.translate(alpha_ask(0x2000, Op::fetch), page(u64{0x81} << 13, 13));
  s.store(0x6008, u64{0x81} << 32 | kEvery | kFOE);
  s.translate(alpha_ask(0x2000, Op::fetch), page(u64{0x81} << 13, 13));
  CHECK(s.rule() == "");
  s.cycle += 2000;
  SECTION("TBISD leaves the instruction TLB (T95)") {
    s.invalidate(inv::PAGE_D, 0x2000);
    s.translate(alpha_ask(0x2000, Op::fetch), page(u64{0x81} << 13, 13));
    CHECK(s.rule() == "");
  }
  SECTION("TBISI does not") {
    s.invalidate(inv::PAGE_I, 0x2000);
    s.translate(alpha_ask(0x2000, Op::fetch), alpha_fault(Fault::on_execute, 1));
    CHECK(s.rule() == "");
    s.translate(alpha_ask(0x2000, Op::fetch), page(u64{0x81} << 13, 13));
    CHECK(s.rule() == "W2");
  }
}

TEST_CASE("alpha: a refusal by a cached entry may come again and again (no self-invalidation)") {
  Relaxations relaxations;
  relaxations.alpha_fault_self_invalidates = GENERATE(false, true);
  Scene s(kAlpha, relaxations);
  alpha_tables(s, kEvery | kFOW);
  s.translate(alpha_ask(0x2000, Op::write), alpha_fault(Fault::on_write, 1));
  s.translate(alpha_ask(0x2000), page(u64{0x81} << 13, 13));
  s.store(0x6008, u64{0x81} << 32 | kEvery);
  s.translate(alpha_ask(0x2000, Op::write), alpha_fault(Fault::on_write, 1));
  CHECK(s.rule() == "");
  s.translate(alpha_ask(0x2000, Op::write), alpha_fault(Fault::on_write, 1));
  CHECK(s.rule() == (relaxations.alpha_fault_self_invalidates ? "W5" : ""));
}

TEST_CASE("alpha: an entry with V = 0 is never cached") {
  Scene s(kAlpha);
  alpha_tables(s);
  s.memory.store64(0x6008, 0x300);  // V = 0, readable: TNV
  s.translate(alpha_ask(0x2000), alpha_fault(Fault::tnv, 1));
  s.store(0x6008, u64{0x81} << 32 | kEvery);
  s.translate(alpha_ask(0x2000), alpha_fault(Fault::tnv, 1));
  CHECK(s.rule() == "W3");
}

TEST_CASE("alpha: TBIS inside a block of granularity hint 1 ends the block (T93)") {
  Scene s(kAlpha);
  alpha_tables(s);
  for (u64 n = 0; n < 8; ++n) s.memory.store64(0x6000 + 8 * n, (0x80 + n) << 32 | kEvery | 0x20);
  s.translate(alpha_ask(0x2000), page(0x102000, 16));
  for (u64 n = 0; n < 8; ++n) s.store(0x6000 + 8 * n, 0);
  s.cycle += 2000;
  SECTION("inside") {
    s.invalidate(inv::PAGE, 0xe000);
    s.translate(alpha_ask(0x2000), page(0x102000, 16));
    CHECK(s.rule() == "W2");
  }
  SECTION("outside") {
    s.invalidate(inv::PAGE, 0x10000);
    s.translate(alpha_ask(0x2000), page(0x102000, 16));
    CHECK(s.rule() == "");
  }
}

TEST_CASE("alpha: any entry of a block may have been read for all of it") {
  Scene s(kAlpha);
  alpha_tables(s);
  s.memory.store64(0x6008, 0);                                  // page 1 itself is not valid,
  s.memory.store64(0x6018, u64{0x1003} << 32 | kEvery | 0x20);  // page 3's hint covers it
  s.translate(alpha_ask(0x2000), page((u64{0x1000} << 13) + 0x2000, 16));
  CHECK(s.rule() == "");
  s.translate(alpha_ask(0x2000), page((u64{0x1003} << 13) + 0x2000, 16));
  CHECK(s.rule() == "attributes");
}

TEST_CASE("alpha: TBIAP leaves ASM entries, TBIA nothing, and ASM counts for every ASN") {
  Scene s(kAlpha);
  alpha_tables(s, kEvery | kASM);
  s.translate(alpha_ask(0x2000), page(u64{0x81} << 13, 13, true));
  s.store(0x6008, 0);
  s.cycle += 2000;
  const bool all = GENERATE(false, true);
  s.invalidate(all ? inv::ALL : inv::NONGLOBAL);
  Ask other = alpha_ask(0x2000);
  other.asid = 5;
  other.root = 0xa000;
  s.translate(other, page(u64{0x81} << 13, 13, true));
  CHECK((s.rule() == "") == !all);
}

TEST_CASE("alpha: an upper level's change after TBIS is the matter of a knob") {
  const auto scope = GENERATE(PscScope::architecture, PscScope::context);
  Relaxations relaxations;
  relaxations.psc_scope = scope;
  Scene s(kAlpha, relaxations);
  alpha_tables(s);
  s.translate(alpha_ask(0x2000), page(u64{0x81} << 13, 13));
  s.store(0x4000, 0);
  s.cycle += 2000;
  s.invalidate(inv::PAGE, 0x2000);
  s.translate(alpha_ask(0x2000), page(u64{0x81} << 13, 13));
  CHECK((s.rule() == "") == (scope == PscScope::architecture));
}

TEST_CASE("alpha: the MMU writes no entry") {
  Scene s(kAlpha);
  alpha_tables(s);
  s.ask(alpha_ask(0x2000));
  s.swap(0x6008, s.memory.load64(0x6008), s.memory.load64(0x6008) | kA);
  CHECK(s.rule() == "W6");
}

TEST_CASE("REFILL: a miss is always legal, a hit only from what was filled and not invalidated") {
  Scene s(kAlpha);
  alpha_tables(s);
  const Ask ask = alpha_ask(0x2000, Op::read, kRefill);
  s.translate(ask, {.fault = Fault::miss});
  CHECK(s.rule() == "");
  SECTION("a hit that nobody filled") {
    s.translate(ask, page(u64{0x81} << 13, 13));
    CHECK(s.rule() != "");
  }
  SECTION("filled in the other side") {
    s.begin(inv::FILL_I, 0x2000, 1, u64{0x91} << 32 | kEvery);
    s.end();
    s.translate(ask, page(u64{0x91} << 13, 13));
    CHECK(s.rule() != "");
  }
  SECTION("filled") {
    s.begin(inv::FILL_D, 0x2000, 1, u64{0x91} << 32 | kEvery | kFOW);
    s.end();
    s.translate(ask, page(u64{0x91} << 13, 13));
    s.translate(alpha_ask(0x2000, Op::write, kRefill), alpha_fault(Fault::on_write, 0));
    s.translate(ask, {.fault = Fault::miss});
    CHECK(s.rule() == "");
    s.invalidate(inv::PAGE_I, 0x2000);
    s.translate(ask, page(u64{0x91} << 13, 13));
    CHECK(s.rule() == "");
    s.invalidate(inv::PAGE, 0x2000);
    s.translate(ask, page(u64{0x91} << 13, 13));
    CHECK(s.rule() == "W2");
  }
  SECTION("filled again: either, as the 21264 ignores the second (T98)") {
    s.begin(inv::FILL_D, 0x2000, 1, u64{0x91} << 32 | kEvery);
    s.end();
    s.begin(inv::FILL_D, 0x2000, 1, u64{0x92} << 32 | kEvery);
    s.end();
    s.translate(ask, page(u64{0x91} << 13, 13));
    s.translate(ask, page(u64{0x92} << 13, 13));
    CHECK(s.rule() == "");
  }
  SECTION("an entry with V = 0 is not written") {
    s.begin(inv::FILL_D, 0x2000, 1, u64{0x91} << 32 | (kEvery & ~kV));
    s.end();
    s.translate(ask, page(u64{0x91} << 13, 13));
    CHECK(s.rule() != "");
  }
}

}  // namespace kilburn::admissible::test
