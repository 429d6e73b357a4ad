// SPDX-License-Identifier: Apache-2.0
//
// Style, script and plots of the HTML report.
#pragma once

#include <string>
#include <vector>

namespace kilburn::regress {

std::string html_style();
std::string html_script();

// One cell a seed, green or red; red ones are taller, for who does not see the colours. With more seeds than cells a
// cell stands for several and is red if one of them is.
std::string strip_svg(const std::vector<std::string>& classes, const std::string& label);

struct Bar {
  std::string label;
  double value = 0;
  std::string text;   // of the value
  std::string shade;  // class: pass, fail, none
};
std::string bars_svg(const std::vector<Bar>&, const std::string& label);

// Of times in seconds, over a logarithmic axis.
std::string histogram_svg(const std::vector<double>& seconds);

}  // namespace kilburn::regress
