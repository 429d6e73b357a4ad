// SPDX-License-Identifier: Apache-2.0
//
// Several MMUs (harts) on one memory: an instance of the DUT each, each in a lockstep loop of its own with its own
// memory port and twin, all clocked together.
//
// A cycle is a cycle of all of them. Software writes first, then each hart in turn lets its memory port answer and is
// clocked; who begins changes from cycle to cycle, so that a race for one word is won by all.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

class Harts {
 public:
  static constexpr unsigned kEvery = ~0u;
  // One hart for each monitor; they watch one memory. `config` holds for every hart, its monitor apart; the seeds of
  // DUT and memory timing are seed, seed + 1, ... A seeded bug is planted in every hart, or in `bug_in` alone.
  Harts(const DutLibrary&, os::PhysMem& memory, const LockstepConfig& config, std::span<PassiveMonitor* const> monitors,
        const std::string& bug = {}, unsigned bug_in = kEvery);

  unsigned count() const { return static_cast<unsigned>(harts_.size()); }
  Lockstep& operator[](unsigned n) { return harts_[n]->lockstep; }
  const Lockstep& operator[](unsigned n) const { return harts_[n]->lockstep; }
  Dut& dut(unsigned n) { return harts_[n]->dut; }
  // For software, whichever hart it runs on.
  os::PhysMem& memory() { return harts_[0]->lockstep.memory(); }
  arch::u64 cycle() const { return harts_[0]->lockstep.cycle(); }
  const arch::Settings& settings() const { return harts_[0]->lockstep.settings(); }

  // One cycle. Throws DutWrong, whose hart failed() then names.
  void clock();
  // Everything was answered on every hart.
  void restart(const arch::Settings&);
  void finish();
  unsigned failed() const { return failed_; }

 private:
  struct Hart {
    Hart(const DutLibrary& library, arch::u64 seed, const std::string& bug, os::PhysMem& memory,
         const LockstepConfig& config)
        : dut(library, seed), lockstep((dut.select_bug(bug), dut), memory, config) {}
    Dut dut;
    Lockstep lockstep;
  };
  template <class Step>
  void each(Step&& step);
  void read_counters();

  std::vector<std::unique_ptr<Hart>> harts_;
  unsigned first_ = 0;
  unsigned failed_ = 0;
};

}  // namespace kilburn::tb
