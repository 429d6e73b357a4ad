// SPDX-License-Identifier: Apache-2.0
//
// `kilburn shrink`: a failing run as the smallest directed test; and running directed tests.
#pragma once

#include <string>
#include <vector>

#include "tb/app/sources.h"

namespace kilburn::tb {

// Exit status 0: a test was written.
int shrink_command(const std::vector<std::string>& arguments);

// `kilburn run --test FILE`: any word with a '/' or that ends in ".kt" is a file.
bool is_directed_test(const std::string& test);
// Takes format, settings and seed from the file. Throws UserError, also if --format contradicts it.
void check_directed(RunOptions&);
void run_directed(const RunOptions&, const DutLibrary&, Result&);

}  // namespace kilburn::tb
