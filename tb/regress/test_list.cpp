// SPDX-License-Identifier: Apache-2.0
//
// Reader of test lists. Every complaint names file, line and key: a list is written by hand.
#include "tb/regress/test_list.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "tb/errors.h"
#include "tb/regress/toml_file.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
using tb::UserError;

namespace {

// What the runner itself gives every run.
constexpr const char* kRunnersOwn[] = {"--seed", "--out", "--json", "--waves", "--waves-window"};
constexpr u64 kMostSeeds = 1'000'000;
constexpr std::size_t kMostTests = 1'000'000;

bool is_name(const std::string& text) {
  static const std::string allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
  return !text.empty() && text.size() <= 120 && text[0] != '.' && text[0] != '-' &&
         text.find_first_not_of(allowed) == std::string::npos;
}

struct Defaults {
  double time_limit = Test().time_limit;
  u64 memory_limit = Test().memory_limit;
  std::vector<std::string> tags;
};

class Reader {
 public:
  TestList read(const fs::path& file) {
    list_.name = file.stem().string();
    read_file(file, "");
    if (list_.tests.empty()) throw UserError(file.string() + " has no tests");
    return std::move(list_);
  }

 private:
  void read_file(const fs::path& file, const std::string& included_from) {
    std::error_code ec;
    const fs::path real = fs::weakly_canonical(file, ec);
    if (std::find(open_.begin(), open_.end(), real) != open_.end()) {
      throw UserError(included_from + ": include: " + file.string() + " includes itself");
    }
    if (!included_from.empty() && !fs::is_regular_file(file, ec)) {
      throw UserError(included_from + ": include: there is no list " + file.string());
    }
    open_.push_back(real);
    const std::size_t first = list_.tests.size();
    const TomlFile toml(file);
    const TomlTable top = toml.top();
    top.only({"include", "fresh_seeds", "defaults", "expect", "waivers", "test"});
    for (const std::string& name : top.strings("include")) {
      read_file(file.parent_path() / name, top.place("include"));
    }
    // An included list's choice of seeds is its own matter only when it is run alone.
    list_.fresh_seeds = top.boolean("fresh_seeds", false);
    Defaults defaults;
    if (const auto table = top.table("defaults")) {
      table->only({"time_limit", "memory_limit", "tags"});
      read_limits(*table, defaults.time_limit, defaults.memory_limit);
      defaults.tags = table->strings("tags");
    }
    for (const TomlTable& table : top.tables("test")) read_test(table, defaults, real.parent_path());
    for (const TomlTable& table : top.tables("waivers")) {
      table.only({"file", "at_most"});
      Waivers waivers{real.parent_path() / table.required_string("file"),
                      table.required_number("at_most", 0, 1'000'000), table.place("file")};
      waivers.file = waivers.file.lexically_normal();
      if (!fs::is_regular_file(waivers.file, ec)) {
        throw UserError(waivers.place + ": file: there is no file " + waivers.file.string());
      }
      list_.waivers.push_back(std::move(waivers));
    }
    if (const auto table = top.table("expect")) {
      table->only({"tests", "comparisons"});
      Expected expected{first, list_.tests.size(), std::nullopt, std::nullopt, table->place("")};
      if (table->has("tests")) expected.tests = table->required_number("tests", 1, ~u64{0} >> 1);
      if (table->has("comparisons")) expected.comparisons = table->required_number("comparisons", 1, ~u64{0} >> 1);
      list_.expected.push_back(expected);
    }
    open_.pop_back();
  }

  static void read_limits(const TomlTable& table, double& time_limit, u64& memory_limit) {
    time_limit = table.positive_seconds("time_limit", time_limit);
    memory_limit = table.number("memory_limit", memory_limit, 16, 1 << 24);
  }

  void read_test(const TomlTable& table, const Defaults& defaults, const fs::path& folder) {
    table.only(
        {"name", "options", "seeds", "reseed", "time_limit", "memory_limit", "comparisons", "files", "tags", "vary"});
    Test test;
    test.place = table.place("name");
    test.name = table.required_string("name");
    if (!is_name(test.name)) {
      throw UserError(test.place + ": name: \"" + test.name +
                      "\" is no name: letters, digits, '.', '_', '+' and '-', not '.' or '-' first, 120 at most");
    }
    for (const std::string& word : table.strings("options")) {
      test.options.push_back(in_folder(word, folder));
      check_option(test.options.back(), table.place("options") + ": options");
    }
    test.time_limit = defaults.time_limit;
    test.memory_limit = defaults.memory_limit;
    read_limits(table, test.time_limit, test.memory_limit);
    test.seeds = table.numbers("seeds", 1);
    if (std::set<u64>(test.seeds.begin(), test.seeds.end()).size() != test.seeds.size()) {
      throw UserError(table.place("seeds") + ": seeds: a seed is given twice");
    }
    test.seeds_said = table.has("seeds") || table.has("reseed");
    test.reseed = table.number("reseed", test.seeds.empty() ? 1 : 0, 0, kMostSeeds);
    if (test.seeds.empty() && test.reseed == 0) {
      throw UserError(table.place("reseed") + ": reseed: 0 without seeds leaves nothing to run");
    }
    test.comparisons = table.number("comparisons", 1, 1, ~u64{0} >> 1);
    test.files = table.strings("files");
    for (const std::string& name : test.files) {
      if (!is_name(name)) throw UserError(table.place("files") + ": files: \"" + name + "\" is no file's name");
    }
    test.tags = defaults.tags;
    for (std::string& tag : table.strings("tags")) test.tags.push_back(std::move(tag));
    std::vector<Test> varied = {test};
    if (const auto vary = table.table("vary")) {
      // In the order of the keys as written: names and folders follow from it.
      for (const std::string& key : vary->keys()) varied = vary_by(varied, *vary, key, folder);
    }
    for (Test& one : varied) add(std::move(one));
  }

  static std::vector<Test> vary_by(const std::vector<Test>& tests, const TomlTable& vary, const std::string& key,
                                   const fs::path& folder) {
    std::vector<Test> all;
    const auto values = vary.required_strings(key);
    check_option("--" + key, vary.place(key) + ": vary." + key);
    for (const Test& test : tests) {
      for (const std::string& value : values) {
        Test one = test;
        const std::string word = in_folder(value, folder);
        one.options.push_back("--" + key);
        one.options.push_back(word);
        one.name += "-" + part_of_name(word);
        one.place = vary.place(key);
        if (!is_name(one.name)) throw UserError(one.place + ": vary." + key + ": \"" + value + "\" makes no name");
        all.push_back(std::move(one));
      }
    }
    if (all.size() > kMostTests) throw UserError(vary.place(key) + ": vary: more than a million tests");
    return all;
  }

  static std::string part_of_name(const std::string& value) {
    std::string part = value.find('/') == std::string::npos ? value : fs::path(value).stem().string();
    std::replace(part.begin(), part.end(), '=', '-');
    return part;
  }

  // "{dir}" is the folder of the list that the word stands in.
  static std::string in_folder(std::string word, const fs::path& folder) {
    const auto at = word.find("{dir}");
    if (at == std::string::npos) return word;
    word.replace(at, 5, folder.string());
    return at == 0 ? fs::path(word).lexically_normal().string() : word;
  }

  static void check_option(const std::string& word, const std::string& place) {
    for (const std::string own : kRunnersOwn) {
      if (word == own || word.starts_with(own + "=")) {
        throw UserError(place + ": " + own + " is the runner's to give");
      }
    }
  }

  void add(Test test) {
    if (!names_.insert(test.name).second) {
      throw UserError(test.place + ": name: there is a test \"" + test.name + "\" already");
    }
    list_.tests.push_back(std::move(test));
  }

  TestList list_;
  std::set<std::string> names_;
  std::vector<fs::path> open_;
};

}  // namespace

TestList read_list(const fs::path& file) { return Reader().read(file); }

u64 count_waivers(const fs::path& file) {
  std::ifstream text(file);
  if (!text) throw UserError("the file of waivers " + file.string() + " cannot be read");
  u64 count = 0;
  for (std::string line; std::getline(text, line);) {
    const auto at = line.find_first_not_of(" \t\r");
    if (at == std::string::npos) continue;
    if (line[at] != '#' && line[at] != '`' && line.compare(at, 2, "//") != 0) ++count;
  }
  return count;
}

}  // namespace kilburn::regress
