// SPDX-License-Identifier: Apache-2.0
//
// `kilburn plan`: every requirement has tests that exist, and states follow from results.
#include <algorithm>
#include <map>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> kOfThisBuild = {"plan", "--build", KILBURN_BINARY_DIR};

std::map<std::string, std::map<std::string, boost::json::object>> requirements(const Ran& ran) {
  std::map<std::string, std::map<std::string, boost::json::object>> all;
  const auto plan = boost::json::parse(ran.out);
  for (const auto& group : plan.at("groups").as_array()) {
    for (const auto& one : group.at("requirements").as_array()) {
      all[std::string(group.at("name").as_string())][std::string(one.at("id").as_string())] = one.as_object();
    }
  }
  return all;
}

std::string state(const boost::json::object& requirement) { return std::string(requirement.at("state").as_string()); }

}  // namespace

TEST_CASE("every requirement has tests that exist, or a reason") {
  const Folder folder;
  auto words = kOfThisBuild;
  words.push_back("--json");
  const Ran ran = folder.run(words);
  const Ran told = folder.run(kOfThisBuild);
  INFO(told.out << told.err);
  CHECK(ran.status == 0);
  if (!ran.err.empty()) WARN("not all looked up: " << ran.err);
  const auto all = requirements(ran);
  REQUIRE(all.size() == 7);
  CHECK(all.at("mechanisms").size() == 102);
  for (int n = 1; n <= 102; ++n) CHECK(all.at("mechanisms").count(std::to_string(n)) == 1);
  CHECK(all.at("properties").size() == 64);
  CHECK(all.at("coverage").size() == 42);
  for (int n = 1; n <= 20; ++n) {
    const std::string point = "CP" + std::to_string(n);
    CHECK(all.at("coverage").count(point) + all.at("coverage").count(point + ".x86") == 1);
  }
  CHECK(all.at("admissibility").size() >= 8);
  CHECK(all.at("protocol").size() == 10);
  CHECK(all.at("traps").size() == 88);
  CHECK(all.at("os-bugs").size() > 30);
  for (const auto& [group, ids] : all) {
    for (const auto& [id, one] : ids) {
      INFO(group << " " << id);
      CHECK(state(one) != "missing");
      const bool tested = one.at("tests").as_array().size() > 0 || !ran.err.empty();
      CHECK(tested == !one.contains("without"));
    }
  }
}

TEST_CASE("a requirement without a test, or with one that is not there, is red") {
  const Folder folder;
  const auto plan = [&](const std::string& group) {
    std::ofstream(folder / "p.toml") << "[[group]]\nname = \"g\"\nwhat = \"w\"\n" + group;
    auto words = kOfThisBuild;
    words.insert(words.end(), {"--plan", "p.toml"});
    return folder.run(words);
  };
  Ran ran = plan("ids = [\"A1\"]\n");
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("g A1: missing") && Contains("p.toml:4: no test is named"));
  ran = plan("ids = [\"A1\"]\ntests = [\"smoke: none-*\"]\n");
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("p.toml:4: no test is called smoke: none-*"));
  CHECK(plan("ids = [\"A1\"]\ntests = [\"smoke: short-*\"]\n").status == 0);
  CHECK(plan("ids = [\"A1\"]\n[group.without]\nA1 = \"because\"\n").status == 0);
  const auto refused = [&](const std::string& group, const std::string& reason) {
    const Ran bad = plan(group);
    INFO(bad.err);
    CHECK(bad.status == 2);
    CHECK_THAT(bad.err, Contains(reason));
  };
  refused("ids = [\"A1\"]\n[group.own]\nA2 = [\"x\"]\n", "p.toml:6: A2: group \"g\" has no such id");
  refused("model = \"coverage\"\n[group.own]\nCP21 = [\"x\"]\n", "p.toml:6: CP21: group \"g\" has no such id");
  refused("model = \"none\"\n", "p.toml:4: model: there is no model \"none\"");
  refused("ids = [\"a one\"]\n", "p.toml:4: ids: \"a one\" is no id");
  refused("table = \"sw/README.md\"\nheading = \"none\"\n", "has no table with ids under \"none\"");
  refused("table = \"none.md\"\nheading = \"id\"\n", "none.md cannot be read");
  refused("test = []\n", "p.toml:4: group.test: there is no such key");
  CHECK(folder.run({"plan", "--plan", "none.toml"}).status == 2);
  CHECK(folder.run({"plan", "--build", "/none"}).status == 2);
  CHECK(folder.run({"plan", "--build", KILBURN_BINARY_DIR, "--junit", "p.toml"}).status == 2);
}

TEST_CASE("states come from the results of regressions and of CTest") {
  const Folder folder;
  std::ofstream(folder / "p.toml") << "[[group]]\nname = \"g\"\nwhat = \"w\"\nids = [\"A1 to A5\"]\n[group.own]\n"
                                      "A1 = [\"smoke: short-mmu-*\"]\nA2 = [\"x: case one\"]\nA3 = [\"x: case two\"]\n"
                                      "A4 = [\"x: case *\"]\nA5 = [\"x: case three\"]\n";
  // As ctest writes it: the space of the prefix is gone.
  std::ofstream(folder / "j.xml") << "<testsuite><testcase name=\"x:case one\" status=\"run\"/>"
                                     "<testcase name=\"x:case two\" status=\"fail\"><failure message=\"\"/></testcase>"
                                     "<testcase name=\"x:case three\" status=\"notrun\"><skipped/></testcase>"
                                     "</testsuite>";
  REQUIRE(folder.run({"regress", "smoke", "--only", "short-mmu-x86-64", "--seeds", "2", "--out", "r"}).status == 0);
  const Ran ran = folder.run({"plan", "--plan", "p.toml", "--junit", "j.xml", "--results", "r", "--json"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  const auto all = requirements(ran).at("g");
  CHECK(state(all.at("A1")) == "passed");
  CHECK(state(all.at("A2")) == "passed");
  CHECK(state(all.at("A3")) == "failed");
  CHECK(state(all.at("A4")) == "failed");
  CHECK(state(all.at("A5")) == "not run");
}

TEST_CASE("a report against an earlier one tells what changed") {
  const Folder folder;
  const std::string head = "[[test]]\nname = \"t\"\noptions = [\"--test\", \"random\", \"--count\", \"2000\"";
  const std::string rest = "]\nvary = { format = [\"x86-64\"] }\nseeds = [1, 2, 3, 4, 5, 6]\n";
  std::ofstream(folder / "old.toml") << head + rest + "[[test]]\nname = \"gone\"\noptions = [\"--test\", \"random\"]\n";
  std::ofstream(folder / "now.toml") << head + ", \"--dut\", \"mmu-bugs\", \"--bug\", \"T61\"" + rest;
  REQUIRE(folder.run({"regress", "old.toml", "--out", "old"}).status == 0);
  REQUIRE(folder.run({"regress", "now.toml", "--out", "now", "--repeats", "0"}).status == 1);
  const Ran ran = folder.run({"report", "now", "--against", "old"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("against      old, ") && Contains("; 6 are the same") &&
                          Contains("failed, was passed") && Contains("  new          failed, ") &&
                          Contains("  test gone    gone"));
  const auto trend = boost::json::parse(contents(folder / "now/report.json")).at("measured").at("against").as_object();
  CHECK(trend.at("verdict") == "green");
  CHECK(trend.at("common") == 6);
  CHECK(trend.at("worse").as_array().size() >= 1);
  CHECK(trend.at("better").as_array().empty());
  CHECK_THAT(contents(folder / "now/report.html"), Contains("Since the last time") && Contains("class=\"ring\""));
  // The other way round the same runs are better.
  CHECK(folder.run({"report", "old", "--against", "now"}).status == 0);
  const auto back = boost::json::parse(contents(folder / "old/report.json")).at("measured").at("against").as_object();
  CHECK(back.at("better").as_array().size() == trend.at("worse").as_array().size());
  CHECK(folder.run({"report", "now", "--against", "none"}).status == 2);
}
