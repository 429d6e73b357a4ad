// SPDX-License-Identifier: Apache-2.0
//
// Parts go out as arrays of jobs; lines come back in files. A job that Slurm ended before it told of all its runs is
// lost: they are begun again, each in a job of its own, so that one that takes its node down stands alone.
#include "tb/regress/slurm_launcher.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <limits>
#include <sstream>

#include "tb/errors.h"
#include "tb/regress/files.h"
#include "tb/regress/part.h"
#include "tb/regress/words.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tb::EnvironmentError;

namespace {

constexpr auto kLook = 200ms;                      // between looks at the files
constexpr auto kQueueLook = 1s;                    // between looks at Slurm's queue
constexpr auto kQueuePatience = 2min;              // with a controller that does not answer
constexpr auto kSettle = 2s;                       // from the end of a job until all that it wrote is seen here
constexpr std::size_t kArrayJobs = 1000;           // Slurm's default MaxArraySize allows one more
constexpr unsigned long long kOwnMegabytes = 256;  // of the process that forks the runs

std::string last_line(const fs::path& file) {
  std::ifstream text(file);
  std::string last;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) last = line;
  }
  return last;
}

}  // namespace

std::string SlurmLauncher::job_name(const fs::path& results) {
  u64 hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : fs::weakly_canonical(results).string()) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  std::ostringstream name;
  name << "kilburn-" << std::hex << std::setw(16) << std::setfill('0') << hash;
  return name.str();
}

SlurmLauncher::SlurmLauncher(const fs::path& results, const fs::path& program, SlurmOptions options)
    : folder_(results / "slurm"), program_(program), options_(std::move(options)), name_(job_name(results)) {
  check_slurm();
  cancel(name_);
  make_folder(folder_);
  collect_earlier();
}

SlurmLauncher::~SlurmLauncher() {
  try {
    stop();
  } catch (const std::exception&) {
    // The controller does not answer: the next runner in this folder ends the jobs.
  }
}

// What jobs of a killed runner told after its last look. A run that the machine failed is begun again.
void SlurmLauncher::collect_earlier() {
  std::error_code ec;
  for (const auto& batch : fs::directory_iterator(folder_, ec)) {
    const std::string number = batch.path().filename().string();
    if (number.find_first_not_of("0123456789") != std::string::npos) continue;
    batch_ = std::max(batch_, static_cast<std::size_t>(std::stoul(number)) + 1);
    for (const auto& file : fs::directory_iterator(batch.path(), ec)) {
      if (file.path().extension() != ".ended") continue;
      std::size_t offset = 0;
      for (const EndedLine& line : read_ended(file.path(), offset)) {
        if (line.finished.ended.status != 3) earlier_[line.folder.string()] = line.finished;
      }
    }
  }
}

std::size_t SlurmLauncher::free_slots() const { return stop_asked() ? 0 : std::numeric_limits<std::size_t>::max(); }

void SlurmLauncher::start(const Launch& launch) {
  const auto known = earlier_.find(launch.folder.string());
  if (known == earlier_.end()) {
    waiting_.push_back({launch, 0, ""});
    return;
  }
  known->second.ticket = launch.ticket;
  ready_.push_back(known->second);
  earlier_.erase(known);
}

void SlurmLauncher::submit_waiting() {
  // Runs that need the same memory go together: an array asks for one amount.
  std::map<u64, std::vector<std::vector<Run>>> arrays;
  std::map<u64, double> seconds;
  for (Run& run : waiting_) {
    auto& parts = arrays[run.launch.memory_limit];
    double& sum = seconds[run.launch.memory_limit];
    const bool fits = !parts.empty() && parts.back().size() < kJobRuns && sum + run.launch.time_limit <= kJobSeconds &&
                      run.losses == 0 && parts.back().front().losses == 0;
    if (!fits) {
      parts.emplace_back();
      sum = 0;
    }
    sum += run.launch.time_limit;
    parts.back().push_back(std::move(run));
  }
  waiting_.clear();
  for (auto& [memory, parts] : arrays) {
    for (std::size_t first = 0; first < parts.size(); first += kArrayJobs) {
      const auto begin = parts.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end = parts.begin() + static_cast<std::ptrdiff_t>(std::min(first + kArrayJobs, parts.size()));
      submit_array({std::make_move_iterator(begin), std::make_move_iterator(end)});
    }
  }
}

void SlurmLauncher::submit_array(const std::vector<std::vector<Run>>& parts) {
  const fs::path folder = folder_ / std::to_string(batch_++);
  make_folder(folder);
  SlurmArray array;
  array.name = name_;
  array.jobs = parts.size();
  array.script = folder / "job.sh";
  double longest = 0;
  for (std::size_t n = 0; n < parts.size(); ++n) {
    std::vector<Launch> runs;
    double seconds = 0;
    for (const Run& run : parts[n]) {
      runs.push_back(run.launch);
      seconds += run.launch.time_limit + 3;  // what ends a run that is over its limit may take so long
      array.megabytes = std::max<unsigned long long>(array.megabytes, run.launch.memory_limit + kOwnMegabytes);
    }
    longest = std::max(longest, seconds);
    write_whole(folder / ("part-" + std::to_string(n) + ".json"), part_text(runs));
  }
  array.minutes = static_cast<unsigned>(std::ceil(longest / 60)) + 1;
  const std::string stem = shell_word((folder / "part-").string());
  write_whole(array.script, "#!/bin/sh\nexec " + shell_word(program_.string()) + " regress --part " + stem +
                                "\"$SLURM_ARRAY_TASK_ID\".json >" + stem + "\"$SLURM_ARRAY_TASK_ID\".txt 2>&1\n");
  const std::string id = submit(array, options_);
  for (std::size_t n = 0; n < parts.size(); ++n) {
    Part part;
    part.id = id + "_" + std::to_string(n);
    part.file = folder / ("part-" + std::to_string(n) + ".json");
    for (const Run& run : parts[n]) part.open.emplace(run.launch.ticket, run);
    part.submitted = Clock::now();
    parts_.push_back(std::move(part));
  }
}

void SlurmLauncher::look_at_queue() {
  const auto now = Clock::now();
  if (now - states_of_ < kQueueLook) return;
  if (squeue_answered_ == Clock::time_point{}) squeue_answered_ = now;
  try {
    auto states = states_of(name_);
    states_ = std::move(states);
    states_of_ = squeue_answered_ = now;
  } catch (const EnvironmentError&) {
    if (now - squeue_answered_ > kQueuePatience) throw;
    states_of_ = now - kQueueLook / 2;
  }
}

void SlurmLauncher::hear(Part& part) {
  for (EndedLine& line : read_ended(ended_file(part.file), part.offset)) {
    const auto run = part.open.find(line.finished.ticket);
    if (run == part.open.end()) continue;
    line.finished.ended.lost = run->second.lost;
    ready_.push_back(line.finished);
    part.open.erase(run);
  }
}

void SlurmLauncher::lose(Part& part, const std::string& state) {
  const std::string said = last_line(fs::path(part.file).replace_extension(".txt"));
  for (auto& [ticket, run] : part.open) {
    run.lost += (run.lost.empty() ? "" : " ") + state;
    if (++run.losses <= options_.retries) {
      waiting_.push_back(std::move(run));
      continue;
    }
    make_folder(run.launch.folder);
    std::ofstream(run.launch.folder / "stderr.txt", std::ios::app)
        << "\nkilburn: Slurm ended the run " << plural(run.losses, "time") << ": " << run.lost
        << (said.empty() ? "" : "; its job said: " + said) << "\n";
    Finished finished;
    finished.ticket = ticket;
    finished.ended.status = 3;
    finished.ended.lost = run.lost;
    ready_.push_back(finished);
  }
  part.open.clear();
}

void SlurmLauncher::look_at_parts() {
  const auto now = Clock::now();
  for (Part& part : parts_) {
    const auto found = states_.find(part.id);
    const std::string state = found != states_.end() ? found->second : "";
    if (state == "PENDING") continue;
    hear(part);
    // Slurm forgets a job some minutes after its end.
    const bool over = found != states_.end() ? is_end(state) : states_of_ > part.submitted;
    if (part.open.empty() || !over) continue;
    if (!part.over) part.over = now;
    if (now - *part.over >= kSettle) lose(part, state.empty() ? "FORGOTTEN" : state);
  }
  parts_.remove_if([](const Part& part) { return part.open.empty(); });
}

std::optional<Finished> SlurmLauncher::wait() {
  signals_.wait(0ms);
  while (!stop_asked()) {
    if (!ready_.empty()) {
      const Finished finished = ready_.front();
      ready_.pop_front();
      return finished;
    }
    if (!waiting_.empty()) submit_waiting();
    if (parts_.empty()) return std::nullopt;
    look_at_queue();
    look_at_parts();
    if (ready_.empty() && waiting_.empty()) signals_.wait(kLook);
  }
  return std::nullopt;
}

void SlurmLauncher::stop() {
  waiting_.clear();
  ready_.clear();
  if (parts_.empty()) return;
  parts_.clear();
  cancel(name_);
}

}  // namespace kilburn::regress
