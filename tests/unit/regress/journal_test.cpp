// SPDX-License-Identifier: Apache-2.0
//
// The journal: what was written is known again, a torn last line is forgotten, damage is told.
#include "tb/regress/journal.h"

#include "tb/errors.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using Catch::Matchers::Contains;
using kilburn::test::contents;
using kilburn::test::ScratchFolder;

namespace {

Outcome some_failure() {
  Outcome o;
  o.verdict = RunVerdict::failed;
  o.check = "exact";
  o.message = "pin \"d\" differs\n";
  o.reproduce = "kilburn run";
  o.waves = "waves.fst";
  o.cycle = ~u64{0};
  o.comparisons = 12;
  o.cycles = 34;
  o.seconds = 0.125;
  o.peak_memory = 56;
  return o;
}

}  // namespace

TEST_CASE("what a journal was told it knows again") {
  const ScratchFolder folder;
  const auto file = folder / "j";
  {
    Results known;
    Journal journal(file, 3, known);
    journal.ended(2, some_failure());
    journal.ended(0, Outcome());
    journal.repeated(2, some_failure());
    journal.runner_spent(1.5);
  }
  Results known;
  Journal journal(file, 3, known);
  REQUIRE(known.runs.size() == 3);
  CHECK(known.runs[0]->verdict == RunVerdict::passed);
  CHECK_FALSE(known.runs[1]);
  const Outcome expected = some_failure(), &o = *known.runs[2];
  CHECK(o.verdict == expected.verdict);
  CHECK((o.check == expected.check && o.message == expected.message && o.reproduce == expected.reproduce));
  CHECK((o.waves == expected.waves && o.cycle == expected.cycle && o.comparisons == 12 && o.cycles == 34));
  CHECK((o.seconds == 0.125 && o.peak_memory == 56));
  CHECK(known.repeated.count(2) == 1);
  CHECK(known.seconds == 1.5);
}

TEST_CASE("a journal cut at any byte knows its whole lines and goes on after them") {
  const ScratchFolder folder;
  {
    Results known;
    Journal journal(folder / "whole", 2, known);
    journal.ended(0, Outcome());
    journal.ended(1, some_failure());
  }
  const std::string whole = contents(folder / "whole");
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const auto file = folder.write("cut", whole.substr(0, length));
    {
      Results known;
      Journal journal(file, 2, known);
      REQUIRE(known.runs[0].has_value() == (length >= first));
      REQUIRE(known.runs[1].has_value() == (length == whole.size()));
      if (!known.runs[0]) journal.ended(0, Outcome());
      if (!known.runs[1]) journal.ended(1, some_failure());
    }
    REQUIRE(contents(file) == whole);
  }
}

TEST_CASE("a damaged journal is told with its line, and left alone") {
  const ScratchFolder folder;
  const std::string good =
      R"({"phase":"run","job":0,"verdict":"passed","comparisons":1,"cycles":1,"seconds":0,"peak_memory":0})";
  const std::string bad = GENERATE(std::string("garbage"), std::string("{}"), std::string(R"({"phase":"x","job":0})"),
                                   std::string(R"({"phase":"run","job":9,"verdict":"passed"})"),
                                   std::string(R"({"phase":"run","job":0,"verdict":"fine"})"));
  const std::string text = good + "\n" + bad + "\n" + good + "\n";
  const auto file = folder.write("j", text);
  Results known;
  CHECK_THROWS_WITH(Journal(file, 3, known), Contains("j:2: the journal is damaged"));
  CHECK(contents(file) == text);
}

TEST_CASE("a journal that cannot be written is the environment's fault") {
  Results known;
  CHECK_THROWS_AS(Journal("/proc/none/j", 1, known), kilburn::tb::EnvironmentError);
  const ScratchFolder folder;
  std::filesystem::create_symlink("/dev/full", folder / "j");
  std::filesystem::create_directory(folder / "d");
  CHECK_THROWS_AS(Journal(folder / "d", 1, known), std::exception);
}
