// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run`: one test from its options to its result.
#pragma once

#include <string>
#include <vector>

#include "tb/app/options.h"

namespace kilburn::tb {

// Runs the source of `options` once more, without a result. Throws UserError.
void repeat(RunOptions& options);

int run_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
