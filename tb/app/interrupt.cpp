// SPDX-License-Identifier: Apache-2.0
//
// Signal handling.
#include "tb/app/interrupt.h"

#include <csignal>

namespace kilburn::tb {
namespace {
volatile std::sig_atomic_t interrupt_seen = 0;
void on_signal(int) { interrupt_seen = 1; }
}  // namespace

void watch_for_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return interrupt_seen != 0; }

}  // namespace kilburn::tb
