// SPDX-License-Identifier: Apache-2.0
//
// The constrained-random test on several harts: a stream of requests each over the same page tables, in one cycle loop.
//
// Software edits entries that walkers of any hart ask for or hold, and then invalidates on every hart (a shootdown,
// each hart at its own time), on one hart alone, or nowhere: the others may go on with what they hold, and legally
// answer from it. All else is each hart's own: context, rates, back-pressure, further operations.
#pragma once

#include <deque>
#include <vector>

#include "tb/lockstep/harts.h"
#include "tb/stimulus/random_tables.h"

namespace kilburn::tb {

struct HartsTestConfig {
  arch::Format format = arch::Format::x86_64;
  arch::u64 count = 100000;            // responses to wait for, of all harts
  arch::u64 seed = 1;                  // never 0
  bool vary_settings = false;          // draw other settings now and then
  arch::u32 features = ~arch::u32{0};  // layout.def Feature: what the DUT implements
};

struct HartsTestResult {
  arch::u64 requests = 0;
  arch::u64 invalidations = 0;  // accepted, of all harts
  arch::u64 edits = 0;
  arch::u64 shootdowns = 0;          // edits followed by an invalidation on every hart
  arch::u64 lone_invalidations = 0;  // on one hart alone
  arch::u64 fills = 0;               // by software
  arch::u64 restarts = 0;
  arch::u64 faults[16] = {};           // by layout.def Fault, 0: translated
  std::vector<arch::u64> responses{};  // by hart
};

class HartsTest {
 public:
  HartsTest(Harts& harts, const HartsTestConfig& config);
  // Throws DutWrong.
  void run();
  const HartsTestResult& result() const { return result_; }
  arch::u64 answered() const { return answered_; }

 private:
  struct Operation {
    arch::u8 op = 0;
    arch::u64 va = 0;
    arch::u32 asid = 0;
    arch::u64 pte = 0;
  };
  struct Hart {
    explicit Hart(arch::u64 seed) : random(seed) {}
    Random random;
    std::vector<arch::u64> working_set;
    std::deque<Operation> owed;      // of shootdowns
    arch::u16 busy_ids[2] = {0, 0};  // one bit an id in flight
    bool invalidating = false;       // taken, not yet acknowledged
    unsigned request_percent[2] = {100, 100};
    unsigned response_percent[2] = {100, 100};
    unsigned store_percent = 30;
    arch::u64 invalidate_one_in = 200, context_one_in = 500;
    arch::u64 next_invalidation = 0, next_context = 0;
  };

  void new_phase();
  void new_phase(unsigned hart);
  void new_settings();
  void new_context(unsigned hart);
  arch::u64 useful_address(unsigned hart);
  void drive_port(unsigned hart, kilburn_req_in& pins, Side side);
  void drive_operation(unsigned hart);
  void edit();
  void shoot_down(arch::u64 va, arch::u32 asid);
  void cycle();
  void before_clock(unsigned hart);
  void drain();
  arch::u64 soon(Random& random, arch::u64 one_in) { return harts_.cycle() + 1 + random.below(2 * one_in); }

  Harts& harts_;
  HartsTestConfig config_;
  Random random_;
  RandomTables tables_;
  std::vector<Hart> state_;
  HartsTestResult result_;
  arch::u64 answered_ = 0;
  arch::u64 walked_ = 0;  // the entry that some walker asked for last
  arch::u64 edit_one_in_ = 100;
  arch::u64 next_edit_ = 0, phase_end_ = 0, phases_ = 0;
};

}  // namespace kilburn::tb
