// SPDX-License-Identifier: Apache-2.0
//
// The summary that ends a run, for a person.
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <sstream>

#include "tb/app/result.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

struct Style {
  bool on = isatty(STDOUT_FILENO) != 0;
  std::string bold(const std::string& s) const { return on ? "\033[1m" + s + "\033[0m" : s; }
  std::string green(const std::string& s) const { return on ? "\033[1;32m" + s + "\033[0m" : s; }
  std::string red(const std::string& s) const { return on ? "\033[1;31m" + s + "\033[0m" : s; }
};

constexpr std::size_t kNameWidth = 30;
constexpr std::size_t kValueWidth = 16;

void row(const std::string& name, const std::string& value, const std::string& remark = {}) {
  std::string line = "    " + name;
  line.resize(std::max(line.size() + 1, 4 + kNameWidth), ' ');
  if (value.size() < kValueWidth) line += std::string(kValueWidth - value.size(), ' ');
  std::cout << line << value << (remark.empty() ? "" : "  " + remark) << "\n";
}

void block(const Style& style, const std::string& title, const Result::Figures& figures) {
  bool any = false;
  for (const auto& figure : figures) any = any || figure.second != 0;
  if (!any) return;
  std::cout << "\n  " << style.bold(title) << "\n";
  for (const auto& [name, value] : figures) {
    if (value != 0) row(name, grouped(value));
  }
}

// Two columns, A and B.
void side_by_side(const Style& style, const Result& r) {
  if (r.beside.empty()) return;
  const auto cell = [](double value, int decimals) {
    if (std::isnan(value)) return std::string("-");
    if (decimals == 0) return grouped(static_cast<arch::u64>(value));
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return std::string(text);
  };
  const auto two = [](const std::string& name, std::string a, std::string b) {
    if (a.size() < kValueWidth) a.insert(0, kValueWidth - a.size(), ' ');
    if (b.size() < kValueWidth) b.insert(0, kValueWidth - b.size(), ' ');
    row(name, a + b);
  };
  std::cout << "\n  " << style.bold("Side by side") << "\n";
  two("", "A " + r.dut, "B " + r.against);
  for (const Result::Beside& f : r.beside) {
    if (!(f.a == 0 && f.b == 0)) two(f.name, cell(f.a, f.decimals), cell(f.b, f.decimals));
  }
}

void lines(const std::vector<std::string>& text, std::size_t last = 0) {
  const std::size_t from = last != 0 && text.size() > last ? text.size() - last : 0;
  for (std::size_t i = from; i < text.size(); ++i) std::cout << "    " << text[i] << "\n";
}

void print_failure(const Style& style, const Failure& f) {
  std::cout << "\n  " << style.red("FAILED") << " in the " << f.check << " check, cycle " << grouped(f.cycle)
            << "\n    " << f.message << "\n";
  if (!f.signal.empty()) {
    row("signal", f.signal);
    row("found", hex(f.found));
    row("expected", hex(f.expected));
  }
  if (!f.details.empty()) std::cout << "\n";
  lines(f.details);
  if (!f.request.empty()) std::cout << "\n  " << style.bold("Request") << "\n    " << f.request << "\n";
  if (!f.reference_walk.empty()) {
    std::cout << "\n  " << style.bold("The reference's walk") << "\n";
    lines(f.reference_walk);
  }
  if (!f.dut_walk.empty()) {
    std::cout << "\n  " << style.bold("The DUT on its memory port since that request") << "\n";
    lines(f.dut_walk, 16);
  }
  if (!f.twin.empty()) {
    std::cout << "\n  " << style.bold("The reference's state") << "\n";
    std::istringstream state(f.twin);
    for (std::string line; std::getline(state, line);) {
      if (!line.empty()) std::cout << "    " << line << "\n";
    }
  }
  std::cout << "\n  " << style.bold("Last transactions") << "\n";
  lines(f.history, 12);
}

void opinion_rows(const Style& style, const std::vector<Opinion>& opinions) {
  if (opinions.empty()) return;
  std::cout << "\n  " << style.bold("Second opinion") << "\n";
  for (const Opinion& o : opinions) {
    char speed[96];
    std::snprintf(speed, sizeof speed, "cycles from %s on alike, in %.1f s, %.1f kHz", grouped(o.first_cycle).c_str(),
                  o.seconds, o.seconds > 0 ? static_cast<double>(o.cycles) / o.seconds / 1000 : 0.0);
    row(name(o.simulator) + " " + o.version, grouped(o.cycles), speed);
    std::cout << "    " << verdict(o) << "\n";
  }
}

}  // namespace

void print_opinions(const std::vector<Opinion>& opinions) { opinion_rows(Style{}, opinions); }

void print_summary(const Result& r, const std::filesystem::path& folder) {
  const Style style;
  std::cout << style.bold("kilburn") << "  " << r.source << " on " << r.dut
            << (r.against.empty() ? "" : " against " + r.against) << " (" << r.format << "), seed " << r.seed << "\n";
  block(style, "Translation", r.translation);
  block(style, "Faults", r.faults);
  block(style, "Operating system", r.os);
  block(style, "Cycles a fault", r.latency);
  block(style, "Legality", r.legality);
  side_by_side(style, r);
  block(style, "Comparisons made", r.comparisons);
  if (!r.notes.empty()) std::cout << "\n";
  lines(r.notes);
  if (r.failure) print_failure(style, *r.failure);
  if (r.stop && !r.stop->what.empty())
    std::cout << "\n  " << style.bold("Stopped after") << "\n    " << r.stop->what << "\n";
  opinion_rows(style, r.opinions);

  std::cout << "\n";
  if (!r.memory_digest.empty()) row("final memory", r.memory_digest);
  if (r.cycles != 0) {
    char speed[64];
    std::snprintf(speed, sizeof speed, "in %.1f s, %.0f kHz", r.seconds,
                  r.seconds > 0 ? static_cast<double>(r.cycles) / r.seconds / 1000 : 0.0);
    row("cycles", grouped(r.cycles), speed);
  } else {
    char time[32];
    std::snprintf(time, sizeof time, "%.1f s", r.seconds);
    row("time", time);
  }
  row("mismatches", grouped(r.mismatches != 0 ? r.mismatches : r.failure ? 1u : 0u));
  if (r.failure && !r.failure->waves.empty()) row("waves", r.failure->waves);
  if (r.stop && !r.stop->waves.empty()) row("waves", r.stop->waves);
  if (!r.pins.empty()) row("pin log", r.pins);
  if (!r.report.empty()) row("report", r.report);
  row("run folder", folder.string());
  if (r.failure) row("reproduce", r.reproduce);
  std::cout << "\n  "
            << (r.verdict == Verdict::passed    ? style.green("PASSED")
                : r.verdict == Verdict::failed  ? style.red("FAILED")
                : r.verdict == Verdict::stopped ? style.green("STOPPED")
                                                : style.red("INTERRUPTED"))
            << verdict_remark(r) << "\n";
}

}  // namespace kilburn::tb
