// SPDX-License-Identifier: Apache-2.0
//
// `kilburn list`: what there is to run and to run it on.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

int list_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
