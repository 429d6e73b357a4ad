// SPDX-License-Identifier: Apache-2.0
//
// sbatch, squeue, scancel as child processes.
#include "tb/regress/slurm.h"

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <chrono>
#include <set>
#include <sstream>
#include <thread>

#include "tb/errors.h"

namespace kilburn::regress {
namespace bp = boost::process;
namespace fs = std::filesystem;
using tb::EnvironmentError;

namespace {

struct Said {
  int status = 0;
  std::string text;  // standard output and error
};

Said run(const std::string& program, const std::vector<std::string>& words) {
  const auto path = bp::search_path(program);
  if (path.empty()) {
    throw EnvironmentError("--launcher slurm needs Slurm's commands, and " + program + " is not installed");
  }
  bp::ipstream out;
  std::error_code ec;
  bp::child child(path, bp::args(words), bp::std_in<bp::null, (bp::std_out & bp::std_err)> out, ec);
  if (ec) throw EnvironmentError(program + " cannot be started: " + ec.message());
  Said said;
  for (std::string line; std::getline(out, line);) said.text += line + "\n";
  child.wait(ec);
  said.status = child.exit_code();
  return said;
}

// Of Slurm's words the sentence that says why: "sbatch: error: invalid partition specified: x".
std::string reason(const Said& said) {
  std::istringstream lines(said.text);
  std::string first, last;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (first.empty() && line.find("error: ") != std::string::npos) first = line.substr(line.find("error: ") + 7);
    last = line;
  }
  return !first.empty() ? first : !last.empty() ? last : "status " + std::to_string(said.status);
}

}  // namespace

void check_slurm() {
  for (const char* program : {"sbatch", "squeue", "scancel"}) {
    if (bp::search_path(program).empty()) {
      throw EnvironmentError("--launcher slurm needs Slurm's commands, and " + std::string(program) +
                             " is not installed");
    }
  }
}

std::string submit(const SlurmArray& array, const SlurmOptions& options) {
  std::string range = "0-" + std::to_string(array.jobs - 1);
  if (options.at_once != 0) range += "%" + std::to_string(options.at_once);
  // --no-requeue: the launcher begins again itself, and counts. --output: the script writes its own.
  std::vector<std::string> words = {"--parsable",
                                    "--array=" + range,
                                    "--job-name=" + array.name,
                                    "--time=" + std::to_string(array.minutes),
                                    "--mem=" + std::to_string(array.megabytes) + "M",
                                    "--ntasks=1",
                                    "--cpus-per-task=1",
                                    "--no-requeue",
                                    "--output=/dev/null",
                                    "--chdir=" + fs::current_path().string()};
  if (!options.partition.empty()) words.push_back("--partition=" + options.partition);
  if (!options.account.empty()) words.push_back("--account=" + options.account);
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  words.push_back(array.script.string());
  const Said said = run("sbatch", words);
  // "12" or "12;cluster", perhaps after a warning.
  std::istringstream lines(said.text);
  for (std::string line; said.status == 0 && std::getline(lines, line);) {
    const std::string id = line.substr(0, line.find(';'));
    if (!id.empty() && id.find_first_not_of("0123456789") == std::string::npos) return id;
  }
  throw EnvironmentError("sbatch takes no job: " + reason(said));
}

std::map<std::string, std::string> states_of(const std::string& name) {
  const Said said = run("squeue", {"--noheader", "--array", "--states=all", "--name=" + name, "--format=%i %T"});
  if (said.status != 0) throw EnvironmentError("squeue fails: " + reason(said));
  std::map<std::string, std::string> states;
  std::istringstream lines(said.text);
  for (std::string id, state; lines >> id >> state;) states[id] = state;
  return states;
}

bool is_end(const std::string& state) {
  static const std::set<std::string> going = {
      "PENDING",   "RUNNING",   "SUSPENDED", "COMPLETING",   "CONFIGURING", "RESIZING",      "REQUEUED",
      "STAGE_OUT", "SIGNALING", "STOPPED",   "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"};
  return going.count(state) == 0;
}

void cancel(const std::string& name) {
  constexpr int kLooks = 150;
  for (int n = 0; n < kLooks; ++n) {
    const auto states = states_of(name);
    bool any = false;
    for (const auto& [id, state] : states) any = any || !is_end(state);
    if (!any) return;
    // Again and again: an array that is just being taken may lose the first one.
    if (n % 10 == 0) run("scancel", {"--quiet", "--name=" + name});
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace kilburn::regress
