// SPDX-License-Identifier: Apache-2.0
//
// One page that needs nothing else: no script, no file beside it.
#include "tb/app/os_report.h"

#include <fstream>
#include <sstream>

#include "sw/report/chart.h"
#include "tb/errors.h"
#include "tb/regress/html_parts.h"
#include "tb/regress/words.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

using arch::u64;
using regress::markup;

const char* verdict_word(Verdict verdict) {
  return verdict == Verdict::passed ? "passed" : verdict == Verdict::failed ? "failed" : "interrupted";
}

u64 figure_of(const Result::Figures& figures, std::string_view name) {
  for (const auto& [known, value] : figures) {
    if (known == name) return value;
  }
  return 0;
}

u64 sum(const Result::Figures& figures) {
  u64 all = 0;
  for (const auto& figure : figures) all += figure.second;
  return all;
}

// <data> holds the number as a machine reads it.
std::string data(const std::string& id, u64 value) {
  return "<data id=\"" + id + "\" value=\"" + std::to_string(value) + "\">" + grouped(value) + "</data>";
}

void card(std::ostream& out, const std::string& value, const std::string& name) {
  out << "<div class=\"card\"><b>" << value << "</b><span>" << markup(name) << "</span></div>\n";
}

void head(std::ostream& out, const Result& r) {
  const bool green = r.verdict == Verdict::passed;
  out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
         "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>"
      << markup(r.source) << ": " << verdict_word(r.verdict) << "</title>\n<style>\n"
      << regress::html_style() << os::chart_style() << "</style>\n</head>\n<body>\n<header class=\""
      << (green ? "green" : "red") << "\">\n<h1><span class=\"verdict\">" << verdict_word(r.verdict) << "</span> "
      << markup(r.source + verdict_remark(r)) << "</h1>\n<p>" << markup(r.dut) << " (" << markup(r.format) << "), seed "
      << r.seed << (r.dut_description.empty() ? "" : "; " + markup(r.dut_description)) << "</p>\n</header>\n<main>\n";
}

void cards(std::ostream& out, const Result& r) {
  out << "<div class=\"cards\">\n";
  card(out, grouped(figure_of(r.translation, "references")), "references");
  card(out, grouped(sum(r.faults)), "faults");
  card(out, grouped(figure_of(r.os, "frames")), "page frames");
  card(out, grouped(figure_of(r.os, "pages swapped out")), "pages swapped out");
  card(out, grouped(figure_of(r.os, "pages swapped in")), "pages swapped in");
  u64 hits = 0, misses = 0;
  for (const char* name : {"dut i hit", "dut d hit", "TLB hits"}) hits += figure_of(r.translation, name);
  for (const char* name : {"dut i miss", "dut d miss", "TLB misses"}) misses += figure_of(r.translation, name);
  if (hits + misses != 0) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %%", 100.0 * static_cast<double>(hits) / static_cast<double>(hits + misses));
    card(out, text, "TLB hits");
  }
  card(out, grouped(r.cycles), "cycles");
  card(out, grouped(r.compared()), "comparisons");
  out << "</div>\n";
}

std::vector<os::Bar> latency_bars(const Result::Figures& latency) {
  static constexpr std::string_view kMean = " mean", kLongest = " longest";
  std::vector<os::Bar> bars;
  for (const auto& [name, value] : latency) {
    if (name.ends_with(kMean)) {
      bars.push_back({name.substr(0, name.size() - kMean.size()), static_cast<double>(value), 0});
    } else if (name.ends_with(kLongest) && !bars.empty()) {
      bars.back().longest = static_cast<double>(value);
    }
  }
  return bars;
}

void failure(std::ostream& out, const Result& r) {
  if (!r.failure) return;
  out << "<h2>What is wrong</h2>\n<ul class=\"reasons\"><li>" << markup(r.failure->check) << ", cycle "
      << grouped(r.failure->cycle) << ": " << markup(r.failure->message) << "</li></ul>\n";
}

void table(std::ostream& out, const std::string& group, const std::string& title, const Result::Figures& figures) {
  if (figures.empty()) return;
  out << "<details>\n<summary>" << markup(title) << "</summary>\n<table>\n<tbody>\n";
  for (const auto& [name, value] : figures) {
    out << "<tr><th scope=\"row\">" << markup(name) << "</th><td class=\"number\">"
        << data(group + "." + markup(figure_key(name)), value) << "</td></tr>\n";
  }
  out << "</tbody>\n</table>\n</details>\n";
}

std::string page(const Result& r) {
  std::ostringstream out;
  head(out, r);
  cards(out, r);
  failure(out, r);
  out << "<h2>Over the run</h2>\n<div class=\"charts\">\n" << r.charts;
  if (const auto bars = latency_bars(r.latency); !bars.empty()) {
    out << os::bars("Latency of faults", "cycles of the kernel, disk included", bars);
  }
  out << "</div>\n<h2>Figures</h2>\n";
  table(out, "translation", "Translation", r.translation);
  table(out, "faults", "Faults", r.faults);
  table(out, "os", "Operating system", r.os);
  table(out, "latency", "Cycles a fault", r.latency);
  table(out, "legality", "Legality", r.legality);
  table(out, "comparisons", "Comparisons made", r.comparisons);
  out << "<h2>The same run again</h2>\n<div class=\"command\"><code>" << markup(r.reproduce)
      << "</code></div>\n</main>\n</body>\n</html>\n";
  return out.str();
}

}  // namespace

void write_os_report(const RunOptions& options, Result& result) {
  const auto path = options.out / "report.html";
  std::ofstream file(path, std::ios::trunc);
  file << page(result);
  file.close();
  if (!file) throw EnvironmentError("the report " + path.string() + " cannot be written");
  result.report = path.string();
}

}  // namespace kilburn::tb
