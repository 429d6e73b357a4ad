// SPDX-License-Identifier: Apache-2.0
//
// The trend as a section of the page: figures, changes, and speed by test as a plot.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <sstream>

#include "tb/regress/trend.h"
#include "tb/regress/words.h"

namespace kilburn::regress {
namespace {

constexpr std::size_t kMostShown = 25;

std::string percent(double before, double now) {
  if (before <= 0) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%+.1f %%", (now / before - 1) * 100);
  return text;
}

void row(std::ostream& out, const std::string& what, const std::string& before, const std::string& now,
         const std::string& change) {
  out << "<tr><th scope=\"row\">" << what << "</th><td class=\"number\">" << markup(before)
      << "</td><td class=\"number\">" << markup(now) << "</td><td class=\"number\">" << change << "</td></tr>\n";
}

void figures(std::ostream& out, const Trend& t) {
  const auto number = [&](const char* what, arch::u64 before, arch::u64 now) {
    row(out, what, grouped(before), grouped(now), percent(static_cast<double>(before), static_cast<double>(now)));
  };
  out << "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Figures before and now\">\n<table>\n"
         "<thead><tr><th scope=\"col\">Figure</th><th scope=\"col\" class=\"number\">Before</th><th scope=\"col\" "
         "class=\"number\">Now</th>"
         "<th scope=\"col\" class=\"number\">Change</th></tr></thead>\n<tbody>\n";
  number("runs", t.before.runs, t.now.runs);
  number("passed", t.before.passed, t.now.passed);
  number("comparisons", t.before.comparisons, t.now.comparisons);
  number("cycles", t.before.cycles, t.now.cycles);
  row(out, "speed", grouped(static_cast<arch::u64>(t.before.khz())) + " kHz",
      grouped(static_cast<arch::u64>(t.now.khz())) + " kHz", percent(t.before.khz(), t.now.khz()));
  row(out, "wall time", duration(t.wall_before), duration(t.wall_now), percent(t.wall_before, t.wall_now));
  out << "</tbody>\n</table>\n</div>\n";
}

void changes(std::ostream& out, const char* heading, const std::vector<VerdictChange>& all) {
  if (all.empty()) return;
  out << "<details open>\n<summary>" << heading << ": " << plural(all.size(), "run") << "</summary>\n<ul>\n";
  for (std::size_t n = 0; n < std::min(all.size(), kMostShown); ++n) {
    out << "<li>" << markup(all[n].run) << ": <strong>" << markup(all[n].now) << "</strong>, was "
        << markup(all[n].before) << (all[n].signature.empty() ? "" : ". " + markup(all[n].signature)) << "</li>\n";
  }
  out << "</ul>\n";
  if (all.size() > kMostShown) out << "<p>And " << grouped(all.size() - kMostShown) << " more.</p>\n";
  out << "</details>\n";
}

void lines(std::ostream& out, const char* heading, const std::vector<std::string>& all) {
  if (all.empty()) return;
  out << "<details>\n<summary>" << heading << ": " << all.size() << "</summary>\n<ul>\n";
  for (const std::string& line : all) out << "<li>" << markup(line) << "</li>\n";
  out << "</ul>\n</details>\n";
}

// A row a test: a hollow mark for before, a full one for now, on one logarithmic axis; the widest change first.
std::string speed_svg(const Trend& t) {
  constexpr int kWide = 720, kRow = 38, kText = 110;
  std::vector<const TestTrend*> tests;
  for (const TestTrend& test : t.tests) {
    if (test.before && test.now && test.before->khz() > 0 && test.now->khz() > 0) tests.push_back(&test);
  }
  if (tests.empty()) return "";
  const auto width = [](const TestTrend* test) { return std::abs(std::log(test->now->khz() / test->before->khz())); };
  std::stable_sort(tests.begin(), tests.end(),
                   [&](const TestTrend* a, const TestTrend* b) { return width(a) > width(b); });
  tests.resize(std::min(tests.size(), kMostShown));
  double low = tests.front()->now->khz(), high = low;
  for (const TestTrend* test : tests) {
    low = std::min({low, test->before->khz(), test->now->khz()});
    high = std::max({high, test->before->khz(), test->now->khz()});
  }
  const double span = std::max(std::log(high / low), 0.1);
  const auto at = [&](double khz) { return 10 + std::log(khz / low) / span * (kWide - kText - 20); };
  std::ostringstream svg;
  svg << "<h3>Speed by test, widest change first</h3>\n<p class=\"hint\">Ring: before. Disc: now. Logarithmic, to the "
         "right is faster.</p>\n<svg viewBox=\"0 0 "
      << kWide << " " << tests.size() * kRow << "\" width=\"" << kWide
      << "\" role=\"img\" aria-label=\"Speed of tests before and now\">\n"
      << std::fixed << std::setprecision(1);
  for (std::size_t n = 0; n < tests.size(); ++n) {
    const double before = tests[n]->before->khz(), now = tests[n]->now->khz();
    const auto top = n * kRow;
    const char* shade = now < 0.8 * before ? "fail" : now > 1.25 * before ? "pass" : "bar";
    svg << "<text x=\"0\" y=\"" << top + 14 << "\">" << markup(tests[n]->name) << "</text><line class=\"axis\" x1=\""
        << at(before) << "\" x2=\"" << at(now) << "\" y1=\"" << top + 26 << "\" y2=\"" << top + 26
        << "\" stroke-width=\"3\"/><circle class=\"ring\" cx=\"" << at(before) << "\" cy=\"" << top + 26
        << "\" r=\"5\"/><circle class=\"" << shade << "\" cx=\"" << at(now) << "\" cy=\"" << top + 26
        << "\" r=\"5\"/><text x=\"" << kWide - kText << "\" y=\"" << top + 30 << "\">" << percent(before, now)
        << "</text>\n";
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace

std::string trend_html(const Trend& t) {
  std::ostringstream out;
  out << "<section aria-labelledby=\"trend\">\n<h2 id=\"trend\">Since the last time</h2>\n<p>Against "
      << markup(t.folder) << (t.date.empty() ? "" : ", " + markup(t.date)) << ", which was " << markup(t.verdict_before)
      << (t.git.empty() ? "" : ", git " + markup(t.git)) << ". " << grouped(t.common) << " runs are in both.</p>\n";
  changes(out, "Worse", t.worse);
  lines(out, "New kinds of failure", t.new_signatures);
  changes(out, "Better", t.better);
  lines(out, "Kinds of failure that are gone", t.gone_signatures);
  figures(out, t);
  out << speed_svg(t);
  std::vector<std::string> fresh, gone;
  for (const TestTrend& test : t.tests) {
    if (!test.before) fresh.push_back(test.name);
    if (!test.now) gone.push_back(test.name);
  }
  lines(out, "New tests", fresh);
  lines(out, "Tests that are gone", gone);
  lines(out, "Another environment", t.environment);
  out << "</section>\n";
  return out.str();
}

}  // namespace kilburn::regress
