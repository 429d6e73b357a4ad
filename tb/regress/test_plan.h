// SPDX-License-Identifier: Apache-2.0
//
// Which tests show which requirement: tests/plan.toml, whose ids come from the project's own tables.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kilburn::regress {

enum class Shown { passed, failed, open, not_run, without, missing };
const char* name(Shown);

// What data of runs say of a requirement, beside its tests.
struct Measured {
  Shown state;
  std::string says;  // "40 of 40 bins"
};

struct Requirement {
  std::string group;                 // "traps"
  std::string id;                    // "T41"
  std::string text;                  // what the table says about it
  std::string place;                 // of what names its tests: "plan.toml:12"
  std::string without;               // why no test shows it; empty if one has to
  std::vector<std::string> wanted;   // patterns of tests, as written
  std::set<std::string> tests;       // known ones that match
  std::vector<std::string> unknown;  // patterns that match no known test
  std::optional<Measured> measured;
};

struct RequirementGroup {
  std::string name, what;
  std::string model;  // whose ids they are; empty: a table's, or the plan's own
  std::vector<Requirement> requirements;
};

struct TestPlan {
  std::filesystem::path file;
  std::vector<RequirementGroup> groups;
};

// Ids that a model in the program defines, by its name: each with what it says.
using Models = std::map<std::string, std::vector<std::pair<std::string, std::string>>>;

// A plan whose tables are looked for in `sources`. Throws UserError with file, line, key and reason: a table that is
// not there, an id that the plan names and no table has.
TestPlan read_test_plan(const std::filesystem::path& file, const std::filesystem::path& sources,
                        const Models& models = {});

// Tests by name: "unit_arch: the walk ..." of CTest, "smoke: short-mmu" of a regression list.
using TestNames = std::set<std::string>;

// Fills in Requirement::tests and unknown. A pattern of a program that is not built is not called unknown; "*" stands
// for every program.
void find_tests(TestPlan&, const TestNames& known, const std::set<std::string>& programs_not_built);

enum class TestState { passed, failed, not_run };
// What is known of tests that ran: a test that ran several times failed if one of them did.
using TestStates = std::map<std::string, TestState>;

struct PlanState {
  TestPlan plan;
  TestStates states;
};

Shown state_of(const Requirement&, const TestStates&);

// The names of CTest's tests with their states, from the JUnit file that ctest writes. Throws UserError.
TestStates ctest_states(const std::filesystem::path& junit);

// The tests that are registered in a build folder, those of the night too, and the programs in it that are not built.
// Throws UserError if it is none, EnvironmentError if ctest is not installed.
struct Registered {
  TestNames tests;
  std::set<std::string> not_built;
};
Registered registered_tests(const std::filesystem::path& build);

}  // namespace kilburn::regress
