// SPDX-License-Identifier: Apache-2.0
//
// Where a regression ran and from which sources, for its reports.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace kilburn::regress {

using Environment = std::vector<std::pair<std::string, std::string>>;

// Machine, compiler, and the git state of the tree that `sources` lies in.
Environment environment_of(const std::filesystem::path& sources);

// Of a file's bytes; "" if it cannot be read. Two builds of a library differ in it.
std::string digest_of_file(const std::filesystem::path& file);

// The names whose values differ, but for what may differ between two runs of one regression (the date, the load).
std::vector<std::string> differences(const Environment& before, const Environment& now);

}  // namespace kilburn::regress
