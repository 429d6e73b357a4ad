// SPDX-License-Identifier: Apache-2.0
//
// The tests fail where they should: each seeded bug of the RTL is caught by the test of the trap or rule that it is
// named after, by the test's expectations alone, without the twin.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <regex>

#include "tests/directed/traps.h"
#include "tests/duts.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {

// The test that a bug is named after: "T26" of "T26b" and "T12-U"; a rule's test has the bug's whole name.
std::string test_of(const std::string& bug) {
  static const std::regex id("^(T[0-9]+)([a-z]|-[A-Z]+)?$");
  std::smatch match;
  return std::regex_match(bug, match, id) ? match[1].str() : bug;
}

// The prefetch is there in a library of its own only.
std::string library_with(const std::string& bug) {
  return bug.rfind("PREFETCH", 0) == 0 ? "mmu-bugs-prefetch" : "mmu-bugs";
}

bool fails(const Trap& trap, Format format, const std::string& bug) {
  return !run(trap, {library_with(bug), format, bug, false}).empty();
}

// Fails without a bug: the test counts memory operations, among which a prefetch's are.
bool is_of_another_mmu(const Trap& trap, Format format, const std::string& bug) {
  return library_with(bug) != "mmu-bugs" && !run(trap, {library_with(bug), format, "", false}).empty();
}

// Tests that fail with the bug planted: traps by number, then rules.
std::string caught_by(Format format, const std::string& bug) {
  std::vector<std::string> ids;
  for (const Trap& trap : traps()) {
    if (trap.in(format) && fails(trap, format, bug) && !is_of_another_mmu(trap, format, bug)) ids.push_back(trap.id());
  }
  std::sort(ids.begin(), ids.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  std::string by;
  for (const std::string& id : ids) by += (by.empty() ? "" : " ") + id;
  return by;
}

std::string row(Format format, const std::string& bug) {
  return "| " + std::string(arch::name(format)) + " | " + bug + " | " + caught_by(format, bug) + " |\n";
}

constexpr Format kFormats[] = {Format::x86_64, Format::alpha, Format::alpha_x64};

}  // namespace

TEST_CASE("each bug is caught by the test that it is named after") {
  unsigned bugs = 0;
  for (const Format format : kFormats) {
    for (const std::string& bug : tb::bugs_of(tb::dut_library("mmu-bugs", format).api())) {
      ++bugs;
      unsigned tests = 0, caught = 0;
      for (const Trap& trap : traps()) {
        if (trap.id() != test_of(bug) || !trap.in(format)) continue;
        ++tests;
        caught += fails(trap, format, bug) && !is_of_another_mmu(trap, format, bug);
      }
      INFO(arch::name(format) << " bug " << bug);
      // A bug without a trap of its own has a test of its name, or is caught by a trap's.
      if (tests == 0 && test_of(bug) == bug) {
        CHECK(caught_by(format, bug) != "");
        continue;
      }
      CHECK(tests == 1);
      CHECK(caught == tests);
    }
  }
  CHECK(bugs >= 100);
}

TEST_CASE("the library with the bugs passes every test while none is chosen") {
  for (const Format format : kFormats) {
    for (const Trap& trap : traps()) {
      if (!trap.in(format)) continue;
      for (const std::string& line : run(trap, {"mmu-bugs", format, "", true})) FAIL_CHECK(trap.name << ": " << line);
    }
  }
}

TEST_CASE("README.md tells which test catches which bug") {
  std::ifstream in(KILBURN_SOURCE_DIR "/tests/directed/README.md");
  const std::string readme(std::istreambuf_iterator<char>(in), {});
  for (const Format format : kFormats) {
    for (const std::string& bug : tb::bugs_of(tb::dut_library("mmu-bugs", format).api())) {
      INFO("`directed \"[.matrix]\"` prints the table afresh");
      const std::string line = row(format, bug);
      INFO(line);
      CHECK(readme.find("\n" + line) != std::string::npos);
    }
  }
}

TEST_CASE("the table of bugs and tests", "[.matrix]") {
  std::cout << "| format | bug | caught by |\n| --- | --- | --- |\n";
  for (const Format format : kFormats) {
    for (const std::string& bug : tb::bugs_of(tb::dut_library("mmu-bugs", format).api())) std::cout << row(format, bug);
  }
  SUCCEED();
}
