// SPDX-License-Identifier: Apache-2.0
//
// Real programs through the OS shim: one final memory whatever carries the translation, however many
// frames there are, whatever the page-table format; and planted bugs of the OS caught.
#include <set>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

// A program that stores over more pages than it gets frames: `sort` of a generated file.
std::string record(const Folder& folder) {
  std::ofstream input(folder / "words.txt");
  for (unsigned n = 0; n < 600; ++n) input << (n * 7919u) % 100003u << " line\n";
  input.close();
  const Ran ran = folder.run(
      {"run", "--program", "sort words.txt", "--dut", "arch", "--frames", "4096", "--keep-trace", "--out", "recorded"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  return "recorded/program.lk";
}

}  // namespace

TEST_CASE("one program gives one final memory on every port and format, with many frames and few") {
  const Folder folder;
  const std::string trace = record(folder);
  CHECK(contents(folder / "recorded/program.output").substr(0, 7) == "0 line\n");
  const auto plenty = folder.result("recorded");
  std::set<std::string> digests{std::string(plenty.at("memory_digest").as_string())};
  CHECK(figure(plenty, "os", "pages_swapped_out") == 0);
  CHECK(figure(plenty, "comparisons", "loads_and_fetches") > 500000);

  unsigned runs = 0;
  for (const std::string format : {"x86-64", "alpha", "alpha-x64"}) {
    for (const std::string dut : {"arch", "tlm", "mmu"}) {
      for (const std::string frames : {"48", "96"}) {
        const std::string name = format + dut + frames;
        const Ran ran =
            folder.run({"run", "--trace", trace, "--dut", dut, "--format", format, "--frames", frames, "--out", name});
        INFO(name << "\n" << ran.out << ran.err);
        REQUIRE(ran.status == 0);
        const auto result = folder.result(name);
        digests.insert(std::string(result.at("memory_digest").as_string()));
        if (frames == "48") {
          CHECK(figure(result, "os", "pages_swapped_out") > 0);
          CHECK(figure(result, "os", "pages_swapped_in") > 0);
        }
        if (dut == "mmu") CHECK(figure(result, "comparisons", "pins") > 29u * 500000);
        ++runs;
      }
    }
  }
  CHECK(runs == 18);
  CHECK(digests.size() == 1);
}

TEST_CASE("every number of frames that lets the program finish gives the same memory") {
  const Folder folder;
  const std::string trace = record(folder);
  const auto expected = folder.result("recorded").at("memory_digest").as_string();
  unsigned finished = 0;
  std::string first;  // the least number that finished
  for (unsigned frames = 8; frames <= 256; frames += frames < 40 ? 2 : frames) {
    const std::string number = std::to_string(frames);
    const Ran ran = folder.run({"run", "--trace", trace, "--dut", "arch", "--frames", number, "--out", "f" + number});
    INFO(number << " frames\n" << ran.out << ran.err);
    if (ran.status == 2 && first.empty()) continue;  // too few, said in one sentence
    REQUIRE(ran.status == 0);
    CHECK(folder.result("f" + number).at("memory_digest").as_string() == expected);
    if (first.empty()) first = number;
    ++finished;
  }
  CHECK(finished >= 10);
  // And the least number of frames through the RTL.
  const Ran ran = folder.run({"run", "--trace", trace, "--frames", first, "--out", "least"});
  INFO(first << " frames\n" << ran.out << ran.err);
  REQUIRE(ran.status == 0);
  CHECK(folder.result("least").at("memory_digest").as_string() == expected);
}

TEST_CASE("planted OS bugs are caught on the RTL") {
  const Folder folder;
  const std::string trace = record(folder);
  for (const std::string bug : {"M1", "M2", "M6", "M7", "M13", "M17"}) {
    const Ran ran = folder.run({"run", "--trace", trace, "--frames", "48", "--os-bug", bug, "--yield", "every",
                                "--waves", "never", "--out", bug});
    INFO(bug << "\n" << ran.out << ran.err);
    CHECK(ran.status == 1);
    CHECK(folder.result(bug).at("verdict") == "failed");
  }
}

TEST_CASE("a lost dirty bit of the RTL is caught by the OS alone, without a reference") {
  const Folder folder;
  const std::string trace = record(folder);
  for (const std::string check : {"exact", "end-to-end"}) {
    const Ran ran = folder.run({"run", "--trace", trace, "--frames", "48", "--dut", "mmu-bugs", "--bug", "T41",
                                "--check", check, "--out", check});
    INFO(check << "\n" << ran.out << ran.err);
    CHECK(ran.status == 1);
    CHECK(folder.result(check).at("failure").as_object().at("check").as_string() == check.c_str());
  }
}

TEST_CASE("too few frames to finish is one clear sentence") {
  const Folder folder;
  const std::string trace = record(folder);
  const Ran ran = folder.run({"run", "--trace", trace, "--dut", "arch", "--frames", "8", "--out", "few"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 2);
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  CHECK_THAT(ran.err, Contains("frames"));
  CHECK_FALSE(std::filesystem::exists(folder / "few"));
}
