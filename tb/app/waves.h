// SPDX-License-Identifier: Apache-2.0
//
// `kilburn waves`: the waves of a run in a viewer, as text, as a drawing, or compared with another's.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

// Exit status 0; 1 if --diff finds a difference.
int waves_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
