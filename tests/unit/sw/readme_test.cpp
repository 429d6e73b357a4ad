// SPDX-License-Identifier: Apache-2.0
//
// sw/README.md against the tree: every mechanism has a row whose files and tests exist, the tables of properties and of
// seeded bugs are those of the code.
#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "sw/check/properties.h"
#include "sw/core/bugs.h"
#include "sw/workload/workload.h"
#include "tests/catch.h"

namespace kilburn::os {
namespace {

namespace fs = std::filesystem;
using Cells = std::vector<std::string>;

// The rows of the table whose heading begins with `first`, as trimmed cells.
std::vector<Cells> table(const std::string& readme, const std::string& first) {
  std::istringstream in(readme);
  std::vector<Cells> rows;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (boost::starts_with(line, "| " + first + " |")) {
      inside = true;
    } else if (inside && !boost::starts_with(line, "|")) {
      break;
    } else if (inside && !boost::starts_with(line, "| ---")) {
      Cells cells;
      boost::split(cells, line, boost::is_any_of("|"));
      for (std::string& cell : cells) boost::trim(cell);
      rows.emplace_back(cells.begin() + 1, cells.end() - 1);
    }
  }
  return rows;
}

// "46 to 49 76": 46, 47, 48, 49, 76.
std::vector<int> numbers(const std::string& cell) {
  std::istringstream in(cell);
  std::vector<int> all;
  bool to = false;
  for (std::string word; in >> word;) {
    if (word == "to") {
      to = true;
      continue;
    }
    const int n = std::stoi(word);
    for (int between = to ? all.back() + 1 : n; between < n; ++between) all.push_back(between);
    all.push_back(n);
    to = false;
  }
  return all;
}

// `mm/swap*`: some file that begins so; `mm/memory`: a file of that name with any extension, or a folder.
bool file_exists(const fs::path& sw, std::string name) {
  const bool prefix = boost::ends_with(name, "*");
  if (prefix) name.pop_back();
  const fs::path path = sw / name;
  if (!prefix && fs::exists(path)) return true;
  if (!fs::is_directory(path.parent_path())) return false;
  return std::any_of(fs::directory_iterator(path.parent_path()), {}, [&](const fs::directory_entry& entry) {
    const std::string stem = entry.path().stem().string(), wanted = path.filename().string();
    return prefix ? boost::starts_with(stem, wanted) : stem == wanted;
  });
}

bool test_exists(const fs::path& tests, const std::string& name) {
  if (boost::starts_with(name, "workload ")) return find_workload(name.substr(9)) != nullptr;
  if (property(name) != nullptr) return true;
  return fs::exists(tests / "unit/sw" / (name + ".cpp")) || fs::exists(tests / (name + ".cpp"));
}

std::vector<std::string> listed(const std::string& cell) {
  std::vector<std::string> names;
  if (cell.empty()) return names;
  boost::split(names, cell, boost::is_any_of(","));
  for (std::string& name : names) boost::trim_if(name, boost::is_any_of(" `"));
  return names;
}

// What is wrong with the table of mechanisms, one sentence each.
std::vector<std::string> faults_of(const std::string& readme) {
  const fs::path root(KILBURN_SOURCE_DIR);
  std::vector<std::string> faults;
  std::set<int> seen;
  for (const Cells& row : table(readme, "rows")) {
    if (row.size() != 5) {
      faults.push_back("row " + row[0] + " has not five columns");
      continue;
    }
    for (const int n : numbers(row[0])) seen.insert(n);
    const auto files = listed(row[2]), tests = listed(row[3]);
    const bool out = boost::starts_with(row[4], "out of scope: ");
    if (!out && (row[4] != "built" || files.empty() || tests.empty()))
      faults.push_back("row " + row[0] + " has no state");
    for (const auto& name : files) {
      if (!file_exists(root / "sw", name)) faults.push_back("row " + row[0] + ": there is no file " + name);
    }
    for (const auto& name : tests) {
      if (!test_exists(root / "tests", name)) faults.push_back("row " + row[0] + ": there is no test " + name);
    }
  }
  for (int n = 1; n <= 102; ++n) {
    if (!seen.contains(n)) faults.push_back("row " + std::to_string(n) + " is missing");
  }
  if (!seen.empty() && (*seen.begin() < 1 || *seen.rbegin() > 102)) faults.push_back("there are 102 rows");
  return faults;
}

std::string readme() {
  std::ifstream in(KILBURN_SOURCE_DIR "/sw/README.md");
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("readme: every mechanism has files, tests and a state, and they exist") {
  for (const std::string& fault : faults_of(readme())) FAIL_CHECK(fault);
}

TEST_CASE("readme: a row that goes, a file or a test that does not exist are found") {
  const std::string text = readme();
  const auto changed = [&](const std::string& from, const std::string& to) {
    REQUIRE(boost::contains(text, from));
    return faults_of(boost::replace_first_copy(text, from, to));
  };
  CHECK(changed("| 95 | user range", "| 96 | user range") == std::vector<std::string>{"row 95 is missing"});
  CHECK(changed("46 to 49 76", "46 47 49 76") == std::vector<std::string>{});  // 48 has another row too
  CHECK(changed("| 17 | accesses", "| 103 | accesses").size() == 2);
  CHECK(changed("`mm/vma`, `mm/address_space`", "`mm/vna`") ==
        std::vector<std::string>{"row 66 67 69 86: there is no file mm/vna"});
  CHECK(changed("| vma_test, P63 |", "| vma_test, P65 |").size() == 1);
  CHECK(changed("workload zone-dma", "workload zone-none").size() == 1);
  CHECK(changed("| format_test | built |", "| format_test | |").size() == 1);
}

TEST_CASE("readme: the properties are those of the table, in its words") {
  const auto rows = table(readme(), "id");
  REQUIRE(rows.size() == properties().size());
  for (size_t n = 0; n < rows.size(); ++n) {
    const Property& p = properties()[n];
    INFO(p.id);
    REQUIRE(rows[n].size() == 4);
    CHECK(rows[n][0] == p.id);
    CHECK(rows[n][1] == p.text);
    CHECK(rows[n][2] == name(p.when));
    CHECK_FALSE(rows[n][3].empty());
  }
}

TEST_CASE("readme: the seeded bugs are those of the code, and what they are caught by exists") {
  const auto rows = table(readme(), "bug");
  REQUIRE(rows.size() == bug_names().size());
  for (size_t n = 0; n < rows.size(); ++n) {
    INFO(rows[n][0]);
    CHECK(rows[n][0] == bug_names()[n].id);
    REQUIRE(rows[n].size() == 3);
    CHECK_FALSE(rows[n][1].empty());
    CHECK_FALSE(rows[n][2].empty());
  }
}

}  // namespace
}  // namespace kilburn::os
