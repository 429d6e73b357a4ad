// SPDX-License-Identifier: Apache-2.0
//
// Several instances of a DUT on one memory for the length of one run, with one admissibility checker over all of
// them: what the random test with --harts and the OS on several CPUs share.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "tb/admissible/lockstep_monitor.h"
#include "tb/app/session.h"
#include "tb/lockstep/harts.h"

namespace kilburn::tb {

class HartsSession {
 public:
  // As many as options.harts, each called `word` in messages. Throws UserError, DutWrong.
  HartsSession(const RunOptions&, const DutLibrary&, os::PhysMem& memory, const Advance&, const char* word = "hart");

  Harts& harts() { return harts_; }
  void show(Progress progress) { progress_ = std::move(progress); }
  // Runs `body`; then fills `result` with the failure, if there is one, and the sums over the harts.
  void run(const std::function<void()>& body, Result&);

 private:
  std::vector<PassiveMonitor*> watch(os::PhysMem& memory);
  LockstepConfig config() const;
  void quantum(const Advance&);
  void fail(const DutWrong&, Result&);
  void watch();
  void collect(Result&);

  const RunOptions& options_;
  const char* word_;
  std::optional<admissible::Checker> checker_;
  std::deque<admissible::LockstepMonitor> own_;
  std::optional<coverage::Counts> counts_;
  std::deque<coverage::Monitor> coverage_;
  std::vector<PassiveMonitor*> monitors_;
  Harts harts_;
  ProgressLine line_;
  Progress progress_;
  WavesPlan waves_;
  Stops stops_;
};

}  // namespace kilburn::tb
