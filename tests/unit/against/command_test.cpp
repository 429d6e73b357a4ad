// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --against`: every source of stimulus on two DUTs of the build, figures of both, whose failure it is.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

const std::string kTrace = std::string(KILBURN_TEST_DATA) + "/traces/mini.28871.lk";
const std::string kVectors = std::string(KILBURN_TEST_DATA) + "/vectors/x86_4level_keys.txt";
const std::string kDump = std::string(KILBURN_TEST_DATA) + "/dumps/linux-5level.elf";

std::vector<std::string> operator+(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::uint64_t beside(const boost::json::object& result, const char* dut, const char* name) {
  return result.at("side_by_side").at(dut).at(name).to_number<std::uint64_t>();
}

}  // namespace

TEST_CASE("every source runs on two DUTs") {
  const Folder folder;
  const auto source = GENERATE(
      std::vector<std::string>{"--test", "random", "--count", "5000"}, std::vector<std::string>{"--trace", kTrace},
      std::vector<std::string>{"--vectors", kVectors}, std::vector<std::string>{"--dump", kDump, "--count", "2000"});
  const auto [a, b] = GENERATE(table<const char*, const char*>(
      {{"mmu", "mmu-tiny"}, {"mmu-tiny", "mmu"}, {"small", "mmu"}, {"mmu", "wild-huge"}}));
  const Ran ran = folder.run(std::vector<std::string>{"run", "--dut", a, "--against", b, "--out", "r"} + source);
  INFO(source[0] << " " << a << " " << b << "\n" << ran.out << ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.out, Contains("Side by side") && Contains("PASSED"));
  const auto result = folder.result("r");
  CHECK(result.at("against") == b);
  const auto compared = figure(result, "comparisons", "answers_of_A_compared_with_B's");
  CHECK(compared >= 500);
  CHECK(compared == figure(result, "comparisons", "responses_judged"));
  CHECK(compared == figure(result, "comparisons", "responses_of_B_judged"));
  CHECK(compared ==
        figure(result, "legality", "answers_equal") + figure(result, "legality", "answers_differ,_both_legal"));
  for (const char* dut : {"a", "b"}) {
    CHECK(beside(result, dut, "responses") == compared);
    CHECK(beside(result, dut, "cycles") > compared);
    CHECK(beside(result, dut, "walker_reads") > 0);
  }
}

TEST_CASE("a program in which nothing overlaps has one answer") {
  const Folder folder;
  const Ran ran =
      folder.run({"run", "--trace", kTrace, "--yield", "none", "--dut", "mmu-tiny", "--against", "mmu", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto result = folder.result("r");
  CHECK(figure(result, "legality", "answers_equal") > 9000);
  CHECK(figure(result, "legality", "answers_differ,_both_legal") == 0);
}

TEST_CASE("the first DUT's run is the same with a second one and without") {
  const Folder folder;
  const auto source = GENERATE(std::vector<std::string>{"--test", "random", "--count", "5000", "--seed", "7"},
                               std::vector<std::string>{"--trace", kTrace});
  REQUIRE(folder.run(std::vector<std::string>{"run", "--out", "alone"} + source).status == 0);
  REQUIRE(folder.run(std::vector<std::string>{"run", "--against", "mmu-tiny", "--out", "pair"} + source).status == 0);
  const auto alone = folder.result("alone"), pair = folder.result("pair");
  CHECK(alone.at("translation") == pair.at("translation"));
  CHECK(alone.at("cycles") == pair.at("cycles"));
  for (const char* kind : {"fresh", "stale", "mixed", "walker_reads"}) {
    CHECK(figure(alone, "legality", kind) == figure(pair, "legality", kind));
  }
  CHECK(beside(pair, "a", "cycles") == alone.at("cycles").to_number<std::uint64_t>());
}

TEST_CASE("a failure says whose it is, with its waves, and is repeated by its command") {
  const Folder folder;
  const bool of_b = GENERATE(false, true);
  const std::vector<std::string> bug =
      of_b ? std::vector<std::string>{"--against", "mmu-bugs", "--against-bug", "T61"}
           : std::vector<std::string>{"--dut", "mmu-bugs", "--bug", "T61", "--against", "mmu"};
  const Ran ran = folder.run(
      std::vector<std::string>{"run", "--test", "random", "--count", "40000", "--check", "admissible", "--out", "r"} +
      bug);
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 1);
  CHECK_THAT(ran.out, Contains(of_b ? "B (mmu-bugs): W2" : "A (mmu-bugs): W2"));
  const auto mismatch = boost::json::parse(contents(folder / "r/mismatch.json")).as_object();
  CHECK(mismatch.at("dut") == "mmu-bugs");
  CHECK(contents(folder / "r/waves.fst").size() > 1000);
  const auto result = folder.result("r");
  const auto& message = result.at("failure").as_object().at("message");

  std::istringstream command(std::string(result.at("reproduce").as_string()));
  std::vector<std::string> words;
  for (std::string word; command >> word;) words.push_back(word);
  words.erase(words.begin());
  const Ran again = folder.run(words + std::vector<std::string>{"--waves", "never", "--out", "again"});
  CHECK(again.status == 1);
  CHECK(folder.result("again").at("failure").as_object().at("message") == message);
}

TEST_CASE("what does not go with a second DUT is refused in one sentence") {
  const Folder folder;
  struct Case {
    std::vector<std::string> words;
    const char* says;
  };
  const auto c = GENERATE(
      Case{{"--test", "random", "--against", "nothing"}, "there is no DUT \"nothing\""},
      Case{{"--test", "random", "--against", ""}, "--against is empty"},
      Case{{"--test", "random", "--against-bug", "T61"}, "--against-bug goes with --against"},
      Case{{"--test", "random", "--against", "mmu-bugs", "--against-bug", "T00"}, "no seeded bug \"T00\""},
      Case{{"--test", "random", "--against", "mmu", "--check", "exact"}, "has to include admissible"},
      Case{{"--trace", kTrace, "--dut", "arch", "--against", "mmu"}, "compares answers at pins"},
      Case{{"--test", "random", "--against", "small", "--simulator", "icarus"}, "does not go with --against"},
      Case{{"--vectors", std::string(KILBURN_TEST_DATA) + "/vectors/x86_5level_random.txt", "--against", "mmu-alpha"},
           "there is no DUT"});
  const Ran ran = folder.run(std::vector<std::string>{"run"} + c.words);
  INFO(ran.out << ran.err);
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains(c.says));
  CHECK(folder.empty());
}

TEST_CASE("several harts run the random test on one memory") {
  const Folder folder;
  const std::string harts = GENERATE("2", "4");
  const Ran ran = folder.run({"run", "--test", "random", "--count", "6000", "--harts", harts, "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto result = folder.result("r");
  const auto responses = figure(result, "translation", "responses");
  CHECK(responses >= 6000);
  CHECK(figure(result, "comparisons", "responses_judged") == responses);
  CHECK(figure(result, "comparisons", "pins") > 29 * responses / 4);
  std::uint64_t sum = 0;
  for (unsigned n = 0; n < std::stoul(harts); ++n) {
    sum += figure(result, "translation", ("responses_of_hart_" + std::to_string(n)).c_str());
  }
  CHECK(sum == responses);
  CHECK(figure(result, "translation", "invalidated_on_every_hart") > 0);
}

TEST_CASE("a failing hart is named and its run repeated by its command") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--test", "random", "--count", "60000", "--harts", "2", "--dut", "mmu-bugs",
                              "--bug", "T61", "--check", "admissible", "--seed", "6", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 1);
  CHECK_THAT(ran.out, Contains("hart 0: ") || Contains("hart 1: "));
  CHECK_THAT(ran.out, Contains("--harts 2"));
  CHECK(contents(folder / "r/waves.fst").size() > 1000);
}

TEST_CASE("what does not go with several harts is refused in one sentence") {
  const Folder folder;
  struct Case {
    std::vector<std::string> words;
    const char* says;
  };
  const auto c = GENERATE(Case{{"--test", "random", "--harts", "5"}, "from 1 to 4"},
                          Case{{"--test", "random", "--harts", "0"}, "from 1 to 4"},
                          Case{{"--trace", kTrace, "--harts", "2"}, "--harts goes with --test random"},
                          Case{{"--test", "random", "--harts", "2", "--against", "mmu"}, "does not go with --against"},
                          Case{{"--test", "random", "--harts", "2", "--check", "exact"}, "has to include admissible"});
  const Ran ran = folder.run(std::vector<std::string>{"run"} + c.words);
  INFO(ran.out << ran.err);
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains(c.says));
  CHECK(folder.empty());
}
