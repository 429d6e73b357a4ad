// SPDX-License-Identifier: Apache-2.0
//
// What a regression runs, fixed before the first test starts: every test with every seed, and what is promised
// about them. Stands in plan.json of the results folder, so that a resumed run is the same run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tb/regress/test_list.h"

namespace kilburn::regress {

// Which runs of a list are asked for.
struct Selection {
  std::vector<std::string> only;  // patterns of names, or "tag:NAME"; empty: all
  std::optional<u64> seeds;       // --seeds N: so many drawn seeds each, instead of the list's
  std::optional<u64> fixed_seed;  // --fixed-seed S: this one each
  std::optional<u64> base_seed;   // of the drawn ones
};

struct Job {
  std::size_t test = 0;  // index in Plan::tests
  u64 seed = 1;
};

struct Plan {
  std::string name;  // of the list
  std::string command;
  std::filesystem::path sources;  // folder of the list: the tree whose state the reports name
  u64 base_seed = 1;
  bool whole = true;  // nothing was selected: the list's expectations hold
  bool fail_fast = false;
  u64 repeats = 3;  // failed runs of a kind that are made again with waves
  std::vector<Test> tests;
  std::vector<Job> jobs;
  std::vector<Expected> expected;
  std::vector<Waivers> waivers;
  std::vector<std::pair<std::string, std::string>> environment;

  const Test& test_of(std::size_t job) const { return tests[jobs[job].test]; }
  std::string job_name(std::size_t job) const;            // "random-alpha/12345", its folder too
  std::vector<std::string> words(std::size_t job) const;  // options and seed
};

// Throws UserError if the selection leaves nothing.
Plan make_plan(const TestList&, const Selection&);

// The runs of `plan` for which `keep` says so. Throws UserError if there are none.
Plan part_of(const Plan& plan, const std::vector<bool>& keep, const std::string& none);

// Seed number `index` of a test: the same whatever else the list holds. From 1 to 2^31 - 1, which people can type.
u64 drawn_seed(u64 base_seed, const std::string& test, u64 index);

std::string plan_text(const Plan&);
// Throws UserError for a file that is not a plan of this version.
Plan read_plan(const std::filesystem::path& file);

}  // namespace kilburn::regress
