// SPDX-License-Identifier: Apache-2.0
//
// The admissibility checker on one DUT, and beside its verdict why each answer is legal and how long it took.
#pragma once

#include "tb/admissible/lockstep_monitor.h"

namespace kilburn::against {

using admissible::Legality;
using arch::u64;

// What was asked of a DUT and how long its answers took, measured at its pins.
struct Traffic {
  u64 requests = 0;
  u64 responses = 0;
  u64 waited = 0;          // cycles from acceptance to the offer of the response, summed
  u64 quickest = ~u64{0};  // fewest for one
};

class JudgedMonitor final : public tb::PassiveMonitor {
 public:
  // `memory`: the one that the walkers see.
  JudgedMonitor(const admissible::CheckerConfig& config, os::PhysMem& seen, os::PhysMem& memory)
      : checker_(config, seen), monitor_(checker_, 0, memory) {}

  os::PhysMem& software_memory() override { return monitor_.software_memory(); }
  tb::WalkerObserver& walkers() override { return monitor_.walkers(); }
  void reset(const arch::Settings& settings) override;
  void begin(u64 cycle) override {
    now_ = cycle;
    monitor_.begin(cycle);
  }
  bool cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) override;
  bool quantum(u64 cycle) override { return monitor_.quantum(cycle); }
  bool finish(u64 cycle) override { return monitor_.finish(cycle); }
  Finding finding() const override { return monitor_.finding(); }

  // Of the response that was taken in the last cycle on this side.
  Legality legality(unsigned side) const { return legality_[side]; }
  const Traffic& traffic() const { return traffic_; }
  const admissible::Checker& checker() const { return checker_; }

 private:
  bool judge(unsigned side, const kilburn_dut_in& in, const kilburn_dut_out& out);
  void measure(unsigned side, const kilburn_req_in& in, const kilburn_req_out& out);

  admissible::Checker checker_;
  admissible::LockstepMonitor monitor_;
  u64 now_ = 0;
  Legality legality_[2] = {Legality::fresh, Legality::fresh};
  Traffic traffic_;
  u64 accepted_[2][16] = {};  // cycle, by id
  u64 offered_[2] = {0, 0};   // cycle in which the standing response came up
  bool standing_[2] = {false, false};
};

}  // namespace kilburn::against
