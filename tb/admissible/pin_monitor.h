// SPDX-License-Identifier: Apache-2.0
//
// The checker's eyes on one DUT behind tb/dut/dut.h: reads the pins of every cycle and drives none. Several DUTs on one
// memory have a monitor each, all into one checker.
#pragma once

#include "tb/admissible/checker.h"
#include "tb/dut/dut.h"
#include "tb/lockstep/walker_observer.h"

namespace kilburn::admissible {

class PinMonitor final : public tb::WalkerObserver {
 public:
  PinMonitor(Checker& checker, unsigned mmu) : checker_(checker), mmu_(mmu) {}

  // Before memory is written or read in a cycle.
  void begin(u64 cycle) { cycle_ = cycle; }
  // The pins of the cycle, the memory's included.
  void cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) {
    if (out.inv_ack) checker_.operation_completed(mmu_, at(cycle_, Phase::outputs));
    if (out.i.rsp_valid | offered_[0].valid) response(Side::instruction, in.i, out.i);
    if (out.d.rsp_valid | offered_[1].valid) response(Side::data, in.d, out.d);
    if (out.mem_req_valid | memory_offered_) memory(in, out);
    if (in.mem_rsp_valid) memory_busy_ = static_cast<u16>(memory_busy_ & ~(1u << (in.mem_rsp_id & 15)));
    if (in.i.valid & out.i.req_ready) request(Side::instruction, in.i, in);
    if (in.d.valid & out.d.req_ready) request(Side::data, in.d, in);
    if (in.inv_valid & out.inv_ready) {
      checker_.operation_accepted(mmu_, at(cycle_, Phase::inputs), in.inv_op, in.inv_va, static_cast<u16>(in.inv_asid),
                                  in.inv_pte);
    }
  }
  // After a reset of the DUT; the checker is reset by itself.
  void reset() { offered_[0] = offered_[1] = {}, memory_offered_ = false, memory_busy_ = 0; }

  void read(unsigned id, u64 pa, u64 value) override;
  void swap(unsigned id, u64 pa, u64 expect, u64 desired, u64 found) override;
  void bus_error(unsigned id, u64 pa) override;

 private:
  struct Offered {
    bool valid = false;
    u64 since = 0;  // cycle
    kilburn_req_out pins{};
  };
  void request(Side, const kilburn_req_in&, const kilburn_dut_in&);
  void response(Side, const kilburn_req_in&, const kilburn_req_out&);
  void memory(const kilburn_dut_in&, const kilburn_dut_out&);

  Checker& checker_;
  unsigned mmu_;
  u64 cycle_ = 0;
  Offered offered_[2];
  bool memory_offered_ = false;
  u16 memory_busy_ = 0;  // one bit an id in flight
  kilburn_dut_out memory_pins_{};
};

}  // namespace kilburn::admissible
