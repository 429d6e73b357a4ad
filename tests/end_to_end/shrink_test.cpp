// SPDX-License-Identifier: Apache-2.0
//
// `kilburn shrink`, and directed tests under `kilburn run --test FILE.kt`.
#include "tests/catch.h"
#include "tests/end_to_end/directed.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

TEST_CASE("a failing run shrinks to a directed test that fails with the bug and passes without") {
  const Folder folder;
  const std::string bug = GENERATE("T61", "T75", "T60");
  REQUIRE(folder
              .run({"run", "--test", "random", "--dut", "mmu-bugs", "--bug", bug, "--seed", "2", "--waves", "never",
                    "--out", "r"})
              .status == 1);
  const Ran shrunk = folder.run({"shrink", "r"});
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK_THAT(shrunk.out, Contains(" operations of ") && Contains("kilburn run --test r/shrunk.kt --dut mmu-bugs"));

  const Ran fails = folder.run({"run", "--test", "r/shrunk.kt", "--dut", "mmu-bugs", "--bug", bug, "--out", "f"});
  INFO(fails.out << fails.err);
  CHECK(fails.status == 1);
  const auto once = folder.result("r").at("failure").as_object();
  const auto again = folder.result("f").at("failure").as_object();
  CHECK(once.at("check") == again.at("check"));
  CHECK(once.at("signal") == again.at("signal"));
  CHECK(figure(folder.result("f"), "translation", "operations") <= 20);
  const Ran passes = folder.run({"run", "--test", "r/shrunk.kt", "--dut", "mmu-bugs", "--out", "p"});
  INFO(passes.out << passes.err);
  CHECK(passes.status == 0);
}

// The victim of a fill shows at a pin only once the TLB is full; in its contents at once.
TEST_CASE("a failure that stays long shrinks to one of the same check elsewhere, and says so") {
  const Folder folder;
  REQUIRE(folder
              .run({"run", "--test", "random", "--dut", "mmu-bugs", "--bug", "FILL-ORDER", "--seed", "3", "--waves",
                    "never", "--out", "r"})
              .status == 1);
  CHECK(folder.result("r").at("failure").as_object().at("signal") == "d_req_ready_o");
  const Ran shrunk = folder.run({"shrink", "r", "--seconds", "15"});
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK_THAT(shrunk.out, Contains("the run failed in: exact d_req_ready_o; the smallest that does has ") &&
                             Contains(" operations; this test fails in: exact "));
  CHECK(std::stoul(shrunk.out) <= 20);
  const std::vector<std::string> again = {"run", "--test", "r/shrunk.kt", "--dut", "mmu-bugs", "--waves", "never"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), again.begin(), again.end());
    return folder.run(more).status;
  };
  CHECK(with({"--bug", "FILL-ORDER", "--out", "f"}) == 1);
  CHECK(with({"--out", "p"}) == 0);
}

// A frame that is freed before its translation is gone everywhere (P29): no MMU can know.
TEST_CASE("a failure of the operating system shrinks to a few events of its trace") {
  const Folder folder;
  const std::string trace = std::string(KILBURN_TEST_DATA) + "/traces/mini.28871.lk";
  const std::string dut = GENERATE("mmu", "arch");
  REQUIRE(folder
              .run({"run", "--trace", trace, "--frames", "24", "--os-bug", "M3", "--dut", dut, "--waves", "never",
                    "--out", "r"})
              .status == 1);
  const Ran shrunk = folder.run({"shrink", "r", "--seconds", "20"});
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK_THAT(shrunk.out, Contains(" events of ") && Contains("kilburn run --trace r/shrunk.lk"));
  std::istringstream lines(contents(folder / "r/shrunk.lk"));
  unsigned events = 0;
  for (std::string line; std::getline(lines, line);) ++events;
  CHECK(events > 0);
  CHECK(events < 200);

  const auto again = [&](const std::string& bug, const std::string& out) {
    std::vector<std::string> words = {"run", "--trace", "r/shrunk.lk", "--frames", "24", "--dut",
                                      dut,   "--waves", "never",       "--out",    out};
    if (!bug.empty()) words.insert(words.end(), {"--os-bug", bug});
    return folder.run(words).status;
  };
  CHECK(again("M3", "f") == 1);
  CHECK(folder.result("f").at("failure").as_object().at("check") == "end-to-end");
  CHECK(again("", "p") == 0);
}

TEST_CASE("shrink says what is wrong with a run") {
  const Folder folder;
  Ran ran = folder.run({"shrink", "nowhere"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("nowhere is not the folder of a finished run: it has no result.json"));
  ran = folder.run({"shrink"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("shrink needs the folder of a failing run"));
  REQUIRE(folder.run({"run", "--test", "random", "--count", "100", "--out", "ok"}).status == 0);
  ran = folder.run({"shrink", "ok"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("the run in ok has not failed: it passed"));
  std::ofstream(folder / "ok/result.json") << "{}";
  ran = folder.run({"shrink", "ok"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("is not the result of a run"));
}

TEST_CASE("a directed test with a mistake is refused with its line") {
  const Folder folder;
  std::ofstream(folder / "t.kt") << "kilburn-test 1\nformat x86-64\nread va=0x1000\n";
  Ran ran = folder.run({"run", "--test", "t.kt"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("t.kt:3: mode= is missing"));
  ran = folder.run({"run", "--test", "none.kt"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("the directed test none.kt cannot be read"));
  std::ofstream(folder / "a.kt") << "kilburn-test 1\nformat alpha\nread va=0x1000 mode=user\n";
  ran = folder.run({"run", "--test", "a.kt", "--format", "x86-64"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("a.kt is for alpha; --format x86-64 does not go with it"));
}

TEST_CASE("a directed test written by hand runs") {
  const Folder folder;
  std::ofstream(folder / "page.kt") << kPage;
  const Ran ran = folder.run({"run", "--test", "page.kt", "--dut", "mmu-bugs", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto result = folder.result("r");
  CHECK(figure(result, "translation", "operations") == 5);
  CHECK(figure(result, "translation", "responses") == 2);
  CHECK(figure(result, "faults", "#PF") == 1);
  // Another seed is another timing of the memory; other settings would be another test.
  CHECK(folder.run({"run", "--test", "page.kt", "--seed", "9", "--out", "s"}).status == 0);
  CHECK(folder.result("s").at("seed") == 9);
  CHECK(result.at("seed") == 1);
  const Ran other = folder.run({"run", "--test", "page.kt", "--set", "maxphyaddr=36", "--out", "t"});
  CHECK(other.status == 2);
  CHECK_THAT(other.err, Contains("page.kt has settings of its own; --set does not go with it"));
}
