// SPDX-License-Identifier: Apache-2.0
//
// `kilburn regress --coverage`.
#pragma once

#include <filesystem>
#include <iosfwd>

#include "tb/regress/plan.h"

namespace kilburn::tb {

// Every test that can leave coverage does.
void add_coverage(regress::Plan&);
// If the tests of the plan leave coverage: merges what is there, writes coverage.html, says a line.
void report_coverage(const regress::Plan&, const std::filesystem::path& folder, std::ostream&);

}  // namespace kilburn::tb
