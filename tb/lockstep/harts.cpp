// SPDX-License-Identifier: Apache-2.0
//
// What all harts do together.
#include "tb/lockstep/harts.h"

namespace kilburn::tb {

Harts::Harts(const DutLibrary& library, os::PhysMem& memory, const LockstepConfig& config,
             std::span<PassiveMonitor* const> monitors, const std::string& bug, unsigned bug_in) {
  for (unsigned n = 0; n < monitors.size(); ++n) {
    LockstepConfig own = config;
    own.seed = config.seed + n == 0 ? 1 : config.seed + n;
    own.monitor = monitors[n];
    harts_.push_back(
        std::make_unique<Hart>(library, own.seed, n == bug_in || bug_in == kEvery ? bug : std::string(), memory, own));
  }
}

template <class Step>
void Harts::each(Step&& step) {
  const unsigned harts = count();
  unsigned n = first_;
  for (unsigned left = harts; left != 0; --left) {
    failed_ = n;
    step(harts_[n]->lockstep);
    n = n + 1 == harts ? 0 : n + 1;
  }
  first_ = first_ + 1 == harts ? 0 : first_ + 1;
}

void Harts::clock() {
  each([](Lockstep& hart) { hart.clock(); });
}

void Harts::read_counters() {
  each([](Lockstep& hart) { hart.quiet_ports(); });
  for (unsigned n = 0; n < Lockstep::kCounters; ++n) each([](Lockstep& hart) { hart.clock_and_count(); });
}

void Harts::restart(const arch::Settings& settings) {
  read_counters();
  each([&](Lockstep& hart) { hart.restart_counted(settings); });
}

void Harts::finish() {
  read_counters();
  each([](Lockstep& hart) { hart.finish_counted(); });
}

}  // namespace kilburn::tb
