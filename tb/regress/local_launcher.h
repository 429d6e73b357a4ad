// SPDX-License-Identifier: Apache-2.0
//
// Runs on this machine, each in a child forked from this process, which has loaded everything already.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>

#include "tb/regress/launcher.h"
#include "tb/regress/stop_signals.h"

namespace kilburn::regress {

// Carries out one run in the forked child and returns its exit status. SystemC may be elaborated in it: this process
// itself never does (one elaboration a process).
using RunBody = std::function<int(const std::vector<std::string>& words, const std::filesystem::path& folder)>;

// Between being asked to end (SIGTERM: waves are closed, the result is written) and being killed.
inline constexpr std::chrono::seconds kGrace{2};

class LocalLauncher : public Launcher {
 public:
  LocalLauncher(std::size_t slots, RunBody body, std::chrono::milliseconds grace = kGrace);
  ~LocalLauncher() override;
  LocalLauncher(const LocalLauncher&) = delete;
  LocalLauncher& operator=(const LocalLauncher&) = delete;

  std::size_t free_slots() const override { return slots_ - running_.size(); }
  void start(const Launch&) override;
  std::optional<Finished> wait() override;
  bool stop_asked() const override { return signals_.stop_asked(); }
  void stop() override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    std::size_t ticket;
    Clock::time_point started, limit;
    bool timed_out;
  };

  [[noreturn]] void child(const Launch&, pid_t parent);
  std::optional<Finished> reap();
  void end_overdue();
  // Waits for one of our signals, or until a run is overdue, at most `longest`.
  void sleep_until_something(Clock::duration longest);

  std::size_t slots_;
  RunBody body_;
  std::chrono::milliseconds grace_;
  std::map<pid_t, Running> running_;
  StopSignals signals_;
};

}  // namespace kilburn::regress
