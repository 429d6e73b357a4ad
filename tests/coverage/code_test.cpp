// SPDX-License-Identifier: Apache-2.0
//
// Line and toggle coverage of the RTL: from a run to a file in the form of lcov, whose own program reads it if it is
// installed.
#include <algorithm>
#include <boost/process/search_path.hpp>
#include <map>
#include <sstream>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

struct Source {
  std::map<unsigned, std::uint64_t> lines;
};

// The records of an info file: SF opens a source, DA is a line and its count, end_of_record closes. Everything else
// that geninfo(1) knows is allowed.
std::map<std::string, Source> read_info(const std::string& text) {
  std::map<std::string, Source> sources;
  Source* now = nullptr;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    if (line == "end_of_record") {
      REQUIRE(now != nullptr);
      now = nullptr;
      continue;
    }
    const auto colon = line.find(':');
    REQUIRE(colon != std::string::npos);
    const std::string tag = line.substr(0, colon), rest = line.substr(colon + 1);
    if (tag == "TN") continue;
    if (tag == "SF") {
      REQUIRE(now == nullptr);
      now = &sources[rest];
      continue;
    }
    REQUIRE(now != nullptr);
    if (tag != "DA") continue;
    unsigned number = 0;
    std::uint64_t count = 0;
    char comma = 0;
    std::istringstream(rest) >> number >> comma >> count;
    REQUIRE(comma == ',');
    REQUIRE(number > 0);
    now->lines[number] = count;
  }
  CHECK(now == nullptr);
  return sources;
}

std::size_t lines_hit(const std::map<std::string, Source>& sources) {
  std::size_t hit = 0;
  for (const auto& [file, source] : sources) {
    for (const auto& [line, count] : source.lines) hit += count != 0;
  }
  return hit;
}

}  // namespace

TEST_CASE("line and toggle coverage of the RTL, from runs to lcov") {
  const Folder folder;
  const auto run = [&](const char* test, const char* count, const std::string& out) {
    const Ran ran = folder.run(
        {"run", "--test", test, "--count", count, "--dut", "mmu-coverage", "--coverage", "--seed", "3", "--out", out});
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 0);
  };
  run("random", "20", "short");
  run("scenes", "1", "long");
  const auto info_of = [&](const std::vector<std::string>& runs) {
    std::vector<std::string> words = {"coverage"};
    words.insert(words.end(), runs.begin(), runs.end());
    words.insert(words.end(), {"--lcov", "lines.info"});
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 0);
    return read_info(contents(folder / "lines.info"));
  };
  const auto little = info_of({"short"}), much = info_of({"long"}), both = info_of({"short", "long"});
  CHECK(lines_hit(little) > 100);
  CHECK(lines_hit(much) > lines_hit(little));
  CHECK(lines_hit(both) >= lines_hit(much));
  // The sources are those of the tree, and lines of theirs.
  std::size_t known = 0;
  for (const auto& [file, source] : both) {
    INFO(file);
    REQUIRE(std::filesystem::exists(file));
    known += file.find("/rtl/") != std::string::npos;
    const std::string text = contents(file);
    const auto lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n'));
    if (!source.lines.empty()) CHECK(source.lines.rbegin()->first <= lines);
  }
  CHECK(known >= 10);

  const auto genhtml = boost::process::search_path("genhtml");
  if (genhtml.empty()) {
    WARN("genhtml is not installed: its page is not made");
    return;
  }
  boost::process::child child(genhtml, "--quiet", "--output-directory", (folder / "html").string(),
                              (folder / "lines.info").string(), boost::process::std_out > boost::process::null);
  child.wait();
  CHECK(child.exit_code() == 0);
  CHECK_THAT(contents(folder / "html/index.html"), Contains("mmu_side.sv") || Contains("rtl"));
}

TEST_CASE("code coverage asks for runs that have it") {
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "random", "--count", "200", "--coverage", "--out", "r"}).status == 0);
  const Ran ran = folder.run({"coverage", "r", "--lcov", "lines.info"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("--dut mmu-coverage"));
}
