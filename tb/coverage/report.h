// SPDX-License-Identifier: Apache-2.0
//
// Merged coverage for people and for other tools.
#pragma once

#include <iosfwd>
#include <string>

#include "tb/coverage/merge.h"

namespace kilburn::coverage {

struct Wanted {
  bool holes = false, rank = false;
  std::size_t most = 20;  // holes shown of an item; 0: all
};
void print_report(std::ostream&, const Merged&, const Wanted&);
void print_trend(std::ostream&, const Trend&, std::size_t most);

std::string json_report(const Merged&);
// In the manner of the UCIS interchange format (Accellera): a covergroup an item, a coverpoint or a cross in it, a bin
// each, ignore and illegal bins as such.
std::string ucis_report(const Merged&);
// One page, nothing else needed; what is folded unfolds without a script.
std::string html_report(const Merged&, const Trend* against);

}  // namespace kilburn::coverage
