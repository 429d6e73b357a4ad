// SPDX-License-Identifier: Apache-2.0
//
// Where runs are carried out. The runner knows only this: on this machine (local_launcher.h), or by a batch system.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tb/regress/outcome.h"

namespace kilburn::regress {

struct Launch {
  std::size_t ticket = 0;          // given back when the run has ended
  std::vector<std::string> words;  // of `kilburn run`
  std::filesystem::path folder;    // of the run; made, or emptied, by the launcher
  double time_limit = 0;           // seconds
  u64 memory_limit = 0;            // MB
};

struct Finished {
  std::size_t ticket = 0;
  Ended ended;
};

class Launcher {
 public:
  virtual ~Launcher() = default;

  // How many more runs may be started now.
  virtual std::size_t free_slots() const = 0;
  // Starts a run; its standard output and error go to stdout.txt and stderr.txt in its folder. Throws EnvironmentError.
  virtual void start(const Launch&) = 0;
  // Waits for a run to end; nullopt if none is running, or if the user has asked to stop.
  virtual std::optional<Finished> wait() = 0;
  // True from Ctrl-C or a termination signal on.
  virtual bool stop_asked() const = 0;
  // Ends every run that is still going; none of them is reported.
  virtual void stop() = 0;
};

}  // namespace kilburn::regress
