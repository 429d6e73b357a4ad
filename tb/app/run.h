// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run`: one test from its options to its result.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

int run_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
