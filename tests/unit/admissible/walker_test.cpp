// SPDX-License-Identifier: Apache-2.0
//
// W6, W7 and W8: what walkers may read and write, and what must happen in time.
#include "tests/unit/admissible/scene.h"

namespace kilburn::admissible::test {

namespace {

// A walk of 0x1000 as far as the entry of the last level.
void walk(Scene& s) {
  for (const u64 pa : {0x1000, 0x2000, 0x3000, 0x4008}) s.read(pa);
}

}  // namespace

TEST_CASE("W6: A and D from 0 to 1, D for a store that the entry grants (SDM 4.8)") {
  Scene s;
  x86_tables(s);
  s.memory.store64(0x4008, 0x101000 | kP | kRW | kUS);
  const u64 leaf = s.memory.load64(0x4008);
  SECTION("A for a read") {
    s.ask({.va = 0x1000});
    walk(s);
    s.swap(0x4008, leaf, leaf | kA);
    s.answer(page(0x101000));
    CHECK(s.rule() == "");
  }
  SECTION("D for a read (READ-D)") {
    s.ask({.va = 0x1000});
    walk(s);
    s.swap(0x4008, leaf, leaf | kA | kD);
    CHECK(s.rule() == "W6");
  }
  SECTION("A and D for a store") {
    s.ask({.va = 0x1000, .op = Op::write});
    walk(s);
    s.swap(0x4008, leaf, leaf | kA | kD);
    s.answer(page(0x101000));
    CHECK(s.rule() == "");
  }
  SECTION("D for a store that is refused (T48)") {
    s.store(0x4008, 0x101000 | kP | kUS);
    s.ask({.va = 0x1000, .op = Op::write});
    walk(s);
    s.swap(0x4008, 0x101000 | kP | kUS, 0x101000 | kP | kUS | kA | kD);
    CHECK(s.rule() == "W6");
  }
  SECTION("D in an entry above the last level (T45)") {
    s.ask({.va = 0x1000, .op = Op::write});
    walk(s);
    s.swap(0x3000, 0x4000 | kUsed, 0x4000 | kUsed | kD);
    CHECK(s.rule() == "W6");
  }
  SECTION("another bit") {
    s.ask({.va = 0x1000});
    walk(s);
    s.swap(0x4008, leaf, leaf | kA | kG);
    CHECK(s.rule() == "W6");
  }
  SECTION("A to 0") {
    s.ask({.va = 0x1000});
    walk(s);
    s.swap(0x3000, 0x4000 | kUsed, 0x4000 | kP | kRW | kUS);
    CHECK(s.rule() == "W6");
  }
  SECTION("bits that are set already (T50)") {
    s.ask({.va = 0x1000});
    walk(s);
    s.swap(0x3000, 0x4000 | kUsed, 0x4000 | kUsed);
    CHECK(s.rule() == "W6");
  }
  SECTION("an entry with P = 0 (T44)") {
    s.store(0x4008, 0x101000);
    s.ask({.va = 0x1000});
    walk(s);
    s.swap(0x4008, 0x101000, 0x101000 | kA);
    CHECK(s.rule() == "W6");
  }
  SECTION("an entry with a reserved bit (T13)") {
    s.store(0x4008, u64{1} << 51 | 0x101000 | kP);
    s.ask({.va = 0x1000});
    walk(s);
    s.swap(0x4008, u64{1} << 51 | 0x101000 | kP, u64{1} << 51 | 0x101000 | kP | kA);
    CHECK(s.rule() == "W6");
  }
  SECTION("A by speculation on a valid way, before anybody asks (SDM 4.10.2.3)") {
    s.ask({.va = 0x5000});
    walk(s);
    s.swap(0x4008, leaf, leaf | kA);
    s.answer(page(0x105000));
    CHECK(s.rule() == "");
    CHECK(s.legal(Legality::early_a) == 1);
  }
  SECTION("a write that does not compare loses another's (PLAINWRITE)") {
    s.ask({.va = 0x1000});
    walk(s);
    const u64 now = 0x202000 | kP;
    s.store(0x4008, now);
    s.memory.store64(0x4008, leaf | kA);
    s.checker.walker_store(0, at(s.cycle, Phase::walker), 0x4008, now, leaf | kA);
    CHECK(s.rule() == "W6");
  }
}

TEST_CASE("W6: no write comes after the invalidation that ended its way (T51)") {
  Scene s;
  x86_tables(s);
  s.memory.store64(0x4008, 0x101000 | kP | kRW | kUS);
  s.ask({.va = 0x1000});
  walk(s);
  s.store(0x3000, 0);  // the table at 0x4000 is taken away
  const bool invalidated = GENERATE(false, true);
  if (invalidated) s.invalidate(inv::PAGE, 0x1000);
  s.swap(0x4008, 0x101000 | kP | kRW | kUS, 0x101000 | kUsed);
  CHECK(s.rule() == (invalidated ? "W6" : ""));
}

TEST_CASE("W6, W7: a word that is held by its physical address serves walks of other levels (T73)") {
  Scene s;
  x86_tables(s);
  s.ask({.va = 0x1000});
  walk(s);
  s.answer(page(0x101000));
  // From the second entry of the top table the table at 0x3000 is of level 3, the one at 0x4000 of level 2, and the
  // page at 0x101000 is a table: only the way there is read, the words of 0x3000 and 0x4008 are held.
  const bool mapped = GENERATE(true, false);
  s.memory.store64(0x1008, mapped ? 0x3000 | kUsed : 0);
  s.memory.store64(0x101010, 0x200000 | kUsed);
  s.ask({.va = u64{1} << 39 | 1 << 21 | 0x2000, .op = Op::write});
  s.read(0x1008);
  SECTION("a read") {
    s.read(0x101010);
    CHECK(s.rule() == (mapped ? "" : "W7"));
  }
  SECTION("a write") {
    s.swap(0x101010, 0x200000 | kUsed, 0x200000 | kUsed | kD);
    if (mapped) s.answer(page(0x200000), Op::write);
    CHECK(s.rule() == (mapped ? "" : "W6"));
  }
  SECTION("an entry of the page that is no table beside it") {
    s.memory.store64(0x102010, 0x200000 | kUsed);
    s.swap(0x102010, 0x200000 | kUsed, 0x200000 | kUsed | kD);
    CHECK(s.rule() == "W6");
  }
}

TEST_CASE("W7: walkers read only where a valid way leads (RISC-V has the same rule)") {
  Scene s;
  x86_tables(s);
  s.ask({.va = 0x1000});
  walk(s);
  s.answer(page(0x101000));
  CHECK(s.rule() == "");
  SECTION("a word of a page that is no table") {
    s.read(0x9000);
    CHECK(s.rule() == "W7");
  }
  SECTION("a table that was taken away, while paging-structure caches may know it") {
    s.store(0x3000, 0);
    s.read(0x4010);
    CHECK(s.rule() == "");
  }
  SECTION("a table that was taken away and invalidated") {
    s.store(0x3000, 0);
    s.invalidate(inv::ASID, 0, 1);
    s.read(0x4010);
    CHECK(s.rule() == "W7");
  }
  SECTION("a way that was found holds until an invalidation that ends it, and no longer") {
    s.store(0x3000, 0x5000 | kUsed);
    s.read(0x4010);
    s.invalidate(inv::ASID, 0, 2);
    s.read(0x4018);
    s.read(0x4010);
    CHECK(s.rule() == "");
    s.invalidate(inv::PAGE, 0x1000);
    s.read(0x4010);
    CHECK(s.rule() == "W7");
  }
  SECTION("an invalidation does not bind a request that is older") {
    s.ask({.va = 0x2000}, 1);
    s.store(0x3000, 0x5000 | kUsed);
    s.read(0x4010);
    s.invalidate(inv::ASID, 0, 1);
    s.read(0x4018);
    CHECK(s.rule() == "");
    s.answer(page(0x102000), Op::read, 1);
    s.read(0x4018);
    CHECK(s.rule() == "W7");
  }
  SECTION("a top table that another has replaced, until an invalidation") {
    s.ask({.va = 0x1000, .root = 0x9000});
    s.read(0x4010);
    CHECK(s.rule() == "");
    s.invalidate(inv::ASID, 0, 1);
    s.answer(fault(0, 4));
    s.read(0x4010);
    CHECK(s.rule() == "W7");
  }
  SECTION("the same, switched off") {
    Relaxations relaxations;
    relaxations.walker_reads_checked = false;
    Scene other(arch::Format::x86_64, relaxations);
    x86_tables(other);
    other.ask({.va = 0x1000});
    other.read(0x9000);
    CHECK(other.rule() == "");
  }
}

TEST_CASE("W8: answers, acknowledges and compare-and-swaps come to an end") {
  Relaxations relaxations;
  relaxations.response_limit = relaxations.acknowledge_limit = 50;
  relaxations.retry_limit = 3;
  Scene s(arch::Format::x86_64, relaxations);
  x86_tables(s);
  SECTION("a response") {
    s.ask({.va = 0x1000});
    s.checker.look_for_silence(at(s.cycle + 40, Phase::outputs));
    CHECK(s.rule() == "");
    s.checker.look_for_silence(at(s.cycle + 60, Phase::outputs));
    CHECK(s.rule() == "W8");
  }
  SECTION("an acknowledge") {
    s.begin(inv::ALL);
    s.checker.look_for_silence(at(s.cycle + 40, Phase::outputs));
    CHECK(s.rule() == "");
    s.checker.look_for_silence(at(s.cycle + 60, Phase::outputs));
    CHECK(s.rule() == "W8");
  }
  SECTION("a swap that fails again and again") {
    s.ask({.va = 0x1000});
    walk(s);
    for (unsigned n = 0; n < 3; ++n) s.swap(0x4008, 0x101000 | kP, 0x101000 | kP | kA);
    CHECK(s.rule() == "");
    s.swap(0x4008, 0x101000 | kP, 0x101000 | kP | kA);
    CHECK(s.rule() == "W8");
  }
}

TEST_CASE("protocol: responses to nobody, operations out of turn, runs that judge nothing") {
  Scene s;
  x86_tables(s);
  SECTION("a response twice") {
    s.translate({.va = 0x1000}, page(0x101000));
    s.answer(page(0x101000));
    CHECK(s.rule() == "R3");
  }
  SECTION("no response") {
    s.ask({.va = 0x1000});
    s.checker.finish(at(s.cycle, Phase::outputs));
    CHECK(s.rule() == "R3");
  }
  SECTION("an acknowledge too many") {
    s.end();
    CHECK(s.rule() == "R6");
  }
  SECTION("two operations at once") {
    s.begin(inv::ALL);
    s.begin(inv::ALL);
    CHECK(s.rule() == "R6");
  }
  SECTION("nothing at all") {
    s.checker.finish(at(s.cycle, Phase::outputs));
    CHECK(s.rule() == "judged nothing");
  }
}

}  // namespace kilburn::admissible::test
