// SPDX-License-Identifier: Apache-2.0
//
// Coverage in the lockstep loop, in front of whichever monitor is there already. Off, it costs nothing: it is not made.
#pragma once

#include <optional>

#include "tb/coverage/twin_watch.h"
#include "tb/lockstep/lockstep.h"
#include "tb/lockstep/passive_monitor.h"

namespace kilburn::coverage {

class Monitor final : public tb::PassiveMonitor, private tb::WalkerObserver {
 public:
  // `memory` is the one that the walkers see, `seen` the same for looking only; `inner` looks on too, or nullptr.
  Monitor(arch::Format format, const arch::Settings& settings, os::PhysMem& memory, os::PhysMem& seen, Counts& counts,
          tb::PassiveMonitor* inner);

  // The twin that the loop runs beside the DUT; without it, where answers come from stays unknown.
  void beside(const uarch::Mmu& twin, const kilburn_dut_config& built);

  os::PhysMem& software_memory() override { return memory_; }
  tb::WalkerObserver& walkers() override { return *this; }
  void attach(const kilburn_dut_out& out) override {
    if (inner_) inner_->attach(out);
  }
  void memory_timing(const tb::MemoryTiming& timing) override {
    if (inner_) inner_->memory_timing(timing);
  }
  void reset(const arch::Settings& settings) override;
  void begin(u64 cycle) override {
    now_ = cycle;
    if (inner_) inner_->begin(cycle);
  }
  bool cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) override;
  bool quantum(u64 cycle) override { return !inner_ || inner_->quantum(cycle); }
  bool finish(u64 cycle) override { return !inner_ || inner_->finish(cycle); }
  Finding finding() const override;

 private:
  // What software writes, on its way to the walkers' memory.
  class Memory final : public os::PhysMem {
   public:
    Memory(os::PhysMem& memory, os::PhysMem& seen, Responses& responses)
        : memory_(memory), seen_(seen), responses_(responses) {}
    u64 size() const override { return memory_.size(); }
    u64 load64(u64 pa) override { return memory_.load64(pa); }
    void store64(u64 pa, u64 value) override {
      const u64 before = seen_.load64(pa);
      memory_.store64(pa, value);
      responses_.written(pa, before, value);
    }
    u64 cas64(u64 pa, u64 expect, u64 desired) override {
      const u64 before = memory_.cas64(pa, expect, desired);
      if (before == expect) responses_.written(pa, before, desired);
      return before;
    }
    void read(u64 pa, std::span<std::byte> out) override { memory_.read(pa, out); }
    void write(u64 pa, std::span<const std::byte> in) override { memory_.write(pa, in); }

   private:
    os::PhysMem& memory_;
    os::PhysMem& seen_;
    Responses& responses_;
  };
  struct Offered {
    bool accepted = false;
    u64 cycle = 0;
    bool quiet = false;  // no walk was under way, nor had been
  };

  void read(unsigned id, u64 pa, u64 value) override;
  void swap(unsigned id, u64 pa, u64 expect, u64 desired, u64 found) override;
  void bus_error(unsigned id, u64 pa) override;
  void take(tb::Side side, const kilburn_req_in& pins, const kilburn_dut_in& in);
  void answer(tb::Side side, const kilburn_req_out& pins);
  void look_at_memory(const kilburn_dut_in& in, const kilburn_dut_out& out);

  Counts& counts_;
  tb::PassiveMonitor* inner_;
  Responses responses_;
  Memory memory_;
  arch::Format format_;
  std::optional<TwinWatch> twin_;
  arch::Settings settings_;
  u64 now_ = 0;
  kilburn_dut_in taken_{};  // the operation under way
  bool operating_ = false;
  Offered asked_[2][16];
  u16 in_flight_ = 0;    // of the walkers' port, a bit an id
  u64 last_memory_ = 0;  // cycle of its last activity
};

}  // namespace kilburn::coverage
