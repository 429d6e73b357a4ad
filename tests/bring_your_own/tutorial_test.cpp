// SPDX-License-Identifier: Apache-2.0
//
// Runs the `sh` blocks of the tutorial one after the other in one shell, and compares what each prints with the `text`
// block that follows it: every line in order, "..." for anything, any number for a number.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/folder.h"

namespace fs = std::filesystem;
using kilburn::test::contents;

namespace {

struct Step {
  std::string commands;
  std::vector<std::string> expected;  // lines
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Step> steps_of(const std::string& document) {
  std::vector<Step> steps;
  enum { prose, commands, output, other } where = prose;
  for (const std::string& line : lines_of(document)) {
    if (line.rfind("```", 0) == 0) {
      where = where != prose ? prose : line == "```sh" ? commands : line == "```text" ? output : other;
      if (where == commands) steps.emplace_back();
    } else if (where == commands) {
      steps.back().commands += line + "\n";
    } else if (where == output && !steps.empty()) {
      steps.back().expected.push_back(line);
    }
  }
  return steps;
}

// Without the figures that the random choices decide, and with single spaces. Verdicts and counts of checks stay.
std::string plain(const std::string& line) {
  if (std::regex_search(line, std::regex("[0-9]+ of [0-9]+ checks|tests passed|^status"))) return line;
  std::string text = std::regex_replace(line, std::regex("\\b[0-9]+( [0-9]{3})*\\b"), "#");
  text = std::regex_replace(text, std::regex("(0x1[0-9a-f]{6,}|0x[2-9a-f][0-9a-f]{6,})"), "0x#");
  text = std::regex_replace(text, std::regex(" +"), " ");
  return std::regex_replace(text, std::regex("^ | $"), "");
}

bool same(const std::string& expected, const std::string& found) {
  std::string pattern = std::regex_replace(plain(expected), std::regex("[.^$|()\\[\\]{}*+?\\\\]"), "\\$&");
  pattern = std::regex_replace(pattern, std::regex("\\\\\\.\\\\\\.\\\\\\."), ".*");
  return std::regex_match(plain(found), std::regex(pattern));
}

// The first expected line that is not there, if any.
std::optional<std::string> missing(const std::vector<std::string>& expected, const std::vector<std::string>& found) {
  std::size_t at = 0;
  for (const std::string& line : expected) {
    if (plain(line).empty()) continue;
    while (at < found.size() && !same(line, found[at])) ++at;
    if (at++ >= found.size()) return line;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("the tutorial does what it says") {
  const std::vector<Step> steps = steps_of(contents(KILBURN_SOURCE_DIR "/tests/bring_your_own/README.md"));
  REQUIRE(steps.size() >= 8);
  const fs::path folder = KILBURN_TUTORIAL_FOLDER;
  fs::remove_all(folder);
  fs::create_directories(folder);
  {
    std::ofstream script(folder / "script");
    script << "set -euo pipefail\nexport KILBURN='" << KILBURN_SOURCE_DIR << "' KILBURN_BUILD='" << KILBURN_BINARY_DIR
           << "'\n";
    if (std::string(KILBURN_CCACHE) != "") {
      script << "export CMAKE_CXX_COMPILER_LAUNCHER='" << KILBURN_CCACHE << "'\n";
    }
    script << "cd '" << folder.string() << "'\n";
    for (std::size_t n = 0; n < steps.size(); ++n) script << "exec > output." << n << " 2>&1\n" << steps[n].commands;
  }
  const int status = std::system(("bash '" + (folder / "script").string() + "'").c_str());
  for (std::size_t n = 0; n < steps.size(); ++n) {
    const std::string output = contents(folder / ("output." + std::to_string(n)));
    INFO("step " << n + 1 << ":\n" << steps[n].commands << "\n" << output);
    const auto line = missing(steps[n].expected, lines_of(output));
    if (line) FAIL_CHECK("not printed: " << *line);
  }
  CHECK(WEXITSTATUS(status) == 0);

  // What is installed needs no checkout: pins are replayed with the installed files.
  std::ofstream(folder / "installed/include/kilburn/tb/second_opinion/replay.sv") << "no Verilog\n";
  const int replayed = std::system(("cd '" + folder.string() +
                                    "' && installed/bin/kilburn run --pins wrong/pins.klb --simulator icarus "
                                    "--simulator-sources own/files.f --simulator-top small_mmu "
                                    "--simulator-parameter Format=0 > replayed 2>&1")
                                       .c_str());
  CHECK(WEXITSTATUS(replayed) == 2);
  CHECK_THAT(contents(folder / "replayed"), Catch::Matchers::Contains("replay.sv:"));
}

TEST_CASE("the testbench's README has the same tutorial") {
  const auto own = steps_of(contents(KILBURN_SOURCE_DIR "/tests/bring_your_own/README.md"));
  std::string other = contents(KILBURN_SOURCE_DIR "/tb/README.md");
  const auto section = other.find("\n## Bring your own RTL\n");
  REQUIRE(section != std::string::npos);
  const auto theirs = steps_of(other.substr(section));
  REQUIRE(theirs.size() == own.size());
  for (std::size_t n = 0; n < own.size(); ++n) {
    CHECK(theirs[n].commands == own[n].commands);
    CHECK(theirs[n].expected == own[n].expected);
  }
}

TEST_CASE("the comparison of the tutorial's output bites") {
  const std::vector<std::string> printed = {"  mismatches     0", "", "  PASSED"};
  CHECK_FALSE(missing({"    mismatches 3", "...", "PASSED"}, printed));
  CHECK(missing({"  FAILED"}, printed) == "  FAILED");
  CHECK(missing({"  PASSED", "  mismatches 0"}, printed) == "  mismatches 0");
  CHECK(missing({"status 1"}, {"status 2"}) == "status 1");
  CHECK(missing({"  PASSED  19 of 19 checks"}, {"  PASSED  18 of 19 checks"}).has_value());
  CHECK(missing({"gives 0xc by rule a"}, {"gives 0xd by rule a"}).has_value());
  CHECK_FALSE(missing({"store 0x1160000098b in mode ..., accepted"}, {"store 0x20000000 in mode user, accepted"}));
}
