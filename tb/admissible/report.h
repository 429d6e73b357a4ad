// SPDX-License-Identifier: Apache-2.0
//
// The words of a rejection.
#pragma once

#include "tb/admissible/checker.h"

namespace kilburn::admissible {

// "load 0x7f00 (kernel), root 0x1000, asid 1, controls 0x3"
std::string text(const Asked&);
std::string text(const Response&);
std::string text(Time);
// The translation of now, the nearest witnesses with the level at which each breaks, the versions of every entry on
// those ways.
std::vector<std::string> details(const MmuView&, const Asked&, const Response&);

}  // namespace kilburn::admissible
