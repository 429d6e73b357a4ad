// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --coverage` and `kilburn coverage`: files, figures, illegal bins, wrong input.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

Ran run_with_coverage(const Folder& folder, const std::string& seed, const std::string& out) {
  return folder.run({"run", "--test", "decisions", "--count", "3000", "--seed", seed, "--coverage", "--out", out});
}

}  // namespace

TEST_CASE("coverage of runs is merged, ranked, compared and written in every form") {
  const Folder folder;
  for (const char* seed : {"1", "2"}) {
    const Ran ran = run_with_coverage(folder, seed, std::string("runs/") + seed);
    INFO(ran.err << ran.out);
    REQUIRE(ran.status == 0);
  }
  const Ran ran = folder.run({"coverage", "runs", "--holes", "--rank", "--json", "c.json", "--ucis", "c.xml", "--html",
                              "c.html", "--merged", "all/coverage.json", "--against", "runs/1"});
  INFO(ran.err << ran.out);
  // The folder of --merged is not there.
  CHECK(ran.status == 3);
  std::filesystem::create_directory(folder.path() / "all");
  const Ran again = folder.run({"coverage", "runs", "--holes", "--rank", "--json", "c.json", "--ucis", "c.xml",
                                "--html", "c.html", "--merged", "all/coverage.json", "--against", "runs/1"});
  INFO(again.err << again.out);
  REQUIRE(again.status == 0);
  CHECK_THAT(again.out, Contains("2 runs") && Contains("CP5xCP7.full") && Contains("--test decisions"));
  CHECK_THAT(again.out, Contains("lost 0"));
  const auto report = boost::json::parse(contents(folder / "c.json")).as_object();
  CHECK(report.at("all").at("hit").to_number<int>() > 1000);
  CHECK(report.at("all").at("illegal_hit").to_number<int>() == 0);
  CHECK(report.at("all").at("unreachable_hit").to_number<int>() == 0);
  // Merged elsewhere it has the same bins.
  const Ran merged = folder.run({"coverage", "all", "--against", "runs"});
  CHECK(merged.status == 0);
  CHECK_THAT(merged.out, Contains("gained 0") && Contains("lost 0"));
  CHECK(folder.run({"coverage", "runs", "--require", "0"}).status == 1);
  CHECK(folder.run({"coverage", "runs", "--require", "999999"}).status == 0);
}

TEST_CASE("an illegal bin fails the run as a check of its own") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--test", "decisions", "--dut", "mmu-bugs", "--bug", "T22", "--check",
                              "admissible", "--seed", "2", "--coverage", "--waves", "never", "--out", "run"});
  INFO(ran.err << ran.out);
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("FAILED in the coverage check") && Contains("illegal bin of CP8"));
  CHECK_FALSE(std::filesystem::exists(folder / "run/coverage.json"));
}

TEST_CASE("a run without --coverage leaves none") {
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "random", "--count", "500", "--out", "run"}).status == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "run/coverage.json"));
  const Ran ran = folder.run({"coverage", "run"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("--coverage leaves one"));
}

TEST_CASE("what kilburn coverage cannot read is told with its file") {
  const Folder folder;
  CHECK(folder.run({"coverage"}).status == 2);
  CHECK(folder.run({"coverage", "nowhere"}).status == 2);
  folder.write("a/coverage.json", "{\"kilburn_coverage\": 1, \"model\": \"old\", \"run\": \"\", \"hits\": {}}");
  const Ran other = folder.run({"coverage", "a"});
  CHECK(other.status == 2);
  CHECK_THAT(other.err, Contains("a/coverage.json") && Contains("another coverage model"));
  CHECK(folder.run({"run", "--test", "random", "--coverage", "--against", "small"}).status == 2);
  CHECK(folder.run({"run", "--workload", "thrash", "--dut", "arch", "--coverage"}).status == 2);
}

TEST_CASE("decisions: every DUT that it runs on agrees with the architecture") {
  const Folder folder;
  for (const char* dut : {"mmu", "arch", "tlm"}) {
    for (const char* format : {"x86-64", "alpha", "alpha-x64"}) {
      const Ran ran = folder.run({"run", "--test", "decisions", "--count", "6000", "--dut", dut, "--format", format,
                                  "--out", std::string(dut) + format});
      INFO(dut << " " << format << "\n" << ran.err << ran.out);
      REQUIRE(ran.status == 0);
      CHECK(figure(folder.result(std::string(dut) + format), "comparisons",
                   "responses_against_the_architecture's_walk") > 300);
    }
  }
}
