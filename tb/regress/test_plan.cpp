// SPDX-License-Identifier: Apache-2.0
//
// plan.toml: ids from tables of Markdown, patterns from a group, a column, or one id's own line.
#include "tb/regress/test_plan.h"

#include <fnmatch.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>

#include "tb/errors.h"
#include "tb/regress/files.h"
#include "tb/regress/toml_file.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
using tb::UserError;

namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r"), end = text.find_last_not_of(" \t\r");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text(line.substr(1));
  for (std::string cell; std::getline(text, cell, '|');) cells.push_back(trimmed(cell));
  return cells;
}

// "9 11 to 13" and "R1 to R3" one by one; nothing if a word is no id.
std::vector<std::string> ids_of(const std::string& text) {
  static const std::regex id("([A-Z]*)([0-9]+)");
  std::vector<std::string> ids;
  std::istringstream words(text);
  bool range = false;
  for (std::string word; words >> word;) {
    std::smatch m;
    if (word == "to" && !ids.empty()) {
      range = true;
      continue;
    }
    if (!std::regex_match(word, m, id)) return {};
    std::smatch before;
    if (range && std::regex_match(ids.back(), before, id) && before[1] == m[1]) {
      const std::string letters = m[1];
      for (int n = std::stoi(before[2]) + 1; n < std::stoi(m[2]); ++n) ids.push_back(letters + std::to_string(n));
    }
    range = false;
    ids.push_back(word);
  }
  return ids;
}

struct Row {
  std::vector<std::string> ids;
  std::vector<std::string> cells;
};

// Rows of the table of `file` whose first column has the heading `heading`.
std::vector<Row> rows_of(const fs::path& file, const std::string& heading, const std::string& place) {
  std::ifstream text(file);
  if (!text) throw UserError(place + ": table: the file " + file.string() + " cannot be read");
  std::vector<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.empty() || line[0] != '|') {
      inside = false;
      continue;
    }
    auto cells = cells_of(line);
    if (cells.empty()) continue;
    if (cells[0] == heading) {
      inside = true;
    } else if (inside) {
      auto ids = ids_of(cells[0]);
      if (!ids.empty()) rows.push_back({std::move(ids), std::move(cells)});
    }
  }
  if (rows.empty()) {
    throw UserError(place + ": heading: " + file.string() + " has no table with ids under \"" + heading + "\"");
  }
  return rows;
}

std::string with_id(std::string pattern, const std::string& id) {
  for (std::size_t at; (at = pattern.find("{id}")) != std::string::npos;) pattern.replace(at, 4, id);
  return pattern;
}

class Reader {
 public:
  Reader(fs::path file, fs::path sources, const Models& models)
      : file_(std::move(file)), sources_(std::move(sources)), models_(models) {}

  TestPlan read() {
    const TomlFile toml(file_);
    toml.top().only({"group"});
    TestPlan plan;
    plan.file = file_;
    for (const TomlTable& table : toml.top().tables("group")) plan.groups.push_back(group(table));
    if (plan.groups.empty()) throw UserError(file_.string() + ": group: there is none");
    // What a column says by another group's id is found when every group is known.
    for (auto& [row, ids] : through_) {
      for (const std::string& id : ids) through(plan, *row, id);
    }
    return plan;
  }

 private:
  RequirementGroup group(const TomlTable& table) {
    table.only({"name", "what", "table", "heading", "model", "ids", "tests", "column", "folder", "own", "without"});
    RequirementGroup group;
    group.name = table.required_string("name");
    group.what = table.required_string("what");
    if (table.has("table")) {
      from_table(table, group);
    } else if (table.has("model")) {
      group.model = table.required_string("model");
      const auto model = models_.find(group.model);
      if (model == models_.end()) {
        throw UserError(table.place("model") + ": model: there is no model \"" + group.model + "\"");
      }
      for (const auto& [id, says] : model->second) add(group, id, says, table.place("model"));
    } else {
      for (const std::string& text : table.required_strings("ids")) {
        const auto ids = ids_of(text);
        if (ids.empty()) throw UserError(table.place("ids") + ": ids: \"" + text + "\" is no id");
        for (const std::string& id : ids) add(group, id, "", table.place("ids"));
      }
    }
    for (Requirement& r : group.requirements) {
      for (const std::string& pattern : table.strings("tests")) r.wanted.push_back(with_id(pattern, r.id));
    }
    own_lines(table, group);
    return group;
  }

  void add(RequirementGroup& group, const std::string& id, const std::string& text, const std::string& place) {
    Requirement r;
    r.group = group.name;
    r.id = id;
    r.text = text;
    r.place = place;
    const auto same = [&](const Requirement& other) { return other.id == id; };
    const auto known = std::find_if(group.requirements.begin(), group.requirements.end(), same);
    // A number may stand in several rows.
    if (known == group.requirements.end())
      group.requirements.push_back(std::move(r));
    else
      known->text += "; " + text;
  }

  void from_table(const TomlTable& table, RequirementGroup& group) {
    const std::string heading = table.required_string("heading"), place = table.place("table");
    const auto column = table.has("column") ? table.required_number("column", 2, 20) - 1 : 0;
    const std::string folder = table.has("folder") ? table.required_string("folder") : "";
    for (const Row& row : rows_of(sources_ / table.required_string("table"), heading, place)) {
      for (const std::string& id : row.ids) {
        const std::string text = row.cells.size() > 1 ? row.cells[1] : "";
        add(group, id, text, place);
        const auto at = std::find_if(group.requirements.begin(), group.requirements.end(),
                                     [&](const Requirement& r) { return r.id == id; });
        if (text.starts_with("none: ")) at->without = text.substr(6);
        if (column != 0 && column < row.cells.size()) by_words(*at, group.name, row.cells[column], folder);
      }
    }
  }

  // "kernel_test, check P54, workload thrash-alarm": files of tests, other requirements, tests of the lists.
  void by_words(Requirement& r, const std::string& group, const std::string& words, const std::string& folder) {
    static const std::regex file("([a-z_0-9]+/)*[a-z_0-9]+_test\\b");
    static const std::regex workload("workload ([a-z0-9-]+)"), id("\\b([A-Z]+[0-9]+)\\b");
    for (std::sregex_iterator m(words.begin(), words.end(), file), end; m != end; ++m) {
      const std::string stem = m->str();
      r.wanted.push_back("file:" + (stem.find('/') == std::string::npos ? folder + "/" : "") + stem + ".cpp");
    }
    for (std::sregex_iterator m(words.begin(), words.end(), workload), end; m != end; ++m) {
      r.wanted.push_back("nightly: workload*-" + (*m)[1].str());
    }
    std::vector<std::string> ids;
    for (std::sregex_iterator m(words.begin(), words.end(), id), end; m != end; ++m) ids.push_back((*m)[1]);
    if (!ids.empty()) through_.emplace_back(std::make_shared<std::pair<std::string, std::string>>(group, r.id), ids);
  }

  static void through(TestPlan& plan, const std::pair<std::string, std::string>& to, const std::string& id) {
    const Requirement* from = nullptr;
    Requirement* into = nullptr;
    for (RequirementGroup& group : plan.groups) {
      for (Requirement& r : group.requirements) {
        if (r.id == id) from = &r;
        if (group.name == to.first && r.id == to.second) into = &r;
      }
    }
    if (from && into) into->wanted.insert(into->wanted.end(), from->wanted.begin(), from->wanted.end());
  }

  void own_lines(const TomlTable& table, RequirementGroup& group) {
    const auto requirement = [&](const TomlTable& of, const std::string& key) -> Requirement& {
      for (Requirement& r : group.requirements) {
        if (r.id == key) return r;
      }
      throw UserError(of.place(key) + ": " + key + ": group \"" + group.name + "\" has no such id");
    };
    if (const auto own = table.table("own")) {
      for (const std::string& key : own->keys()) {
        Requirement& r = requirement(*own, key);
        r.wanted = own->required_strings(key);
        r.place = own->place(key);
      }
    }
    if (const auto without = table.table("without")) {
      for (const std::string& key : without->keys()) {
        // Ids that no table has are named here alone.
        if (std::none_of(group.requirements.begin(), group.requirements.end(),
                         [&](const Requirement& r) { return r.id == key; })) {
          add(group, key, "", without->place(key));
        }
        Requirement& r = requirement(*without, key);
        r.without = without->required_string(key);
        r.place = without->place(key);
      }
    }
    for (Requirement& r : group.requirements) {
      if (!r.without.empty()) r.wanted.clear();
      for (std::string& pattern : r.wanted) {
        if (pattern.starts_with("file:")) pattern = "file:" + (sources_ / pattern.substr(5)).string();
      }
    }
  }

  fs::path file_, sources_;
  const Models& models_;
  std::vector<std::pair<std::shared_ptr<std::pair<std::string, std::string>>, std::vector<std::string>>> through_;
};

}  // namespace

TestPlan read_test_plan(const fs::path& file, const fs::path& sources, const Models& models) {
  return Reader(file, sources, models).read();
}

// --- tests ---------------------------------------------------------------------------------------------------------

namespace {

// The cases that a file of tests has, as Catch2 names them.
std::vector<std::string> cases_in(const fs::path& file) {
  const std::string text = read_file(file);
  static const std::regex one("TEST_CASE\\(\\s*((\"([^\"\\\\]|\\\\.)*\"\\s*)+)");
  std::vector<std::string> cases;
  for (std::sregex_iterator m(text.begin(), text.end(), one), end; m != end; ++m) {
    std::string name;
    bool inside = false;
    const std::string literal = (*m)[1];
    for (std::size_t at = 0; at < literal.size(); ++at) {
      if (literal[at] == '"')
        inside = !inside;
      else if (inside)
        name += literal[at] == '\\' ? literal[++at] : literal[at];
    }
    cases.push_back(name);
  }
  return cases;
}

std::set<std::string> matches(const std::string& pattern, const TestNames& known) {
  std::set<std::string> found;
  if (pattern.starts_with("file:")) {
    for (const std::string& name : cases_in(pattern.substr(5))) {
      const std::string tail = ": " + name;
      for (const std::string& test : known) {
        if (test.ends_with(tail)) found.insert(test);
      }
    }
    return found;
  }
  for (const std::string& test : known) {
    if (fnmatch(pattern.c_str(), test.c_str(), 0) == 0) found.insert(test);
  }
  return found;
}

}  // namespace

void find_tests(TestPlan& plan, const TestNames& known, const std::set<std::string>& programs_not_built) {
  std::map<std::string, std::set<std::string>> found;  // by pattern: many requirements share one
  for (RequirementGroup& group : plan.groups) {
    for (Requirement& r : group.requirements) {
      for (const std::string& pattern : r.wanted) {
        auto at = found.find(pattern);
        if (at == found.end()) at = found.emplace(pattern, matches(pattern, known)).first;
        r.tests.insert(at->second.begin(), at->second.end());
        if (!at->second.empty()) continue;
        const bool unbuilt = pattern.starts_with("file:")
                                 ? !programs_not_built.empty()
                                 : programs_not_built.count(pattern.substr(0, pattern.find(':'))) != 0;
        if (!unbuilt && programs_not_built.count("*") == 0) r.unknown.push_back(pattern);
      }
    }
  }
}

const char* name(Shown shown) {
  constexpr const char* kNames[] = {"passed", "failed", "open", "not run", "without", "missing"};
  return kNames[static_cast<std::size_t>(shown)];
}

Shown state_of(const Requirement& r, const TestStates& states) {
  if (!r.without.empty()) return Shown::without;
  if (r.wanted.empty() || !r.unknown.empty()) return Shown::missing;
  bool passed = false;
  for (const std::string& test : r.tests) {
    const auto at = states.find(test);
    if (at == states.end()) continue;
    if (at->second == TestState::failed) return Shown::failed;
    passed = passed || at->second == TestState::passed;
  }
  if (r.measured) return r.measured->state;
  return passed ? Shown::passed : Shown::not_run;
}

}  // namespace kilburn::regress
