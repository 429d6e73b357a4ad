// SPDX-License-Identifier: Apache-2.0
//
// The libraries of seeded bugs: their lists, their selection, and for some that they are there and only when chosen.

#include <set>

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

std::set<std::string> ids(const kilburn_dut_api& api) {
  std::set<std::string> result;
  for (const char* const* bug = api.bugs; *bug != nullptr; ++bug) {
    const std::string text = *bug;
    const auto first = text.find('\t'), second = text.find('\t', first + 1);
    REQUIRE(first != std::string::npos);
    REQUIRE(second != std::string::npos);
    CHECK(second > first + 20);       // a sentence
    CHECK(text.size() > second + 3);  // a source
    CHECK(result.insert(text.substr(0, first)).second);
  }
  return result;
}

// A write that hits a page which was only read: is D set in memory?
bool dirty_after_write_hit(DutBench& bench) {
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kUserTable;
  bench.invalidate(0, 0, 0);
  bench.translate_d(0, false, kUser);
  bench.translate_d(8, true, kUser);
  return (bench.memory[table(3)] & kD) != 0;
}

}  // namespace

TEST_CASE("the bug libraries list their bugs and choose one by id") {
  const auto name = GENERATE(as<std::string>{}, "x86-64", "alpha", "alpha-x64");
  DutBench bench(library("mmu-bugs-" + name));
  const kilburn_dut_api& api = bench.api();
  REQUIRE(api.bugs != nullptr);
  REQUIRE(api.set_bug != nullptr);
  const auto listed = ids(api);
  CHECK(listed.size() >= 18);
  CHECK(listed.count("T61") == 1);
  CHECK(listed.count("T41") == (name == "x86-64" ? 1 : 0));
  CHECK(listed.count("T81") == (name == "x86-64" ? 0 : 1));
  CHECK(listed.count("T91") == (name == "alpha-x64" ? 1 : 0));
  for (const auto& id : listed) CHECK(api.set_bug(bench.self(), id.c_str()) == 0);
  CHECK(api.set_bug(bench.self(), "nonsense") == -1);
  CHECK(api.set_bug(bench.self(), "T") == -1);
  CHECK(api.set_bug(bench.self(), "") == 0);
}

TEST_CASE("a bug is there when chosen, survives a reset, and goes when dropped") {
  DutBench bench(library("mmu-bugs-x86-64"));
  CHECK(dirty_after_write_hit(bench));
  REQUIRE(bench.api().set_bug(bench.self(), "T41") == 0);
  CHECK_FALSE(dirty_after_write_hit(bench));
  bench.reset(bench.in.cfg);
  CHECK_FALSE(dirty_after_write_hit(bench));
  REQUIRE(bench.api().set_bug(bench.self(), "") == 0);
  CHECK(dirty_after_write_hit(bench));
}

TEST_CASE("the choice belongs to one instance") {
  DutBench with(library("mmu-bugs-alpha")), without(library("mmu-bugs-alpha"));
  REQUIRE(with.api().set_bug(with.self(), "T81") == 0);
  alpha_tables(with);
  alpha_tables(without);
  with.memory.clear();
  without.memory.clear();
  CHECK(with.translate_d(0, false, kUser).rsp_fault == 8);     // TNV
  CHECK(without.translate_d(0, false, kUser).rsp_fault == 9);  // ACV: KRE of the invalid entry is 0
}

}  // namespace kilburn::rtl_test
