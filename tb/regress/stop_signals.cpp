// SPDX-License-Identifier: Apache-2.0
//
// Blocked signals, taken one at a time.
#include "tb/regress/stop_signals.h"

#include <algorithm>

namespace kilburn::regress {

StopSignals::StopSignals() {
  sigemptyset(&taken_);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&taken_, signal);
  sigprocmask(SIG_BLOCK, &taken_, &before_);
}

StopSignals::~StopSignals() {
  const timespec none{};
  while (stop_asked_ && sigtimedwait(&taken_, nullptr, &none) > 0) {
  }
  restore();
}

void StopSignals::wait(std::chrono::nanoseconds longest) {
  longest = std::max(longest, std::chrono::nanoseconds::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
  const timespec time{static_cast<time_t>(seconds.count()), static_cast<long>((longest - seconds).count())};
  const int signal = sigtimedwait(&taken_, nullptr, &time);
  if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) stop_asked_ = true;
}

}  // namespace kilburn::regress
