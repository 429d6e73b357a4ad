// SPDX-License-Identifier: Apache-2.0
//
// Honest green, and the forms of a report.
#include "tb/regress/report.h"

#include <boost/json.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using Catch::Matchers::Contains;
using kilburn::test::ScratchFolder;

namespace {

Outcome passed(u64 comparisons) {
  Outcome o;
  o.comparisons = comparisons;
  o.cycles = 1000;
  o.seconds = 0.5;
  return o;
}

Outcome ended(RunVerdict verdict, const std::string& message) {
  Outcome o;
  o.verdict = verdict;
  o.message = message;
  o.comparisons = 1;
  return o;
}

// Two tests, three runs.
Plan plan() {
  Plan p;
  p.name = "l<i>st";
  p.command = "kilburn regress 'l<i>st'";
  p.environment = {{"date", "2026-01-02"}, {"git", "abc & clean"}};
  Test a, b;
  a.name = "a";
  b.name = "b";
  p.tests = {a, b};
  p.jobs = {{0, 1}, {0, 2}, {1, 3}};
  return p;
}

Results results(std::vector<std::optional<Outcome>> runs) {
  Results r;
  r.runs = std::move(runs);
  r.seconds = 2;
  return r;
}

Report report_of(const Plan& p, std::vector<std::optional<Outcome>> runs) {
  return make_report(p, results(std::move(runs)));
}

}  // namespace

TEST_CASE("green is what was planned, made, passed and compared") {
  const Report r = report_of(plan(), {passed(10), passed(20), passed(30)});
  CHECK(r.overall == Overall::green);
  CHECK(r.reasons.empty());
  CHECK(r.exit_status() == 0);
  CHECK(r.comparisons == 60);
}

TEST_CASE("anything less is red, with the reason") {
  Plan p = plan();
  auto runs = std::vector<std::optional<Outcome>>{passed(10), passed(20), passed(30)};
  const auto reasons = [&] {
    const Report r = report_of(p, runs);
    CHECK(r.overall == Overall::red);
    std::string all;
    for (const auto& reason : r.reasons) all += reason + "\n";
    return all;
  };
  SECTION("a run that failed") {
    runs[1] = ended(RunVerdict::failed, "m");
    CHECK(reasons() == "1 run of 3: failed\n");
  }
  SECTION("a run that hung") {
    runs[1] = ended(RunVerdict::hang, "m");
    CHECK(reasons() == "1 run of 3: hang\n");
  }
  SECTION("a run that was not made") {
    runs[2] = std::nullopt;
    CHECK(reasons() == "1 run of 3 not made\n");
  }
  SECTION("no comparison at all") {
    runs = {passed(0), passed(0), passed(0)};
    CHECK(reasons() == "nothing was compared\n");
  }
  SECTION("fewer runs than the list expects") {
    p.expected = {{0, 2, 4, std::nullopt, "l.toml:3"}};
    CHECK(reasons() == "l.toml:3 expects 4 runs, and 3 were made\n");
  }
  SECTION("more runs than the list expects") {
    p.expected = {{0, 1, 1, std::nullopt, "l.toml:3"}};
    CHECK(reasons() == "l.toml:3 expects 1 run, and 2 were made\n");
  }
  SECTION("fewer comparisons than the list expects of its own tests") {
    p.expected = {{0, 1, 2, u64{31}, "l.toml:3"}};
    CHECK(reasons() == "l.toml:3 expects 31 comparisons at least, and 30 were made\n");
  }
  SECTION("a waiver more than the list allows") {
    const ScratchFolder folder;
    p.waivers = {{folder.write("w.vlt", "lint_off A\nlint_off B\n"), 1, "l.toml:9"}};
    CHECK(reasons() == "w.vlt has 2 waivers, and l.toml:9 allows 1\n");
  }
}

TEST_CASE("what a list promises holds for the whole of it only") {
  Plan p = plan();
  p.expected = {{0, 2, 3, u64{60}, "l.toml:3"}};
  CHECK(report_of(p, {passed(10), passed(20), passed(30)}).overall == Overall::green);
  p.jobs.pop_back();
  p.whole = false;
  CHECK(report_of(p, {passed(10), passed(20)}).overall == Overall::green);
  p.whole = true;
  CHECK(report_of(p, {passed(10), passed(20)}).overall == Overall::red);
}

TEST_CASE("the exit status says who is to blame") {
  const auto status = [](RunVerdict a, RunVerdict b) {
    return report_of(plan(), {ended(a, "m"), ended(b, "m"), passed(1)}).exit_status();
  };
  CHECK(status(RunVerdict::passed, RunVerdict::failed) == 1);
  CHECK(status(RunVerdict::environment, RunVerdict::passed) == 3);
  CHECK(status(RunVerdict::environment, RunVerdict::failed) == 1);
  CHECK(status(RunVerdict::bad_input, RunVerdict::bad_input) == 2);
  CHECK(status(RunVerdict::hang, RunVerdict::environment) == 1);
  Results stopped = results({passed(1), std::nullopt, std::nullopt});
  stopped.interrupted = true;
  const Report r = make_report(plan(), stopped);
  CHECK(r.exit_status() == 130);
  CHECK(r.overall == Overall::interrupted);
}

TEST_CASE("the digest follows what was found and not how long it took") {
  const auto digest = [](u64 comparisons, double seconds) {
    auto first = passed(comparisons);
    first.seconds = seconds;
    return report_of(plan(), {first, passed(20), passed(30)}).digest;
  };
  CHECK(digest(10, 1) == digest(10, 2));
  CHECK(digest(10, 1) != digest(11, 1));
  Results repeated = results({ended(RunVerdict::failed, "m"), passed(20), passed(30)});
  const auto before = make_report(plan(), repeated).digest;
  repeated.repeated[0] = ended(RunVerdict::failed, "m");
  CHECK(make_report(plan(), repeated).digest != before);
}

TEST_CASE("JUnit has a case a seed with command and attachments, and one for the whole") {
  Outcome failure = ended(RunVerdict::failed, "pin <d> & \"e\" \x01");
  Results all = results({passed(10), failure, std::nullopt});
  all.repeated[1] = failure;
  all.repeated[1].waves = "waves.fst";
  namespace pt = boost::property_tree;
  std::istringstream text(junit_report(make_report(plan(), all)));
  pt::ptree xml;
  REQUIRE_NOTHROW(pt::read_xml(text, xml));
  CHECK(xml.get<int>("testsuites.<xmlattr>.tests") == 4);
  CHECK(xml.get<int>("testsuites.<xmlattr>.failures") == 1);
  CHECK(xml.get<int>("testsuites.<xmlattr>.skipped") == 1);
  const auto& suite = xml.get_child("testsuites.testsuite");
  CHECK(suite.get<std::string>("<xmlattr>.name") == "a");
  CHECK(suite.get<int>("<xmlattr>.tests") == 2);
  std::vector<const pt::ptree*> cases;
  for (const auto& [tag, child] : suite) {
    if (tag == "testcase") cases.push_back(&child);
  }
  REQUIRE(cases.size() == 2);
  const pt::ptree& second = *cases[1];
  CHECK(second.get<std::string>("<xmlattr>.name") == "seed 2");
  CHECK(second.get<std::string>("<xmlattr>.classname") == "l<i>st.a");
  CHECK(second.get<std::string>("failure.<xmlattr>.message") == "pin <d> & \"e\" ?");
  CHECK_THAT(second.get<std::string>("system-out"), Contains("--seed 2") &&
                                                        Contains("[[ATTACHMENT|runs/a/2/result.json]]") &&
                                                        Contains("[[ATTACHMENT|repeated/a/2/waves.fst]]"));
  // GitLab links the first attachment of a case.
  const std::string said = second.get<std::string>("system-out");
  CHECK(said.find("[[ATTACHMENT|runs/a/2/stdout.txt]]") == said.find("[[ATTACHMENT|"));
}

TEST_CASE("JUnit names attachments from the root of GitLab's project, or absolutely") {
  const Report report = report_of(plan(), {passed(10), ended(RunVerdict::failed, "m"), passed(1)});
  const ScratchFolder folder;
  std::filesystem::create_directories(folder.path() / "results/regression");
  const auto attached = [&](const char* project) {
    project == nullptr ? ::unsetenv("CI_PROJECT_DIR") : ::setenv("CI_PROJECT_DIR", project, 1);
    write_reports(report, folder.path() / "results/regression");
    ::unsetenv("CI_PROJECT_DIR");
    std::ifstream text(folder.path() / "results/regression/junit.xml");
    const std::string junit{std::istreambuf_iterator<char>(text), {}};
    const auto begin = junit.find("[[ATTACHMENT|") + 13;
    return junit.substr(begin, junit.find("]]", begin) - begin);
  };
  const std::string file = "results/regression/runs/a/2/stdout.txt";
  CHECK(attached(folder.path().c_str()) == file);
  CHECK(attached((folder.path().string() + "/").c_str()) == file);
  CHECK(attached(nullptr) == (std::filesystem::canonical(folder.path()) / file).string());
  CHECK(attached("/elsewhere") == (std::filesystem::canonical(folder.path()) / file).string());
}

TEST_CASE("JUnit shows a red that belongs to no run") {
  Plan p = plan();
  p.expected = {{0, 2, 4, std::nullopt, "l.toml:3"}};
  const std::string text = junit_report(report_of(p, {passed(1), passed(1), passed(1)}));
  CHECK_THAT(text, Contains("<failure type=\"red\" message=\"l.toml:3 expects 4 runs, and 3 were made\">"));
  CHECK_THAT(text, Contains("name=\"l&lt;i&gt;st\" tests=\"4\" failures=\"1\""));
}

TEST_CASE("report.json has verdict, reasons, buckets and every run") {
  Results all = results({passed(10), ended(RunVerdict::failed, "pin 7"), std::nullopt});
  const auto o = boost::json::parse(json_report(make_report(plan(), all))).as_object();
  CHECK(o.at("verdict") == "red");
  CHECK(o.at("reasons").as_array().size() == 2);
  CHECK(o.at("planned") == 3);
  CHECK(o.at("made") == 2);
  CHECK(o.at("buckets").at(0).at("signature") == "failed: pin N");
  CHECK(o.at("buckets").at(0).at("runs").at(0) == "a/2");
  CHECK(o.at("runs").at(1).at("reproduce") == "kilburn run --seed 2");
  CHECK(o.at("runs").at(2).at("verdict") == "not made");
}

TEST_CASE("the page stands alone and escapes what it shows") {
  Results all = results({passed(10), ended(RunVerdict::failed, "<script>alert(1)</script>"), std::nullopt});
  all.repeated[1] = *all.runs[1];
  all.repeated[1].waves = "waves.fst";
  const std::string page = html_report(make_report(plan(), all));
  CHECK_THAT(page, !Contains("<script>alert"));
  CHECK_THAT(page, !Contains("http://") && !Contains("https://") && !Contains("url("));
  CHECK_THAT(page, Contains("&lt;script&gt;alert(1)"));
  CHECK_THAT(page, Contains("<html lang=\"en\">") && Contains("name=\"viewport\"") &&
                       Contains("prefers-color-scheme: dark") && Contains("<svg") && Contains("<summary>"));
  CHECK_THAT(page, Contains("href=\"repeated/a/2/waves.fst\""));
  CHECK_THAT(page, Contains("kilburn run --seed 2"));
  CHECK_THAT(page, Contains("1 run of 3 not made"));
  // No run at all is a page too.
  CHECK_THAT(html_report(report_of(plan(), {std::nullopt, std::nullopt, std::nullopt})), Contains("0 / 3"));
}
