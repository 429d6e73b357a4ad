// SPDX-License-Identifier: Apache-2.0
//
// What an x86-64 MMU may and may not answer, from the text of SDM 4.8 and 4.10, each side of each rule.
#include "tests/unit/admissible/scene.h"

namespace kilburn::admissible::test {

TEST_CASE("x86: the translation of now is fresh, any other is nothing") {
  Scene s;
  x86_tables(s);
  s.translate({.va = 0x1234}, page(0x101234));
  CHECK(s.rule() == "");
  CHECK(s.legal(Legality::fresh) == 1);
  s.translate({.va = 0x1234}, page(0x102234));
  CHECK(s.rule() == "attributes");
}

TEST_CASE("W2: a changed entry may be used until INVLPG completes, not after (SDM 4.10.4.1)") {
  Scene s;
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x4008, 0x200000 | kUsed | kD);
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == "");
  CHECK(s.legal(Legality::stale) == 1);
  s.translate({.va = 0x1000}, page(0x200000));
  s.invalidate(inv::PAGE, 0x1000);
  s.translate({.va = 0x1000}, page(0x200000));
  CHECK(s.rule() == "");
  s.cycle += 2000;  // no walk was under way
  s.invalidate(inv::PAGE, 0x1000);
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == "W2");
}

TEST_CASE("W2: INVLPG covers a large page by any of its addresses, and nothing beside it (T62)") {
  Scene s;
  x86_tables(s);
  s.memory.store64(0x3008, 0x200000 | kUsed | kD | kPS);  // 2 MB at 0x200000
  s.translate({.va = 0x201000}, page(0x201000, 21));
  s.store(0x3008, 0x0);
  s.store(0x4010, 0);
  SECTION("of the same large page") {
    s.cycle += 2000;
    s.invalidate(inv::PAGE, 0x3ff000);
    s.translate({.va = 0x201000}, page(0x201000, 21));
    CHECK(s.rule() == "W2");
  }
  SECTION("of another page") {
    s.invalidate(inv::PAGE, 0x400000);
    s.translate({.va = 0x201000}, page(0x201000, 21));
    CHECK(s.rule() == "");
  }
}

TEST_CASE("W2: INVLPG ends every paging-structure-cache entry of the PCID (T64)") {
  Scene s;
  x86_tables(s);
  s.memory.store64(0x5010, 0x300000 | kUsed | kD);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x3000, 0x5000 | kUsed);  // another last-level table
  const bool same_space = GENERATE(true, false);
  s.cycle += 2000;
  s.invalidate(inv::PAGE, 0x40000000, same_space ? 1 : 2);
  s.store(0x4010, 0x400000 | kUsed | kD);  // in the old table, after the operation
  // Page 2 through the old table and its new entry: only a kept paging-structure-cache entry leads there.
  s.translate({.va = 0x2000}, page(0x400000));
  CHECK(s.rule() == (same_space ? "W2" : ""));
}

TEST_CASE("W2: global entries survive everything but ALL and their own address (SDM 4.10.2.4)") {
  Scene s;
  x86_tables(s, kUsed | kD | kG);
  s.translate({.va = 0x1000}, page(0x101000, 12, true));
  s.store(0x4008, 0);
  s.cycle += 2000;
  const u8 op = GENERATE(inv::ASID, inv::NONGLOBAL, inv::PAGE_NONGLOBAL, inv::PAGE, inv::ALL);
  s.invalidate(op, 0x1000, 1);
  s.translate({.va = 0x1000}, page(0x101000, 12, true));
  CHECK((s.rule() == "") == (op != inv::PAGE && op != inv::ALL));
}

TEST_CASE("W1: a top table counts for its own PCID while nothing invalidates it, a global page for all (T66)") {
  Scene s;
  x86_tables(s);
  s.memory.store64(0x8000, 0);  // an empty space
  s.translate({.va = 0x1000, .asid = 1}, page(0x101000));
  SECTION("the same PCID, MOV CR3 with bit 63") {
    s.translate({.va = 0x1000, .asid = 1, .root = 0x8000}, page(0x101000));
    CHECK(s.rule() == "");
  }
  SECTION("the same PCID, flushed") {
    s.translate({.va = 0x2000, .asid = 1, .root = 0x8000}, fault(0, 4));  // from here on the old table is not in use
    s.cycle += 2000;
    s.invalidate(inv::ASID, 0, 1);
    s.translate({.va = 0x1000, .asid = 1, .root = 0x8000}, page(0x101000));
    CHECK(s.rule() == "W2");
  }
  SECTION("another PCID") {
    s.translate({.va = 0x1000, .asid = 2, .root = 0x8000}, page(0x101000));
    CHECK(s.rule() == "W1");
  }
  SECTION("another PCID, a global page") {
    s.store(0x4008, 0x101000 | kUsed | kD | kG);
    s.translate({.va = 0x1000, .asid = 1}, page(0x101000, 12, true));
    s.translate({.va = 0x1000, .asid = 2, .root = 0x8000}, page(0x101000, 12, true));
    CHECK(s.rule() == "");
  }
}

TEST_CASE("W3: what is not present is never cached, and nothing is used before A is set (SDM 4.10.2.3, T60)") {
  Scene s;
  x86_tables(s);
  s.memory.store64(0x4008, 0);
  s.translate({.va = 0x1000}, fault(0, 1));
  SECTION("P from 0 to 1 needs no invalidation (T74)") {
    s.store(0x4008, 0x101000 | kUsed | kD);
    s.translate({.va = 0x1000}, fault(0, 1));
    CHECK(s.rule() == "W3");
  }
  SECTION("a request that waits meanwhile may see either") {
    s.ask({.va = 0x1000});
    s.store(0x4008, 0x101000 | kUsed | kD);
    s.answer(fault(0, 1));
    CHECK(s.rule() == "");
  }
  SECTION("A = 0") {
    s.store(0x4008, (0x101000 | kUsed) & ~kA);
    s.translate({.va = 0x1000}, page(0x101000));
    CHECK(s.rule() == "W3");
  }
  SECTION("a store with D = 0 (T41)") {
    s.store(0x4008, 0x101000 | kUsed);
    s.translate({.va = 0x1000}, page(0x101000));
    CHECK(s.rule() == "");
    s.translate({.va = 0x1000, .op = Op::write}, page(0x101000));
    CHECK(s.rule() == "W3");
  }
}

TEST_CASE("W3: A cleared by software does not end a cached entry (SDM 4.10.4.3)") {
  Scene s;
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x4008, (0x101000 | kUsed | kD) & ~kA);
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == "");
  CHECK(s.legal(Legality::stale) == 1);
  CHECK(s.checker.obligations().hazards() == 0);
}

TEST_CASE("W4: a request that overlaps an invalidation may use either side, a later one may not") {
  Scene s;
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x4008, 0x200000 | kUsed | kD);
  s.begin(inv::PAGE, 0x1000);
  s.ask({.va = 0x1000}, 0);
  s.ask({.va = 0x1000}, 1);
  s.end();
  s.answer(page(0x101000), Op::read, 0);
  s.answer(page(0x200000), Op::read, 1);
  CHECK(s.rule() == "");
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == "W4");
}

TEST_CASE("W5: a refusal that the tables no longer cause comes at most once (SDM 4.10.4.3, T71)") {
  Scene s;
  x86_tables(s, kP | kUS | kA);  // read-only
  s.translate({.va = 0x1000, .op = Op::write}, fault(3, 1));
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x4008, 0x101000 | kUsed | kD);
  SECTION("the write that follows a fault after the change") {
    s.translate({.va = 0x1000, .op = Op::write}, fault(3, 1));
    CHECK(s.legal(Legality::spurious) == 1);
    CHECK(s.rule() == "");
    s.translate({.va = 0x1000, .op = Op::write}, fault(3, 1));
    CHECK(s.rule() == "W5");
  }
  SECTION("another page has its own") {
    s.store(0x4010, 0x102000 | kUsed | kD);
    s.translate({.va = 0x1000, .op = Op::write}, fault(3, 1));
    s.translate({.va = 0x2000, .op = Op::write}, fault(3, 1));
    CHECK(s.rule() == "");
  }
}

TEST_CASE("attributes: never those of two entries at once (T68)") {
  Scene s;
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x4008, 0x202000 | kUsed | kD | 0x10);  // another frame, PCD
  Response mixed = page(0x101000);
  mixed.memory_type = 2;
  SECTION("the frame of one and the type of the other") {
    s.translate({.va = 0x1000}, mixed);
    CHECK(s.rule() == "attributes");
  }
  SECTION("the OR of both frames") {
    mixed.pa = 0x303000;
    s.translate({.va = 0x1000}, mixed);
    CHECK(s.rule() == "attributes");
  }
  SECTION("either whole") {
    s.translate({.va = 0x1000}, page(0x101000));
    mixed.pa = 0x202000;
    s.translate({.va = 0x1000}, mixed);
    CHECK(s.rule() == "");
  }
}

TEST_CASE("levels that memory never held together are legal while no invalidation parts them") {
  Scene s;
  x86_tables(s);
  s.memory.store64(0x5008, 0x300000 | kUsed | kD);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x3000, 0x5000 | kUsed);
  s.store(0x4008, 0x400000 | kUsed | kD);
  s.translate({.va = 0x1000}, page(0x400000));  // by a paging-structure cache
  CHECK(s.rule() == "");
  CHECK(s.legal(Legality::mixed) == 1);
}

TEST_CASE("levels read top down: the knob refuses a lower level older than an upper one") {
  Relaxations relaxations;
  relaxations.upper_before_lower = GENERATE(false, true);
  Scene s(arch::Format::x86_64, relaxations);
  x86_tables(s);
  s.memory.store64(0x5008, 0x300000 | kUsed | kD);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x5008, 0x500000 | kUsed | kD);
  s.store(0x3000, 0x5000 | kUsed);              // points to the table only after its entry changed
  s.translate({.va = 0x1000}, page(0x300000));  // a physically tagged walk cache could
  CHECK((s.rule() == "") == !relaxations.upper_before_lower);
}

TEST_CASE("WP, SMAP and the mode are those of the access, whatever is cached (T29)") {
  Scene s;
  x86_tables(s, kP | kUS | kA | kD);
  s.translate({.va = 0x1000, .op = Op::write, .controls = kNXE}, page(0x101000));  // WP = 0
  s.store(0x4008, 0x200000 | kUsed | kD);
  s.translate({.va = 0x1000, .op = Op::write, .controls = kNXE}, page(0x101000));
  CHECK(s.rule() == "");
  s.translate({.va = 0x1000, .op = Op::write}, page(0x101000));
  CHECK(s.rule() == "attributes");
}

TEST_CASE("what the address alone decides is exact (T33)") {
  Scene s;
  x86_tables(s);
  s.translate({.va = u64{1} << 47}, {.fault = Fault::general});
  CHECK(s.legal(Legality::direct) == 1);
  s.translate({.va = u64{1} << 47}, fault(0, 4));
  CHECK(s.rule() == "direct");
}

TEST_CASE("two MMUs on one memory: each has its own invalidations") {
  Scene s;
  x86_tables(s);
  const unsigned second = s.checker.add_mmu();
  s.translate({.va = 0x1000}, page(0x101000));
  s.translate({.va = 0x1000}, page(0x101000), second);
  s.store(0x4008, 0x200000 | kUsed | kD);
  s.cycle += 2000;
  s.invalidate(inv::PAGE, 0x1000);
  s.translate({.va = 0x1000}, page(0x101000), second);
  CHECK(s.rule() == "");
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == "W2");
}

TEST_CASE("W2: what led nowhere below a newer entry may answer below an older one") {
  Relaxations relaxations;
  relaxations.upper_before_lower = true;
  Scene s(arch::Format::x86_64, relaxations);
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  // Both entries of the top table lead to the same table; only the older was there before the page was changed.
  s.store(0x4008, 0x105000 | kUsed | kD);
  s.store(0x1000, 0x2000 | kUsed | 0x200);
  s.cycle += 1000;  // no walk is under way
  const bool ended = GENERATE(false, true);
  if (ended) s.invalidate(inv::PAGE, 0x1000);
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == (ended ? "W2" : ""));
  CHECK(s.legal(Legality::stale) == (ended ? 0 : 1));
}

}  // namespace kilburn::admissible::test
