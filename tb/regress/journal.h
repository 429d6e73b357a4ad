// SPDX-License-Identifier: Apache-2.0
//
// The journal of a regression: one line of JSON for every run that ended. What stands in it is never run again.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "tb/regress/outcome.h"

namespace kilburn::regress {

// What is known of the runs of a plan.
struct Results {
  std::vector<std::optional<Outcome>> runs;  // by job
  std::map<std::size_t, Outcome> repeated;   // failed ones, run again with waves
  double seconds = 0;                        // wall time of the runners, all together
  bool interrupted = false;
  std::vector<std::string> notes;  // "resumed with another build"
};

class Journal {
 public:
  // Opens for appending; a last line that a killed runner left unfinished is cut off. Throws UserError for a journal
  // with a damaged line, or one of another plan; EnvironmentError if it cannot be written.
  Journal(const std::filesystem::path& file, std::size_t jobs, Results& known);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Throws EnvironmentError. On the device after at most kSyncPeriod, and after sync().
  void ended(std::size_t job, const Outcome&);
  void repeated(std::size_t job, const Outcome&);
  void runner_spent(double seconds);
  void sync();

  // Only reads; a file that does not exist has no lines.
  static void read(const std::filesystem::path& file, std::size_t jobs, Results& known);

 private:
  void append(const std::string& line);

  std::filesystem::path file_;
  int out_;
  std::chrono::steady_clock::time_point synced_;
};

// A flush costs more than a short test, so several lines share one. Only a power cut can take the lines since: those
// runs are made again on --resume.
inline constexpr std::chrono::milliseconds kSyncPeriod{250};

}  // namespace kilburn::regress
