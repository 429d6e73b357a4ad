// SPDX-License-Identifier: Apache-2.0
//
// Plots are inline SVG that takes its colours from the page, so that they follow dark mode.
#include "tb/regress/html_parts.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "tb/regress/words.h"

namespace kilburn::regress {

std::string html_style() {
  return R"css(:root {
  --paper: #fbfbfa; --ink: #1c1c1a; --faint: #5d5d58; --line: #d9d9d3; --panel: #ffffff;
  --pass: #1a7f37; --fail: #b42318; --none: #8a8a83; --link: #0b57d0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161618; --ink: #ececea; --faint: #a5a59f; --line: #38383b; --panel: #1f1f22;
    --pass: #57ab5a; --fail: #ff7b72; --none: #77777a; --link: #8ab4f8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; border-top: .5rem solid var(--none); }
header.green { border-color: var(--pass); }
header.red { border-color: var(--fail); }
header p { color: var(--faint); margin: 0; }
h1 { margin: 0; font-size: 1.75rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .75rem; font-size: 1.25rem; }
h3 { margin: 1rem 0 .25rem; font-size: 1rem; }
.verdict { text-transform: uppercase; letter-spacing: .03em; }
.green .verdict { color: var(--pass); }
.red .verdict { color: var(--fail); }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .25rem; background: var(--panel); padding: .25rem .5rem; z-index: 1; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin-top: 1.25rem; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.card b { display: block; font-size: 1.2rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.card span, .hint { color: var(--faint); font-size: .875rem; }
.reasons li { color: var(--fail); font-weight: 600; overflow-wrap: anywhere; }
.note { border-left: 4px solid var(--link); padding-left: .75rem; }
details { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0;
  padding: 0 .9rem; }
summary { cursor: pointer; padding: .6rem 0; font-weight: 600; overflow-wrap: anywhere; }
details p { overflow-wrap: anywhere; }
.count { color: var(--fail); font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--faint); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 9rem; }
tr.fail > th { color: var(--fail); }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .5rem; font-size: .75rem; color: var(--faint); }
.command { display: flex; gap: .5rem; align-items: flex-start; margin: .5rem 0 1rem; }
code { flex: 1; min-width: 0; overflow-x: auto; white-space: pre; background: var(--paper);
  border: 1px solid var(--line); border-radius: .375rem; padding: .45rem .6rem;
  font: .875rem/1.4 ui-monospace, monospace; }
button, input { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line);
  border-radius: .375rem; padding: .3rem .7rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; display: block; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .axis { stroke: var(--line); }
svg .pass { fill: var(--pass); } svg .fail { fill: var(--fail); } svg .none { fill: var(--none); }
svg .bar { fill: var(--link); }
svg .bar.fail { fill: var(--fail); }
svg .ring { fill: var(--panel); stroke: var(--faint); stroke-width: 2; }
summary svg { margin-top: .35rem; }
tr.none > th { color: var(--faint); }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } .hint { display: none; }
}
@media print { .copy, .filter, .skip { display: none; } }
)css";
}

std::string html_script() {
  return R"js('use strict';
for (const button of document.querySelectorAll('.copy')) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
}
const filter = document.getElementById('filter');
if (filter) {
  filter.closest('.filter').hidden = false;
  filter.addEventListener('input', () => {
    const wanted = filter.value.toLowerCase();
    for (const row of document.querySelectorAll('#table tbody tr')) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest && event.target.closest('input');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    filter.focus();
  });
}
)js";
}

std::string strip_svg(const std::vector<std::string>& classes, const std::string& label) {
  constexpr std::size_t kCells = 100;
  constexpr int kWide = 6, kHigh = 16;
  const std::size_t cells = std::min(classes.size(), kCells);
  std::ostringstream svg;
  svg << "<svg width=\"" << cells * kWide << "\" height=\"" << kHigh << "\" viewBox=\"0 0 " << cells * kWide << " "
      << kHigh << "\" role=\"img\" aria-label=\"" << markup(label) << "\">";
  for (std::size_t cell = 0; cell < cells; ++cell) {
    const auto begin = classes.begin() + static_cast<std::ptrdiff_t>(cell * classes.size() / cells);
    const auto end = classes.begin() + static_cast<std::ptrdiff_t>((cell + 1) * classes.size() / cells);
    std::string shade = *begin;
    for (const char* worse : {"none", "fail"}) {
      if (std::find(begin, end, worse) != end) shade = worse;
    }
    const int top = shade == "fail" ? 0 : 5;
    svg << "<rect class=\"" << shade << "\" x=\"" << cell * kWide << "\" y=\"" << top << "\" width=\"" << kWide - 1
        << "\" height=\"" << kHigh - 2 * top << "\"/>";
  }
  svg << "</svg>";
  return svg.str();
}

std::string bars_svg(const std::vector<Bar>& bars, const std::string& label) {
  // Labels stand above their bars: a phone has no room beside them.
  constexpr int kWide = 720, kRow = 38, kText = 90;
  double most = 0;
  for (const Bar& bar : bars) most = std::max(most, bar.value);
  std::ostringstream svg;
  svg << "<svg viewBox=\"0 0 " << kWide << " " << bars.size() * kRow << "\" width=\"" << kWide << "\" role=\"img\" "
      << "aria-label=\"" << markup(label) << "\">\n"
      << std::fixed << std::setprecision(1);
  for (std::size_t n = 0; n < bars.size(); ++n) {
    const double width = most > 0 ? bars[n].value / most * (kWide - kText) : 0;
    const auto top = n * kRow;
    svg << "<text x=\"0\" y=\"" << top + 14 << "\">" << markup(bars[n].label) << "</text><rect class=\"bar "
        << markup(bars[n].shade) << "\" x=\"0\" y=\"" << top + 20 << "\" width=\"" << std::max(width, 1.0)
        << "\" height=\"10\" rx=\"2\"/><text x=\"" << std::max(width, 1.0) + 6 << "\" y=\"" << top + 30 << "\">"
        << markup(bars[n].text) << "</text>\n";
  }
  svg << "</svg>\n";
  return svg.str();
}

std::string histogram_svg(const std::vector<double>& seconds) {
  constexpr int kWide = 720, kHigh = 180, kFloor = 150, kTop = 20;
  constexpr double kStep = 4;  // columns a decade
  const auto column = [](double s) { return static_cast<int>(std::floor(std::log10(std::max(s, 1e-4)) * kStep)); };
  int low = column(*std::min_element(seconds.begin(), seconds.end()));
  int high = column(*std::max_element(seconds.begin(), seconds.end()));
  low -= 1;
  high += 1;
  std::vector<std::size_t> counts(static_cast<std::size_t>(high - low + 1));
  for (const double s : seconds) ++counts[static_cast<std::size_t>(column(s) - low)];
  const std::size_t most = *std::max_element(counts.begin(), counts.end());
  const double wide = static_cast<double>(kWide) / static_cast<double>(counts.size());
  std::ostringstream svg;
  svg << "<svg viewBox=\"0 0 " << kWide << " " << kHigh << "\" width=\"" << kWide
      << "\" role=\"img\" aria-label=\"Number of runs by their time\">\n<line class=\"axis\" x1=\"0\" x2=\"" << kWide
      << "\" y1=\"" << kFloor << "\" y2=\"" << kFloor << "\"/>\n"
      << std::fixed << std::setprecision(1);
  for (std::size_t n = 0; n < counts.size(); ++n) {
    const double height = static_cast<double>(counts[n]) / static_cast<double>(most) * (kFloor - kTop);
    const double left = static_cast<double>(n) * wide;
    if (counts[n] != 0) {
      svg << "<rect class=\"bar\" x=\"" << left + 1 << "\" y=\"" << kFloor - height << "\" width=\"" << wide - 2
          << "\" height=\"" << height << "\"/><text text-anchor=\"middle\" x=\"" << left + wide / 2 << "\" y=\""
          << kFloor - height - 5 << "\">" << counts[n] << "</text>\n";
    }
    const double begins = std::pow(10, (low + static_cast<int>(n)) / kStep);
    svg << "<text text-anchor=\"middle\" x=\"" << left << "\" y=\"" << kFloor + 18 << "\">"
        << (n == 0 ? "" : duration(begins)) << "</text>\n";
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace kilburn::regress
