// SPDX-License-Identifier: Apache-2.0
//
// Wrong input: one sentence that names it, exit status 2, nothing left behind.
#include "tests/catch.h"
#include "tests/end_to_end/refused.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

TEST_CASE("unknown commands and options are refused") {
  refused({"fly"}, "there is no command \"fly\"");
  refused({"run", "--fly"}, "--fly");
  refused({"run", "--test", "random", "extra"}, "options only");
  refused({"run"}, "exactly one of --program, --trace, --workload, --test, --vectors");
  refused({"run", "--test", "random", "--trace", "x"}, "exactly one of");
  refused({"run", "--test", "nonesuch"}, "there is no test \"nonesuch\"");
  refused({"run", "--test", "random", "--break", "fault &&"}, "--break: a condition, a value or a ')' is missing");
  refused({"run", "--test", "random", "--until", "soon"}, "--until");
  refused({"run", "--test", "random", "--goto", "9", "--until", "8"}, "--until and --goto both say where to stop");
  refused({"run", "--test", "random", "--goto", "9", "--waves", "never"}, "--waves does not go with it");
  refused({"run", "--test", "random", "--dut", "arch", "--until", "8"}, "cycles of one DUT");
  refused({"run", "--test", "random", "--snapshots", "often"}, "--snapshots needs seconds from 0 to 3600");
  refused({"run", "--test", "random", "--snapshots", "-1"}, "--snapshots needs seconds from 0 to 3600");
  refused({"run", "--test", "random", "--format", "vax"}, "there is no format \"vax\"");
  refused({"run", "--test", "random", "--dut", "nonesuch"}, "there is no DUT \"nonesuch\"");
  refused({"run", "--test", "random", "--check", "vibes"}, "there is no check \"vibes\"");
  refused({"run", "--test", "random", "--waves", "high"}, "--waves is never, on-fail or always");
  refused({"run", "--test", "random", "--waves", "always", "--waves-window", "9:3"}, "--waves-window needs");
  refused({"run", "--test", "random", "--bug", "T61"}, "no seeded bugs");
  refused({"list", "nonesuch"}, "list does not know \"nonesuch\"");
}

TEST_CASE("numbers are whole and in range") {
  for (const char* bad : {"0", "-1", "1e6", "abc", "", "99999999999999999999999"}) {
    refused({"run", "--test", "random", std::string("--count=") + bad}, "--count");
    refused({"run", "--test", "random", std::string("--seed=") + bad}, "--seed");
  }
}

TEST_CASE("a DUT library that breaks the contract is refused") {
  const std::string duts = KILBURN_TEST_DUTS;
  refused({"run", "--test", "random", "--dut", "./missing.so"}, "does not exist");
  refused({"run", "--test", "random", "--dut", duts + "/no_dut.so"}, "does not export kilburn_dut");
  refused({"run", "--test", "random", "--dut", duts + "/twin_old_contract.so"}, "contract version 99");
}

TEST_CASE("programs and traces that cannot be had are refused") {
  refused({"run", "--program", "no-such-program-anywhere"}, "does not exist on the PATH");
  refused({"run", "--program", "./no/such/file"}, "does not exist");
  refused({"run", "--program", ""}, "--program is empty");
  refused({"run", "--trace", "missing.lk"}, "missing.lk cannot be read");
  refused({"run", "--trace", "/dev/null", "--frames", "1"}, "frames");
  refused({"run", "--trace", "/dev/null", "--os-bug", "M99"}, "M99");
  refused({"run", "--trace", "/dev/null", "--frames", "64", "--format", "vax"}, "there is no format");
}

TEST_CASE("a malformed trace is refused with its line") {
  const Folder folder;
  std::ofstream(folder / "bad.lk") << "I  04001000,3\n L 1ffeffe7e,8\n S what,8\n";
  const Ran ran = folder.run({"run", "--trace", "bad.lk", "--dut", "arch", "--out", "run"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("bad.lk") && Contains("3"));
  CHECK_FALSE(std::filesystem::exists(folder / "run/result.json"));
}

TEST_CASE("an empty trace proves nothing") {
  const Folder folder;
  std::ofstream(folder / "empty.lk") << "";
  const Ran ran = folder.run({"run", "--trace", "empty.lk", "--out", "run"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("the file is empty"));
  CHECK_FALSE(std::filesystem::exists(folder / "run"));
  std::ofstream(folder / "silent.lk") << "==71== Lackey, an example Valgrind tool\n";
  const Ran silent = folder.run({"run", "--trace", "silent.lk", "--out", "run"});
  INFO(silent.out << silent.err);
  CHECK(silent.status == 2);
  CHECK_THAT(silent.err, Contains("silent.lk holds no memory reference"));
  CHECK_FALSE(std::filesystem::exists(folder / "run"));
}

TEST_CASE("a folder that is not a run's is not written into") {
  const Folder folder;
  std::filesystem::create_directory(folder / "mine");
  std::ofstream(folder / "mine/thesis.txt") << "keep me\n";
  const Ran ran = folder.run({"run", "--test", "random", "--count", "100", "--out", "mine"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("is not the folder of a run"));
  CHECK(contents(folder / "mine/thesis.txt") == "keep me\n");
  CHECK_FALSE(std::filesystem::exists(folder / "mine/result.json"));
}
