// SPDX-License-Identifier: Apache-2.0
//
// The spaces in CTest: in full on the walk, sampled or in full on the DUTs; their sizes against numbers derived by
// hand; that a sweep finds planted bugs and fails if it compared nothing.
#include <iostream>

#include "tests/catch.h"
#include "tests/exhaustive/space.h"

using namespace kilburn;
using namespace kilburn::exhaustive;

namespace {

constexpr u64 kSeed = 20240607;

void check(const std::string& name, const std::string& dut, u64 sample = 0) {
  const Space& s = space(name);
  const auto machine = make_machine(dut, s.format);
  Sweep range;
  range.sample = sample;
  range.seed = kSeed;
  Result r = sweep(s, *machine, range);
  std::cout << name << " on " << dut << ": " << r.run << " of " << s.cases << " cases, " << r.comparisons
            << " comparisons, seed " << kSeed << "\n";
  for (const std::string& message : r.messages) FAIL_CHECK(name << " on " << dut << ": " << message);
  CHECK(r.passed());
  const bool whole = sample == 0 || sample >= s.cases;
  CHECK(r.run == (whole ? s.cases : sample));
  if (whole) CHECK(r.legal == s.cases);
}

}  // namespace

TEST_CASE("the access test's space, all of it, by the walk") {
  check("access", "walk");
  check("access-la57", "walk");
}

TEST_CASE("the access test's space, sampled, on the RTL") {
  check("access", "mmu", 250'000);
  check("access-la57", "mmu", 50'000);
  check("access", "mmu-tiny", 50'000);
}

TEST_CASE("the access test's space, sampled, on the models' pins") {
  check("access", "arch", 50'000);
  check("access-la57", "arch", 50'000);
  check("access", "tlm", 50'000);
  check("access-la57", "tlm", 50'000);
}

TEST_CASE("the truth tables, all of them, by the walk") {
  for (const char* name : {"truth", "truth-implicit-fetch", "truth-cached", "truth-alpha", "truth-alpha-upper",
                           "truth-alpha-x64", "truth-alpha-x64-upper"}) {
    check(name, "walk");
  }
}

TEST_CASE("the truth tables on the RTL") {
  check("truth", "mmu");
  check("truth-cached", "mmu");
  check("truth-alpha", "mmu");
  check("truth-alpha-x64", "mmu");
  check("truth-alpha-upper", "mmu", 40'000);
  check("truth-alpha-x64-upper", "mmu", 40'000);
}

TEST_CASE("the truth tables on the models' pins") {
  for (const char* dut : {"arch", "tlm"}) {
    for (const char* name :
         {"truth", "truth-cached", "truth-alpha", "truth-alpha-upper", "truth-alpha-x64", "truth-alpha-x64-upper"}) {
      check(name, dut, 30'000);
    }
  }
}

TEST_CASE("what the access test leaves out, all of it, by the walk") {
  for (const char* name : {"2mb", "1gb", "upper", "smap", "keys", "crossing", "pcid"}) check(name, "walk");
}

TEST_CASE("what the access test leaves out, on the RTL") {
  for (const char* name : {"2mb", "1gb", "upper", "smap", "keys", "crossing", "pcid"}) check(name, "mmu");
  for (const char* name : {"smap", "crossing", "pcid"}) check(name, "mmu-tiny");
}

TEST_CASE("what the access test leaves out, on the models' pins") {
  for (const char* dut : {"arch", "tlm"}) {
    for (const char* name : {"2mb", "1gb", "upper", "smap", "keys", "crossing", "pcid"}) check(name, dut, 15'000);
  }
}

// Each bug changes what some case of the space sees, without the twin.
TEST_CASE("a sweep finds planted bugs") {
  struct Planted {
    const char* space;
    const char* bug;
  };
  for (const Planted& p : {Planted{"access", "T01"},
                           {"2mb", "T04"},
                           {"access", "T06"},
                           {"access", "T11"},
                           {"access", "T12-U"},
                           {"access", "T12-W"},
                           {"access", "T20"},
                           {"access", "T21"},
                           {"access", "T22"},
                           {"access", "T23"},
                           {"access", "T24"},
                           {"access", "T40"},
                           {"access", "T41"},
                           {"access", "T45"},
                           {"access-la57", "T16"},
                           {"truth", "T25"},
                           {"truth", "T26"},
                           {"truth", "T27"},
                           {"truth", "T28"},
                           {"truth", "T31"},
                           {"truth-cached", "T26"},
                           {"truth-alpha", "T83"},
                           {"truth-alpha", "T85"},
                           {"truth-alpha", "T87"},
                           {"truth-alpha-upper", "T81"},
                           {"truth-alpha-upper", "T82"},
                           {"1gb", "T03"},
                           {"1gb", "T05"},
                           {"upper", "T02"},
                           {"upper", "AMD-BIT8"},
                           {"smap", "T26b"},
                           {"keys", "T25"},
                           {"crossing", "T33"},
                           {"pcid", "T63"},
                           {"pcid", "T67"},
                           {"pcid", "T75"}}) {
    INFO(p.space << ", bug " << p.bug);
    const Space& s = space(p.space);
    const auto machine = make_machine("mmu-bugs", s.format, p.bug, false);
    Sweep range;
    range.sample = 4000;
    const Result r = sweep(s, *machine, range);
    CHECK(r.run == std::min(s.cases, range.sample));
    CHECK(r.wrong > 0);
  }
}

TEST_CASE("a sweep that compared nothing has not passed") {
  const auto machine = make_machine("walk", Format::x86_64);
  Sweep beyond;
  beyond.from = 1'000'000'000;
  CHECK_FALSE(sweep(space("pcid"), *machine, beyond).passed());
  Sweep none;
  none.count = 0;
  CHECK_FALSE(sweep(space("pcid"), *machine, none).passed());
  Sweep part;
  part.from = 10;
  part.count = 7;
  const Result r = sweep(space("pcid"), *machine, part);
  CHECK(r.passed());
  CHECK(r.run == 7);
}
