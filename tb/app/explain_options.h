// SPDX-License-Identifier: Apache-2.0
//
// What `kilburn explain` was asked to do, validated.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

struct ExplainOptions {
  // Exactly one.
  std::filesystem::path run;      // folder of a finished run, with --cycle
  std::filesystem::path vectors;  // with --vector
  std::filesystem::path dump;     // with --va

  arch::u64 cycle = 0;
  arch::u64 vector = 0;   // its number in the file; the first one with it
  unsigned access = 1;    // of the vector, from 1
  arch::Request request;  // of a dump
  arch::u32 pkru = 0, pkrs = 0;
  std::optional<arch::u64> root;
  std::optional<unsigned> levels, cpu;
  std::vector<std::string> settings;  // --set
  std::string dut;                    // whose answer stands beside it; empty: none
  bool json = false;
};

// Parses the arguments after `explain`. Prints help and returns nullopt if asked to. Throws UserError.
std::optional<ExplainOptions> parse_explain_options(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
