// SPDX-License-Identifier: Apache-2.0
//
// From list to verdict: plan, everything loaded once, runs forked from this process, reports. This process never
// touches SystemC, which can be elaborated once in a process: every forked run does.
#include "tb/app/regress.h"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <set>

#include "tb/app/plan.h"
#include "tb/app/regress_coverage.h"
#include "tb/app/regress_options.h"
#include "tb/app/regress_runs.h"
#include "tb/errors.h"
#include "tb/regress/environment.h"
#include "tb/regress/files.h"
#include "tb/regress/report.h"
#include "tb/regress/runner.h"
#include "tb/regress/slurm.h"
#include "tb/regress/words.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using namespace regress;

namespace {

// A file, or a name in $KILBURN_REGRESSIONS, in tests/regressions here, or in the tree that this program is built from.
fs::path find_list(const std::string& list) {
  std::error_code ec;
  if (list.find('/') != std::string::npos || list.ends_with(".toml")) {
    if (!fs::exists(list, ec)) throw UserError("there is no list " + list);
    return list;
  }
  std::vector<fs::path> folders;
  if (const char* folder = std::getenv("KILBURN_REGRESSIONS")) folders.emplace_back(folder);
  folders.emplace_back("tests/regressions");
  folders.emplace_back(KILBURN_REGRESSIONS_FOLDER);
  std::set<std::string> known;
  for (const fs::path& folder : folders) {
    const fs::path file = folder / (list + ".toml");
    if (fs::is_regular_file(file, ec)) return file;
    for (const auto& other : fs::directory_iterator(folder, ec)) {
      if (other.path().extension() == ".toml") known.insert(other.path().stem().string());
    }
  }
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  throw UserError("there is no list \"" + list + "\"" + (names.empty() ? "" : "; there are: " + names));
}

// Every test that is to be run, each once. Adds what it loaded to the plan's environment.
Environment prepare_all(const Plan& plan) {
  std::set<std::size_t> tests;
  for (const Job& job : plan.jobs) tests.insert(job.test);
  std::set<fs::path> libraries;
  for (const std::size_t index : tests) {
    const Test& test = plan.tests[index];
    try {
      const fs::path library = prepare_run(test.options);
      if (!library.empty()) libraries.insert(library);
    } catch (const UserError& e) {
      throw UserError(test.place + ": test \"" + test.name + "\": " + e.what());
    }
  }
  Environment environment = {{"kilburn", KILBURN_VERSION}};
  std::error_code ec;
  environment.emplace_back("program", digest_of_file(fs::read_symlink("/proc/self/exe", ec)));
  for (auto& entry : environment_of(plan.sources)) environment.push_back(std::move(entry));
  for (const fs::path& library : libraries) {
    if (const std::string digest = digest_of_file(library); !digest.empty()) {
      environment.emplace_back(library.filename().string(), digest);
    }
  }
  return environment;
}

Plan failed_runs(const fs::path& folder) {
  std::error_code ec;
  if (!fs::exists(folder / "plan.json", ec)) {
    throw UserError("the folder " + folder.string() + " holds no results of kilburn regress");
  }
  const Plan plan = read_plan(folder / "plan.json");
  Results results;
  Journal::read(folder / "journal.jsonl", plan.jobs.size(), results);
  std::vector<bool> failed;
  for (const auto& run : results.runs) failed.push_back(run && run->verdict != RunVerdict::passed);
  return part_of(plan, failed, "every run in " + folder.string() + " passed: there is nothing to run again");
}

fs::path make_results_folder(const RegressOptions& options, const Plan& plan) {
  std::error_code ec;
  if (options.out.empty() && options.resume.empty()) {
    make_folder("runs");
    for (unsigned n = 1;; ++n) {
      const fs::path folder = fs::path("runs") / (plan.name + (n == 1 ? "" : "-" + std::to_string(n)));
      if (fs::create_directory(folder, ec)) return folder;
      if (ec) throw EnvironmentError("the folder " + folder.string() + " cannot be made: " + ec.message());
    }
  }
  const fs::path folder = options.resume.empty() ? options.out : options.resume;
  if (!fs::exists(folder, ec)) {
    make_folder(folder);
  } else if (!fs::is_directory(folder, ec)) {
    throw UserError("the results folder " + folder.string() + " is a file");
  } else if (fs::exists(folder / "plan.json", ec)) {
    throw UserError("the folder " + folder.string() + " holds results already: --resume goes on with them");
  } else {
    // A runner that was killed before it had a plan leaves its lock, and perhaps half a plan.
    for (const auto& entry : fs::directory_iterator(folder, ec)) {
      const auto name = entry.path().filename();
      if (name != "lock" && name != "plan.json.new") {
        throw UserError("the folder " + folder.string() + " exists and holds something else; --out names another");
      }
    }
  }
  return folder;
}

int print_commands(const Plan& plan) {
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) {
    std::cout << "kilburn run";
    for (const std::string& word : plan.words(job)) std::cout << " " << shell_word(word);
    std::cout << "\n";
  }
  std::cerr << "kilburn: " << plural(plan.jobs.size(), "run") << ", base seed " << plan.base_seed << "\n";
  return 0;
}

// A line that is written over on a terminal; the first failure of each kind is told at once everywhere.
class ProgressLine {
 public:
  void operator()(const Results& results, const Plan& plan, std::size_t job, std::size_t ended, std::size_t all,
                  bool repeating) {
    const auto& run = results.runs[job];
    if (!repeating && run->verdict != RunVerdict::passed) {
      ++failed_;
      if (told_.size() < kMostTold && told_.insert(signature(*run)).second) {
        clear();
        std::cerr << "kilburn: " << plan.job_name(job) << " " << name(run->verdict) << ": " << run->message << "\n";
      }
    }
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || (now - shown_ < std::chrono::milliseconds(100) && ended != all)) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    clear();
    std::cerr << "  " << ended << " of " << all << (repeating ? " repeated with waves" : " runs") << ", " << failed_
              << " not passed, " << duration(seconds) << std::flush;
    dirty_ = true;
  }
  void clear() {
    if (dirty_) std::cerr << "\r\033[K" << std::flush;
    dirty_ = false;
  }

 private:
  static constexpr std::size_t kMostTold = 20;
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool dirty_ = false;
  std::size_t failed_ = 0;
  std::set<std::string> told_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now(), shown_{};
};

Plan new_plan(const RegressOptions& options) {
  Plan plan;
  if (options.failed_of.empty()) {
    const fs::path list = find_list(options.list);
    TestList tests = read_list(list);
    give_own_seeds(tests);
    plan = make_plan(tests, options.selection);
    plan.sources = fs::absolute(list).parent_path();
  } else {
    plan = failed_runs(options.failed_of);
  }
  plan.command = options.command;
  plan.fail_fast = options.fail_fast;
  plan.repeats = options.repeats;
  if (options.coverage) add_coverage(plan);
  return plan;
}

int carry_out_in(const fs::path& given, const Plan& plan, Results results, const RegressOptions& options) {
  const fs::path folder = fs::absolute(given);
  Journal journal(folder / "journal.jsonl", plan.jobs.size(), results);
  const auto launcher = make_launcher(options, folder);
  ProgressLine line;
  carry_out(plan, folder, *launcher, journal, results,
            [&](const Results& r, std::size_t job, std::size_t ended, std::size_t all, bool repeating) {
              line(r, plan, job, ended, all, repeating);
            });
  line.clear();
  Report report = make_report(plan, std::move(results));
  try {
    report.requirements = plan_state(plan.sources, report, folder, {});
  } catch (const UserError& e) {  // the runs are worth more than the plan
    report.results.notes.push_back(std::string("without requirements: ") + e.what());
  }
  write_reports(report, folder);
  if (options.json)
    std::cout << json_report(report);
  else
    print_report(std::cout, report, given);
  report_coverage(plan, folder, std::cerr);
  return report.exit_status();
}

int resume(const RegressOptions& options) {
  const FolderLock lock(options.resume);
  const Plan plan = read_plan(options.resume / "plan.json");
  Results results;
  for (const std::string& name : differences(plan.environment, prepare_all(plan))) {
    results.notes.push_back("resumed with another \"" + name + "\" than it was begun with");
  }
  if (options.dry_run) return print_commands(plan);
  return carry_out_in(options.resume, plan, std::move(results), options);
}

}  // namespace

int regress_command(const std::vector<std::string>& arguments) {
  const auto options = parse_regress_options(arguments);
  if (!options) return 0;
  if (!options->part.empty()) return carry_out_part_file(options->part);
  if (options->slurm) check_slurm();
  if (!options->resume.empty()) {
    std::error_code ec;
    if (fs::exists(options->resume / "plan.json", ec)) return resume(*options);
    if (options->list.empty()) {
      throw UserError("the folder " + options->resume.string() + " holds no results to go on with");
    }
  }
  Plan plan = new_plan(*options);
  plan.environment = prepare_all(plan);
  if (options->dry_run) return print_commands(plan);
  const fs::path folder = make_results_folder(*options, plan);
  const FolderLock lock(folder);
  write_whole(folder / "plan.json", plan_text(plan));
  return carry_out_in(folder, plan, {}, *options);
}

}  // namespace kilburn::tb
