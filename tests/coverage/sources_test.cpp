// SPDX-License-Identifier: Apache-2.0
//
// Programs are covered as tests are; a bin that the manual rules out makes a run and a regression red.
#include <fstream>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

std::uint64_t hit_by(const Folder& folder, const std::string& run, const std::string& item) {
  const Ran ran = folder.run({"coverage", run, "--json", "c.json"});
  REQUIRE(ran.status == 0);
  const auto report = boost::json::parse(contents(folder / "c.json"));
  for (const auto& one : report.at("items").as_array()) {
    if (one.at("id").as_string() == item) return one.at("hit").to_number<std::uint64_t>();
  }
  FAIL("no " << item);
  return 0;
}

}  // namespace

TEST_CASE("a program under the OS is covered on every kind of DUT") {
  const Folder folder;
  const auto run = [&](std::vector<std::string> words, const std::string& out) {
    words.insert(words.begin(), "run");
    words.insert(words.end(), {"--coverage", "--out", out});
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 0);
    CHECK(std::filesystem::exists(folder / (out + "/coverage.json")));
  };
  const std::string trace = KILBURN_TEST_DATA "/traces/mini.28871.lk";
  run({"--trace", trace, "--frames", "24"}, "x86");
  run({"--trace", trace, "--frames", "24", "--format", "alpha"}, "alpha");
  run({"--workload", "fork-chain", "--cpus", "2", "--spread"}, "cpus");
  run({"--workload", "fork-chain", "--dut", "small"}, "small");
  // It is swapped: pages go and come, the OS invalidates, and answers come from every place.
  CHECK(hit_by(folder, "x86", "CP16.x86") >= 4);
  CHECK(hit_by(folder, "x86", "CP9") >= 4);
  CHECK(hit_by(folder, "alpha", "CP16.alpha") >= 2);
  CHECK(hit_by(folder, "alpha", "CP5.alpha") >= 2);
  CHECK(hit_by(folder, "cpus", "CP13") >= 2);
  CHECK(hit_by(folder, "small", "CP5.x86") >= 2);
  CHECK(hit_by(folder, "small", "CP9") == 0);  // nobody tells where its answers come from
}

TEST_CASE("an illegal bin makes a regression red") {
  const Folder folder;
  folder.write("l.toml",
               "[[test]]\nname = \"t\"\noptions = [\"--test\", \"decisions\", \"--check\", \"admissible\", "
               "\"--dut\", \"mmu-bugs\", \"--bug\", \"T22\", \"--coverage\"]\nseeds = [2]\n");
  const Ran ran = folder.run({"regress", "l.toml", "--repeats", "0", "--out", "r"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("coverage") && Contains("illegal bin of CP8"));
}
