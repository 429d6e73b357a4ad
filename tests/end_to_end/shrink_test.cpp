// SPDX-License-Identifier: Apache-2.0
//
// `kilburn shrink`, and directed tests under `kilburn run --test FILE.kt`.
#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <sstream>

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

namespace {

// The command that the shrunk test's second comment names, run in the folder; what it failed in.
std::string failed_again(const Folder& folder, const std::string& test) {
  std::istringstream lines(contents(folder / test));
  std::string line, command;
  while (std::getline(lines, line)) {
    if (line.starts_with("# kilburn run ")) command = line.substr(10);
  }
  std::vector<std::string> words = boost::program_options::split_unix(command);
  words.insert(words.end(), {"--waves", "never", "--out", "again"});
  const Ran ran = folder.run(words);
  INFO(command << "\n" << ran.out << ran.err);
  CHECK(ran.status == 1);
  const auto failure = folder.result("again").at("failure").as_object();
  return std::string(failure.at("check").as_string());
}

Ran shrink(const Folder& folder, std::vector<std::string> run) {
  run.insert(run.begin(), "run");
  run.insert(run.end(), {"--waves", "never", "--out", "r"});
  const Ran failed = folder.run(run);
  INFO(failed.out << failed.err);
  REQUIRE(failed.status == 1);
  return folder.run({"shrink", "r", "--seconds", "20"});
}

}  // namespace

TEST_CASE("a workload that meets a bug of the MMU shrinks to operations without an OS") {
  const Folder folder;
  const std::string workload = GENERATE("mprotect-toggle", "thrash");
  const Ran shrunk = shrink(folder, {"--workload", workload, "--dut", "mmu-bugs", "--bug", "INV-L2"});
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK(std::stoul(shrunk.out) <= 20);
  CHECK(failed_again(folder, "r/shrunk.kt") == "exact");
  CHECK(folder.result("r").at("failure").as_object().at("signal") ==
        folder.result("again").at("failure").as_object().at("signal"));
}

TEST_CASE("what the OS finds of an MMU shrinks to what no legal MMU does") {
  const Folder folder;
  const Ran shrunk =
      shrink(folder, {"--workload", "thrash", "--dut", "mmu-bugs", "--bug", "INV-L2", "--check", "end-to-end"});
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK_THAT(shrunk.out, Contains("the run failed in: end-to-end P27") && Contains("--check admissible"));
  CHECK(std::stoul(shrunk.out) <= 20);
  CHECK(failed_again(folder, "r/shrunk.kt") == "admissible");
}

TEST_CASE("a shrunk test is judged by the checks of its run") {
  const Folder folder;
  const Ran shrunk = shrink(folder, {"--test", "random", "--dut", "mmu-bugs", "--bug", "T60", "--check", "admissible"});
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK_THAT(shrunk.out, Contains("--check admissible"));
  CHECK(failed_again(folder, "r/shrunk.kt") == "admissible");
}

TEST_CASE("of several MMUs the one that failed shrinks alone") {
  const Folder folder;
  const std::vector<std::string> run = GENERATE(values<std::vector<std::string>>(
      {{"--workload", "mprotect-storm", "--cpus", "2", "--dut", "mmu-bugs", "--bug", "INV-L2"},
       {"--test", "random", "--harts", "3", "--dut", "mmu-bugs", "--bug", "T61"},
       {"--test", "random", "--harts", "2", "--dut", "mmu-bugs", "--bug", "T60", "--check", "admissible"}}));
  const Ran shrunk = shrink(folder, run);
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK(std::stoul(shrunk.out) <= 20);
  const auto once = folder.result("r").at("failure").as_object();
  CHECK(failed_again(folder, "r/shrunk.kt") == std::string(once.at("check").as_string()));
}

TEST_CASE("what the OS does wrong in a workload shrinks to a few of its calls") {
  const Folder folder;
  const std::string dut = GENERATE("mmu", "arch");
  const Ran shrunk = shrink(folder, {"--workload", "thrash", "--os-bug", "M3", "--dut", dut});
  INFO(shrunk.out << shrunk.err);
  REQUIRE(shrunk.status == 0);
  CHECK_THAT(shrunk.out, Contains(" calls of ") && Contains("--calls r/shrunk.calls"));
  CHECK(std::stoul(shrunk.out) <= 60);
  const auto again = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"run", "--workload", "thrash", "--calls", "r/shrunk.calls", "--dut",
                                      dut,   "--waves",    "never",  "--out",   "again"};
    words.insert(words.end(), more.begin(), more.end());
    return folder.run(words).status;
  };
  CHECK(again({"--os-bug", "M3"}) == 1);
  CHECK(folder.result("r").at("failure").as_object().at("check") == "end-to-end");
  CHECK(folder.result("again").at("failure").as_object().at("check") == "end-to-end");
  CHECK(again({}) == 0);
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

// kswapd gives up early: with the checks of the reclaim off, only the workload sees it.
TEST_CASE("what a workload expects of itself is not shrunk") {
  const Folder folder;
  const Ran ran =
      shrink(folder, {"--workload", "kswapd", "--os-bug", "M58", "--os-checks-off", "P50,P51,P52", "--dut", "arch"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("the run in r failed in what the workload expects of itself"));
}

TEST_CASE("calls of a workload are asked for where there is one, and read with their lines") {
  const Folder folder;
  std::ofstream(folder / "bad.calls") << "kilburn-calls 1\nspawn process=1\nmunch process=1\n";
  const std::pair<std::vector<std::string>, const char*> rows[] = {
      {{"--test", "random", "--calls", "a"}, "--calls is about the OS"},
      {{"--trace", "bad.calls", "--save-calls", "a"}, "--save-calls goes with --workload"},
      {{"--workload", "thrash", "--calls", "none"}, "the calls none cannot be read"},
      {{"--workload", "thrash", "--calls", "bad.calls"}, "bad.calls:3: there is no call \"munch\""},
      {{"--workload", "thrash", "--calls", "bad.calls", "--save-calls", "a"}, "which --calls replaces"}};
  for (const auto& [more, sentence] : rows) {
    std::vector<std::string> words = {"run", "--dut", "arch", "--out", "r"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = folder.run(words);
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(sentence));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
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
