// SPDX-License-Identifier: Apache-2.0
//
// Requirements from tests/plan.toml, tests from the regression lists and CTest, states from their results.
#include "tb/app/plan.h"

#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "tb/app/command_line.h"
#include "tb/coverage/merge.h"
#include "tb/errors.h"
#include "tb/regress/test_list.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace po = boost::program_options;
using namespace regress;

namespace {

// "smoke: short-mmu" for every test of every list in a folder.
TestNames listed_tests(const fs::path& folder) {
  TestNames names;
  std::error_code ec;
  for (const auto& file : fs::directory_iterator(folder, ec)) {
    if (file.path().extension() != ".toml") continue;
    const TestList list = read_list(file.path());
    for (const Test& test : list.tests) names.insert(list.name + ": " + test.name);
  }
  return names;
}

// What a plan can ask about beside tables: the points and crosses of the coverage model.
const Models& models() {
  static const Models known = [] {
    Models all;
    for (const coverage::Item& item : coverage::Model::get().items()) all["coverage"].emplace_back(item.id, item.says);
    return all;
  }();
  return known;
}

bool has_coverage(const fs::path& folder) {
  std::error_code ec;
  for (fs::recursive_directory_iterator file(folder, ec); !ec && file != fs::recursive_directory_iterator();
       file.increment(ec)) {
    if (file->path().filename() == "coverage.json") return true;
  }
  return false;
}

// A point is shown when every reachable bin of it was hit: by the data of the runs in these folders, if they have any.
void measure_coverage(TestPlan& plan, const std::vector<std::string>& folders) {
  std::vector<fs::path> places;
  for (const std::string& folder : folders) {
    if (has_coverage(folder)) places.emplace_back(folder);
  }
  if (places.empty()) return;
  const coverage::Merged merged = coverage::merge(places);
  for (RequirementGroup& group : plan.groups) {
    if (group.model != "coverage") continue;
    for (Requirement& r : group.requirements) {
      const coverage::Tally t = coverage::tally(merged, *coverage::Model::get().find(r.id));
      if (t.reachable == 0) continue;
      const Shown state = t.wrong != 0           ? Shown::failed
                          : t.hit == t.reachable ? Shown::passed
                          : t.hit != 0           ? Shown::open
                                                 : Shown::not_run;
      r.measured = {state, std::to_string(t.hit) + " of " + std::to_string(t.reachable) + " bins"};
    }
  }
}

void add_states(const Report& report, TestStates& states) {
  for (std::size_t job = 0; job < report.plan.jobs.size(); ++job) {
    const auto& run = report.results.runs[job];
    if (!run) continue;
    TestState& state =
        states.emplace(report.plan.name + ": " + report.plan.test_of(job).name, TestState::passed).first->second;
    if (run->verdict != RunVerdict::passed) state = TestState::failed;
  }
}

void add_states(const std::vector<std::string>& junit, TestStates& states) {
  for (const std::string& file : junit) {
    for (const auto& [test, state] : ctest_states(file)) {
      TestState& known = states.emplace(test, state).first->second;
      if (state == TestState::failed || known == TestState::not_run) known = state;
    }
  }
}

json::object to_json(const PlanState& state) {
  json::array groups;
  for (const RequirementGroup& group : state.plan.groups) {
    json::array requirements;
    for (const Requirement& r : group.requirements) {
      json::object o{{"id", r.id}, {"text", r.text}, {"state", name(state_of(r, state.states))}, {"place", r.place}};
      if (!r.without.empty()) o["without"] = r.without;
      if (r.measured) o["measured"] = r.measured->says;
      o["tests"] = json::array(r.tests.begin(), r.tests.end());
      if (!r.unknown.empty()) o["unknown"] = json::array(r.unknown.begin(), r.unknown.end());
      requirements.push_back(std::move(o));
    }
    groups.push_back(
        json::object{{"name", group.name}, {"what", group.what}, {"requirements", std::move(requirements)}});
  }
  return {{"kilburn_test_plan", 1}, {"groups", std::move(groups)}};
}

// A line a group, then what is not as it should be.
void print(const PlanState& state, bool all) {
  std::cout << std::left << std::setw(14) << "" << std::right;
  for (const char* heading : {"all", "passed", "failed", "open", "not run", "without", "missing"}) {
    std::cout << std::setw(9) << heading;
  }
  std::cout << "\n";
  for (const RequirementGroup& group : state.plan.groups) {
    std::map<Shown, std::size_t> counts;
    for (const Requirement& r : group.requirements) ++counts[state_of(r, state.states)];
    std::cout << std::left << std::setw(14) << group.name << std::right << std::setw(9) << group.requirements.size();
    for (const Shown shown :
         {Shown::passed, Shown::failed, Shown::open, Shown::not_run, Shown::without, Shown::missing}) {
      std::cout << std::setw(9) << counts[shown];
    }
    std::cout << "  " << group.what << "\n";
  }
  for (const RequirementGroup& group : state.plan.groups) {
    for (const Requirement& r : group.requirements) {
      const Shown shown = state_of(r, state.states);
      if (!all && shown != Shown::failed && shown != Shown::missing && shown != Shown::open) continue;
      std::cout << "\n"
                << r.group << " " << r.id << ": " << name(shown) << (r.text.empty() ? "" : ": " + r.text) << "\n";
      if (!r.without.empty()) std::cout << "    " << r.without << "\n";
      if (r.measured) std::cout << "    " << r.measured->says << "\n";
      for (const std::string& pattern : r.unknown) {
        std::cout << "    " << r.place << ": no test is called " << pattern << "\n";
      }
      if (r.wanted.empty() && r.without.empty()) std::cout << "    " << r.place << ": no test is named\n";
      for (const std::string& test : r.tests) {
        const auto at = state.states.find(test);
        const bool failed = at != state.states.end() && at->second == TestState::failed;
        if (all || failed) std::cout << "    " << (failed ? "failed: " : "") << test << "\n";
      }
    }
  }
}

fs::path lists_folder() { return KILBURN_REGRESSIONS_FOLDER; }

}  // namespace

std::optional<PlanState> plan_state(const fs::path& sources, const Report& report, const fs::path& folder,
                                    const std::vector<std::string>& junit) {
  const fs::path file = sources.parent_path() / "plan.toml";
  std::error_code ec;
  if (!fs::exists(file, ec)) return std::nullopt;
  PlanState state;
  state.plan = read_test_plan(file, sources.parent_path().parent_path(), models());
  measure_coverage(state.plan, {folder.string()});
  add_states(report, state.states);
  add_states(junit, state.states);
  TestNames known = listed_tests(sources);
  for (const auto& [test, result] : state.states) known.insert(test);
  find_tests(state.plan, known, {"*"});
  return state;
}

int plan_command(const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("plan", po::value<std::string>()->value_name("FILE"), "the plan; default tests/plan.toml")(
      "build", po::value<std::string>()->value_name("DIR"),
      "build folder whose tests are looked up; default the program's own")(
      "junit", po::value<std::vector<std::string>>()->value_name("FILE"),
      "what ctest --output-junit wrote; may be given several times")(
      "results", po::value<std::vector<std::string>>()->value_name("DIR"),
      "results folder of kilburn regress, its coverage too; may be given several times")(
      "all", "every requirement with its tests")("json", "as JSON")("help", "this text");
  const po::variables_map map = parse_command_line("plan", arguments, options, {});
  if (map.count("help")) {
    std::cout << "Usage: kilburn plan [options]\n\n"
                 "Which requirement is shown by which tests, and with results: what came of them.\n"
                 "Exit status: 0 every requirement has a test or a reason, and no test of them failed; 1 otherwise.\n"
              << options;
    return 0;
  }
  const auto given = [&](const char* option) {
    return map.count(option) ? map[option].as<std::vector<std::string>>() : std::vector<std::string>{};
  };
  const fs::path tests = lists_folder().parent_path();
  PlanState state;
  state.plan = read_test_plan(map.count("plan") ? fs::path(map["plan"].as<std::string>()) : tests / "plan.toml",
                              tests.parent_path(), models());
  measure_coverage(state.plan, given("results"));
  for (const std::string& folder : given("results")) add_states(read_report(folder), state.states);
  add_states(given("junit"), state.states);
  TestNames known = listed_tests(lists_folder());
  for (const auto& [test, result] : state.states) known.insert(test);
  std::set<std::string> not_built;
  std::error_code ec;
  const fs::path own = fs::read_symlink("/proc/self/exe", ec).parent_path();
  if (map.count("build") || fs::exists(own / "CTestTestfile.cmake", ec)) {
    Registered registered = registered_tests(map.count("build") ? fs::path(map["build"].as<std::string>()) : own);
    known.merge(registered.tests);
    not_built = std::move(registered.not_built);
  } else if (given("junit").empty()) {
    throw UserError("plan needs to know the tests: --build or --junit");
  }
  find_tests(state.plan, known, not_built);
  if (map.count("json"))
    std::cout << json::serialize(to_json(state)) << "\n";
  else
    print(state, map.count("all") != 0);
  if (!not_built.empty()) std::cerr << "kilburn: " << not_built.size() << " programs of tests are not built\n";
  for (const RequirementGroup& group : state.plan.groups) {
    for (const Requirement& r : group.requirements) {
      const Shown shown = state_of(r, state.states);
      if (shown == Shown::missing || shown == Shown::failed) return 1;
    }
  }
  return 0;
}

}  // namespace kilburn::tb
