// SPDX-License-Identifier: Apache-2.0
//
// `kilburn regress --launcher slurm` on a real Slurm: the verdicts are those of this machine, lost nodes and
// preemptions are made good and counted, Ctrl-C and kills leave no job behind.
#include <unistd.h>

#include <algorithm>
#include <boost/process/env.hpp>
#include <csignal>
#include <cstring>
#include <thread>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;
namespace bp = boost::process;

namespace {

const std::string kScript = KILBURN_SOURCE_DIR "/tests/slurm/cluster";

// Standard output of a program that PATH has; the system's folders too.
std::string output_of(const std::string& command) {
  bp::ipstream out;
  bp::child child("/bin/bash", "-c", "PATH=$PATH:/usr/sbin; " + command, bp::std_out > out, bp::std_err > bp::null);
  std::string text;
  for (std::string line; std::getline(out, line);) text += line + "\n";
  child.wait();
  return text;
}

// SLURM_CONF of this process leads to it.
class Cluster {
 public:
  Cluster() {
    const std::string missing = output_of(kScript + " missing");
    if (!missing.empty()) {
      WARN("not tested: Slurm is not installed (packages slurmctld slurmd slurm-client munge); missing: " << missing);
      return;
    }
    ::setenv("SLURM_CONF", (folder_.path() / "slurm.conf").c_str(), 1);
    bp::child child(kScript, "start", folder_.path().string(), bp::std_err > (folder_ / "start.txt").string());
    child.wait();
    INFO(contents(folder_ / "start.txt"));
    REQUIRE(child.exit_code() == 0);
    started_ = true;
  }
  ~Cluster() {
    if (started_) output_of(kScript + " stop " + folder_.path().string());
  }
  bool started() const { return started_; }

 private:
  ScratchFolder folder_;
  bool started_ = false;
};

const std::string kShort =
    "[[test]]\nname = \"short\"\noptions = [\"--test\", \"random\", \"--count\", \"100\"]\n"
    "vary = { dut = [\"mmu\", \"arch\"] }\nreseed = 6\n";
const std::string kBug =
    "[[test]]\nname = \"bug\"\noptions = [\"--test\", \"random\", \"--count\", \"20000\", \"--dut\", \"mmu-bugs\", "
    "\"--bug\", \"T61\"]\nseeds = [2, 3]\n";
const std::string kHang =
    "[[test]]\nname = \"endless\"\noptions = [\"--test\", \"random\", \"--count\", \"1000000000\"]\n"
    "time_limit = 0.5\nseeds = [1]\nmemory_limit = 512\n";
// A second or two each.
const std::string kLong =
    "[[test]]\nname = \"long\"\noptions = [\"--test\", \"random\", \"--count\", \"400000\"]\nseeds = [1, 2]\n"
    "time_limit = 3600\nmemory_limit = 1024\n";

void write(const Folder& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder / name) << text;
}

boost::json::object report(const Folder& folder, const std::string& results) {
  return boost::json::parse(contents(folder / (results + "/report.json"))).as_object();
}

// Without what the clock and the machines say.
boost::json::object comparable(boost::json::object report) {
  report.erase("measured");
  for (auto& run : report.at("runs").as_array()) run.as_object().erase("measured");
  return report;
}

bp::child start(const Folder& folder, const std::vector<std::string>& words) {
  return bp::child(KILBURN_PROGRAM, bp::args(words), bp::start_dir(folder.path().string()),
                   bp::std_in<bp::null, bp::std_out>(folder / "out.txt").string(),
                   bp::std_err > (folder / "err.txt").string());
}

// Looks until `command` prints a line that contains `wanted`.
bool soon(const std::string& command, const std::string& wanted) {
  for (int n = 0; n < 300; ++n) {
    if (output_of(command).find(wanted) != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

const std::string kJobs = "squeue --noheader --array --format='%i %T %P %l %m %j'";

// A job that has ended stands in the queue until its node has told so.
bool queue_empties() {
  for (int n = 0; n < 300; ++n) {
    if (output_of(kJobs).empty()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

std::vector<std::string> by_slurm(std::vector<std::string> words) {
  words.insert(words.begin(), "regress");
  words.insert(words.end(), {"--launcher", "slurm"});
  return words;
}

}  // namespace

TEST_CASE("without Slurm's commands the launcher says so, and nothing is written") {
  const Folder folder;
  write(folder, "l.toml", kShort);
  bp::child child(KILBURN_PROGRAM, bp::args(by_slurm({"l.toml", "--out", "r"})), bp::start_dir(folder.path().string()),
                  bp::env["PATH"] = folder.path().string(), bp::std_err > (folder / "err.txt").string());
  child.wait();
  CHECK(child.exit_code() == 3);
  CHECK(contents(folder / "err.txt") ==
        "kilburn: --launcher slurm needs Slurm's commands, and sbatch is not installed\n");
  CHECK_FALSE(std::filesystem::exists(folder / "r"));
}

TEST_CASE("options of Slurm without Slurm are refused") {
  const Folder folder;
  write(folder, "l.toml", kShort);
  const auto refused = [&](std::vector<std::string> words, const std::string& reason) {
    words.insert(words.begin(), {"regress", "l.toml"});
    const Ran ran = folder.run(words);
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(reason));
  };
  refused({"--partition", "p"}, "--partition needs --launcher slurm");
  refused({"--slurm-arg=-v"}, "--slurm-arg needs --launcher slurm");
  refused({"--launcher", "pbs"}, "there is no launcher \"pbs\"; there are: local, slurm");
  refused({"--launcher", "slurm", "--slurm-arg", "x"}, "an option of sbatch starts with -");
  refused({"--launcher", "slurm", "--slurm-retries", "x"}, "--slurm-retries needs a whole number");
  refused({"--part", "none"}, "the file none cannot be read");
  refused({"--part", "l.toml"}, "l.toml is not a part of a regression");
}

TEST_CASE("the verdicts by Slurm are those of this machine") {
  const Cluster cluster;
  if (!cluster.started()) return;
  const Folder folder;
  write(folder, "l.toml", kShort + kBug + kHang);
  const Ran here = folder.run({"regress", "l.toml", "--out", "here"});
  REQUIRE(here.status == 1);
  const Ran there = folder.run(by_slurm({"l.toml", "--out", "there"}));
  INFO(there.out << there.err);
  REQUIRE(there.status == 1);
  CHECK(comparable(report(folder, "there")) == comparable(report(folder, "here")));
  const auto whole = report(folder, "there");
  const auto& run = whole.at("runs").at(0).as_object();
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  CHECK(std::string(run.at("measured").at("machine").as_string()) == std::string(host, std::strcspn(host, ".")));
  CHECK(queue_empties());
}

TEST_CASE("partition, limits and other words reach sbatch, a refusal is told and can be resumed") {
  const Cluster cluster;
  if (!cluster.started()) return;
  const Folder folder;
  write(folder, "l.toml", kLong);
  const Ran refused = folder.run(by_slurm({"l.toml", "--out", "r", "--partition", "none"}));
  CHECK(refused.status == 3);
  CHECK_THAT(refused.err, Contains("kilburn: sbatch takes no job: invalid partition specified: none"));
  // One job for both runs, for their limits come to two hours: two jobs.
  bp::child child =
      start(folder, by_slurm({"--resume", "r", "--partition", "urgent", "--slurm-arg=--begin=now+1hour"}));
  REQUIRE(soon(kJobs, "_1 PENDING urgent 1:02:00 1280M kilburn-"));
  ::kill(child.id(), SIGINT);
  child.wait();
  CHECK(child.exit_code() == 130);
  CHECK(queue_empties());
  const Ran ran = folder.run(by_slurm({"--resume", "r"}));
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
}

TEST_CASE("a node that fails loses nothing: its runs are begun again, and counted") {
  const Cluster cluster;
  if (!cluster.started()) return;
  const Folder folder;
  write(folder, "l.toml", kLong + kShort);
  REQUIRE(folder.run({"regress", "l.toml", "--out", "here"}).status == 0);
  bp::child child = start(folder, by_slurm({"l.toml", "--out", "r"}));
  REQUIRE(soon(kJobs, " RUNNING "));
  const std::string node = output_of("hostname -s");
  output_of("scontrol update state=down reason=test NodeName=" + node);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  output_of("scontrol update state=resume NodeName=" + node);
  child.wait();
  INFO(contents(folder / "out.txt") << contents(folder / "err.txt"));
  REQUIRE(child.exit_code() == 0);
  CHECK(comparable(report(folder, "r")) == comparable(report(folder, "here")));
  CHECK(report(folder, "r").at("measured").at("begun_again").at("NODE_FAIL").to_number<int>() >= 1);
  CHECK_THAT(contents(folder / "out.txt"), Contains("begun again") && Contains("NODE_FAIL"));
}

TEST_CASE("a run that Slurm ends again and again is the environment's fault, and can be resumed") {
  const Cluster cluster;
  if (!cluster.started()) return;
  const Folder folder;
  write(folder, "l.toml", kLong);
  bp::child child = start(folder, by_slurm({"l.toml", "--out", "r", "--slurm-retries", "0"}));
  REQUIRE(soon(kJobs, " RUNNING "));
  // Jobs of another partition take the place of ours.
  output_of("sbatch --partition=urgent --exclusive --output=/dev/null --wrap='sleep 3'");
  child.wait();
  INFO(contents(folder / "out.txt") << contents(folder / "err.txt"));
  REQUIRE(child.exit_code() == 3);
  CHECK_THAT(contents(folder / "out.txt"), Contains("Slurm ended the run N time: PREEMPTED"));
  const Ran ran = folder.run(by_slurm({"--resume", "r"}));
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  CHECK(report(folder, "r").at("verdict") == "green");
}

TEST_CASE("a killed runner leaves jobs that the next one ends, and keeps what they finished") {
  const Cluster cluster;
  if (!cluster.started()) return;
  const Folder folder;
  write(folder, "l.toml", kShort + kLong);
  REQUIRE(folder.run({"regress", "l.toml", "--out", "here"}).status == 0);
  bp::child child = start(folder, by_slurm({"l.toml", "--resume", "r"}));
  REQUIRE(soon(kJobs, " RUNNING "));
  ::kill(child.id(), SIGKILL);
  child.wait();
  CHECK_FALSE(output_of(kJobs).empty());
  const Ran ran = folder.run(by_slurm({"l.toml", "--resume", "r"}));
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  CHECK(comparable(report(folder, "r")) == comparable(report(folder, "here")));
  CHECK(queue_empties());
}
