// SPDX-License-Identifier: Apache-2.0
//
// Every bug of `wild` fails a scenario whose outcome is written down from the manuals, and no legal profile does.
#include <iostream>
#include <set>

#include "tb/dut/models/wild_bugs.h"
#include "tests/catch.h"
#include "tests/unit/wild/scenarios.h"

namespace kilburn::tb::test {
namespace {

constexpr Format kFormats[] = {Format::x86_64, Format::alpha, Format::alpha_x64};
constexpr u64 kSeeds = 6;

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  for (auto some :
       {entry_scenarios(), update_scenarios(), cache_scenarios(), alpha_scenarios(), protocol_scenarios()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

const wild::BugInfo& bug_of(const Scenario& s) {
  for (const wild::BugInfo& bug : wild::all_bugs()) {
    if (bug.id == s.bug) return bug;
  }
  throw std::runtime_error(std::string("no bug ") + s.bug);
}

std::vector<std::string> run(const Scenario& s, const std::string& name, Format format, u64 seed,
                             const std::string& bug) {
  Bench b(name, format, seed, bug);
  s.run(b);
  b.judge_protocol();
  return b.wrong;
}

void legal(Format format) {
  const std::set<std::string> quiet{"wild-notlb", "wild-one", "wild-huge", "wild-nopsc", "wild-pwc", "wild-fracture"};
  unsigned runs = 0;
  for (const Scenario& s : scenarios()) {
    if ((bug_of(s).formats & wild::mask_of(format)) == 0) continue;
    for (const std::string& name : wild_dut_names()) {
      if (!s.speculation && !quiet.contains(name)) continue;
      for (u64 seed = 1; seed <= (name == "wild" ? 4 * kSeeds : kSeeds); ++seed) {
        INFO(s.bug << " scenario on " << name << " seed " << seed);
        const auto wrong = run(s, name, format, seed, "");
        CHECK((wrong.empty() ? "" : wrong.front()) == "");
        ++runs;
      }
    }
  }
  CHECK(runs > 1000);
}

void illegal(Format format) {
  unsigned caught = 0;
  for (const Scenario& s : scenarios()) {
    if ((bug_of(s).formats & wild::mask_of(format)) == 0) continue;
    std::string first;
    for (u64 seed = 1; seed <= kSeeds && first.empty(); ++seed) {
      const auto wrong = run(s, "wild-huge", format, seed, s.bug);
      if (!wrong.empty()) first = wrong.front();
    }
    INFO(s.bug);
    CHECK(first != "");
    caught += !first.empty();
    std::cout << s.bug << ": " << first << "\n";
  }
  std::cout << arch::name(format) << ": " << caught << " bugs\n";
}

}  // namespace

TEST_CASE("every bug has a scenario, an id of its own and a source") {
  std::set<std::string_view> with, ids;
  for (const Scenario& s : scenarios()) with.insert(bug_of(s).id);
  for (const wild::BugInfo& bug : wild::all_bugs()) {
    INFO(bug.id);
    CHECK(with.contains(bug.id));
    CHECK(ids.insert(bug.id).second);
    CHECK(!bug.source.empty());
    CHECK(bug.formats != 0);
  }
  CHECK(ids.size() >= 100);
  for (const Format format : kFormats) CHECK(wild::bug_from_id(format, "no such bug") == wild::Bug::none);
}

TEST_CASE("no legal profile fails a scenario, x86-64") { legal(Format::x86_64); }
TEST_CASE("no legal profile fails a scenario, alpha") { legal(Format::alpha); }
TEST_CASE("no legal profile fails a scenario, alpha-x64") { legal(Format::alpha_x64); }
TEST_CASE("every bug fails its scenario, x86-64") { illegal(Format::x86_64); }
TEST_CASE("every bug fails its scenario, alpha") { illegal(Format::alpha); }
TEST_CASE("every bug fails its scenario, alpha-x64") { illegal(Format::alpha_x64); }

}  // namespace kilburn::tb::test
