// SPDX-License-Identifier: Apache-2.0
//
// `kilburn regress`: a list of tests, many at a time, to one honest verdict.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

int regress_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
