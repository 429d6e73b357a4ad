// SPDX-License-Identifier: Apache-2.0
//
// Charts as inline SVG that takes its colours from the page, so that they follow dark mode; no script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kilburn::os {

struct Series {
  std::string name;
  std::vector<double> y;  // one for each x
  std::string colour;     // class of the page: "s0" to "s8", "free"; empty: by its place
};

struct Chart {
  std::string title;
  std::string unit;  // of the y axis
  std::vector<double> x;
  std::vector<Series> series;
  bool stacked = false;  // areas on top of each other, else lines
  double top = 0;        // of the y axis; 0: as the values need
};

// <figure> with caption, SVG and legend.
std::string figure(const Chart&);

// Bars on a logarithmic axis: values from 1, each a row with its name.
struct Bar {
  std::string name;
  double value = 0, longest = 0;  // the bar, and a mark beyond it
};
std::string bars(const std::string& title, const std::string& unit, const std::vector<Bar>&);

// The colours, light and dark, and what the figures need.
std::string_view chart_style();

// "1.5k", "12M".
std::string short_number(double);

}  // namespace kilburn::os
