// SPDX-License-Identifier: Apache-2.0
//
// `kilburn coverage DIR...`.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

// `arguments` are those after `coverage`. Returns the exit status: 1 if --require is not met.
int coverage_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
