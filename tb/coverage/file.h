// SPDX-License-Identifier: Apache-2.0
//
// coverage.json of a run folder: the bins that were hit, and which run it was.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tb/coverage/model.h"

namespace kilburn::coverage {

inline constexpr const char* kFileName = "coverage.json";

struct RunCoverage {
  std::string command;                    // that makes the run again
  std::vector<std::pair<u32, u64>> hits;  // bin of the whole array and its count, in order
};

RunCoverage run_coverage(std::string command, const std::vector<u64>& bins);
std::string file_text(const RunCoverage&);
// `name` is what errors call it. Throws UserError with one sentence: not JSON, another model, a bin that is not there.
RunCoverage parse_file(std::string_view text, const std::string& name);

// Whole or not at all. Throws EnvironmentError.
void write_file(const RunCoverage&, const std::filesystem::path& file);
RunCoverage read_file(const std::filesystem::path& file);

}  // namespace kilburn::coverage
