// SPDX-License-Identifier: Apache-2.0
//
// Plans: which runs a list and a selection make, and that plan.json gives the same plan again.
#include "tb/regress/plan.h"

#include <set>

#include "tb/errors.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using Catch::Matchers::Contains;
using kilburn::tb::UserError;
using kilburn::test::ScratchFolder;

namespace {

TestList two_tests() {
  TestList list;
  list.name = "two";
  Test a, b;
  a.name = "walk";
  a.options = {"--test", "random"};
  a.seeds = {5, 6};
  a.reseed = 3;
  a.place = "two.toml:2";
  b.name = "fill";
  b.options = {"--trace", "a b.lk"};
  b.reseed = 2;
  b.tags = {"slow"};
  b.place = "two.toml:9";
  list.tests = {a, b};
  list.expected = {{0, 2, 7, std::nullopt, "two.toml:1"}};
  list.waivers = {{"w.vlt", 4, "two.toml:20"}};
  return list;
}

std::vector<u64> seeds_of(const Plan& plan, std::size_t test) {
  std::vector<u64> seeds;
  for (const Job& job : plan.jobs) {
    if (job.test == test) seeds.push_back(job.seed);
  }
  return seeds;
}

}  // namespace

TEST_CASE("a plan has the given seeds and as many drawn ones, all different, none 0") {
  const Plan plan = make_plan(two_tests(), {});
  CHECK(plan.jobs.size() == 7);
  CHECK(plan.whole);
  CHECK(plan.base_seed == 1);
  const auto seeds = seeds_of(plan, 0);
  REQUIRE(seeds.size() == 5);
  CHECK((seeds[0] == 5 && seeds[1] == 6));
  CHECK(std::set<u64>(seeds.begin(), seeds.end()).size() == 5);
  CHECK(plan.job_name(0) == "walk/5");
  CHECK(plan.words(0) == std::vector<std::string>{"--test", "random", "--seed", "5"});
}

TEST_CASE("a test's drawn seeds depend on nothing but its name and the base seed") {
  TestList list = two_tests();
  const auto before = seeds_of(make_plan(list, {}), 1);
  std::swap(list.tests[0], list.tests[1]);
  list.tests[0].reseed = 4;
  const auto after = seeds_of(make_plan(list, {}), 0);
  CHECK(std::vector<u64>(after.begin(), after.begin() + 2) == before);
  Selection other;
  other.base_seed = 2;
  CHECK(seeds_of(make_plan(list, other), 0) != after);
  std::set<u64> drawn;
  for (u64 n = 0; n < 100000; ++n) {
    const u64 seed = drawn_seed(1, "walk", n);
    REQUIRE(seed >= 1);
    REQUIRE(seed < u64{1} << 31);
    drawn.insert(seed);
  }
  // Of 10^5 draws from 2^31 about two are equal (birthday bound: 10^10 / 2^32); a poor mixer has many.
  CHECK(drawn.size() > 99980);
}

TEST_CASE("as many seeds as asked for even if draws collide with given ones") {
  TestList list = two_tests();
  list.tests[0].seeds = {drawn_seed(1, "walk", 0), drawn_seed(1, "walk", 2)};
  const auto seeds = seeds_of(make_plan(list, {}), 0);
  CHECK(seeds.size() == 5);
  CHECK(std::set<u64>(seeds.begin(), seeds.end()).size() == 5);
}

TEST_CASE("fresh seeds are fresh, and the plan says which") {
  TestList list = two_tests();
  list.fresh_seeds = true;
  const Plan one = make_plan(list, {}), two = make_plan(list, {});
  CHECK(one.base_seed != 0);
  CHECK(one.base_seed != two.base_seed);
  Selection again;
  again.base_seed = one.base_seed;
  CHECK(seeds_of(make_plan(list, again), 1) == seeds_of(one, 1));
}

TEST_CASE("a selection replaces seeds and picks tests by name or tag") {
  const TestList list = two_tests();
  Selection selection;
  selection.seeds = 10;
  CHECK(make_plan(list, selection).jobs.size() == 20);
  CHECK_FALSE(make_plan(list, selection).whole);
  selection = {};
  selection.fixed_seed = 42;
  const Plan fixed = make_plan(list, selection);
  CHECK(fixed.jobs.size() == 2);
  CHECK(fixed.job_name(1) == "fill/42");
  for (const char* pattern : {"fill", "f*", "tag:slow"}) {
    selection = {};
    selection.only = {pattern};
    const Plan some = make_plan(list, selection);
    CHECK(some.jobs.size() == 2);
    CHECK(some.job_name(0).starts_with("fill/"));
    CHECK_FALSE(some.whole);
  }
  selection.only = {"fill", "nothing*"};
  CHECK_THROWS_WITH(make_plan(list, selection), Contains("--only nothing*") && Contains("\"two\""));
}

TEST_CASE("plan.json gives the same plan again, and another file is refused") {
  const ScratchFolder folder;
  Plan plan = make_plan(two_tests(), {});
  plan.command = "kilburn regress 'two'";
  plan.sources = "/some/where";
  plan.environment = {{"b", "1"}, {"a", "\"2\""}};
  plan.fail_fast = true;
  plan.repeats = 9;
  const std::string text = plan_text(plan);
  const Plan again = read_plan(folder.write("plan.json", text));
  CHECK(plan_text(again) == text);
  CHECK(again.jobs.size() == 7);
  CHECK(again.words(6) == plan.words(6));
  CHECK(again.fail_fast);
  CHECK(again.sources == plan.sources);
  CHECK(again.environment == plan.environment);
  CHECK_THROWS_AS(read_plan(folder.write("half.json", text.substr(0, text.size() / 2))), UserError);
  CHECK_THROWS_AS(read_plan(folder.write("other.json", "{\"kilburn_plan\": 2}")), UserError);
  CHECK_THROWS_AS(read_plan(folder.write("empty.json", "[]")), UserError);
  CHECK_THROWS_AS(read_plan(folder / "missing.json"), UserError);
  // A run of a test that is not there.
  std::string bent = text;
  bent.replace(bent.rfind("[1,"), 3, "[7,");
  CHECK_THROWS_AS(read_plan(folder.write("bent.json", bent)), UserError);
}

TEST_CASE("a part of a plan keeps tests and limits, and an empty one is refused") {
  const Plan plan = make_plan(two_tests(), {});
  std::vector<bool> keep(plan.jobs.size());
  CHECK_THROWS_WITH(part_of(plan, keep, "nothing failed"), "nothing failed");
  keep[6] = true;
  const Plan part = part_of(plan, keep, "");
  REQUIRE(part.jobs.size() == 1);
  CHECK(part.job_name(0) == plan.job_name(6));
  CHECK_FALSE(part.whole);
}
