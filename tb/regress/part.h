// SPDX-License-Identifier: Apache-2.0
//
// A part of a regression that another machine carries out: a file of runs beside which it writes how each ended.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tb/regress/launcher.h"

namespace kilburn::regress {

std::string part_text(const std::vector<Launch>& runs);
// Throws UserError for a file that is not a part.
std::vector<Launch> read_part(const std::filesystem::path& file);

// Where the other machine says how runs of `part` ended: a line of JSON each.
std::filesystem::path ended_file(const std::filesystem::path& part);

// How the run in `folder` ended.
struct EndedLine {
  std::filesystem::path folder;
  Finished finished;
};

// The whole lines of `file` from `offset` on, which moves behind them. A file that is not there has none.
std::vector<EndedLine> read_ended(const std::filesystem::path& file, std::size_t& offset);

// On the other machine: one run after the other. False if it was asked to stop. Throws EnvironmentError.
bool carry_out_part(const std::filesystem::path& part, const std::vector<Launch>& runs, Launcher& launcher);

}  // namespace kilburn::regress
