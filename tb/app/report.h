// SPDX-License-Identifier: Apache-2.0
//
// `kilburn report`: the reports of a results folder, written again.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

int report_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
