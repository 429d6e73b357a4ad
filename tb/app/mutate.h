// SPDX-License-Identifier: Apache-2.0
//
// `kilburn mutate`: which check rejects which seeded bug, and after how many responses.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

// The arguments after `mutate`. Returns the exit status.
int mutate_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
