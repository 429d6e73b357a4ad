// SPDX-License-Identifier: Apache-2.0
//
// Honest green: a regression is green only if everything planned was run, passed, and compared as much as promised.
#include "tb/regress/report.h"

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <ostream>
#include <sstream>

#include "tb/errors.h"
#include "tb/regress/files.h"
#include "tb/regress/runner.h"
#include "tb/regress/words.h"

namespace kilburn::regress {
namespace fs = std::filesystem;

const char* name(Overall overall) {
  return overall == Overall::green ? "green" : overall == Overall::red ? "red" : "interrupted";
}

namespace {

void count(Report& r) {
  for (const auto& run : r.results.runs) {
    if (!run) continue;
    ++r.ended;
    ++r.counts[run->verdict];
    r.comparisons += run->comparisons;
    r.cycles += run->cycles;
    std::istringstream words(run->lost);
    for (std::string word; words >> word;) ++r.begun_again[word];
  }
}

void check_runs(Report& r) {
  const std::size_t all = r.plan.jobs.size();
  for (const auto& [verdict, number] : r.counts) {
    if (verdict == RunVerdict::passed) continue;
    r.reasons.push_back(plural(number, "run") + " of " + grouped(all) + ": " + name(verdict));
  }
  if (r.ended != all) r.reasons.push_back(plural(all - r.ended, "run") + " of " + grouped(all) + " not made");
  if (all == 0) r.reasons.push_back("nothing was planned");
  if (r.comparisons == 0) r.reasons.push_back("nothing was compared");
  for (const auto& [job, again] : r.results.repeated) {
    if (signature(again) == signature(*r.results.runs[job])) continue;
    r.unrepeated.push_back(job);
    r.reasons.push_back(r.plan.job_name(job) + " failed, and did not do so again: " +
                        (again.verdict == RunVerdict::passed ? "it passed" : signature(again)));
  }
}

void check_expectations(Report& r) {
  if (!r.plan.whole) return;  // a part of a list cannot hold what the whole promises
  for (const Expected& e : r.plan.expected) {
    u64 runs = 0, comparisons = 0;
    for (std::size_t job = 0; job < r.plan.jobs.size(); ++job) {
      const std::size_t test = r.plan.jobs[job].test;
      if (test < e.first || test >= e.last || !r.results.runs[job]) continue;
      ++runs;
      comparisons += r.results.runs[job]->comparisons;
    }
    if (e.tests && runs != *e.tests) {
      r.reasons.push_back(e.place + " expects " + plural(*e.tests, "run") + ", and " + grouped(runs) +
                          (runs == 1 ? " was" : " were") + " made");
    }
    if (e.comparisons && comparisons < *e.comparisons) {
      r.reasons.push_back(e.place + " expects " + grouped(*e.comparisons) + " comparisons at least, and " +
                          grouped(comparisons) + " were made");
    }
  }
}

void check_waivers(Report& r) {
  for (const Waivers& w : r.plan.waivers) {
    const u64 now = count_waivers(w.file);
    if (now > w.at_most) {
      r.reasons.push_back(w.file.filename().string() + " has " + plural(now, "waiver") + ", and " + w.place +
                          " allows " + grouped(w.at_most));
    }
  }
}

// FNV-1a over what does not depend on the clock.
std::string digest_of(const Report& r) {
  u64 hash = 0xcbf29ce484222325;
  const auto add = [&](const std::string& text) {
    for (const char c : text + '\n') hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  const auto add_run = [&](std::size_t job, const Outcome& o) {
    add(r.plan.job_name(job));
    for (const auto& text : {std::string(name(o.verdict)), o.check, o.message, std::to_string(o.cycle),
                             std::to_string(o.comparisons), std::to_string(o.cycles)}) {
      add(text);
    }
  };
  add(name(r.overall));
  for (const std::string& reason : r.reasons) add(reason);
  for (std::size_t job = 0; job < r.results.runs.size(); ++job) {
    if (r.results.runs[job]) add_run(job, *r.results.runs[job]);
  }
  for (const auto& [job, again] : r.results.repeated) add_run(job, again);
  std::ostringstream text;
  text << std::hex << std::setw(16) << std::setfill('0') << hash;
  return text.str();
}

}  // namespace

Report make_report(Plan plan, Results results) {
  Report r;
  r.plan = std::move(plan);
  r.results = std::move(results);
  r.results.runs.resize(r.plan.jobs.size());
  count(r);
  check_runs(r);
  if (r.results.interrupted)
    r.overall = Overall::interrupted;
  else {
    check_expectations(r);
    check_waivers(r);
    r.overall = r.reasons.empty() ? Overall::green : Overall::red;
  }
  r.buckets = triage(r.results);
  r.digest = digest_of(r);
  return r;
}

Report read_report(const fs::path& folder) {
  std::error_code ec;
  if (!fs::exists(folder / "plan.json", ec)) {
    throw tb::UserError("the folder " + folder.string() + " holds no results of kilburn regress");
  }
  Plan plan = read_plan(folder / "plan.json");
  Results results;
  Journal::read(folder / "journal.jsonl", plan.jobs.size(), results);
  results.interrupted = unfinished(plan, results);
  return make_report(std::move(plan), std::move(results));
}

int Report::exit_status() const {
  if (overall == Overall::green) return 0;
  if (overall == Overall::interrupted) return 130;
  const auto number = [&](RunVerdict verdict) {
    const auto found = counts.find(verdict);
    return found == counts.end() ? std::size_t{0} : found->second;
  };
  const std::size_t not_passed = ended - number(RunVerdict::passed);
  if (not_passed == 0) return 1;
  if (number(RunVerdict::environment) == not_passed) return 3;
  if (number(RunVerdict::bad_input) == not_passed) return 2;
  return 1;
}

std::string reproduce_command(const Report& r, std::size_t job) {
  const auto& run = r.results.runs[job];
  if (run && !run->reproduce.empty()) return run->reproduce;
  std::string line = "kilburn run";
  for (const std::string& word : r.plan.words(job)) line += " " + shell_word(word);
  return line;
}

std::string begun_again(const Report& r) {
  std::size_t all = 0;
  std::string each;
  for (const auto& [reason, number] : r.begun_again) {
    all += number;
    each += (each.empty() ? "" : ", ") + reason + " " + grouped(number);
  }
  return all == 0 ? "" : plural(all, "time") + ": " + each;
}

std::string waves_of(const Report& r, std::size_t job) {
  const auto again = r.results.repeated.find(job);
  if (again == r.results.repeated.end() || again->second.waves.empty()) return "";
  return (run_folder(r.plan, job, true) / again->second.waves).generic_string();
}

void print_report(std::ostream& out, const Report& r, const fs::path& folder) {
  for (const Bucket& bucket : r.buckets) {
    const std::size_t first = bucket.jobs.front();
    out << "  " << std::setw(6) << bucket.jobs.size() << " x " << bucket.signature << "\n";
    const std::string waves = waves_of(r, first);
    out << "           " << r.plan.job_name(first) << ": " << r.results.runs[first]->message << "\n";
    out << "           reproduce  " << reproduce_command(r, first) << "\n";
    if (!waves.empty()) out << "           waves      " << (folder / waves).string() << "\n";
  }
  if (!r.buckets.empty()) out << "\n";
  out << "  runs         " << grouped(r.ended) << " of " << grouped(r.plan.jobs.size()) << "\n"
      << "  comparisons  " << grouped(r.comparisons) << "\n"
      << "  cycles       " << grouped(r.cycles) << "\n"
      << "  time         " << std::fixed << std::setprecision(1) << r.results.seconds << " s\n"
      << "  base seed    " << r.plan.base_seed << "\n"
      << "  digest       " << r.digest << "\n"
      << (r.begun_again.empty() ? "" : "  begun again  " + begun_again(r) + "\n") << "  report       "
      << (folder / "report.html").string() << "\n\n";
  if (r.trend) out << trend_text(*r.trend) << "\n";
  for (const std::string& note : r.results.notes) out << "  note: " << note << "\n";
  std::string verdict = name(r.overall);
  for (char& c : verdict) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  out << "  " << verdict << "\n";
  for (const std::string& reason : r.reasons) out << "    " << reason << "\n";
  if (r.overall == Overall::interrupted) {
    out << "    go on with: kilburn regress --resume " << shell_word(folder.string()) << "\n";
  } else if (r.overall == Overall::red && !r.buckets.empty()) {
    out << "    run these again with: kilburn regress --failed-of " << shell_word(folder.string()) << "\n";
  }
}

namespace {

fs::path attachments_of(const fs::path& folder) {
  const fs::path whole = fs::weakly_canonical(fs::absolute(folder));
  const char* project = std::getenv("CI_PROJECT_DIR");
  if (project == nullptr || *project == '\0') return whole;
  const fs::path inside = whole.lexically_relative(fs::weakly_canonical(project));
  // What lies outside the project is no artifact.
  return inside.empty() || *inside.begin() == ".." ? whole : inside;
}

}  // namespace

void write_reports(const Report& r, const fs::path& folder) {
  write_whole(folder / "report.json", json_report(r));
  write_whole(folder / "junit.xml", junit_report(r, attachments_of(folder)));
  write_whole(folder / "report.html", html_report(r));
}

}  // namespace kilburn::regress
