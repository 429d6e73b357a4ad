// SPDX-License-Identifier: Apache-2.0
//
// What `kilburn regress` was asked to do, validated.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tb/regress/plan.h"
#include "tb/regress/slurm.h"

namespace kilburn::tb {

struct RegressOptions {
  std::string list;                 // name or file; may be empty with --resume and --failed-of
  std::filesystem::path resume;     // go on with the results in this folder
  std::filesystem::path failed_of;  // run again what failed in this folder
  std::filesystem::path out;        // empty: runs/LIST, or the first free runs/LIST-N
  regress::Selection selection;
  std::size_t jobs = 1;
  bool fail_fast = false;
  arch::u64 repeats = 3;
  bool dry_run = false;
  bool json = false;
  bool coverage = false;                       // every run leaves coverage.json
  std::optional<regress::SlurmOptions> slurm;  // --launcher slurm
  std::filesystem::path part;                  // --part, which jobs of Slurm call
  std::string command;                         // as typed
};

// Parses the arguments after `regress`. Prints help and returns nullopt if asked to. Throws UserError.
std::optional<RegressOptions> parse_regress_options(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
