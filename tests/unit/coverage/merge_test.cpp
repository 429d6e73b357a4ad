// SPDX-License-Identifier: Apache-2.0
//
// Properties of merging and ranking over random runs; the trend.
#include "tb/coverage/merge.h"

#include <algorithm>
#include <set>

#include "tb/errors.h"
#include "tb/random.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn;
using namespace kilburn::coverage;

namespace {

constexpr u64 kSeed = 20261;

RunCoverage random_run(tb::Random& random, const std::string& name) {
  std::vector<u64> bins(kAllBins);
  const u64 many = random.between(1, 400);
  for (u64 n = 0; n < many; ++n) bins[random.below(kAllBins)] += random.between(1, 9);
  return run_coverage(name, bins);
}

std::vector<RunCoverage> runs_of(tb::Random& random, unsigned count) {
  std::vector<RunCoverage> runs;
  for (unsigned n = 0; n < count; ++n) runs.push_back(random_run(random, "run " + std::to_string(n)));
  return runs;
}

Merged merged(const std::vector<RunCoverage>& runs) {
  Merged all;
  for (const RunCoverage& run : runs) all.add(run);
  return all;
}

RunCoverage as_run(const Merged& m) { return run_coverage("merged", m.counts()); }

std::set<u32> reachable_of(const Merged& m) {
  std::set<u32> bins;
  for (u32 bin = 0; bin < kAllBins; ++bin) {
    if (m.hit(bin) && Model::get().standing(bin) == Standing::reachable) bins.insert(bin);
  }
  return bins;
}

}  // namespace

TEST_CASE("merging is commutative and associative") {
  INFO("seed " << kSeed);
  tb::Random random(kSeed);
  for (unsigned round = 0; round < 20; ++round) {
    auto runs = runs_of(random, 6);
    const auto all = merged(runs).counts();
    std::reverse(runs.begin(), runs.end());
    CHECK(merged(runs).counts() == all);
    // In two machines, then together, through the file's text.
    Merged two;
    two.add(parse_file(file_text(as_run(merged({runs[0], runs[3]}))), "a"));
    two.add(parse_file(file_text(as_run(merged({runs[1], runs[2], runs[4], runs[5]}))), "b"));
    CHECK(two.counts() == all);
  }
}

TEST_CASE("counts stay at the largest number") {
  std::vector<u64> bins(kAllBins);
  bins[5] = ~u64{0};
  const RunCoverage run = run_coverage("", bins);
  CHECK(merged({run, run}).counts()[5] == ~u64{0});
}

TEST_CASE("the ranked runs keep every reachable bin, each adds what it says, none is idle") {
  INFO("seed " << kSeed);
  tb::Random random(kSeed + 1);
  for (unsigned round = 0; round < 20; ++round) {
    auto runs = runs_of(random, 30);
    runs.push_back(runs[3]);  // adds nothing
    const Merged all = merged(runs);
    Merged kept;
    std::size_t had = 0;
    u32 last = ~u32{0};
    for (const Ranked& r : rank(all)) {
      kept.add(runs[r.run]);
      const std::size_t has = reachable_of(kept).size();
      CHECK(has == had + r.gained);
      CHECK(r.gained > 0);
      CHECK(r.gained <= last);
      had = has;
      last = r.gained;
    }
    CHECK(reachable_of(kept) == reachable_of(all));
  }
}

TEST_CASE("one run that has everything is enough") {
  tb::Random random(kSeed + 2);
  auto runs = runs_of(random, 5);
  runs.push_back(as_run(merged(runs)));
  const auto chosen = rank(merged(runs));
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0].run == 5);
}

TEST_CASE("the trend is what one has and the other has not") {
  const u32 a = bin_of<ItemId::mode>(Mode::levels4), b = bin_of<ItemId::mode>(Mode::levels5);
  std::vector<u64> bins(kAllBins);
  bins[a] = 1;
  const Merged before = merged({run_coverage("", bins)});
  bins[a] = 0;
  bins[b] = 1;
  const Merged now = merged({run_coverage("", bins)});
  const Trend t = trend(now, before);
  CHECK(t.gained == std::vector<u32>{b});
  CHECK(t.lost == std::vector<u32>{a});
}

TEST_CASE("tallies add up, and a bin called unreachable that is hit is told") {
  const u32 bin = bin_of<ItemId::access>(Access::modify);
  std::vector<u64> bins(kAllBins);
  bins[bin] = 1;
  bins[bin_of<ItemId::error_code>(static_cast<ErrorCode>(0x13))] = 1;
  const Tally t = tally(merged({run_coverage("", bins)}));
  CHECK(t.refuted == 1);
  CHECK(t.wrong == 1);
  CHECK(t.hit == 0);
  CHECK(t.reachable + t.unreachable + t.illegal == kAllBins);
}

TEST_CASE("folders are searched at any depth, and an empty one is told") {
  const test::ScratchFolder folder;
  CHECK_THROWS_AS(merge({folder.path()}), tb::UserError);
  CHECK_THROWS_AS(merge({folder.path() / "none"}), tb::UserError);
  tb::Random random(kSeed + 3);
  const auto runs = runs_of(random, 2);
  folder.write("a/runs/x/1/coverage.json", file_text(runs[0]));
  folder.write("b/coverage.json", file_text(runs[1]));
  CHECK(merge({folder.path()}).counts() == merged(runs).counts());
  CHECK(merge({folder.path() / "b" / "coverage.json"}).runs().size() == 1);
}
