// SPDX-License-Identifier: Apache-2.0
//
// Signals that a launcher takes for itself: Ctrl-C and requests to end come to wait(), and nowhere else.
#pragma once

#include <signal.h>

#include <chrono>

namespace kilburn::regress {

class StopSignals {
 public:
  // From here on SIGCHLD, SIGINT, SIGTERM and SIGHUP are taken by wait() alone, until the destructor.
  StopSignals();
  // What came since somebody asked to stop is answered already: it must not end the process now.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Until one of them comes, or the time is over.
  void wait(std::chrono::nanoseconds longest);
  // True from Ctrl-C or a termination signal on.
  bool stop_asked() const { return stop_asked_; }
  // In a forked child: signals as they were before.
  void restore() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t taken_, before_;
  bool stop_asked_ = false;
};

}  // namespace kilburn::regress
