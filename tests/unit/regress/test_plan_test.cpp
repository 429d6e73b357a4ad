// SPDX-License-Identifier: Apache-2.0
//
// Requirements from tables, tests by pattern, states from results; what changed between two reports.
#include "tb/regress/test_plan.h"

#include "tb/errors.h"
#include "tb/regress/report.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using Catch::Matchers::Contains;
using kilburn::test::ScratchFolder;

namespace {

const char* kTables =
    "| id | what |\n| --- | --- |\n| P1 | first |\n| P2 | second |\n| P3 | none: nobody can |\n\n"
    "text\n\n| rows | mechanism | test |\n| --- | --- | --- |\n| 1 3 to 5 | many | a_test, workload thrash |\n"
    "| 2 | one | check P1 |\n| 5 | again | b_test |\n";

std::vector<std::string> ids(const RequirementGroup& group) {
  std::vector<std::string> all;
  for (const Requirement& r : group.requirements) all.push_back(r.id);
  return all;
}

struct Planned {
  ScratchFolder folder;
  TestPlan plan;

  explicit Planned(const std::string& text) {
    folder.write("sw/README.md", kTables);
    // Text for the reader of test files, one case of it hidden; nothing of this program's own is.
    folder.write("unit/a_test.cpp", "TEST_CASE(\"a \\\"one\\\"\") {}\nTEST_CASE(\n    \"a \" \"two\", \"[.]\") {}\n");
    folder.write("unit/b_test.cpp", "TEST_CASE(\"b\") {}\n");
    plan = read_test_plan(folder.write("tests/plan.toml", text), folder.path());
  }
  const Requirement& at(std::size_t group, const std::string& id) const {
    for (const Requirement& r : plan.groups.at(group).requirements) {
      if (r.id == id) return r;
    }
    throw std::out_of_range(id);
  }
};

const std::string kProperties =
    "[[group]]\nname = \"p\"\nwhat = \"w\"\ntable = \"sw/README.md\"\nheading = \"id\"\ntests = [\"x: {id} *\"]\n";
const std::string kRows =
    "[[group]]\nname = \"m\"\nwhat = \"w\"\ntable = \"sw/README.md\"\nheading = \"rows\"\ncolumn = 3\nfolder = "
    "\"unit\"\n";

using Strings = std::vector<std::string>;
using Names = std::set<std::string>;

}  // namespace

TEST_CASE("ids come from the table under the heading, ranges one by one") {
  const Planned planned(kProperties + kRows);
  CHECK(ids(planned.plan.groups[0]) == Strings{"P1", "P2", "P3"});
  CHECK(ids(planned.plan.groups[1]) == Strings{"1", "3", "4", "5", "2"});
  CHECK(planned.at(0, "P2").text == "second");
  CHECK(planned.at(0, "P2").wanted == Strings{"x: P2 *"});
  CHECK(planned.at(0, "P3").without == "nobody can");
  CHECK(planned.at(0, "P3").wanted.empty());
  CHECK(planned.at(1, "5").text == "many; again");
}

TEST_CASE("a column's words name files, other ids and workloads") {
  Planned planned(kProperties + kRows);
  find_tests(planned.plan, {"u: a \"one\"", "u: a two", "v: b", "x: P1 is", "nightly: workload-alpha-thrash"}, {});
  CHECK(planned.at(1, "1").tests == Names{"u: a \"one\"", "u: a two", "nightly: workload-alpha-thrash"});
  CHECK(planned.at(1, "2").tests == Names{"x: P1 is"});
  CHECK(planned.at(1, "5").tests.count("v: b") == 1);
  CHECK(planned.at(1, "1").unknown.empty());
  CHECK(planned.at(0, "P2").unknown == Strings{"x: P2 *"});
}

TEST_CASE("a pattern of a program that is not built is not called unknown") {
  Planned planned(kProperties);
  find_tests(planned.plan, {}, {"x"});
  CHECK(planned.at(0, "P2").unknown.empty());
  CHECK(state_of(planned.at(0, "P2"), {}) == Shown::not_run);
}

TEST_CASE("own lines replace, reasons take the tests' place") {
  const Planned planned(kProperties +
                        "[group.own]\nP1 = [\"y: a\", \"y: b\"]\n[group.without]\nP2 = \"r\"\nP9 = \"s\"\n");
  CHECK(planned.at(0, "P1").wanted == Strings{"y: a", "y: b"});
  CHECK(planned.at(0, "P2").wanted.empty());
  CHECK(planned.at(0, "P9").without == "s");
}

TEST_CASE("a requirement's state follows from its tests") {
  Planned planned(kProperties + "[group.own]\nP1 = [\"x: *\"]\n");
  const auto state = [&](const TestStates& states) {
    TestNames known;
    for (const auto& [test, of] : states) known.insert(test);
    find_tests(planned.plan, known, {});
    return state_of(planned.at(0, "P1"), states);
  };
  using enum TestState;
  CHECK(state({{"x: a", not_run}}) == Shown::not_run);
  CHECK(state({{"x: a", passed}, {"x: b", not_run}}) == Shown::passed);
  CHECK(state({{"x: a", passed}, {"x: b", failed}}) == Shown::failed);
  CHECK(state_of(planned.at(0, "P3"), {}) == Shown::without);
  CHECK(state_of(planned.at(0, "P2"), {}) == Shown::missing);
}

TEST_CASE("an earlier report is laid beside a later one") {
  const auto report = [](const std::string& second_test, std::vector<RunVerdict> verdicts, double seconds) {
    Plan plan;
    plan.name = "l";
    plan.tests.resize(2);
    plan.tests[0].name = "a";
    plan.tests[1].name = second_test;
    plan.jobs = {{0, 1}, {0, 2}, {1, 1}};
    plan.environment = {{"compiler", second_test}};
    Results results;
    for (const RunVerdict verdict : verdicts) {
      Outcome outcome;
      outcome.verdict = verdict;
      outcome.message = verdict == RunVerdict::passed ? "" : "m";
      outcome.comparisons = 10;
      outcome.cycles = 1000000;
      outcome.seconds = seconds;
      results.runs.emplace_back(outcome);
    }
    return make_report(plan, results);
  };
  using enum RunVerdict;
  const Trend t = trend_of(report("c", {failed, passed, passed}, 2), report("b", {passed, hang, passed}, 1), "old");
  CHECK(t.common == 2);
  REQUIRE(t.worse.size() == 1);
  CHECK(t.worse[0].run == "a/1");
  REQUIRE(t.better.size() == 1);
  CHECK(t.better[0].before == "hang");
  CHECK(t.new_signatures == Strings{"failed: m"});
  CHECK(t.gone_signatures == Strings{"hang: m"});
  REQUIRE(t.tests.size() == 3);
  CHECK(t.tests[0].before->khz() == 2 * t.tests[0].now->khz());
  CHECK_FALSE(t.tests[1].before);
  CHECK_FALSE(t.tests[2].now);
  CHECK(t.environment == Strings{"compiler: c, was b"});
  CHECK_THAT(trend_text(t), Contains("slower       a: 500 kHz (-50.0 %)") && Contains("new test     c") &&
                                Contains("test gone    b") && Contains("a/1: failed, was passed"));
  CHECK_THAT(trend_html(t), Contains("<circle class=\"fail\"") && Contains("-50.0 %"));
}
