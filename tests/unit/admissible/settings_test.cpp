// SPDX-License-Identifier: Apache-2.0
//
// Relaxations and classes by name, what a rejection tells, what software owes, and the bounds of the history.
#include <algorithm>
#include <stdexcept>

#include "tests/unit/admissible/scene.h"

namespace kilburn::admissible::test {

TEST_CASE("relaxations by name") {
  Relaxations r;
  relax(r, "upper-before-lower=on");
  relax(r, "psc-scope=bulk");
  relax(r, "retry-limit=7");
  CHECK(r.upper_before_lower);
  CHECK(r.psc_scope == PscScope::bulk);
  CHECK(r.retry_limit == 7);
  for (const char* wrong : {"", "leaf-a=on", "upper-before-lower", "upper-before-lower=1", "psc-scope=all",
                            "retry-limit=0", "retry-limit=-1", "retry-limit=7x"}) {
    CHECK_THROWS_AS(relax(r, wrong), std::invalid_argument);
  }
  // What is printed can be given back.
  for (const std::string& line : settings_text(r)) CHECK_NOTHROW(relax(r, line));
}

TEST_CASE("strict classes are rejected, others are not") {
  CheckerConfig config;
  forbid(config.forbidden, "stale,spurious");
  CHECK_THROWS_AS(forbid(config.forbidden, "stale,old"), std::invalid_argument);
  CHECK_THROWS_AS(forbid(config.forbidden, ""), std::invalid_argument);
  Scene s(config);
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x4008, 0x200000 | kUsed | kD);
  CHECK(s.rule() == "");
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == "strict");
}

TEST_CASE("a rejection tells request, translation of now, what came near and the versions") {
  Scene s;
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x4008, 0x200000 | kUsed | kD);
  s.cycle += 2000;
  s.invalidate(inv::PAGE, 0x1000);
  s.translate({.va = 0x1000}, page(0x101000));
  REQUIRE(s.checker.rejected());
  const Rejection& r = s.checker.rejections().front();
  const auto has = [&](const std::string& what) {
    return std::any_of(r.details.begin(), r.details.end(),
                       [&](const std::string& line) { return line.find(what) != std::string::npos; });
  };
  CHECK(has("request: read of 0x1000"));
  CHECK(has("the translation of now: pa 0x200000"));
  CHECK(has("breaks at level 1"));
  CHECK(has("level 1 entry at 0x4008"));
  CHECK(has("0x101067"));
}

TEST_CASE("stale answers are counted by their age") {
  Scene s;
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  s.store(0x4008, 0x200000 | kUsed | kD);
  s.store(0x4008, 0x300000 | kUsed | kD);
  s.translate({.va = 0x1000}, page(0x200000));
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == "");
  CHECK(s.checker.counts().stale_by[1] == 1);
  CHECK(s.checker.counts().stale_by[2] == 1);
}

TEST_CASE("what software owes: used before it is a hazard, paid it is none, unneeded it costs") {
  Scene s;
  x86_tables(s);
  s.ask({.va = 0x1000});
  for (const u64 pa : {0x1000, 0x2000, 0x3000, 0x4008}) s.read(pa);
  s.answer(page(0x101000));
  SECTION("a page is taken away") {
    s.store(0x4008, 0);
    const auto owed = s.checker.obligations().owed();
    REQUIRE(owed.size() == 1);
    CHECK(owed[0].pa == 0x4008);
    CHECK(owed[0].size == 12);
    REQUIRE(owed[0].uses.size() == 1);
    CHECK(owed[0].uses[0].va == 0x1000);
    CHECK(owed[0].uses[0].asid == 1);
    s.translate({.va = 0x1000}, page(0x101000));
    CHECK(s.rule() == "");
    REQUIRE(s.checker.obligations().hazards() == 1);
    CHECK(s.checker.obligations().first_hazards()[0].entry == 0x4008);
    s.invalidate(inv::PAGE, 0x2000);
    CHECK(s.checker.obligations().needless() == 1);
    CHECK(s.checker.obligations().owed().size() == 1);
    s.invalidate(inv::PAGE, 0x1000);
    CHECK(s.checker.obligations().needless() == 1);
    CHECK(s.checker.obligations().owed().empty());
  }
  SECTION("more rights need none (SDM 4.10.4.3)") {
    s.store(0x4008, 0x101000 | kP | kA);
    CHECK(s.checker.obligations().owed().size() == 1);
    s.invalidate(inv::PAGE, 0x1000);
    s.store(0x4008, 0x101000 | kUsed);
    CHECK(s.checker.obligations().owed().empty());
  }
  SECTION("a table's change needs its whole space") {
    s.store(0x3000, 0);
    s.invalidate(inv::PAGE, 0x1000);
    CHECK(s.checker.obligations().owed().size() == 1);
    s.invalidate(inv::ASID, 0, 1);
    CHECK(s.checker.obligations().owed().empty());
  }
  SECTION("another top table under one PCID") {
    s.translate({.va = u64{1} << 47, .root = 0x8000}, {.fault = Fault::general});
    const auto owed = s.checker.obligations().owed();
    REQUIRE(owed.size() == 1);
    CHECK(owed[0].context);
    s.invalidate(inv::ASID, 0, 1);
    CHECK(s.checker.obligations().owed().empty());
  }
}

TEST_CASE("history that was given up is waived and said so, never accepted") {
  Relaxations relaxations;
  relaxations.versions_a_word = 8;
  Scene s(arch::Format::x86_64, relaxations);
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  for (u64 n = 0; n < 20; ++n) s.store(0x4008, (0x200000 + 0x1000 * n) | kUsed | kD);
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() == "");
  CHECK(s.legal(Legality::waived) == 1);
  CHECK(s.checker.counts().versions_given_up > 0);
  s.cycle += 2000;
  s.invalidate(inv::ALL);
  s.translate({.va = 0x1000}, page(0x101000));
  CHECK(s.rule() != "");  // no version from before can count
}

TEST_CASE("what no request can reach any more is forgotten") {
  Scene s;
  x86_tables(s);
  s.translate({.va = 0x1000}, page(0x101000));
  std::size_t most = 0;
  for (u64 round = 0; round < 2000; ++round) {
    for (u64 n = 0; n < 16; ++n) s.store(0x4000 + 8 * n, (0x200000 + 0x1000 * (round % 64)) | kUsed | kD);
    s.invalidate(inv::ALL);
    s.translate({.va = 0x1000}, page(0x200000 + 0x1000 * (round % 64)));
    most = std::max(most, s.checker.counts().versions);
  }
  CHECK(s.rule() == "");
  CHECK(most < 10000);  // of 32000 written
}

TEST_CASE("versions that no walker has read go, those that one has read stay with their age") {
  os::RamMem memory(0x1000);
  Versions versions(memory);
  constexpr u64 kWord = 0x100, kWrites = 400, kReadOneIn = 5;
  for (u64 n = 1; n <= kWrites; ++n) {
    memory.store64(kWord, n);
    // The value before is n - 1, held since 10 * (n - 1); the oldest request waits since three writes ago.
    const bool read = (n - 1) % kReadOneIn == 0;
    if (versions.write(10 * n, kWord, n - 1, n, read)) versions.shorten(kWord, 10 * (n - 3));
  }
  CHECK(versions.given_up() == 0);
  CHECK(versions.versions() < kWrites / 2);
  std::vector<bool> held(kWrites + 1);
  versions.newest_first(kWord, kAlways, [&](const Version& version, unsigned age) {
    CHECK(age == kWrites - version.value);
    CHECK(version.from == 10 * version.value);
    CHECK(version.to == (version.value == kWrites ? kForever : version.from + 10));
    held[version.value] = true;
    return false;
  });
  for (u64 n = 0; n <= kWrites; n += kReadOneIn) CHECK(held[n]);
  for (u64 n = kWrites - 3; n <= kWrites; ++n) CHECK(held[n]);  // what a waiting request could have met
}

TEST_CASE("versions: of a row of words those are looked at that hold such a value or held another") {
  constexpr u64 kMask = 0xf, kWanted = 0x3, kFirst = 0x180, kWords = 200;
  os::RamMem memory(0x1000);
  Versions versions(memory);
  std::vector<u64> expected;
  for (u64 n = 0; n < 0x1000 / 8; ++n) {
    const u64 pa = 8 * n, value = n * 7;
    memory.store64(pa, value);
    const bool written = n % 29 == 4;
    if (written) versions.write(10 + n, pa, value + 1, value);
    const bool inside = pa >= kFirst && pa < kFirst + 8 * kWords;
    if (inside && (written || (value & kMask) == kWanted)) expected.push_back(pa);
  }
  std::vector<u64> seen;
  const auto see = [&](u64 pa) {
    seen.push_back(pa);
    return false;
  };
  CHECK_FALSE(versions.any_like(kFirst, kWords, kMask, kWanted, see));
  CHECK(seen == expected);
  CHECK(expected.size() > 15);
  // The first that is taken is the last that is looked at.
  seen.clear();
  CHECK(versions.any_like(kFirst, kWords, kMask, kWanted, [&](u64 pa) { return see(pa) || seen.size() == 3; }));
  CHECK(seen == std::vector<u64>(expected.begin(), expected.begin() + 3));
  // What lies past the end of memory is not there.
  seen.clear();
  CHECK_FALSE(versions.any_like(0xff0, 64, 0, 0, see));
  CHECK(seen == std::vector<u64>{0xff0, 0xff8});
  seen.clear();
  CHECK_FALSE(versions.any_like(0x1000, 8, 0, 0, see));
  CHECK(seen.empty());
  // Words whose history has ended are words like any other.
  versions.collect(10000);
  CHECK(versions.words() == 0);
  CHECK_FALSE(versions.any_like(kFirst, kWords, kMask, kWanted, see));
  CHECK(std::all_of(seen.begin(), seen.end(), [&](u64 pa) { return (memory.load64(pa) & kMask) == kWanted; }));
}

}  // namespace kilburn::admissible::test
