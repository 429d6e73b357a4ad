// SPDX-License-Identifier: Apache-2.0
//
// The geometry of the charts: one viewBox, narrow enough that its text can be read on a phone.
#include "sw/report/chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace kilburn::os {

namespace {

constexpr double kWide = 360, kHigh = 198;
constexpr double kLeft = 40, kRight = 352, kTop = 8, kBottom = 166;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string markup(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

// The least of 1, 2, 5 times a power of ten that is not below.
double nice(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * power >= value * (1 - 1e-9)) return step * power;
  }
  return 10 * power;
}

std::string text(double x, double y, const char* anchor, const std::string& words) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" + markup(words) +
         "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const char* name) {
  return "<line class=\"" + std::string(name) + "\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" +
         number(x2) + "\" y2=\"" + number(y2) + "\"/>\n";
}

std::string colour_of(const Series& series, size_t place) {
  return series.colour.empty() ? "s" + std::to_string(place % 9) : series.colour;
}

// Where values go.
struct Axes {
  double left, right, top;
  double x(double value) const { return kLeft + (kRight - kLeft) * (value - left) / (right - left); }
  double y(double value) const { return kBottom - (kBottom - kTop) * std::min(value, top) / top; }
};

std::string path(const Axes& axes, const std::vector<double>& x, const std::vector<double>& y, char first) {
  std::string d;
  for (size_t n = 0; n < x.size(); ++n) {
    d += n == 0 ? first : 'L';
    d += number(axes.x(x[n])) + " " + number(axes.y(y[n]));
  }
  return d;
}

std::string grid(const Axes& axes) {
  std::string svg;
  const double step = nice(axes.top / 4);
  for (double at = 0; at <= axes.top * (1 + 1e-9); at += step) {
    svg += line(kLeft, axes.y(at), kRight, axes.y(at), "axis");
    svg += text(kLeft - 5, axes.y(at) + 4, "end", short_number(at));
  }
  const double across = nice((axes.right - axes.left) / 4);
  for (double at = 0; at <= axes.right * (1 + 1e-9); at += across) {
    if (at < axes.left) continue;
    const bool last = axes.x(at) > kRight - 12;
    svg += text(axes.x(at), kBottom + 15, at == axes.left ? "start" : last ? "end" : "middle", short_number(at));
  }
  return svg;
}

double highest(const Chart& chart) {
  double most = 0;
  for (size_t n = 0; n < chart.x.size(); ++n) {
    double sum = 0;
    for (const Series& series : chart.series) {
      sum = chart.stacked ? sum + series.y[n] : series.y[n];
      most = std::max(most, sum);
    }
  }
  return most;
}

std::string areas(const Axes& axes, const Chart& chart) {
  std::string svg;
  std::vector<double> below(chart.x.size(), 0), above;
  const std::vector<double> back(chart.x.rbegin(), chart.x.rend());
  for (size_t n = 0; n < chart.series.size(); ++n) {
    above = below;
    for (size_t i = 0; i < above.size(); ++i) above[i] += chart.series[n].y[i];
    const std::vector<double> under(below.rbegin(), below.rend());
    svg += "<path class=\"" + colour_of(chart.series[n], n) + "\" d=\"" + path(axes, chart.x, above, 'M') +
           path(axes, back, under, 'L') + "Z\"><title>" + markup(chart.series[n].name) + "</title></path>\n";
    below.swap(above);
  }
  return svg;
}

std::string lines(const Axes& axes, const Chart& chart) {
  std::string svg;
  for (size_t n = 0; n < chart.series.size(); ++n) {
    svg += "<path class=\"curve " + colour_of(chart.series[n], n) + "\" d=\"" +
           path(axes, chart.x, chart.series[n].y, 'M') + "\"><title>" + markup(chart.series[n].name) +
           "</title></path>\n";
  }
  return svg;
}

std::string open_figure(const std::string& title, const std::string& unit, double high) {
  return "<figure>\n<figcaption><b>" + markup(title) + "</b> <span>" + markup(unit) + "</span></figcaption>\n" +
         "<svg viewBox=\"0 0 " + number(kWide) + " " + number(high) + "\" role=\"img\" aria-label=\"" + markup(title) +
         ", " + markup(unit) + "\">\n";
}

}  // namespace

std::string short_number(double value) {
  const char* unit = "";
  if (value >= 1e9) {
    value /= 1e9;
    unit = "G";
  } else if (value >= 1e6) {
    value /= 1e6;
    unit = "M";
  } else if (value >= 1e4) {
    value /= 1e3;
    unit = "k";
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.4g%s", value, unit);
  return text;
}

std::string figure(const Chart& chart) {
  const double left = chart.x.empty() ? 0 : chart.x.front();
  const double right = chart.x.empty() || chart.x.back() <= left ? left + 1 : chart.x.back();
  const double most = chart.top > 0 ? chart.top : highest(chart);
  const double step = nice(std::max(most, 1e-9) / 4);
  const Axes axes{left, right, chart.top > 0 ? chart.top : std::max(step, std::ceil(most / step - 1e-9) * step)};
  std::string html = open_figure(chart.title, chart.unit, kHigh);
  // Lines of the grid behind lines, in front of areas.
  if (chart.stacked)
    html += areas(axes, chart) + grid(axes);
  else
    html += grid(axes) + lines(axes, chart);
  html += text((kLeft + kRight) / 2, kHigh - 1, "middle", "references");
  html += "</svg>\n<ul class=\"legend\">";
  for (size_t n = 0; n < chart.series.size(); ++n) {
    html += "<li><i class=\"" + colour_of(chart.series[n], n) + "\"></i>" + markup(chart.series[n].name) + "</li>";
  }
  return html + "</ul>\n</figure>\n";
}

std::string bars(const std::string& title, const std::string& unit, const std::vector<Bar>& all) {
  constexpr double kRow = 26, kNames = 116;
  double most = 10;
  for (const Bar& bar : all) most = std::max({most, bar.value, bar.longest});
  const double decades = std::ceil(std::log10(most));
  const auto x = [&](double value) { return kNames + (kRight - kNames) * std::log10(std::max(value, 1.0)) / decades; };
  const double high = kRow * static_cast<double>(all.size()) + 26;
  std::string html = open_figure(title, unit, high);
  for (double decade = 0; decade <= decades; ++decade) {
    const double at = x(std::pow(10, decade));
    html += line(at, 4, at, high - 20, "axis");
    html += text(at, high - 6, decade == decades ? "end" : "middle", short_number(std::pow(10, decade)));
  }
  for (size_t n = 0; n < all.size(); ++n) {
    const double y = 6 + kRow * static_cast<double>(n);
    html += "<rect class=\"s0\" x=\"" + number(kNames) + "\" y=\"" + number(y) + "\" width=\"" +
            number(std::max(x(all[n].value) - kNames, 0.5)) + "\" height=\"14\"/>\n";
    html += line(x(all[n].longest), y - 2, x(all[n].longest), y + 16, "mark");
    html += text(kNames - 6, y + 11, "end", all[n].name);
  }
  return html +
         "</svg>\n<ul class=\"legend\"><li><i class=\"s0\"></i>mean</li><li><i class=\"mark\"></i>longest</li></ul>\n"
         "</figure>\n";
}

std::string_view chart_style() {
  return R"css(:root {
  --s0: #4472b0; --s1: #dd8237; --s2: #4f9d5b; --s3: #c5484b; --s4: #8065ad; --s5: #8b6a4f; --s6: #3f9aa6;
  --s7: #c9a227; --s8: #8d8d86; --free: #e4e7ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --s0: #6c9bd8; --s1: #f0a05c; --s2: #72bd7d; --s3: #e8777a; --s4: #a98ed4; --s5: #b8957a; --s6: #66bdc8;
    --s7: #e0bd4e; --s8: #9d9d97; --free: #303338;
  }
}
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem .9rem; }
figcaption { margin-bottom: .4rem; }
figcaption span { color: var(--faint); font-size: .875rem; }
figure svg { width: 100%; }
figure svg text { font-size: 11px; fill: var(--faint); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: .4rem 0 0; padding: 0;
  font-size: .875rem; }
.legend i { display: inline-block; width: .75rem; height: .75rem; border-radius: .15rem; margin-right: .35rem; }
svg .axis { stroke: var(--line); stroke-width: .7; }
svg .mark { stroke: var(--s3); stroke-width: 2; }
i.mark { background: var(--s3); }
svg .curve { fill: none !important; stroke-width: 1.6; stroke-linejoin: round; }
.s0 { fill: var(--s0); stroke: var(--s0); } i.s0 { background: var(--s0); }
.s1 { fill: var(--s1); stroke: var(--s1); } i.s1 { background: var(--s1); }
.s2 { fill: var(--s2); stroke: var(--s2); } i.s2 { background: var(--s2); }
.s3 { fill: var(--s3); stroke: var(--s3); } i.s3 { background: var(--s3); }
.s4 { fill: var(--s4); stroke: var(--s4); } i.s4 { background: var(--s4); }
.s5 { fill: var(--s5); stroke: var(--s5); } i.s5 { background: var(--s5); }
.s6 { fill: var(--s6); stroke: var(--s6); } i.s6 { background: var(--s6); }
.s7 { fill: var(--s7); stroke: var(--s7); } i.s7 { background: var(--s7); }
.s8 { fill: var(--s8); stroke: var(--s8); } i.s8 { background: var(--s8); }
.free { fill: var(--free); stroke: none; } i.free { background: var(--free); outline: 1px solid var(--line); }
figure path { stroke-width: .4; }
)css";
}

}  // namespace kilburn::os
