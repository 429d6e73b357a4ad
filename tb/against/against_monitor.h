// SPDX-License-Identifier: Apache-2.0
//
// Looks on while A runs in its lockstep loop, has A judged, and leads B after it.
#pragma once

#include <functional>

#include "tb/against/follower.h"
#include "tb/against/mirrored_memory.h"

namespace kilburn::against {

class AgainstMonitor final : public tb::PassiveMonitor, private tb::WalkerObserver {
 public:
  // `memory`: the one that A's walkers see; `seen`: the same, looked at without side effects.
  AgainstMonitor(const admissible::CheckerConfig& a, const tb::DutLibrary& b, const FollowerConfig& b_config,
                 os::PhysMem& memory, os::PhysMem& seen);

  os::PhysMem& software_memory() override { return software_; }
  tb::WalkerObserver& walkers() override { return *this; }
  void attach(const kilburn_dut_out& out) override { a_out_ = &out; }
  void memory_timing(const tb::MemoryTiming& timing) override { b_.lockstep().set_memory_timing(timing); }
  void reset(const arch::Settings&) override;
  void begin(u64 cycle) override { a_.begin(cycle), now_ = cycle; }
  bool cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) override;
  bool quantum(u64 cycle) override { return a_.quantum(cycle); }
  // Throws DutWrong if not one answer was compared.
  bool finish(u64 cycle) override;
  Finding finding() const override { return a_.finding(); }

  // True if a DutWrong came from B.
  bool b_failed() const { return b_failed_; }
  const JudgedMonitor& a() const { return a_; }
  Follower& b() { return b_; }
  const Answers& answers() const { return answers_; }

 private:
  void read(unsigned id, u64 pa, u64 value) override { a_.walkers().read(id, pa, value); }
  void swap(unsigned id, u64 pa, u64 expect, u64 desired, u64 found) override;
  void bus_error(unsigned id, u64 pa) override { a_.walkers().bus_error(id, pa); }
  void ask(tb::Side, const kilburn_req_in&, const kilburn_dut_in&);
  void catch_up();
  // Whatever B does wrong in `step` is B's.
  template <class Step>
  void lead(Step&& step) {
    try {
      step();
    } catch (const tb::DutWrong&) {
      b_failed_ = true;
      throw;
    }
  }

  Answers answers_;
  JudgedMonitor a_;
  Follower b_;
  MirroredMemory software_;
  const kilburn_dut_out* a_out_ = nullptr;
  u64 now_ = 0;
  bool b_failed_ = false;
};

}  // namespace kilburn::against
