// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --test random`: summary, result.json, reproduction, waves.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

TEST_CASE("a random run passes and says what it compared") {
  const Folder folder;
  const std::string format = GENERATE("x86-64", "alpha", "alpha-x64");
  const Ran ran =
      folder.run({"run", "--test", "random", "--count", "20000", "--seed", "3", "--format", format, "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.out, Contains("PASSED") && Contains("Comparisons made") && Contains("mismatches"));
  const auto result = folder.result("r");
  CHECK(result.at("verdict") == "passed");
  CHECK(result.at("format") == format.c_str());
  CHECK(result.at("mismatches") == 0);
  CHECK(figure(result, "translation", "responses") >= 20000);
  CHECK(figure(result, "comparisons", "pins") > 20000);
  CHECK(figure(result, "comparisons", "TLB_entries") >= 48);
  CHECK_FALSE(std::filesystem::exists(folder / "r/waves.fst"));
}

TEST_CASE("run --json prints what result.json holds") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--test", "random", "--count", "1000", "--json", "--out", "r"});
  REQUIRE(ran.status == 0);
  CHECK(ran.out == contents(folder / "r/result.json"));
  CHECK(boost::json::parse(ran.out).as_object().at("verdict") == "passed");
}

TEST_CASE("a DUT that is wrong from its first cycle on has failed, whatever runs on it") {
  const Folder folder;
  for (const std::vector<std::string>& what : {std::vector<std::string>{"--test", "random"},
                                               {"--workload", "page-linear"},
                                               {"--test", "random", "--harts", "2"}}) {
    std::vector<std::string> words{
        "run", "--dut", std::string(KILBURN_TEST_DUTS) + "/twin_x86_64.so", "--bug", "RESET", "--out", "r"};
    words.insert(words.end(), what.begin(), what.end());
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 1);
    CHECK_THAT(ran.out, Contains("FAILED in the exact check, cycle 0") && Contains("pin mem_req_addr_o is 0x1000"));
    CHECK(folder.result("r").at("verdict") == "failed");
  }
}

TEST_CASE("a mismatch is told, kept with waves, and reproduced by its command") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--test", "random", "--count", "200000", "--seed", "2", "--dut", "mmu-bugs",
                              "--bug", "T61", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 1);
  CHECK_THAT(ran.out, Contains("FAILED") && Contains("signal") && Contains("expected") && Contains("reproduce"));
  CHECK_THAT(ran.out, Contains("The reference's walk") && Contains("Last transactions"));
  const auto result = folder.result("r");
  CHECK(result.at("verdict") == "failed");
  const auto& failure = result.at("failure").as_object();
  CHECK(failure.at("cycle").to_number<std::uint64_t>() > 0);
  CHECK(failure.at("history").as_array().size() > 10);
  // Waves: an FST file, closed (its header block names the writer).
  const std::string waves = contents(folder / "r/waves.fst");
  CHECK(waves.size() > 1000);

  // The printed command, in another folder, ends with the same message.
  std::istringstream command(std::string(result.at("reproduce").as_string()));
  std::vector<std::string> words;
  for (std::string word; command >> word;) words.push_back(word);
  REQUIRE(words.at(0) == "kilburn");
  words.erase(words.begin());
  const Folder elsewhere;
  words.insert(words.end(), {"--out", "again"});
  const Ran again = elsewhere.run(words);
  CHECK(again.status == 1);
  CHECK(elsewhere.result("again").at("failure").as_object().at("message") == failure.at("message"));
}

TEST_CASE("waves are written on request, whole or in a window") {
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "random", "--count", "3000", "--waves", "always", "--out", "all"}).status == 0);
  REQUIRE(folder
              .run({"run", "--test", "random", "--count", "3000", "--waves", "always", "--waves-window", "1000:1500",
                    "--out", "window"})
              .status == 0);
  const auto all = std::filesystem::file_size(folder / "all/waves.fst");
  const auto window = std::filesystem::file_size(folder / "window/waves.fst");
  CHECK(window > 500);
  CHECK(all > 2 * window);
}
