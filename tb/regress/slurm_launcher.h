// SPDX-License-Identifier: Apache-2.0
//
// Runs by Slurm: many in a job, many jobs in an array. Jobs and this process meet in the results folder alone, which
// every node must see under the same path, as it must see the program and the DUT libraries.
#pragma once

#include <chrono>
#include <deque>
#include <list>
#include <map>

#include "tb/regress/launcher.h"
#include "tb/regress/slurm.h"
#include "tb/regress/stop_signals.h"

namespace kilburn::regress {

// A job has runs whose time limits come to so much together, and so many at most: enough that starting it costs
// nothing, little enough that a cluster is filled and a lost node loses little.
inline constexpr double kJobSeconds = 3600;
inline constexpr std::size_t kJobRuns = 200;

class SlurmLauncher : public Launcher {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // `results` is the results folder; jobs that a killed runner left in Slurm are ended, and what they finished before
  // is not run again. `program` carries out a part when called with "regress --part FILE". Throws EnvironmentError.
  SlurmLauncher(const std::filesystem::path& results, const std::filesystem::path& program, SlurmOptions options);
  ~SlurmLauncher() override;
  SlurmLauncher(const SlurmLauncher&) = delete;
  SlurmLauncher& operator=(const SlurmLauncher&) = delete;

  std::size_t free_slots() const override;
  void start(const Launch&) override;
  std::optional<Finished> wait() override;
  bool stop_asked() const override { return signals_.stop_asked(); }
  void stop() override;

  // The jobs' name in Slurm, of the results folder and no other.
  static std::string job_name(const std::filesystem::path& results);

 private:
  using Clock = std::chrono::steady_clock;
  struct Run {
    Launch launch;
    unsigned losses = 0;
    std::string lost;  // states that it was lost with
  };
  struct Part {
    std::string id;  // of Slurm: "12_3"
    std::filesystem::path file;
    std::map<std::size_t, Run> open;  // not heard of yet, by ticket
    std::size_t offset = 0;           // read of its ended file
    Clock::time_point submitted;
    std::optional<Clock::time_point> over;  // since when Slurm says so
  };

  void collect_earlier();
  void submit_waiting();
  void submit_array(const std::vector<std::vector<Run>>& parts);
  void look_at_queue();
  void look_at_parts();
  void hear(Part&);
  void lose(Part&, const std::string& state);

  std::filesystem::path folder_, program_;
  SlurmOptions options_;
  std::string name_;
  StopSignals signals_;
  std::deque<Run> waiting_;
  std::deque<Finished> ready_;
  std::list<Part> parts_;
  std::map<std::string, Finished> earlier_;  // by folder of the run
  std::map<std::string, std::string> states_;
  Clock::time_point states_of_{}, squeue_answered_{};
  std::size_t batch_ = 0;
};

}  // namespace kilburn::regress
