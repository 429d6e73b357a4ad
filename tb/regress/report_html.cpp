// SPDX-License-Identifier: Apache-2.0
//
// report.html: one file without references to others but links to the runs' folders. Everything can be read without
// script; script adds the filter and the copy buttons.
#include <algorithm>
#include <iomanip>
#include <numeric>
#include <sstream>

#include "tb/regress/html_parts.h"
#include "tb/regress/report.h"
#include "tb/regress/runner.h"
#include "tb/regress/words.h"

namespace kilburn::regress {
namespace {

constexpr std::size_t kRunsOfBucketShown = 20;
constexpr std::size_t kSlowestShown = 15;

std::string class_of(const std::optional<Outcome>& run) {
  return !run ? "none" : run->verdict == RunVerdict::passed ? "pass" : "fail";
}

void card(std::ostream& out, const std::string& value, const std::string& label) {
  out << "<div class=\"card\"><b>" << markup(value) << "</b><span>" << markup(label) << "</span></div>\n";
}

void head(std::ostream& out, const Report& r) {
  const std::string verdict = name(r.overall);
  out << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
         "script-src 'unsafe-inline'; img-src data:\">\n"
         "<link rel=\"icon\" href=\"data:,\">\n<title>"
      << verdict << ": " << markup(r.plan.name) << "</title>\n<style>\n"
      << html_style() << "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the results</a>\n"
      << "<header class=\"" << verdict << "\">\n<h1><span class=\"verdict\">" << verdict << "</span> "
      << markup(r.plan.name) << "</h1>\n";
  const auto date = std::find_if(r.plan.environment.begin(), r.plan.environment.end(),
                                 [](const auto& entry) { return entry.first == "date"; });
  if (date != r.plan.environment.end()) out << "<p>" << markup(date->second) << "</p>\n";
  out << "</header>\n<main id=\"main\">\n";
}

void overview(std::ostream& out, const Report& r) {
  const auto passed = r.counts.find(RunVerdict::passed);
  out << "<section aria-label=\"Overview\">\n<div class=\"cards\">\n";
  card(out, grouped(passed == r.counts.end() ? 0 : passed->second) + " / " + grouped(r.plan.jobs.size()),
       "runs passed");
  card(out, grouped(r.buckets.size()), r.buckets.size() == 1 ? "kind of failure" : "kinds of failure");
  card(out, grouped(r.comparisons), "comparisons");
  card(out, grouped(r.cycles), "cycles");
  card(out, duration(r.results.seconds), "wall time");
  if (r.results.seconds > 0) {
    card(out, grouped(static_cast<u64>(static_cast<double>(r.ended) / r.results.seconds + 0.5)), "runs a second");
  }
  out << "</div>\n";
  if (!r.reasons.empty()) {
    out << "<h2>Why " << name(r.overall) << "</h2>\n<ul class=\"reasons\">\n";
    for (const std::string& reason : r.reasons) out << "<li>" << markup(reason) << "</li>\n";
    out << "</ul>\n";
  }
  for (const std::string& note : r.results.notes) out << "<p class=\"note\">Note: " << markup(note) << "</p>\n";
  if (!r.begun_again.empty()) {
    out << "<p class=\"note\">Note: runs that their machine lost were begun again " << markup(begun_again(r))
        << "</p>\n";
  }
  out << "</section>\n";
}

void command(std::ostream& out, const std::string& line) {
  out << "<div class=\"command\"><code tabindex=\"0\">" << markup(line)
      << "</code><button type=\"button\" class=\"copy\" hidden>Copy</button></div>\n";
}

void links(std::ostream& out, const Report& r, std::size_t job) {
  const std::string folder = run_folder(r.plan, job, false).generic_string();
  for (const char* file : {"result.json", "stdout.txt", "stderr.txt"}) {
    out << "<a href=\"" << markup(folder + "/" + file) << "\">" << file << "</a> ";
  }
  const std::string waves = waves_of(r, job);
  if (!waves.empty()) out << "<a href=\"" << markup(waves) << "\">waves</a>";
}

void buckets(std::ostream& out, const Report& r) {
  if (r.buckets.empty()) return;
  out << "<section aria-labelledby=\"failures\">\n<h2 id=\"failures\">Failures</h2>\n";
  bool first = true;
  for (const Bucket& bucket : r.buckets) {
    out << "<details" << (first ? " open" : "") << ">\n<summary><span class=\"count\">" << bucket.jobs.size()
        << "&#215;</span> " << markup(bucket.signature) << "</summary>\n";
    first = false;
    const std::size_t smallest = bucket.jobs.front();
    out << "<p>" << markup(r.results.runs[smallest]->message) << "</p>\n";
    command(out, reproduce_command(r, smallest));
    out << "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Runs of this failure\">\n<table>\n"
           "<thead><tr><th scope=\"col\">Run</th><th scope=\"col\" class=\"number\">Cycle</th><th "
           "scope=\"col\">Again</th>"
           "<th scope=\"col\">Message</th><th scope=\"col\">Files</th></tr></thead>\n<tbody>\n";
    const std::size_t shown = std::min(bucket.jobs.size(), kRunsOfBucketShown);
    for (std::size_t n = 0; n < shown; ++n) {
      const std::size_t job = bucket.jobs[n];
      const Outcome& run = *r.results.runs[job];
      const auto again = r.results.repeated.find(job);
      out << "<tr><th scope=\"row\">" << markup(r.plan.job_name(job)) << "</th><td class=\"number\">"
          << (run.cycle != 0 ? grouped(run.cycle) : "") << "</td><td>"
          << (again == r.results.repeated.end()            ? ""
              : signature(again->second) == signature(run) ? "the same"
                                                           : "<strong>different</strong>")
          << "</td><td>" << markup(run.message) << "</td><td>";
      links(out, r, job);
      out << "</td></tr>\n";
    }
    out << "</tbody>\n</table>\n</div>\n";
    if (shown < bucket.jobs.size()) {
      out << "<p>" << grouped(bucket.jobs.size() - shown)
          << " more stand in <a href=\"report.json\">report.json</a>.</p>\n";
    }
    out << "</details>\n";
  }
  out << "</section>\n";
}

// Runs [first, last) of one test.
struct Group {
  std::size_t first, last, passed = 0;
  u64 comparisons = 0, cycles = 0;
  double seconds = 0;
};

std::vector<Group> groups_of(const Report& r) {
  std::vector<Group> all;
  for (std::size_t job = 0; job < r.plan.jobs.size(); ++job) {
    if (all.empty() || r.plan.jobs[all.back().first].test != r.plan.jobs[job].test) all.push_back({job, job});
    Group& group = all.back();
    group.last = job + 1;
    const auto& run = r.results.runs[job];
    if (!run) continue;
    group.passed += run->verdict == RunVerdict::passed;
    group.comparisons += run->comparisons;
    group.cycles += run->cycles;
    group.seconds += run->seconds;
  }
  return all;
}

void tests(std::ostream& out, const Report& r, const std::vector<Group>& groups) {
  out << "<section aria-labelledby=\"tests\">\n<h2 id=\"tests\">Tests</h2>\n"
         "<p class=\"filter\" hidden><label>Filter <input type=\"search\" id=\"filter\" autocomplete=\"off\"></label> "
         "<span class=\"hint\">press / to go there</span></p>\n"
         "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of tests\">\n<table id=\"table\">\n"
         "<thead><tr><th scope=\"col\">Test</th><th scope=\"col\" class=\"number\">Passed</th><th "
         "scope=\"col\">Seeds</th>"
         "<th scope=\"col\" class=\"number\">Comparisons</th><th scope=\"col\" class=\"number\">Time</th><th "
         "scope=\"col\" class=\"number\">Speed</th></tr></thead>\n"
         "<tbody>\n";
  for (const Group& group : groups) {
    const Test& test = r.plan.test_of(group.first);
    std::vector<std::string> classes;
    for (std::size_t job = group.first; job < group.last; ++job) classes.push_back(class_of(r.results.runs[job]));
    std::string tags;
    for (const std::string& tag : test.tags) tags += " <span class=\"tag\">" + markup(tag) + "</span>";
    const std::size_t all = group.last - group.first;
    const double khz = group.seconds > 0 ? static_cast<double>(group.cycles) / group.seconds / 1000 : 0;
    out << "<tr class=\"" << (group.passed == all ? "pass" : "fail") << "\"><th scope=\"row\">" << markup(test.name)
        << tags << "</th><td class=\"number\">" << group.passed << " / " << all << "</td><td>"
        << strip_svg(classes, plural(all, "seed") + ", " + grouped(group.passed) + " passed")
        << "</td><td class=\"number\">" << grouped(group.comparisons) << "</td><td class=\"number\">"
        << duration(group.seconds) << "</td><td class=\"number\">" << grouped(static_cast<u64>(khz))
        << " kHz</td></tr>\n";
  }
  out << "</tbody>\n</table>\n</div>\n</section>\n";
}

void plots(std::ostream& out, const Report& r, const std::vector<Group>& groups) {
  std::vector<std::size_t> slowest(r.plan.jobs.size());
  std::iota(slowest.begin(), slowest.end(), std::size_t{0});
  std::erase_if(slowest, [&](std::size_t job) { return !r.results.runs[job]; });
  if (slowest.empty()) return;
  std::vector<double> times;
  for (const std::size_t job : slowest) times.push_back(r.results.runs[job]->seconds);
  const auto shown = std::min(slowest.size(), kSlowestShown);
  std::partial_sort(
      slowest.begin(), slowest.begin() + static_cast<std::ptrdiff_t>(shown), slowest.end(),
      [&](std::size_t a, std::size_t b) { return r.results.runs[a]->seconds > r.results.runs[b]->seconds; });
  std::vector<Bar> bars;
  for (std::size_t n = 0; n < shown; ++n) {
    const Outcome& run = *r.results.runs[slowest[n]];
    bars.push_back({r.plan.job_name(slowest[n]), run.seconds, duration(run.seconds), class_of(run)});
  }
  out << "<section aria-labelledby=\"slowest\">\n<h2 id=\"slowest\">Slowest runs</h2>\n"
      << bars_svg(bars, "Slowest runs") << "</section>\n"
      << "<section aria-labelledby=\"times\">\n<h2 id=\"times\">How long runs take</h2>\n"
      << histogram_svg(times) << "</section>\n";
  std::vector<Bar> speeds;
  for (const Group& group : groups) {
    if (group.seconds <= 0 || group.cycles == 0) continue;
    const double khz = static_cast<double>(group.cycles) / group.seconds / 1000;
    speeds.push_back({r.plan.test_of(group.first).name, khz, grouped(static_cast<u64>(khz)) + " kHz", "pass"});
  }
  if (speeds.empty()) return;
  std::stable_sort(speeds.begin(), speeds.end(), [](const Bar& a, const Bar& b) { return a.value < b.value; });
  speeds.resize(std::min(speeds.size(), kSlowestShown));
  out << "<section aria-labelledby=\"speed\">\n<h2 id=\"speed\">Speed, slowest tests first</h2>\n"
      << bars_svg(speeds, "Simulated cycles a second, in kHz") << "</section>\n";
}

void environment(std::ostream& out, const Report& r) {
  out << "<section aria-labelledby=\"environment\">\n<h2 id=\"environment\">Environment</h2>\n<dl>\n";
  const auto entry = [&](const std::string& key, const std::string& value) {
    out << "<dt>" << markup(key) << "</dt><dd>" << markup(value) << "</dd>\n";
  };
  for (const auto& [key, value] : r.plan.environment) entry(key, value);
  entry("base seed", std::to_string(r.plan.base_seed));
  entry("digest", r.digest);
  out << "</dl>\n<h3>Command</h3>\n";
  command(out, r.plan.command);
  out << "<p>Also as <a href=\"report.json\">report.json</a>, <a href=\"junit.xml\">junit.xml</a>, "
         "<a href=\"plan.json\">plan.json</a>.</p>\n</section>\n";
}

}  // namespace

std::string html_report(const Report& r) {
  std::ostringstream out;
  const auto groups = groups_of(r);
  head(out, r);
  overview(out, r);
  buckets(out, r);
  if (r.trend) out << trend_html(*r.trend);
  tests(out, r, groups);
  plots(out, r, groups);
  if (r.requirements) out << plan_html(*r.requirements);
  environment(out, r);
  out << "</main>\n<script>\n" << html_script() << "</script>\n</body>\n</html>\n";
  return out.str();
}

}  // namespace kilburn::regress
