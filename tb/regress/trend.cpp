// SPDX-License-Identifier: Apache-2.0
//
// Two reports laid beside each other.
#include "tb/regress/trend.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>

#include "tb/regress/environment.h"
#include "tb/regress/report.h"
#include "tb/regress/words.h"

namespace kilburn::regress {
namespace {

constexpr std::size_t kMostShown = 10;

std::map<std::string, TestFigures> figures_of(const Report& r, TestFigures& all) {
  std::map<std::string, TestFigures> tests;
  for (std::size_t job = 0; job < r.plan.jobs.size(); ++job) {
    const auto& run = r.results.runs[job];
    if (!run) continue;
    for (TestFigures* figures : {&tests[r.plan.test_of(job).name], &all}) {
      ++figures->runs;
      figures->passed += run->verdict == RunVerdict::passed;
      figures->comparisons += run->comparisons;
      figures->cycles += run->cycles;
      figures->seconds += run->seconds;
    }
  }
  return tests;
}

std::map<std::string, const Outcome*> runs_of(const Report& r) {
  std::map<std::string, const Outcome*> runs;
  for (std::size_t job = 0; job < r.plan.jobs.size(); ++job) {
    if (r.results.runs[job]) runs[r.plan.job_name(job)] = &*r.results.runs[job];
  }
  return runs;
}

std::set<std::string> signatures_of(const Report& r) {
  std::set<std::string> all;
  for (const Bucket& bucket : r.buckets) all.insert(bucket.signature);
  return all;
}

std::string value_of(const Report& r, const std::string& name) {
  for (const auto& [key, value] : r.plan.environment) {
    if (key == name) return value;
  }
  return "";
}

void compare_verdicts(Trend& trend, const Report& now, const Report& before) {
  const auto old = runs_of(before);
  for (const auto& [name, run] : runs_of(now)) {
    const auto at = old.find(name);
    if (at == old.end()) continue;
    ++trend.common;
    if (run->verdict == at->second->verdict) continue;
    const bool passes = run->verdict == RunVerdict::passed;
    VerdictChange change{name, regress::name(at->second->verdict), regress::name(run->verdict),
                         passes ? "" : signature(*run)};
    (passes ? trend.better : trend.worse).push_back(std::move(change));
  }
  const auto is = signatures_of(now), was = signatures_of(before);
  std::set_difference(is.begin(), is.end(), was.begin(), was.end(), std::back_inserter(trend.new_signatures));
  std::set_difference(was.begin(), was.end(), is.begin(), is.end(), std::back_inserter(trend.gone_signatures));
}

}  // namespace

Trend trend_of(const Report& now, const Report& before, const std::string& folder_of_before) {
  Trend trend;
  trend.folder = folder_of_before;
  trend.date = value_of(before, "date");
  trend.git = value_of(before, "git");
  trend.verdict_before = name(before.overall);
  trend.wall_before = before.results.seconds;
  trend.wall_now = now.results.seconds;
  auto old = figures_of(before, trend.before);
  const auto tests = figures_of(now, trend.now);
  std::set<std::string> seen;
  for (const Job& job : now.plan.jobs) {  // in the order of the list
    const std::string& name = now.plan.tests[job.test].name;
    const auto at = tests.find(name);
    if (at == tests.end() || !seen.insert(name).second) continue;
    TestTrend one{name, std::nullopt, at->second};
    if (const auto was = old.find(name); was != old.end()) one.before = was->second;
    trend.tests.push_back(std::move(one));
  }
  for (const auto& [name, figures] : old) {
    if (seen.count(name) == 0) trend.tests.push_back({name, figures, std::nullopt});
  }
  compare_verdicts(trend, now, before);
  for (const std::string& name : differences(before.plan.environment, now.plan.environment)) {
    const std::string is = value_of(now, name), was = value_of(before, name);
    trend.environment.push_back(name + ": " + (is.empty() ? "nothing" : is) + ", was " +
                                (was.empty() ? "nothing" : was));
  }
  return trend;
}

namespace {

std::string change(double before, double now) {
  if (before <= 0) return "";
  char text[32];
  std::snprintf(text, sizeof text, " (%+.1f %%)", (now / before - 1) * 100);
  return text;
}

void list_changes(std::ostream& out, const char* what, const std::vector<VerdictChange>& changes) {
  if (changes.empty()) return;
  out << "  " << what << "\n";
  for (std::size_t n = 0; n < std::min(changes.size(), kMostShown); ++n) {
    out << "    " << changes[n].run << ": " << changes[n].now << ", was " << changes[n].before << "\n";
  }
  if (changes.size() > kMostShown) out << "    and " << grouped(changes.size() - kMostShown) << " more\n";
}

}  // namespace

std::string trend_text(const Trend& t) {
  std::ostringstream out;
  out << "  against      " << t.folder << (t.date.empty() ? "" : ", " + t.date) << ", " << t.verdict_before << "\n"
      << "  runs         " << grouped(t.now.runs) << ", was " << grouped(t.before.runs) << "; " << grouped(t.common)
      << " are the same\n"
      << "  passed       " << grouped(t.now.passed) << ", was " << grouped(t.before.passed) << "\n"
      << "  comparisons  " << grouped(t.now.comparisons) << ", was " << grouped(t.before.comparisons)
      << change(static_cast<double>(t.before.comparisons), static_cast<double>(t.now.comparisons)) << "\n"
      << "  speed        " << grouped(static_cast<arch::u64>(t.now.khz())) << " kHz, was "
      << grouped(static_cast<arch::u64>(t.before.khz())) << change(t.before.khz(), t.now.khz()) << "\n"
      << "  wall time    " << duration(t.wall_now) << ", was " << duration(t.wall_before) << "\n";
  list_changes(out, "worse", t.worse);
  list_changes(out, "better", t.better);
  for (const std::string& text : t.new_signatures) out << "  new          " << text << "\n";
  for (const std::string& text : t.gone_signatures) out << "  gone         " << text << "\n";
  std::vector<const TestTrend*> slower;
  for (const TestTrend& test : t.tests) {
    if (test.before && test.now && test.before->khz() > 0 && test.now->khz() < 0.8 * test.before->khz()) {
      slower.push_back(&test);
    }
    if (!test.before) out << "  new test     " << test.name << "\n";
    if (!test.now) out << "  test gone    " << test.name << "\n";
  }
  for (const TestTrend* test : slower) {
    out << "  slower       " << test->name << ": " << grouped(static_cast<arch::u64>(test->now->khz())) << " kHz"
        << change(test->before->khz(), test->now->khz()) << "\n";
  }
  for (const std::string& text : t.environment) out << "  environment  " << text << "\n";
  return out.str();
}

}  // namespace kilburn::regress
