// SPDX-License-Identifier: Apache-2.0
//
// A list of tests, read from TOML: tb/regress/README.md has the form.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::regress {

using arch::u64;

struct Test {
  std::string name;
  std::vector<std::string> options;  // of `kilburn run`, without the seed and the run folder
  std::vector<u64> seeds;            // given ones; none is 0
  u64 reseed = 0;                    // further seeds, drawn from the base seed
  bool seeds_said = false;           // by the list: seeds, reseed or both
  double time_limit = 60;            // seconds of wall time
  u64 memory_limit = 2048;           // MB of data
  u64 comparisons = 1;               // fewer is no pass
  std::vector<std::string> files;    // that a passing run leaves in its folder, as coverage does
  std::vector<std::string> tags;
  std::string place;  // "smoke.toml:12"
};

// What a list promises about its own tests and those that it includes: tests [first, last).
struct Expected {
  std::size_t first = 0, last = 0;
  std::optional<u64> tests;  // runs: a test counts once a seed
  std::optional<u64> comparisons;
  std::string place;
};

// A file of waivers that may not grow unseen.
struct Waivers {
  std::filesystem::path file;
  u64 at_most = 0;
  std::string place;
};

struct TestList {
  std::string name;  // of the file, without .toml
  bool fresh_seeds = false;
  std::vector<Test> tests;
  std::vector<Expected> expected;
  std::vector<Waivers> waivers;
};

// Throws UserError with file, line, key and reason.
TestList read_list(const std::filesystem::path& file);

// Waivers in a file: its lines that are neither empty nor comments (//, #) nor a directive of the tool's (`).
// Throws UserError if it cannot be read.
u64 count_waivers(const std::filesystem::path& file);

}  // namespace kilburn::regress
