// SPDX-License-Identifier: Apache-2.0
//
// The lockstep loop: one DUT, its page-table memory and, for the exact check, its twin, clocked
// together from C++. A driver sets the request and invalidation pins for a cycle and calls clock().
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "tb/lockstep/cycle_observer.h"
#include "tb/lockstep/exact_check.h"
#include "tb/lockstep/history.h"
#include "tb/lockstep/memory_port.h"
#include "tb/lockstep/passive_monitor.h"

namespace kilburn::tb {

// The DUT is wrong: what differed, when, and in which check. Ends the run with exit status 1.
struct DutWrong : std::runtime_error {
  DutWrong(std::string check_name, std::string message, arch::u64 at_cycle, Difference what = {})
      : std::runtime_error(std::move(message)),
        check(std::move(check_name)),
        cycle(at_cycle),
        difference(std::move(what)) {}
  std::string check;  // "exact", "protocol", "end-to-end", "admissible"
  arch::u64 cycle;
  Difference difference;               // signal empty if the check is not about a pin or a TLB entry
  std::optional<OpenRequest> request;  // that it is about, as far as the check knows
};

// Ctrl-C or a termination signal: ends the run with readable waves and a result marked interrupted.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

// The user's --until or --break has come: ends the run as it stands.
struct Stopped : Interrupted {
  Stopped(arch::u64 at_cycle, std::string event) : cycle(at_cycle), what(std::move(event)) {}
  arch::u64 cycle;
  std::string what;  // the transfer; empty if the cycle itself was asked for
};

struct LockstepConfig {
  arch::Settings settings;              // of DUT and reference
  arch::u64 seed = 1;                   // of the memory's timing; never 0
  bool exact = true;                    // run the exact check
  arch::u64 contents_interval = 65536;  // cycles between comparisons of the TLB contents; 0: only at the end
  arch::u64 answer_limit = 100000;      // cycles within which a request or invalidation must be answered (R5)
  unsigned quantum = 64;                // cycles between calls of on_quantum
  PassiveMonitor* monitor = nullptr;    // looks on; nullptr: nobody
};

class Lockstep {
 public:
  Lockstep(Dut& dut, os::PhysMem& memory, const LockstepConfig& config);

  // Resets DUT and reference with other settings; every request must have been answered. The clock and the
  // counters go on counting.
  void restart(const arch::Settings&);
  const arch::Settings& settings() const { return config_.settings; }

  // Inputs of the coming clock(): context, requests, invalidation. Memory and configuration pins are driven here.
  kilburn_dut_in& in() { return in_; }
  const kilburn_dut_in& in() const { return in_; }
  // Outputs of the current cycle.
  const kilburn_dut_out& out() const { return out_; }
  arch::u64 cycle() const { return cycle_; }

  // One clock cycle. Throws DutWrong.
  void clock() {
    in_.evt_sel = static_cast<std::uint8_t>(cycle_ % kCounters);  // so that every counter is compared
    memory_port_.drive(out_, in_);
    history_.record(cycle_, in_, out_);
    if (config_.monitor) watch();
    if (observer_) [[unlikely]]
      observer_->cycle(*this, true);
    dut_.clock(in_, out_);
    ++cycle_;
    if (check_ && !check_->clock(in_, out_)) [[unlikely]]
      fail_exact();
    if (--until_quantum_ == 0) [[unlikely]]
      end_quantum();
  }

  void set_memory_timing(const MemoryTiming& timing) {
    memory_port_.set_timing(timing);
    if (config_.monitor) config_.monitor->memory_timing(timing);
  }
  // Cycles between calls of on_quantum, from now on; at least 1.
  void set_quantum(unsigned cycles) { config_.quantum = until_quantum_ = cycles; }
  unsigned quantum() const { return config_.quantum; }
  // Called every quantum: hand control to the SystemC kernel, look for signals, show progress.
  std::function<void()> on_quantum;

  // Compares contents, looks for unanswered requests, reads the counters. Call once at the end of a run
  // with all requests answered. Throws DutWrong.
  void finish();

  // The parts of restart() and finish(), for several DUTs on one memory, which go through them side by side
  // (tb/lockstep/harts.h): with quiet request ports kCounters clocks that read a counter each, then the rest.
  void quiet_ports();
  void clock_and_count();
  void restart_counted(const arch::Settings&);
  void finish_counted();
  static constexpr unsigned kCounters = 32;
  const std::array<arch::u64, kCounters>& counters() const { return counters_; }  // by layout.def Event
  // After a failure: clocks the DUT on with quiet request ports and no check, for the waves.
  void run_on(arch::u64 cycles);

  // Looks on from the next cycle on; nullptr: nobody does.
  void observe(CycleObserver* observer) { observer_ = observer; }

  History& history() { return history_; }
  const History& history() const { return history_; }
  const ExactCheck* check() const { return check_ ? &*check_ : nullptr; }
  // For software: the monitor sees what it writes here.
  os::PhysMem& memory() { return config_.monitor ? config_.monitor->software_memory() : memory_; }
  Dut& dut() { return dut_; }

 private:
  void watch() {
    if (!config_.monitor->cycle(in_, out_)) [[unlikely]]
      fail_monitored();
    config_.monitor->begin(cycle_ + 1);
  }
  [[noreturn]] void fail_monitored();
  [[noreturn]] void fail_exact();
  void end_quantum();
  void compare_contents();
  void look_for_silence();
  void reset();
  void read_counters();

  Dut& dut_;
  os::PhysMem& memory_;
  LockstepConfig config_;
  MemoryPort memory_port_;
  History history_;
  std::optional<ExactCheck> check_;
  CycleObserver* observer_ = nullptr;
  Difference wrong_at_reset_;  // of the outputs in cycle 0; told by the first clock(), or by finish()
  kilburn_dut_in in_{};
  kilburn_dut_out out_{};
  arch::u64 cycle_ = 0;
  unsigned until_quantum_;
  arch::u64 next_contents_;
  arch::u64 invalidation_since_ = 0;
  std::array<arch::u64, kCounters> counters_{};
};

}  // namespace kilburn::tb
