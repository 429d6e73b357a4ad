// SPDX-License-Identifier: Apache-2.0
//
// A DUT at its pins with the checker looking on, a page-table memory that stops at the access that a test chooses, and
// two ways through the tables for one address. The checker judges; nothing is expected here.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/format.h"
#include "sw/hw/ram.h"
#include "tb/admissible/lockstep_monitor.h"
#include "tb/dut/loader.h"

namespace kilburn::tb {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

class HandsOn {
 public:
  HandsOn(const DutLibrary& library, const std::string& bug, u64 seed);

  // Everything as at the beginning: tables, caches, checker.
  void reset();

  // --- requests, operations; each waits for its end, for so many cycles at most that only a lost one is given up ---
  struct Access {
    u64 va = 0;
    bool write = false;
    bool fetch = false;
    arch::Mode mode = arch::Mode::kernel;
  };
  void ask(const Access&);  // until it is taken
  void settle();            // until everything is answered and acknowledged
  void access(const Access& a) {
    ask(a);
    settle();
  }
  void start(u8 op, u64 va, u16 asid);
  void operate(u8 op, u64 va, u16 asid) {
    start(op, va, asid);
    settle();
  }
  void clock();
  void clock(unsigned cycles) {
    for (unsigned n = 0; n < cycles; ++n) clock();
  }

  // --- the memory ---
  // The nth access from now on, 1 the first, is carried out and its answer kept back; all others wait behind it.
  void stop_at(unsigned nth) { until_stop_ = nth; }
  bool stopped() const { return stopped_; }
  // Up to the stop; false if everything ended before.
  bool run_to_stop();
  void let_go();

  // --- tables: two ways for kVa in each address space, alike but for the frames; way 0 is in use ---
  static constexpr u64 kVa = 0x12346000;  // whole pages of every format
  static constexpr unsigned kSpaces = 2;
  bool x86() const { return format_ == arch::Format::x86_64; }
  unsigned levels() const { return levels_; }
  u64 slot(unsigned space, unsigned level) const { return ways_[space][0][level].slot; }
  // What slot() holds for a way.
  u64 entry(unsigned space, unsigned way, unsigned level) const { return ways_[space][way][level].value; }
  void write(u64 pa, u64 value) { monitor_->software_memory().store64(pa, value); }
  u64 read(u64 pa) { return memory_.load64(pa); }
  void use_space(unsigned space);
  u16 asid(unsigned space) const { return static_cast<u16>(space + 1); }

  // --- verdict ---
  const admissible::Checker& checker() const { return *checker_; }
  std::vector<std::string> rules() const;  // each reported one once
  std::string first() const { return monitor_->finding().message; }
  void finish() {
    monitor_->quantum(cycle_);
    if (!silent_) monitor_->finish(cycle_);
  }
  u64 cycle() const { return cycle_; }
  bool silent() const { return silent_; }  // something was given up
  kilburn_dut_in& in() { return in_; }
  const kilburn_dut_out& out() const { return out_; }

 private:
  struct Reply {
    u64 due;
    u8 id;
    bool match, error;
    u64 data;
  };
  struct Place {
    u64 slot = 0, value = 0;
  };
  void build();
  void drive_memory();

  DutLibrary library_;
  arch::Format format_;
  unsigned levels_;
  Dut dut_;
  os::RamMem memory_{u64{1} << 22};
  std::optional<admissible::Checker> checker_;
  std::optional<admissible::LockstepMonitor> monitor_;
  kilburn_dut_in in_{};
  kilburn_dut_out out_{};
  u64 cycle_ = 0;
  std::deque<Reply> replies_;
  unsigned until_stop_ = 0;
  bool stopped_ = false, silent_ = false;
  u32 open_[2] = {0, 0};
  bool operating_ = false;
  u8 next_id_ = 0;
  unsigned patience_ = 4000;
  std::array<std::array<std::array<Place, 6>, 2>, kSpaces> ways_{};
  std::array<u64, kSpaces> roots_{};
};

}  // namespace kilburn::tb
