// SPDX-License-Identifier: Apache-2.0
//
// `kilburn regress` as a user runs it: green, red with reasons, interrupted and killed and resumed, bad lists, bad
// folders, a full disk.
#include <algorithm>
#include <csignal>
#include <random>
#include <regex>
#include <set>
#include <thread>

#include "tests/catch.h"
#include "tests/end_to_end/directed.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

// Short runs on the RTL and on a model.
const std::string kShort =
    "[[test]]\nname = \"short\"\noptions = [\"--test\", \"random\", \"--count\", \"100\"]\n"
    "vary = { dut = [\"mmu\", \"arch\"] }\nreseed = 12\n";
// Most of these runs fail: the bug is planted.
const std::string kBug =
    "[[test]]\nname = \"bug\"\noptions = [\"--test\", \"random\", \"--count\", \"20000\", \"--dut\", \"mmu-bugs\", "
    "\"--bug\", \"T61\"]\nseeds = [2, 3, 4]\n";

boost::json::object report(const Folder& folder, const std::string& results) {
  return boost::json::parse(contents(folder / (results + "/report.json"))).as_object();
}

// Without what the clock says.
boost::json::object comparable(boost::json::object report) {
  report.erase("measured");
  for (auto& run : report.at("runs").as_array()) run.as_object().erase("measured");
  return report;
}

void write(const Folder& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder / name) << text;
}

unsigned lines(const std::string& text) { return static_cast<unsigned>(std::count(text.begin(), text.end(), '\n')); }

namespace bp = boost::process;

bp::child start(const Folder& folder, const std::vector<std::string>& words) {
  return bp::child(KILBURN_PROGRAM, bp::args(words), bp::start_dir(folder.path().string()),
                   bp::std_in<bp::null, bp::std_out>(folder / "out.txt").string(),
                   bp::std_err > (folder / "err.txt").string());
}

}  // namespace

TEST_CASE("a list that passes is green and leaves its reports") {
  const Folder folder;
  write(folder, "l.toml", "[expect]\ntests = 24\ncomparisons = 5000\n" + kShort);
  const Ran ran = folder.run({"regress", "l.toml", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.out, Contains("GREEN"));
  const auto o = report(folder, "r");
  CHECK(o.at("verdict") == "green");
  CHECK(o.at("made") == 24);
  CHECK(o.at("comparisons").to_number<std::uint64_t>() > 5000);
  for (const char* file : {"report.html", "junit.xml", "plan.json", "journal.jsonl"}) {
    CHECK(std::filesystem::file_size(folder / ("r/" + std::string(file))) > 100);
  }
  // Written again, and the same.
  const Ran again = folder.run({"report", "r", "--json"});
  CHECK(again.status == 0);
  CHECK(boost::json::parse(again.out) == o);
}

TEST_CASE("without --out every regression has a new folder") {
  const Folder folder;
  write(folder, "l.toml", kShort);
  CHECK(folder.run({"regress", "l.toml", "--only", "short-arch", "--fixed-seed", "3"}).status == 0);
  CHECK(folder.run({"regress", "l.toml", "--only", "short-arch", "--fixed-seed", "3"}).status == 0);
  CHECK(report(folder, "runs/l").at("digest") == report(folder, "runs/l-2").at("digest"));
}

TEST_CASE("a directed test in a list has the seed of its file, and others where they are asked for") {
  const Folder folder;
  std::string seeded = kPage;
  seeded.insert(seeded.find("memory"), "seed 77\n");
  write(folder, "page.kt", seeded);
  const std::string test = "[[test]]\nname = \"page\"\noptions = [\"--test\", \"{dir}/page.kt\"]\n";
  const auto seeds = [&](const std::string& list, const std::vector<std::string>& options) {
    write(folder, "l.toml", list);
    std::filesystem::remove_all(folder / "r");
    std::vector<std::string> words = {"regress", "l.toml", "--out", "r"};
    words.insert(words.end(), options.begin(), options.end());
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    CHECK(ran.status == 0);
    std::set<std::uint64_t> all;
    const auto whole = report(folder, "r");
    for (const auto& run : whole.at("runs").as_array()) {
      all.insert(run.as_object().at("seed").to_number<std::uint64_t>());
    }
    return all;
  };
  CHECK(seeds(test, {}) == std::set<std::uint64_t>{77});
  CHECK(seeds(test + "seeds = [5, 6]\n", {}) == std::set<std::uint64_t>{5, 6});
  CHECK(seeds(test + "reseed = 3\n", {}).size() == 3);
  CHECK(seeds(test, {"--seeds", "4"}).size() == 4);
}

TEST_CASE("a planted bug is red: one bucket, a reproducing command, waves, and failed-of") {
  const Folder folder;
  write(folder, "l.toml", kShort + kBug);
  const Ran ran = folder.run({"regress", "l.toml", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 1);
  CHECK_THAT(ran.out, Contains("RED") && Contains("reproduce") && Contains("--failed-of r"));
  const auto o = report(folder, "r");
  CHECK(o.at("counts").at("passed").to_number<unsigned>() >= 24);
  const auto& bucket = o.at("buckets").at(0).as_object();
  const std::string first(bucket.at("runs").at(0).as_string());
  CHECK(first.starts_with("bug/"));

  // The command alone fails in the same way.
  const auto& runs = o.at("runs").as_array();
  const auto failed = std::find_if(runs.begin(), runs.end(),
                                   [&](const auto& run) { return run.at("name") == boost::json::string(first); });
  REQUIRE(failed != runs.end());
  CHECK(failed->at("repeated") == "failed");
  CHECK(std::filesystem::file_size(folder / ("r/" + std::string(failed->at("waves").as_string()))) > 500);
  std::istringstream command(std::string(failed->at("reproduce").as_string()));
  std::vector<std::string> words;
  for (std::string word; command >> word;) words.push_back(word);
  words.erase(words.begin());
  words.insert(words.end(), {"--out", "alone", "--waves", "never"});
  CHECK(folder.run(words).status == 1);
  CHECK(folder.result("alone").at("failure").at("message") == failed->at("message"));

  const Ran again = folder.run({"regress", "--failed-of", "r", "--out", "again", "--repeats", "0"});
  CHECK(again.status == 1);
  const auto second = report(folder, "again");
  CHECK(second.at("made").to_number<std::size_t>() ==
        runs.size() - o.at("counts").at("passed").to_number<std::size_t>());
  CHECK(folder.run({"regress", "--failed-of", "nothing"}).status == 2);
}

TEST_CASE("fewer runs or comparisons than promised are red") {
  const Folder folder;
  write(folder, "l.toml", "[expect]\ntests = 25\n" + kShort);
  Ran ran = folder.run({"regress", "l.toml", "--out", "a"});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("l.toml:1 expects 25 runs, and 24 were made"));
  write(folder, "l.toml", "[expect]\ncomparisons = 1_000_000_000_000\n" + kShort);
  ran = folder.run({"regress", "l.toml", "--out", "b"});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("comparisons at least"));
}

TEST_CASE("a run over its time is a hang") {
  const Folder folder;
  write(folder, "l.toml",
        "[[test]]\nname = \"endless\"\noptions = [\"--test\", \"random\", \"--count\", \"1000000000\"]\n"
        "time_limit = 0.5\nseeds = [1]\n");
  const Ran ran = folder.run({"regress", "l.toml", "--out", "r", "--repeats", "0"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("hang: no end within N s") && Contains("1 run of 1: hang"));
}

TEST_CASE("Ctrl-C leaves results that go on to the same report") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const Folder folder;
  write(folder, "l.toml",
        "[[test]]\nname = \"t\"\noptions = [\"--test\", \"random\", \"--count\", \"5000\"]\n"
        "reseed = 30\n");
  REQUIRE(folder.run({"regress", "l.toml", "--out", "whole"}).status == 0);
  bp::child child = start(folder, {"regress", "l.toml", "--out", "r"});
  for (int n = 0; n < 1000 && lines(contents(folder / "r/journal.jsonl")) < 2; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(child.id(), signal);
  child.wait();
  INFO(contents(folder / "out.txt") << contents(folder / "err.txt"));
  REQUIRE(child.exit_code() == 130);
  CHECK_THAT(contents(folder / "out.txt"), Contains("INTERRUPTED") && Contains("kilburn regress --resume r"));
  CHECK(report(folder, "r").at("verdict") == "interrupted");
  CHECK(folder.run({"report", "r"}).status == 130);
  CHECK(folder.run({"regress", "--resume", "r"}).status == 0);
  CHECK(comparable(report(folder, "r")) == comparable(report(folder, "whole")));
}

namespace {

// Kills a runner at `kills` random moments of each of `folders` regressions; each then goes on to the same report.
void kill_and_resume(unsigned folders, unsigned kills) {
  const Folder folder;
  write(folder, "l.toml", kShort + kBug);
  const auto started = std::chrono::steady_clock::now();
  REQUIRE(folder.run({"regress", "l.toml", "--resume", "whole"}).status == 1);
  const auto takes = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);
  const auto whole = comparable(report(folder, "whole"));
  const unsigned seed = 20260101;
  INFO("seed " << seed << ", an undisturbed one takes " << takes.count() << " us");
  std::mt19937 random(seed);
  for (unsigned n = 0; n < folders; ++n) {
    const std::string results = "r" + std::to_string(n);
    for (unsigned kill = 0; kill < kills; ++kill) {
      bp::child child = start(folder, {"regress", "l.toml", "--resume", results});
      std::this_thread::sleep_for(takes * (random() % 1000) / 1000);
      ::kill(child.id(), SIGKILL);
      child.wait();
    }
    const Ran ran = folder.run({"regress", "l.toml", "--resume", results});
    INFO(results << "\n" << ran.out << ran.err);
    REQUIRE(ran.status == 1);
    REQUIRE(comparable(report(folder, results)) == whole);
    std::filesystem::remove_all(folder / results);
  }
}

}  // namespace

TEST_CASE("a regression killed at any moment goes on to the same report") { kill_and_resume(4, 2); }

// Minutes: `ctest -C nightly -L nightly`.
TEST_CASE("a regression killed at any of 100 moments goes on to the same report", "[.kills]") {
  kill_and_resume(100, 1);
}

TEST_CASE("bad lists, tests and options are told in one sentence, and nothing is written") {
  const Folder folder;
  const auto refused = [&](const std::string& list, const std::vector<std::string>& options,
                           const std::string& reason) {
    write(folder, "l.toml", list);
    std::vector<std::string> words = {"regress"};
    words.insert(words.end(), options.begin(), options.end());
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(reason));
    CHECK(lines(ran.err) == 1);
    CHECK_FALSE(std::filesystem::exists(folder / "runs"));
    CHECK_FALSE(std::filesystem::exists(folder / "r"));
  };
  const auto test = [](const std::string& options) { return "[[test]]\nname = \"t\"\noptions = [" + options + "]\n"; };
  refused(kShort, {}, "needs a list");
  refused(kShort, {"none"}, "there is no list \"none\"; there are: coverage, legal, nightly, smoke, soak");
  refused(kShort, {"none.toml"}, "there is no list none.toml");
  refused("[[test]]\nname = 3\n", {"l.toml"}, "l.toml:2: test.name: needs a string");
  refused("x = \n", {"l.toml"}, "l.toml:1: not TOML");
  refused(test("\"--test\", \"walk\""), {"l.toml"}, "l.toml:2: test \"t\": there is no test \"walk\"");
  refused(test("\"--count\", \"5\""), {"l.toml"}, "l.toml:2: test \"t\": exactly one of");
  refused(test("\"--help\""), {"l.toml"}, "l.toml:2: test \"t\": ");
  refused(test("\"--test\", \"random\", \"--dut\", \"none\""), {"l.toml"}, "test \"t\": there is no DUT \"none\"");
  write(folder, "cut.kt", "kilburn-test 1\nformat x86-64\nread va=0x1000\n");
  refused(test("\"--test\", \"{dir}/cut.kt\""), {"l.toml"}, "l.toml:2: test \"t\": ");
  refused(test("\"--vectors\", \"{dir}/v.txt\""), {"l.toml"}, "test \"t\": ");
  refused(test("\"--trace\", \"none.lk\""), {"l.toml"}, "none.lk cannot be read");
  refused(kShort, {"l.toml", "--only", "x"}, "--only x");
  refused(kShort, {"l.toml", "--seeds", "0"}, "--seeds");
  refused(kShort, {"l.toml", "--fixed-seed", "0"}, "--fixed-seed");
  refused(kShort, {"l.toml", "-j", "0"}, "--jobs");
  refused(kShort, {"l.toml", "l.toml"}, "see kilburn regress --help");
  refused(kShort, {"--resume", "r"}, "holds no results");
  refused(kShort, {"--resume", "r", "--seeds", "3"}, "--seeds needs a list");
  refused(kShort, {"l.toml", "--failed-of", "r"}, "no list goes with it");
}

TEST_CASE("folders of other things are refused, folders that cannot be made are the environment's fault") {
  const Folder folder;
  write(folder, "l.toml", kShort);
  const auto status = [&](const std::vector<std::string>& words, const std::string& reason) {
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    CHECK_THAT(ran.err, Contains(reason));
    CHECK(lines(ran.err) == 1);
    return ran.status;
  };
  std::filesystem::create_directory(folder / "mine");
  write(folder, "mine/letter.txt", "dear");
  CHECK(status({"regress", "l.toml", "--out", "mine"}, "holds something else") == 2);
  CHECK(status({"regress", "l.toml", "--out", "l.toml"}, "is a file") == 2);
  CHECK(status({"regress", "l.toml", "--out", "/proc/kilburn"}, "/proc/kilburn") == 3);
  CHECK(status({"regress", "l.toml", "--out", "l.toml/r"}, "cannot be made") == 3);
  REQUIRE(folder.run({"regress", "l.toml", "--out", "r"}).status == 0);
  CHECK(status({"regress", "l.toml", "--out", "r"}, "--resume") == 2);
  write(folder, "r/plan.json", "{");
  CHECK(status({"regress", "--resume", "r"}, "plan.json is not a plan") == 2);
}

TEST_CASE("a full disk ends a regression with 3, and it goes on when there is room") {
  const Folder folder;
  write(folder, "l.toml", kShort);
  std::filesystem::create_directory(folder / "disk");
  // A file system of 200 kB that only this shell sees; then one with room, with what the first one held.
  const std::string script =
      "mount -t tmpfs -o size=200k none disk && " KILBURN_PROGRAM
      " regress l.toml --out disk/r; echo status $?; mount -o remount,size=20m disk && " KILBURN_PROGRAM
      " regress l.toml --resume disk/r >/dev/null; echo resumed $?";
  const auto ran = run_with_mounts(folder, script);
  if (!ran) {
    WARN("no user namespaces here: not tested");
    return;
  }
  INFO(ran->out << ran->err);
  CHECK_THAT(ran->out, Contains("status 3") && Contains("resumed 0"));
  CHECK_THAT(ran->err, Contains("No space left on device"));
}

// The number of runs that a shipped list promises is the number that it plans.
void check_promise(const std::string& list, const Ran& planned) {
  INFO(planned.err);
  REQUIRE(planned.status == 0);
  const std::string text = contents(std::filesystem::path(KILBURN_SOURCE_DIR) / "tests/regressions" / (list + ".toml"));
  CHECK_THAT(text, Contains("\ntests = " + std::to_string(lines(planned.out)) + "\n"));
  CHECK_THAT(planned.err, Contains("base seed"));
}

TEST_CASE("the shipped lists can be planned, and promise what they plan") {
  const Folder folder;
  const std::string list = GENERATE("smoke", "nightly", "soak", "coverage");
  check_promise(list, folder.run({"regress", list, "--dry-run"}));
  CHECK(folder.empty());
}

TEST_CASE("the list of legal MMUs is planned where its DUTs are built, and names what is missing elsewhere") {
  const Folder folder;
  const std::string duts = folder.run({"list", "duts"}).out;  // those of x86-64 are built by default
  const bool built = std::regex_search(duts, std::regex("  mmu-large +alpha "));
  const Ran ran = folder.run({"regress", "legal", "--dry-run"});
  CHECK(folder.empty());
  if (built) return check_promise("legal", ran);
  INFO(ran.err);
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("legal.toml:") && Contains("there is no DUT \"mmu-large\""));
}
