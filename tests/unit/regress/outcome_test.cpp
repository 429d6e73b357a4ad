// SPDX-License-Identifier: Apache-2.0
//
// Honest verdicts: exit status 0 is not a pass by itself, and a failure is the DUT's only if a result says so.
#include "tb/regress/outcome.h"

#include <csignal>

#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using Catch::Matchers::Contains;
using kilburn::test::ScratchFolder;

namespace {

const std::string kPassed =
    R"({"verdict": "passed", "seed": 7, "comparisons": {"pins": 90, "loads": 10}, "cycles": 400, "reproduce": "kilburn run x"})";
const std::string kFailed =
    R"({"verdict": "failed", "seed": 7, "comparisons": {"pins": 3}, "cycles": 12,
        "failure": {"check": "exact", "message": "pin differs", "cycle": 11, "waves": "/somewhere/waves.fst"}})";

Ended with_status(int status) {
  Ended ended;
  ended.status = status;
  return ended;
}

Test test() {
  Test t;
  t.comparisons = 100;
  return t;
}

}  // namespace

TEST_CASE("a pass needs a result of this seed with enough comparisons and every file") {
  const ScratchFolder folder;
  CHECK(judge(test(), 7, with_status(0), folder.path()).message == "ended with status 0 and left no result");
  folder.write("result.json", kPassed);
  const Outcome passed = judge(test(), 7, with_status(0), folder.path());
  CHECK(passed.verdict == RunVerdict::passed);
  CHECK(passed.comparisons == 100);
  CHECK(passed.cycles == 400);
  CHECK(passed.reproduce == "kilburn run x");

  Outcome o = judge(test(), 8, with_status(0), folder.path());
  CHECK(o.verdict == RunVerdict::no_proof);
  CHECK(o.message == "its result is of another seed");
  Test more = test();
  more.comparisons = 101;
  o = judge(more, 7, with_status(0), folder.path());
  CHECK(o.verdict == RunVerdict::no_proof);
  CHECK(o.message == "made 100 comparisons, fewer than 101");

  Test coverage = test();
  coverage.files = {"coverage.dat"};
  CHECK(judge(coverage, 7, with_status(0), folder.path()).message == "the file coverage.dat is missing or empty");
  folder.write("coverage.dat", "");
  CHECK(judge(coverage, 7, with_status(0), folder.path()).verdict == RunVerdict::no_proof);
  folder.write("coverage.dat", "C 1");
  CHECK(judge(coverage, 7, with_status(0), folder.path()).verdict == RunVerdict::passed);

  folder.write("result.json", kPassed.substr(0, 40));
  CHECK(judge(test(), 7, with_status(0), folder.path()).message == "ended with status 0 and left no result");
  folder.write("result.json", kFailed);
  CHECK(judge(test(), 7, with_status(0), folder.path()).message ==
        "ended with status 0, and its result says \"failed\"");
}

TEST_CASE("a failure tells check, message, cycle and waves of the result") {
  const ScratchFolder folder;
  folder.write("result.json", kFailed);
  const Outcome o = judge(test(), 7, with_status(1), folder.path());
  CHECK(o.verdict == RunVerdict::failed);
  CHECK(o.check == "exact");
  CHECK(o.message == "pin differs");
  CHECK(o.cycle == 11);
  CHECK(o.waves == "waves.fst");
}

TEST_CASE("status 1 without a failed result does not blame the DUT") {
  const ScratchFolder folder;
  folder.write("stderr.txt", "==1==ERROR: AddressSanitizer: heap-use-after-free\n");
  Outcome o = judge(test(), 7, with_status(1), folder.path());
  CHECK(o.verdict == RunVerdict::crashed);
  CHECK_THAT(o.message, Contains("heap-use-after-free"));
  folder.write("result.json", kPassed);
  CHECK(judge(test(), 7, with_status(1), folder.path()).verdict == RunVerdict::crashed);
}

TEST_CASE("a run that compared nothing is no proof") {
  const ScratchFolder folder;
  folder.write("result.json", R"({"verdict": "failed", "failure": {"check": "honesty", "message": "nothing"}})");
  CHECK(judge(test(), 7, with_status(1), folder.path()).verdict == RunVerdict::no_proof);
}

TEST_CASE("hangs, crashes, memory and exit statuses have verdicts of their own") {
  const ScratchFolder folder;
  folder.write("result.json", kFailed);
  Ended ended;
  ended.timed_out = true;
  ended.signal = SIGKILL;
  Test limited = test();
  limited.time_limit = 2.5;
  Outcome o = judge(limited, 7, ended, folder.path());
  CHECK(o.verdict == RunVerdict::hang);
  CHECK(o.message == "no end within 2.5 s");
  CHECK(o.comparisons == 0);  // how far it came is the clock's matter

  ended = {};
  ended.signal = SIGSEGV;
  folder.write("stderr.txt", "last words\n\n");
  o = judge(test(), 7, ended, folder.path());
  CHECK(o.verdict == RunVerdict::crashed);
  CHECK(o.message == "ended by SIGSEGV: last words");

  folder.write("stderr.txt", "kilburn: out of memory\n");
  o = judge(test(), 7, with_status(3), folder.path());
  CHECK(o.verdict == RunVerdict::memory);
  CHECK(o.message == "needs more than 2048 MB of data");

  folder.write("stderr.txt", "kilburn: the disk is full\n");
  CHECK(judge(test(), 7, with_status(3), folder.path()).verdict == RunVerdict::environment);
  o = judge(test(), 7, with_status(2), folder.path());
  CHECK(o.verdict == RunVerdict::bad_input);
  CHECK(o.message == "the disk is full");
  CHECK(judge(test(), 7, with_status(130), folder.path()).verdict == RunVerdict::crashed);

  folder.write("stderr.txt", "bytes \xff\x01\n");
  CHECK(judge(test(), 7, with_status(2), folder.path()).message == "bytes ??");
}

TEST_CASE("verdicts have names that read back") {
  for (int n = 0; n <= static_cast<int>(RunVerdict::environment); ++n) {
    const auto verdict = static_cast<RunVerdict>(n);
    CHECK(run_verdict_from_name(name(verdict)) == verdict);
  }
  CHECK_THROWS(run_verdict_from_name("fine"));
}
