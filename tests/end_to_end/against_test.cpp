// SPDX-License-Identifier: Apache-2.0
//
// Two DUTs side by side: directed tests, and the way from B's failure to its cause.
#include "tests/catch.h"
#include "tests/end_to_end/directed.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

std::string failure(const boost::json::object& result, const char* key) {
  const auto& f = result.at("failure").as_object();
  return f.contains(key) ? std::string(f.at(key).as_string()) : std::string();
}

}  // namespace

TEST_CASE("a directed test runs on two DUTs, and both answer") {
  const Folder folder;
  std::ofstream(folder / "page.kt") << kPage;
  for (const std::string b : {"mmu-tiny", "small", "arch"}) {
    const Ran ran = folder.run({"run", "--test", "page.kt", "--against", b, "--out", b});
    INFO(b << "\n" << ran.out << ran.err);
    REQUIRE(ran.status == 0);
    const auto result = folder.result(b);
    CHECK(figure(result, "comparisons", "answers_of_A_compared_with_B's") == 2);
    CHECK(figure(result, "legality", "answers_equal") == 2);
    CHECK(figure(result, "faults", "#PF") == 1);
    CHECK_FALSE(result.contains("failed_dut"));
  }
  const Ran harts = folder.run({"run", "--test", "page.kt", "--harts", "2"});
  CHECK(harts.status == 2);
  CHECK_THAT(harts.err, Contains("--harts goes with --test random"));
}

TEST_CASE("a failure of B shrinks to a directed test of B, and is explained on B") {
  const Folder folder;
  const std::string check = GENERATE("all", "admissible");
  // T41: a store that hits a clean entry leaves D as it is.
  const Ran ran = folder.run({"run", "--test", "random", "--count", "50000", "--seed", "2", "--dut", "mmu", "--against",
                              "mmu-bugs", "--against-bug", "T41", "--check", check, "--waves", "never", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 1);
  const auto result = folder.result("r");
  CHECK(result.at("failed_dut") == "B");
  CHECK_THAT(failure(result, "message"), Catch::Matchers::StartsWith("B (mmu-bugs): "));

  const auto cycle = result.at("failure").as_object().at("cycle").to_number<std::uint64_t>();
  const Ran told = folder.run({"explain", "r", "--cycle", std::to_string(cycle - 200)});
  INFO(told.out << told.err);
  CHECK(told.status <= 1);
  CHECK_THAT(told.out, Contains("(DUT: mmu-bugs)"));

  const Ran shrunk = folder.run({"shrink", "r", "--seconds", "20"});
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK_THAT(shrunk.out, Contains("kilburn run --test r/shrunk.kt --dut mmu-bugs --bug T41"));
  // Alone, as B, and as A; and neither without the bug.
  const auto run = [&](std::vector<std::string> more, const std::string& out) {
    more.insert(more.begin(), {"run", "--test", "r/shrunk.kt", "--check", check, "--waves", "never"});
    more.insert(more.end(), {"--out", out});
    return folder.run(more).status;
  };
  CHECK(run({"--dut", "mmu-bugs", "--bug", "T41"}, "alone") == 1);
  CHECK(failure(folder.result("alone"), "check") == failure(result, "check"));
  CHECK(run({"--dut", "mmu-bugs"}, "clean") == 0);
  CHECK(run({"--dut", "mmu", "--against", "mmu-bugs", "--against-bug", "T41"}, "b") == 1);
  CHECK(folder.result("b").at("failed_dut") == "B");
  CHECK(run({"--dut", "mmu-bugs", "--bug", "T41", "--against", "mmu"}, "a") == 1);
  CHECK(folder.result("a").at("failed_dut") == "A");
  // And from a failure of A of two.
  const Ran of_a = folder.run({"shrink", "a", "--seconds", "20"});
  INFO(of_a.out << of_a.err);
  REQUIRE(of_a.status == 0);
  CHECK_THAT(of_a.out, Contains("kilburn run --test a/shrunk.kt --dut mmu-bugs --bug T41"));
}
