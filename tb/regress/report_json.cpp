// SPDX-License-Identifier: Apache-2.0
//
// report.json. What depends on the clock stands under "measured", so that the rest of two reports can be compared.
#include <boost/json.hpp>

#include "tb/regress/report.h"
#include "tb/regress/runner.h"

namespace kilburn::regress {
namespace json = boost::json;

namespace {

json::object run_object(const Report& r, std::size_t job) {
  json::object o{{"name", r.plan.job_name(job)}, {"test", r.plan.test_of(job).name}, {"seed", r.plan.jobs[job].seed}};
  const auto& run = r.results.runs[job];
  o["verdict"] = run ? name(run->verdict) : "not made";
  if (!run) return o;
  if (run->verdict != RunVerdict::passed) {
    if (!run->check.empty()) o["check"] = run->check;
    o["message"] = run->message;
    o["signature"] = signature(*run);
    if (run->cycle != 0) o["cycle"] = run->cycle;
    o["reproduce"] = reproduce_command(r, job);
  }
  o["comparisons"] = run->comparisons;
  o["cycles"] = run->cycles;
  o["folder"] = run_folder(r.plan, job, false).generic_string();
  if (const auto again = r.results.repeated.find(job); again != r.results.repeated.end()) {
    o["repeated"] = name(again->second.verdict);
    o["repeated_folder"] = run_folder(r.plan, job, true).generic_string();
    if (const std::string waves = waves_of(r, job); !waves.empty()) o["waves"] = waves;
  }
  json::object measured{{"seconds", run->seconds}, {"peak_memory_kB", run->peak_memory}};
  if (!run->machine.empty()) measured["machine"] = run->machine;
  if (!run->lost.empty()) measured["begun_again"] = run->lost;
  o["measured"] = std::move(measured);
  return o;
}

json::object figures(const TestFigures& f) {
  return {
      {"runs", f.runs}, {"passed", f.passed}, {"comparisons", f.comparisons}, {"cycles", f.cycles}, {"kHz", f.khz()}};
}

json::object trend_object(const Trend& t) {
  const auto changes = [](const std::vector<VerdictChange>& all) {
    json::array array;
    for (const VerdictChange& one : all) {
      array.push_back(json::object{{"run", one.run}, {"before", one.before}, {"now", one.now}});
    }
    return array;
  };
  json::array tests;
  for (const TestTrend& test : t.tests) {
    json::object one{{"name", test.name}};
    if (test.before) one["before"] = figures(*test.before);
    if (test.now) one["now"] = figures(*test.now);
    tests.push_back(std::move(one));
  }
  return {{"folder", t.folder},
          {"verdict", t.verdict_before},
          {"common", t.common},
          {"before", figures(t.before)},
          {"now", figures(t.now)},
          {"worse", changes(t.worse)},
          {"better", changes(t.better)},
          {"new_signatures", json::array(t.new_signatures.begin(), t.new_signatures.end())},
          {"gone_signatures", json::array(t.gone_signatures.begin(), t.gone_signatures.end())},
          {"tests", std::move(tests)},
          {"environment", json::array(t.environment.begin(), t.environment.end())}};
}

}  // namespace

std::string json_report(const Report& r) {
  json::object o{{"kilburn_regression", 1}, {"name", r.plan.name}, {"verdict", name(r.overall)}};
  o["reasons"] = json::array(r.reasons.begin(), r.reasons.end());
  o["planned"] = r.plan.jobs.size();
  o["made"] = r.ended;
  json::object counts;
  for (const auto& [verdict, number] : r.counts) counts[name(verdict)] = number;
  o["counts"] = std::move(counts);
  o["comparisons"] = r.comparisons;
  o["cycles"] = r.cycles;
  o["base_seed"] = r.plan.base_seed;
  o["digest"] = r.digest;
  json::array buckets;
  for (const Bucket& bucket : r.buckets) {
    json::array jobs;
    for (const std::size_t job : bucket.jobs) jobs.emplace_back(r.plan.job_name(job));
    buckets.push_back(json::object{{"signature", bucket.signature},
                                   {"runs", std::move(jobs)},
                                   {"reproduce", reproduce_command(r, bucket.jobs.front())}});
  }
  o["buckets"] = std::move(buckets);
  json::array runs;
  for (std::size_t job = 0; job < r.plan.jobs.size(); ++job) runs.push_back(run_object(r, job));
  o["runs"] = std::move(runs);
  json::object environment;
  for (const auto& [key, value] : r.plan.environment) environment[key] = value;
  o["measured"] = json::object{{"seconds", r.results.seconds},
                               {"command", r.plan.command},
                               {"environment", std::move(environment)},
                               {"notes", json::array(r.results.notes.begin(), r.results.notes.end())}};
  if (!r.begun_again.empty()) {
    json::object again;
    for (const auto& [reason, number] : r.begun_again) again[reason] = number;
    o["measured"].as_object()["begun_again"] = std::move(again);
  }
  if (r.trend) o["measured"].as_object()["against"] = trend_object(*r.trend);
  return json::serialize(o) + "\n";
}

}  // namespace kilburn::regress
