// SPDX-License-Identifier: Apache-2.0
//
// Where the user wants a run to stop: a cycle, or the first transfer that meets a condition.
#pragma once

#include "tb/app/options.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

class Stops {
 public:
  explicit Stops(const RunOptions& options) : options_(options) {}

  // Looks at this DUT's transfers from now on; nothing is done without --break.
  void watch(History& history) {
    if (!options_.breakpoint) return;
    history.watch([this](const Transfer& transfer) {
      if (!what_.empty() || !(*options_.breakpoint)(transfer)) return;
      what_ = transfer.line;
      cycle_ = transfer[Field::cycle];
    });
  }
  // Once a quantum, so a run stops that much later at most. Throws Stopped.
  void check(arch::u64 cycle) const {
    if (!what_.empty()) throw Stopped(cycle_, what_);
    if (cycle >= options_.until) throw Stopped(cycle, "");
  }

 private:
  const RunOptions& options_;
  std::string what_;
  arch::u64 cycle_ = 0;
};

}  // namespace kilburn::tb
