// SPDX-License-Identifier: Apache-2.0
//
// `kilburn convert`: any trace to the compact format or to lackey text, and what a trace holds.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

int convert_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
