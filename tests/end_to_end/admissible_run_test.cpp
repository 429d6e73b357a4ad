// SPDX-License-Identifier: Apache-2.0
//
// The admissible check at the command line: what it is told to forbid and to allow, what the OS owes it, bad settings.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using Catch::Matchers::Contains;
using kilburn::test::Folder;
using kilburn::test::Ran;

namespace {

using Words = std::vector<std::string>;

Ran judge(const Folder& folder, const Words& more, const std::string& checks = "admissible") {
  Words words{"run",     "--test", "random",  "--count", "20000", "--seed", "9",
              "--check", checks,   "--waves", "never",   "--out", "r"};
  words.insert(words.end(), more.begin(), more.end());
  const Ran ran = folder.run(words);
  INFO(ran.out << ran.err);
  REQUIRE((ran.status == 0 || ran.status == 1));
  return ran;
}

std::string failed_check(const Folder& folder, const std::string& run = "r") {
  const auto result = folder.result(run);
  if (result.at("verdict") != "failed") return "";
  return std::string(result.at("failure").as_object().at("check").as_string());
}

}  // namespace

TEST_CASE("a class of legality is forbidden by name, and only that one") {
  const Folder folder;
  const Words early{"--dut", "wild-early-a"};
  CHECK(judge(folder, early).status == 0);
  CHECK(judge(folder, {"--dut", "wild-early-a", "--strict", "spurious"}).status == 0);
  const Ran forbidden = judge(folder, {"--dut", "wild-early-a", "--strict", "spurious,early-a"});
  CHECK(forbidden.status == 1);
  CHECK_THAT(forbidden.out, Contains("strict: A is set where no waiting request comes to"));
  CHECK(failed_check(folder) == "admissible");

  const Ran stale = judge(folder, {"--dut", "wild-huge", "--strict", "stale"});
  CHECK(stale.status == 1);
  CHECK_THAT(stale.out, Contains("legal as stale and forbidden here"));
}

TEST_CASE("a relaxation changes the verdict in the direction that it names") {
  const Folder folder;
  // SDM 4.8: a processor may set A in the entry of a refused access.
  const Ran refused = judge(folder, {"--dut", "wild-early-a", "--relax", "leaf-a-on-denial=off"});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.out, Contains("W6") && Contains("sets A in the leaf of a refused access"));

  CHECK(judge(folder, {"--dut", "wild", "--bug", "READ-D"}).status == 1);
  CHECK(judge(folder, {"--dut", "wild", "--bug", "READ-D", "--relax", "speculative-d=on"}).status == 0);
}

TEST_CASE("the checks are those of the list") {
  const Folder folder;
  struct Row {
    const char* checks;
    std::string failed;
  };
  // READ-D is no mismatch of answers: only the admissible check looks at what a walker writes to a wild memory.
  for (const Row& row : {Row{"admissible", "admissible"}, Row{"all", "admissible"}}) {
    INFO(row.checks);
    CHECK(judge(folder, {"--dut", "wild", "--bug", "READ-D"}, row.checks).status == 1);
    CHECK(failed_check(folder) == row.failed);
  }
  const Ran both = folder.run({"run", "--test", "random", "--dut", "mmu-bugs", "--bug", "T11", "--count", "20000",
                               "--seed", "9", "--check", "exact,admissible", "--waves", "never", "--out", "both"});
  INFO(both.out << both.err);
  CHECK(both.status == 1);
  CHECK(failed_check(folder, "both") == "exact");  // of the same cycle's findings the exact one is named
}

TEST_CASE("an OS that uses a translation before the invalidation that it owes has failed, not the MMU") {
  const Folder folder;
  const std::string trace = KILBURN_TEST_DATA "/traces/mini.28871.lk";
  const Words run{"run",     "--trace",    trace,     "--frames", "48",      "--seed", "9",
                  "--check", "admissible", "--yield", "every",    "--waves", "never"};
  Words sound = run;
  sound.insert(sound.end(), {"--out", "sound"});
  const Ran passed = folder.run(sound);
  INFO(passed.out << passed.err);
  REQUIRE(passed.status == 0);
  CHECK(kilburn::test::figure(folder.result("sound"), "legality", "invalidations") > 0);
  CHECK(kilburn::test::figure(folder.result("sound"), "legality", "uses before an owed invalidation") == 0);

  // M12: fork leaves the parent's writable entries in the TLB.
  Words planted = run;
  planted.insert(planted.end(), {"--os-bug", "M12", "--out", "planted"});
  const Ran failed = folder.run(planted);
  INFO(failed.out << failed.err);
  CHECK(failed.status == 1);
  CHECK(failed_check(folder, "planted") == "obligations");
  CHECK_THAT(failed.out, Contains("the OS used a translation before the invalidation that it owed"));
}

// A response is judged when it is taken: by then another request is open on its port.
TEST_CASE("the request of a failure is the one whose answer is rejected") {
  const Folder folder;
  const std::string bug = GENERATE("T60", "T26", "T01");
  const Words words{"run",     "--test",     "random",  "--dut", "mmu-bugs", "--bug", bug,
                    "--check", "admissible", "--waves", "never", "--out",    "r"};
  const Ran ran = folder.run(words);
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 1);
  const auto mismatch = boost::json::parse(kilburn::test::contents(folder / "r/mismatch.json")).as_object();
  const std::string message(mismatch.at("message").as_string()), request(mismatch.at("request").as_string());
  const auto accepted = message.find("accepted in cycle ");
  REQUIRE(accepted != std::string::npos);
  const std::string when = message.substr(accepted, message.find(':', accepted) - accepted);
  CHECK_THAT(request, Contains(when + ","));
  bool marked = false;
  for (const auto& marker : mismatch.at("markers").as_array()) {
    const auto& m = marker.as_object();
    marked |= m.at("name") == "request" &&
              when == "accepted in cycle " + std::to_string(m.at("cycle").to_number<std::uint64_t>());
  }
  CHECK(marked);
}

TEST_CASE("settings of the admissible check that mean nothing") {
  const Folder folder;
  struct Row {
    Words words;
    const char* sentence;
  };
  for (const Row& row : {
           Row{{"--check", "admissible,vibes"}, "there is no check \"vibes\""},
           Row{{"--check", "admissible,"}, "there is no check \"\""},
           Row{{"--check", "admissible", "--strict", "stale,fresher"}, "no class of legality is called 'fresher'"},
           Row{{"--check", "exact", "--strict", "stale"}, "go with the admissible check"},
           Row{{"--check", "exact", "--relax", "speculative-d=on"}, "go with the admissible check"},
           Row{{"--check", "admissible", "--relax", "speed=on"}, "no relaxation is called 'speed'"},
           Row{{"--check", "admissible", "--relax", "speculative-d=perhaps"}, "is on or off, not 'perhaps'"},
           Row{{"--check", "admissible", "--relax", "versions-a-word=0"}, "needs a number from 1"},
           Row{{"--check", "admissible", "--relax", "psc-scope=galaxy"}, "is architecture, context, prefix or bulk"},
       }) {
    Words words{"run", "--test", "random", "--count", "100", "--out", "r"};
    words.insert(words.end(), row.words.begin(), row.words.end());
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(row.sentence));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    CHECK(folder.empty());
  }
}
