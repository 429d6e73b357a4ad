// SPDX-License-Identifier: Apache-2.0
//
// Every trap of the list has a test named after it, or a reason in README.md why it has none.
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "tests/directed/traps.h"

using namespace kilburn::directed;

namespace {

// The ids of the list of traps.
std::set<std::string> all_ids() {
  std::set<std::string> ids;
  for (const auto& [first, last] : {std::pair{1, 16}, {20, 34}, {40, 51}, {60, 79}, {80, 104}}) {
    for (int n = first; n <= last; ++n) ids.insert((n < 10 ? "T0" : "T") + std::to_string(n));
  }
  return ids;
}

std::string text_of(const std::string& file) {
  std::ifstream in(std::string(KILBURN_SOURCE_DIR "/tests/directed/") + file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("every trap has a test or a reason") {
  // Rows "| T01 | traps_walk_test.cpp |" or "| T69 | none: reason |".
  std::map<std::string, std::string> rows;
  const std::string readme = text_of("README.md");
  const std::regex row("\n\\| (T[0-9]+) \\| ([^|]+) \\|");
  for (std::sregex_iterator m(readme.begin(), readme.end(), row), end; m != end; ++m) {
    const bool fresh = rows.emplace((*m)[1], (*m)[2]).second;
    INFO((*m)[1] << " stands twice");
    CHECK(fresh);
  }
  std::map<std::string, unsigned> tests;
  for (const Trap& trap : traps()) ++tests[trap.id()];
  for (const std::string& id : all_ids()) {
    INFO(id);
    REQUIRE(rows.count(id) == 1);
    const std::string& where = rows[id];
    if (where.rfind("none: ", 0) == 0) {
      CHECK(where.size() > 20);
      CHECK(tests.count(id) == 0);
    } else {
      CHECK(tests.count(id) == 1);
      CHECK(text_of(where).find("KILBURN_TRAP(\"" + id + " ") != std::string::npos);
    }
  }
  CHECK(rows.size() == all_ids().size());
  CHECK(tests.size() > 80);
}
