// SPDX-License-Identifier: Apache-2.0
//
// The admissibility checker in the lockstep loop: pins, software's memory and walkers of one DUT.
#pragma once

#include "tb/admissible/pin_monitor.h"
#include "tb/admissible/watched_memory.h"
#include "tb/lockstep/passive_monitor.h"

namespace kilburn::admissible {

class LockstepMonitor final : public tb::PassiveMonitor {
 public:
  // `memory`: the one that the walkers see.
  LockstepMonitor(Checker& checker, unsigned mmu, os::PhysMem& memory)
      : checker_(checker), pins_(checker, mmu), memory_(memory, checker) {}

  os::PhysMem& software_memory() override { return memory_; }
  tb::WalkerObserver& walkers() override { return pins_; }
  void reset(const arch::Settings& settings) override {
    checker_.reset(settings);
    pins_.reset();
  }
  void begin(u64 cycle) override {
    pins_.begin(cycle);
    memory_.begin(cycle);
  }
  bool cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) override {
    pins_.cycle(in, out);
    return !checker_.rejected();
  }
  bool quantum(u64 cycle) override {
    checker_.look_for_silence(at(cycle, Phase::outputs));
    return !checker_.rejected();
  }
  bool finish(u64 cycle) override {
    checker_.finish(at(cycle, Phase::outputs));
    return !checker_.rejected();
  }
  Finding finding() const override;

 private:
  Checker& checker_;
  PinMonitor pins_;
  WatchedMemory memory_;
};

}  // namespace kilburn::admissible
