// SPDX-License-Identifier: Apache-2.0
//
// Lists: what they mean, and that every mistake is told with file, line and key.
#include "tb/errors.h"
#include "tb/regress/test_list.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using kilburn::tb::UserError;
using kilburn::test::ScratchFolder;

namespace {

std::string complaint(const ScratchFolder& folder, const std::string& text) {
  const auto file = folder.write("l.toml", text);
  try {
    read_list(file);
  } catch (const UserError& e) {
    return e.what();
  }
  return "no complaint";
}

}  // namespace

TEST_CASE("a list gives every key its meaning") {
  const ScratchFolder folder;
  folder.write("w.vlt", "// why\n\n`directive\nlint_off A\n  lint_off B\n# also a comment\n");
  folder.write("sub/inner.toml",
               "[expect]\ntests = 1\n[[test]]\nname = \"inner\"\n"
               "options = [\"--trace\", \"{dir}/../t.lk\"]\n");
  const TestList list = read_list(folder.write("night.toml", R"(
include = ["sub/inner.toml"]
fresh_seeds = true
[defaults]
time_limit = 2.5
tags = ["night"]
[expect]
comparisons = 70
[[waivers]]
file = "w.vlt"
at_most = 2
[[test]]
name = "a"
options = ["--test", "random"]
seeds = [7, 9]
reseed = 3
memory_limit = 64
comparisons = 5
files = ["coverage.dat"]
tags = ["x"]
[[test]]
name = "b"
options = []
[test.vary]
format = ["alpha", "x86-64"]
dut = ["mmu", "some/path.so"]
)"));
  CHECK(list.name == "night");
  CHECK(list.fresh_seeds);
  REQUIRE(list.tests.size() == 6);
  CHECK(list.tests[0].name == "inner");
  CHECK(list.tests[0].options == std::vector<std::string>{"--trace", (folder / "t.lk").string()});
  CHECK(list.tests[0].time_limit == 60);
  CHECK(list.tests[0].reseed == 1);
  const Test& a = list.tests[1];
  CHECK(a.seeds == std::vector<u64>{7, 9});
  CHECK(a.reseed == 3);
  CHECK(a.time_limit == 2.5);
  CHECK(a.memory_limit == 64);
  CHECK(a.comparisons == 5);
  CHECK(a.files == std::vector<std::string>{"coverage.dat"});
  CHECK(a.tags == std::vector<std::string>{"night", "x"});
  CHECK(a.place == (folder / "night.toml").string() + ":13");
  // The keys of `vary` count in the order in which they are written.
  CHECK(list.tests[2].name == "b-alpha-mmu");
  CHECK(list.tests[3].name == "b-alpha-path");
  CHECK(list.tests[5].options == std::vector<std::string>{"--format", "x86-64", "--dut", "some/path.so"});
  REQUIRE(list.expected.size() == 2);
  CHECK((list.expected[0].first == 0 && list.expected[0].last == 1 && list.expected[0].tests == u64{1}));
  CHECK((list.expected[1].first == 0 && list.expected[1].last == 6 && list.expected[1].comparisons == u64{70}));
  REQUIRE(list.waivers.size() == 1);
  CHECK(list.waivers[0].at_most == 2);
  CHECK(count_waivers(list.waivers[0].file) == 2);
}

TEST_CASE("a mistake in a list is told in one sentence with line and key") {
  const ScratchFolder folder;
  const std::string test = "[[test]]\nname = \"a\"\noptions = [\"--test\", \"random\"]\n";
  const auto [text, line, key, reason] = GENERATE_COPY(table<std::string, int, std::string, std::string>({
      {test + "time_limits = 3\n", 4, "test.time_limits", "there is no such key; there are: name, options"},
      {"tests = 3\n" + test, 1, "tests", "there is no such key"},
      {test + "time_limit = \"x\"\n", 4, "test.time_limit", "needs seconds, not a string"},
      {test + "time_limit = 0\n", 4, "test.time_limit", "above 0"},
      {test + "time_limit = nan\n", 4, "test.time_limit", "above 0"},
      {test + "memory_limit = 1.5\n", 4, "test.memory_limit", "needs a whole number, not a number with a fraction"},
      {test + "memory_limit = -5\n", 4, "test.memory_limit", "not -5"},
      {test + "seeds = [1, 0]\n", 4, "test.seeds", "from 1, not 0"},
      {test + "seeds = 4\n", 4, "test.seeds", "needs an array of whole numbers, not a whole number"},
      {test + "seeds = [4, 4]\n", 4, "seeds", "twice"},
      {test + "reseed = 0\n", 4, "reseed", "nothing to run"},
      {test + "reseed = 1000001\n", 4, "test.reseed", "to 1000000"},
      {test + "files = [\"../x\"]\n", 4, "files", "no file's name"},
      {test + "\n\n" + test, 7, "name", "already"},
      {"[[test]]\nname = \"a/b\"\noptions = []\n", 2, "name", "is no name"},
      {"[[test]]\nname = \"..\"\noptions = []\n", 2, "name", "is no name"},
      {"[[test]]\noptions = []\n", 1, "test.name", "is missing"},
      {"[[test]]\nname = 3\n", 2, "test.name", "needs a string, not a whole number"},
      {"[[test]]\nname = \"a\"\noptions = \"--test random\"\n", 3, "test.options", "array of strings, not a string"},
      {"[[test]]\nname = \"a\"\noptions = [\"--seed\", \"3\"]\n", 3, "options", "--seed is the runner's"},
      {"[[test]]\nname = \"a\"\noptions = [\"--out=x\"]\n", 3, "options", "--out is the runner's"},
      {"[[test]]\nname = \"a\"\nvary = { seed = [\"3\"] }\n", 3, "vary.seed", "--seed is the runner's"},
      {"[[test]]\nname = \"a\"\nvary = { dut = [] }\n", 3, "test.vary.dut", "is empty"},
      {"[[test]]\nname = \"a\"\nvary = { dut = [\"a b\"] }\n", 3, "vary.dut", "makes no name"},
      {"[test]\nname = \"a\"\n", 1, "test", "needs [[test]] tables, not a table"},
      {"include = [\"missing.toml\"]\n" + test, 1, "include", "there is no list"},
      {"include = [\"l.toml\"]\n" + test, 1, "include", "includes itself"},
      {"fresh_seeds = 1\n" + test, 1, "fresh_seeds", "needs true or false"},
      {"[expect]\ntests = 0\n" + test, 2, "expect.tests", "from 1"},
      {"[[waivers]]\nfile = \"no.vlt\"\nat_most = 1\n" + test, 2, "file", "there is no file"},
      {"[[waivers]]\nfile = \"no.vlt\"\n" + test, 1, "waivers.at_most", "is missing"},
  }));
  const std::string said = complaint(folder, text);
  INFO(text << said);
  CHECK_THAT(said, Contains("l.toml:" + std::to_string(line) + ": " + key + ": "));
  CHECK_THAT(said, Contains(reason));
  CHECK(said.find('\n') == std::string::npos);
}

TEST_CASE("what is not TOML is told with its line") {
  const ScratchFolder folder;
  const auto [text, line] = GENERATE(table<std::string, int>({
      {"[[test]]\nname = \n", 2},
      {"[[test]]\nname = \"a\nseeds = [1]\n", 2},
      {"a = 1\n\n[[test]\n", 3},
      {"a = 1\na = 2\n", 2},
  }));
  const std::string said = complaint(folder, text);
  INFO(text << said);
  CHECK_THAT(said, Contains("l.toml:" + std::to_string(line) + ": not TOML: "));
  CHECK(said.find('\n') == std::string::npos);
  CHECK_FALSE(said.ends_with(": "));
}

TEST_CASE("a list that cannot be read, or is empty, is refused") {
  const ScratchFolder folder;
  CHECK_THROWS_WITH(read_list(folder / "none.toml"), Contains("none.toml") && EndsWith("cannot be read"));
  CHECK_THROWS_WITH(read_list(folder.path()), EndsWith("is a folder"));
  CHECK_THAT(complaint(folder, ""), EndsWith("l.toml has no tests"));
  CHECK_THAT(complaint(folder, std::string("\xff\xfe\0\x01", 4)), Contains("not TOML"));
}
