// SPDX-License-Identifier: Apache-2.0
//
// The loop between launcher and journal.
#include "tb/regress/runner.h"

#include <algorithm>
#include <chrono>

#include "tb/regress/files.h"
#include "tb/regress/triage.h"

namespace kilburn::regress {
namespace fs = std::filesystem;

fs::path run_folder(const Plan& plan, std::size_t job, bool repeated) {
  return fs::path(repeated ? "repeated" : "runs") / plan.job_name(job);
}

namespace {

class Round {
 public:
  Round(const Plan& plan, const fs::path& folder, Launcher& launcher, bool repeated)
      : plan_(plan), folder_(folder), launcher_(launcher), repeated_(repeated) {}

  // `take` gets every run that ends, and says whether to go on. Ends early if it says no, or if the user does.
  void run(const std::vector<std::size_t>& jobs, const std::function<bool(std::size_t, const Outcome&)>& take) {
    std::size_t next = 0;
    const auto fill = [&] {
      while (next < jobs.size() && launcher_.free_slots() > 0) start(jobs[next++]);
    };
    fill();
    while (const auto finished = launcher_.wait()) {
      fill();  // before judging, so that no core waits for us
      const std::size_t job = finished->ticket;
      const Outcome outcome =
          judge(plan_.test_of(job), plan_.jobs[job].seed, finished->ended, folder_ / run_folder(plan_, job, repeated_));
      if (!take(job, outcome)) {
        launcher_.stop();
        return;
      }
    }
    launcher_.stop();  // nothing is left but what the user stopped
  }

 private:
  void start(std::size_t job) {
    const Test& test = plan_.test_of(job);
    Launch launch;
    launch.ticket = job;
    launch.words = plan_.words(job);
    launch.words.insert(launch.words.end(), {"--waves", repeated_ ? "on-fail" : "never"});
    launch.folder = folder_ / run_folder(plan_, job, repeated_);
    launch.time_limit = test.time_limit;
    launch.memory_limit = test.memory_limit;
    if (launch.folder.parent_path() != last_parent_) {
      last_parent_ = launch.folder.parent_path();
      make_folder(last_parent_);
    }
    launcher_.start(launch);
  }

  const Plan& plan_;
  const fs::path& folder_;
  Launcher& launcher_;
  bool repeated_;
  fs::path last_parent_;
};

}  // namespace

namespace {

bool any_failed(const Results& results) {
  return std::any_of(results.runs.begin(), results.runs.end(),
                     [](const auto& run) { return run && run->verdict != RunVerdict::passed; });
}

// A full disk says nothing about a run: a resumed regression makes it again.
void forget_environment_failures(Results& results) {
  for (auto& run : results.runs) {
    if (run && run->verdict == RunVerdict::environment) run.reset();
  }
  std::erase_if(results.repeated, [](const auto& one) { return one.second.verdict == RunVerdict::environment; });
}

// What is left of a plan: runs first, then repetitions.
std::vector<std::size_t> missing_runs(const Plan& plan, const Results& results) {
  std::vector<std::size_t> missing;
  if (plan.fail_fast && any_failed(results)) return missing;  // a resumed regression that has its failure stays stopped
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) {
    if (!results.runs[job]) missing.push_back(job);
  }
  return missing;
}

std::vector<std::size_t> missing_repeats(const Plan& plan, const Results& results) {
  auto missing = to_repeat(results, plan.repeats);
  std::erase_if(missing, [&](std::size_t job) { return results.repeated.count(job) != 0; });
  return missing;
}

}  // namespace

bool unfinished(const Plan& plan, const Results& results) {
  return !missing_runs(plan, results).empty() || !missing_repeats(plan, results).empty();
}

void carry_out(const Plan& plan, const fs::path& folder, Launcher& launcher, Journal& journal, Results& results,
               const Progress& progress) {
  const auto started = std::chrono::steady_clock::now();
  forget_environment_failures(results);
  std::size_t ended = 0;
  for (const auto& run : results.runs) ended += run.has_value();
  Round(plan, folder, launcher, false).run(missing_runs(plan, results), [&](std::size_t job, const Outcome& outcome) {
    journal.ended(job, outcome);
    results.runs[job] = outcome;
    progress(results, job, ++ended, plan.jobs.size(), false);
    return !plan.fail_fast || outcome.verdict == RunVerdict::passed;
  });
  if (!launcher.stop_asked()) {
    const auto again = missing_repeats(plan, results);
    std::size_t repeated = 0;
    Round(plan, folder, launcher, true).run(again, [&](std::size_t job, const Outcome& outcome) {
      journal.repeated(job, outcome);
      results.repeated[job] = outcome;
      progress(results, job, ++repeated, again.size(), true);
      return true;
    });
  }
  results.interrupted = unfinished(plan, results);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  results.seconds += seconds;
  journal.runner_spent(seconds);
  journal.sync();
}

}  // namespace kilburn::regress
