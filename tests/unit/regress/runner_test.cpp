// SPDX-License-Identifier: Apache-2.0
//
// The runner over forked runs of this test's own: each made once, failures repeated, and a run of the runner that is
// killed at any moment goes on to the same report.
#include "tb/regress/runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <csignal>
#include <thread>

#include "tb/regress/files.h"
#include "tb/regress/local_launcher.h"
#include "tb/regress/report.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using kilburn::test::contents;
using kilburn::test::ScratchFolder;

namespace {

// Writes a result that depends on the words alone: seeds that 7 divides fail.
int body(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  const u64 seed = std::stoull(words.at(words.size() - 3));
  const bool fails = seed % 7 == 0;
  boost::json::object result{{"verdict", fails ? "failed" : "passed"},
                             {"seed", seed},
                             {"comparisons", {{"pins", seed + 1}}},
                             {"cycles", 10 * seed}};
  if (fails) {
    result["failure"] = {{"check", "exact"}, {"message", "pin " + std::to_string(seed)}, {"cycle", 1000 - seed}};
  }
  std::ofstream(folder / "result.json") << boost::json::serialize(result);
  if (words.at(0) == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (words.at(0) == "unsteady" && words.back() == "on-fail") return 0;  // and its result says "failed"
  return fails ? 1 : 0;
}

Plan plan_of(const std::string& word, u64 seeds) {
  Plan plan;
  plan.name = "p";
  Test test;
  test.name = "t";
  test.options = {word};
  plan.tests = {test};
  for (u64 seed = 1; seed <= seeds; ++seed) plan.jobs.push_back({0, seed});
  return plan;
}

// To the end, or to where it is killed.
Report run(const Plan& plan, const std::filesystem::path& folder) {
  const FolderLock lock(folder);
  Results results;
  Journal journal(folder / "journal.jsonl", plan.jobs.size(), results);
  LocalLauncher launcher(2, body);
  carry_out(plan, folder, launcher, journal, results, [](auto&&...) {});
  const Report report = make_report(plan, results);
  write_reports(report, folder);
  return report;
}

// report.json without what the clock says.
boost::json::value comparable(const std::filesystem::path& folder) {
  auto report = boost::json::parse(contents(folder / "report.json"));
  report.as_object().erase("measured");
  for (auto& one : report.as_object().at("runs").as_array()) one.as_object().erase("measured");
  return report;
}

}  // namespace

TEST_CASE("every planned run is made, and failures are made again") {
  const ScratchFolder folder;
  const Report r = run(plan_of("steady", 30), folder.path());
  CHECK(r.ended == 30);
  CHECK(r.counts.at(RunVerdict::passed) == 26);
  CHECK(r.counts.at(RunVerdict::failed) == 4);
  CHECK(r.overall == Overall::red);
  REQUIRE(r.buckets.size() == 1);
  CHECK(r.buckets[0].jobs == std::vector<std::size_t>{27, 20, 13, 6});  // the least cycle first
  CHECK(r.results.repeated.size() == 3);
  CHECK(r.unrepeated.empty());
  CHECK(std::filesystem::exists(folder / "repeated/t/28/result.json"));
  CHECK(r.exit_status() == 1);
  // Once more: all is known, nothing is run.
  std::filesystem::remove_all(folder / "runs");
  CHECK(run(plan_of("steady", 30), folder.path()).digest == r.digest);
  CHECK_FALSE(std::filesystem::exists(folder / "runs"));
}

TEST_CASE("a failure that does not come again is told") {
  const ScratchFolder folder;
  const Report r = run(plan_of("unsteady", 7), folder.path());
  CHECK(r.unrepeated == std::vector<std::size_t>{6});
}

TEST_CASE("a run that the machine failed is made again when the regression goes on") {
  const ScratchFolder folder;
  const Plan plan = plan_of("steady", 3);
  {
    Results results;
    Journal journal(folder / "journal.jsonl", 3, results);
    Outcome full;
    full.verdict = RunVerdict::environment;
    full.message = "No space left on device";
    journal.ended(1, full);
  }
  const Report r = run(plan, folder.path());
  CHECK(r.overall == Overall::green);
  CHECK(r.ended == 3);
  Results known;
  Journal::read(folder / "journal.jsonl", 3, known);
  CHECK(known.runs[1]->verdict == RunVerdict::passed);
}

TEST_CASE("fail-fast stops at the first failure and stays stopped") {
  const ScratchFolder folder;
  Plan plan = plan_of("slow", 400);
  plan.fail_fast = true;
  const Report r = run(plan, folder.path());
  CHECK(r.ended < 20);
  CHECK(r.overall == Overall::red);
  CHECK(r.results.repeated.size() == 1);
  CHECK(run(plan, folder.path()).digest == r.digest);
}

TEST_CASE("a runner killed at any moment goes on to the same report") {
  const Plan plan = plan_of("slow", 60);
  const ScratchFolder whole;
  const Report undisturbed = run(plan, whole.path());
  const ScratchFolder folder;
  unsigned killed = 0;
  for (unsigned n = 0; n < 12; ++n) {
    const pid_t runner = ::fork();
    if (runner == 0) {
      try {
        run(plan, folder.path());
        ::_exit(0);
      } catch (...) {
        ::_exit(3);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(4 + 3 * n));
    ::kill(runner, SIGKILL);
    int status = 0;
    ::waitpid(runner, &status, 0);
    killed += WIFSIGNALED(status);
    CHECK_FALSE((WIFEXITED(status) && WEXITSTATUS(status) != 0));
  }
  CHECK(killed >= 2);
  const Report resumed = run(plan, folder.path());
  CHECK(resumed.digest == undisturbed.digest);
  CHECK(comparable(folder.path()) == comparable(whole.path()));
}
