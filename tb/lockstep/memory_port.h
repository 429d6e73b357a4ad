// SPDX-License-Identifier: Apache-2.0
//
// The page-table memory as the MMU's port sees it: latency, back-pressure, responses in any order
// between ids, bus errors outside the memory (rtl/README.md R8).
#pragma once

#include <array>

#include "sw/hw/ports.h"
#include "tb/dut/dut.h"
#include "tb/lockstep/walker_observer.h"
#include "tb/random.h"

namespace kilburn::tb {

struct MemoryTiming {
  unsigned min_latency = 1;      // cycles from the cycle the request is taken to its response, at least 1
  unsigned max_latency = 1;      // inclusive
  unsigned ready_percent = 100;  // chance that a waiting request is taken in a cycle
};

class MemoryPort {
 public:
  MemoryPort(os::PhysMem& memory, arch::u64 seed) : memory_(memory), random_(seed) {}

  void set_timing(const MemoryTiming& timing) { timing_ = timing; }
  // Told of every access at the instant at which it is done; nullptr: nobody.
  void set_observer(WalkerObserver* observer) { observer_ = observer; }

  // What is in flight when the DUT is reset (speculative walks may be) comes to nothing, as on a bus reset with it.
  void reset(kilburn_dut_in& in) {
    clear(in);
    pending_ = {};
    next_due_ = kNever;
  }

  // Fills the mem_ inputs of this cycle from the outputs of this cycle.
  void drive(const kilburn_dut_out& out, kilburn_dut_in& in) {
    ++cycle_;
    in.mem_req_ready = 0;
    if (in.mem_rsp_valid) clear(in);
    if (cycle_ >= next_due_) respond(in);
    if (out.mem_req_valid) accept(out, in);
  }

 private:
  struct Pending {
    bool valid = false;
    bool performed = false;
    bool cas = false;
    bool match = false;
    bool error = false;
    arch::u8 id = 0;
    arch::u64 due = 0;  // cycle of the response
    arch::u64 address = 0, compare = 0, desired = 0, data = 0;
  };

  static constexpr arch::u64 kNever = ~arch::u64{0};

  static void clear(kilburn_dut_in& in) {
    in.mem_rsp_valid = 0;
    in.mem_rsp_data = 0;
    in.mem_rsp_id = 0;
    in.mem_rsp_match = 0;
    in.mem_rsp_err = 0;
  }
  void respond(kilburn_dut_in& in);
  void accept(const kilburn_dut_out& out, kilburn_dut_in& in);
  void perform(Pending& p);

  os::PhysMem& memory_;
  WalkerObserver* observer_ = nullptr;
  Random random_;
  MemoryTiming timing_;
  arch::u64 cycle_ = 0;
  arch::u64 next_due_ = kNever;  // cycle of the earliest response
  std::array<Pending, 16> pending_;
};

}  // namespace kilburn::tb
