// SPDX-License-Identifier: Apache-2.0
//
// From a list and a selection to runs, and plan.json.
#include "tb/regress/plan.h"

#include <fnmatch.h>

#include <algorithm>
#include <boost/json.hpp>
#include <random>
#include <set>

#include "tb/errors.h"
#include "tb/regress/files.h"

namespace kilburn::regress {
namespace json = boost::json;
using tb::UserError;

std::string Plan::job_name(std::size_t job) const { return test_of(job).name + "/" + std::to_string(jobs[job].seed); }

std::vector<std::string> Plan::words(std::size_t job) const {
  auto all = test_of(job).options;
  all.push_back("--seed");
  all.push_back(std::to_string(jobs[job].seed));
  return all;
}

namespace {

// The finaliser of SplitMix64: every input bit reaches every output bit.
u64 mixed(u64 x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

bool matches(const Test& test, const std::string& pattern) {
  if (pattern.starts_with("tag:")) {
    return std::find(test.tags.begin(), test.tags.end(), pattern.substr(4)) != test.tags.end();
  }
  return fnmatch(pattern.c_str(), test.name.c_str(), 0) == 0;
}

u64 fresh_base_seed() {
  std::random_device device;
  return device() % 0x7fffffffu + 1;
}

void add_jobs(Plan& plan, std::size_t index, const Selection& selection) {
  const Test& test = plan.tests[index];
  if (selection.fixed_seed) {
    plan.jobs.push_back({index, *selection.fixed_seed});
    return;
  }
  std::set<u64> used;
  if (!selection.seeds) {
    for (const u64 seed : test.seeds) {
      plan.jobs.push_back({index, seed});
      used.insert(seed);
    }
  }
  const u64 drawn = selection.seeds.value_or(test.reseed);
  const std::size_t wanted = used.size() + drawn;
  for (u64 n = 0; used.size() < wanted; ++n) {  // two draws may be equal: go on to the next
    const u64 seed = drawn_seed(plan.base_seed, test.name, n);
    if (used.insert(seed).second) plan.jobs.push_back({index, seed});
  }
}

}  // namespace

u64 drawn_seed(u64 base_seed, const std::string& test, u64 index) {
  u64 name = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : test) name = (name ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return mixed(mixed(base_seed ^ mixed(name)) + index) % 0x7fffffff + 1;
}

Plan make_plan(const TestList& list, const Selection& selection) {
  Plan plan;
  plan.name = list.name;
  plan.base_seed = selection.base_seed ? *selection.base_seed : list.fresh_seeds ? fresh_base_seed() : 1;
  plan.whole = selection.only.empty() && !selection.seeds && !selection.fixed_seed;
  plan.tests = list.tests;
  plan.expected = list.expected;
  plan.waivers = list.waivers;
  for (const std::string& pattern : selection.only) {
    if (std::none_of(list.tests.begin(), list.tests.end(), [&](const Test& t) { return matches(t, pattern); })) {
      throw UserError("--only " + pattern + ": the list \"" + list.name + "\" has no such test");
    }
  }
  for (std::size_t n = 0; n < plan.tests.size(); ++n) {
    const bool chosen = selection.only.empty() ||
                        std::any_of(selection.only.begin(), selection.only.end(),
                                    [&](const std::string& pattern) { return matches(plan.tests[n], pattern); });
    if (chosen) add_jobs(plan, n, selection);
  }
  return plan;
}

Plan part_of(const Plan& plan, const std::vector<bool>& keep, const std::string& none) {
  Plan part = plan;
  part.jobs.clear();
  part.whole = false;
  for (std::size_t n = 0; n < plan.jobs.size(); ++n) {
    if (keep[n]) part.jobs.push_back(plan.jobs[n]);
  }
  if (part.jobs.empty()) throw UserError(none);
  return part;
}

// --- plan.json ---------------------------------------------------------------------------------------------------

namespace {

constexpr int kPlanVersion = 1;

json::array array(const std::vector<std::string>& words) { return json::array(words.begin(), words.end()); }

std::string text(const json::object& o, const char* key) { return std::string(o.at(key).as_string()); }
u64 number(const json::object& o, const char* key) { return o.at(key).to_number<u64>(); }

std::vector<std::string> words_of(const json::value& value) {
  std::vector<std::string> words;
  for (const auto& word : value.as_array()) words.emplace_back(word.as_string());
  return words;
}

json::object test_object(const Test& test) {
  json::object o;
  o["name"] = test.name;
  o["options"] = array(test.options);
  o["time_limit"] = test.time_limit;
  o["memory_limit"] = test.memory_limit;
  o["comparisons"] = test.comparisons;
  o["files"] = array(test.files);
  o["tags"] = array(test.tags);
  o["place"] = test.place;
  return o;
}

Test test_of_object(const json::object& o) {
  Test test;
  test.name = text(o, "name");
  test.options = words_of(o.at("options"));
  test.time_limit = o.at("time_limit").to_number<double>();
  test.memory_limit = number(o, "memory_limit");
  test.comparisons = number(o, "comparisons");
  test.files = words_of(o.at("files"));
  test.tags = words_of(o.at("tags"));
  test.place = text(o, "place");
  return test;
}

Plan plan_of_object(const json::object& o) {
  Plan plan;
  plan.name = text(o, "name");
  plan.command = text(o, "command");
  plan.sources = text(o, "sources");
  plan.base_seed = number(o, "base_seed");
  plan.whole = o.at("whole").as_bool();
  plan.fail_fast = o.at("fail_fast").as_bool();
  plan.repeats = number(o, "repeats");
  for (const auto& [name, value] : o.at("environment").as_object()) {
    plan.environment.emplace_back(std::string(name), std::string(value.as_string()));
  }
  for (const auto& test : o.at("tests").as_array()) plan.tests.push_back(test_of_object(test.as_object()));
  for (const auto& value : o.at("expected").as_array()) {
    const auto& e = value.as_object();
    Expected expected{number(e, "first"), number(e, "last"), std::nullopt, std::nullopt, text(e, "place")};
    if (e.contains("tests")) expected.tests = number(e, "tests");
    if (e.contains("comparisons")) expected.comparisons = number(e, "comparisons");
    plan.expected.push_back(expected);
  }
  for (const auto& value : o.at("waivers").as_array()) {
    const auto& w = value.as_object();
    plan.waivers.push_back({text(w, "file"), number(w, "at_most"), text(w, "place")});
  }
  for (const auto& value : o.at("jobs").as_array()) {
    const Job job{value.at(0).to_number<std::size_t>(), value.at(1).to_number<u64>()};
    if (job.test >= plan.tests.size()) throw std::out_of_range("a run of no test");
    plan.jobs.push_back(job);
  }
  return plan;
}

}  // namespace

std::string plan_text(const Plan& plan) {
  json::object o;
  o["kilburn_plan"] = kPlanVersion;
  o["name"] = plan.name;
  o["command"] = plan.command;
  o["sources"] = plan.sources.string();
  o["base_seed"] = plan.base_seed;
  o["whole"] = plan.whole;
  o["fail_fast"] = plan.fail_fast;
  o["repeats"] = plan.repeats;
  json::object environment;
  for (const auto& [name, value] : plan.environment) environment[name] = value;
  o["environment"] = std::move(environment);
  json::array expected, waivers, tests, jobs;
  for (const Expected& e : plan.expected) {
    json::object one{{"first", e.first}, {"last", e.last}, {"place", e.place}};
    if (e.tests) one["tests"] = *e.tests;
    if (e.comparisons) one["comparisons"] = *e.comparisons;
    expected.push_back(std::move(one));
  }
  for (const Waivers& w : plan.waivers) {
    waivers.push_back(json::object{{"file", w.file.string()}, {"at_most", w.at_most}, {"place", w.place}});
  }
  for (const Test& test : plan.tests) tests.push_back(test_object(test));
  for (const Job& job : plan.jobs) jobs.push_back(json::array{job.test, job.seed});
  o["expected"] = std::move(expected);
  o["waivers"] = std::move(waivers);
  o["tests"] = std::move(tests);
  o["jobs"] = std::move(jobs);
  return json::serialize(o) + "\n";
}

Plan read_plan(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  try {
    const json::value value = json::parse(content);
    if (number(value.as_object(), "kilburn_plan") != kPlanVersion) throw std::out_of_range("another version");
    return plan_of_object(value.as_object());
  } catch (const std::exception& e) {
    throw UserError(file.string() + " is not a plan that this kilburn can read (" + e.what() + ")");
  }
}

}  // namespace kilburn::regress
