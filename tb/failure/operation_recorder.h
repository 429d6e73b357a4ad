// SPDX-License-Identifier: Apache-2.0
//
// Turns a run, whatever its source, into the operations of a directed test, by looking at the pins after every cycle
// and at the page-table words that walkers have asked for. What software writes elsewhere no walker has seen.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "tb/failure/directed_test.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

class OperationRecorder {
 public:
  // After every clock() from some cycle on. A gap or a restart of the DUT begins the record anew.
  void look(Lockstep&);

  bool empty() const { return operations_.empty(); }
  arch::u64 cycles() const { return cycle_ - begin_; }  // recorded
  std::size_t operations() const { return operations_.size(); }
  // The last `cycles` cycles, or all if there are fewer, from reset: what was cached or under way when they began is
  // lost. Memory as it was then; its timing as measured at the pins. `contexts_first`: changes of context before the
  // requests that stood at a port then, which hold whenever these are taken; else in the cycle in which they were.
  DirectedTest window(arch::u64 cycles, bool contexts_first) const;

 private:
  struct Recorded {
    arch::u64 at;
    Operation operation;
    arch::u64 accepted = ~arch::u64{0};  // of a request
  };
  struct Change {
    arch::u64 at;
    arch::u64 pa;
    arch::u64 before;
  };
  struct Word {
    arch::u64 value;   // as last looked at
    arch::u64 swaps;   // compare-and-swaps under way
    arch::u64 expect;  // of the last of them
    arch::u64 desired;
  };
  struct Walk {
    bool open = false, swap = false;
    arch::u64 at = 0, pa = 0;
  };
  // What a cycle says of the memory's timing.
  struct Latency {
    arch::u64 at, cycles;
  };

  void begin_anew(const Lockstep&);
  void add(Operation);
  void look_at_port(Side, const kilburn_req_in&, const kilburn_req_out&);
  void look_at_memory(Lockstep&);

  bool begun_ = false;
  arch::u64 begin_ = 0, cycle_ = 0;  // first cycle, and the one after the last
  arch::Format format_ = arch::Format::x86_64;
  arch::Settings settings_;
  arch::u64 memory_bytes_ = 0;
  kilburn_dut_in in_{};
  kilburn_dut_out out_{};  // of the cycle that is recorded next
  arch::Context context_;
  bool has_context_ = false;
  bool standing_[2] = {false, false};
  arch::u8 standing_id_[2] = {0, 0};
  std::size_t standing_operation_[2] = {0, 0};
  bool inv_standing_ = false;
  std::optional<std::size_t> open_[2][16];  // operation of the request in flight
  arch::u64 held_[2] = {0, 0};
  std::vector<Recorded> operations_;
  std::unordered_map<arch::u64, Word> words_;
  std::vector<arch::u64> addresses_;  // of words_, so that they are looked at in one order on every machine
  std::vector<Change> changes_;
  Walk walks_[16];
  std::vector<Latency> latencies_;
  std::vector<arch::u64> accepts_, refusals_;  // cycles
};

}  // namespace kilburn::tb
