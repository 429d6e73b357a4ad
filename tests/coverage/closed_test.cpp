// SPDX-License-Identifier: Apache-2.0
//
// Every reachable bin is hit by the list `coverage`, reproducibly, and the readme says what the program does.
#include <iostream>
#include <random>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

// "6 853"
std::string grouped(std::uint64_t n) {
  std::string text = std::to_string(n);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, " ");
  return text;
}

boost::json::object figures(const Folder& folder, const std::string& runs) {
  const Ran ran = folder.run({"coverage", runs, "--holes", "--require", "0", "--json", "c.json"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("no holes"));
  return boost::json::parse(contents(folder / "c.json")).as_object().at("all").as_object();
}

void closed_by_seed(const Folder& folder, std::uint64_t seed) {
  INFO("seed " << seed);
  const Ran ran = folder.run({"regress", "coverage", "--fixed-seed", std::to_string(seed), "--out", "runs"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto all = figures(folder, "runs");
  CHECK(all.at("hit") == all.at("reachable"));
  CHECK(all.at("illegal_hit") == 0);
  CHECK(all.at("unreachable_hit") == 0);  // no reason is refuted
}

}  // namespace

TEST_CASE("the list of coverage hits every reachable bin") {
  const Folder folder;
  closed_by_seed(folder, 1);
  const auto all = figures(folder, "runs");
  const std::string readme = contents(std::filesystem::path(KILBURN_SOURCE_DIR) / "tb/coverage/README.md");
  CHECK_THAT(readme, Contains(grouped(all.at("reachable").to_number<std::uint64_t>()) + " reachable bins") &&
                         Contains(grouped(all.at("unreachable").to_number<std::uint64_t>()) + " are unreachable") &&
                         Contains(grouped(all.at("illegal").to_number<std::uint64_t>()) + " are illegal"));

  // The plan knows from the same data: every point and cross is shown.
  const Ran plan = folder.run({"plan", "--build", KILBURN_BINARY_DIR, "--results", "runs", "--json"});
  INFO(plan.err);
  const auto planned = boost::json::parse(plan.out);
  for (const auto& group : planned.at("groups").as_array()) {
    if (group.at("name") != "coverage") continue;
    CHECK(group.at("requirements").as_array().size() == 42);
    for (const auto& one : group.at("requirements").as_array()) {
      INFO(one.at("id"));
      CHECK(one.at("state") == (one.at("id") == "CP19" ? "not run" : "passed"));
    }
  }

  // One of the runs left out: bins are open, and both say so.
  std::filesystem::remove_all(folder / "runs/runs/scenes-mmu-prefetch-x86-64");
  const Ran open = folder.run({"coverage", "runs", "--holes", "--require", "0"});
  CHECK(open.status == 1);
  CHECK_THAT(open.out, Contains("CP16xCP18xCP9.x86, the first answer") && Contains("L2 TLB, prefetched"));
  const Ran told = folder.run({"plan", "--build", KILBURN_BINARY_DIR, "--results", "runs"});
  CHECK_THAT(told.out, Contains("coverage CP16xCP18xCP9.x86: open: the first answer") && Contains("408 of 436 bins"));
}

TEST_CASE("coverage is closed by other seeds too", "[.seeds]") {
  std::random_device device;
  for (unsigned n = 0; n < 10; ++n) {
    const std::uint64_t seed = device() | 1u;
    std::cout << "seed " << seed << std::endl;
    const Folder folder;
    closed_by_seed(folder, seed);
  }
}
