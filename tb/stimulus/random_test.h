// SPDX-License-Identifier: Apache-2.0
//
// The constrained-random test: both request ports at once, several address spaces, live controls,
// invalidations, page-table edits under running walks, memory latency and back-pressure.
#pragma once

#include <memory>

#include "tb/lockstep/lockstep.h"
#include "tb/stimulus/random_tables.h"

namespace kilburn::tb {

struct RandomTestConfig {
  arch::Format format = arch::Format::x86_64;
  arch::u64 count = 100000;    // responses to wait for
  arch::u64 seed = 1;          // never 0
  bool vary_settings = false;  // draw other settings now and then; the DUT must follow the configuration pins
  // Every other phase leaves the tables alone and compares each response with the architecture's walk: for a DUT
  // that no twin predicts.
  bool settled_phases = false;
  bool races = false;                  // changes are also aimed at walks under way (tb/stimulus/races.h)
  arch::u32 features = ~arch::u32{0};  // layout.def Feature: what the DUT implements
};

// What was stimulated and answered.
struct RandomTestResult {
  arch::u64 requests = 0;
  arch::u64 invalidations = 0;
  arch::u64 edits = 0;
  arch::u64 fills = 0;        // by software
  arch::u64 restarts = 0;     // with other settings
  arch::u64 compared = 0;     // responses compared with a walk
  arch::u64 faults[16] = {};  // by layout.def Fault, 0: translated
};

class Races;

class RandomTest {
 public:
  RandomTest(Lockstep& lockstep, const RandomTestConfig& config);
  ~RandomTest();
  // Throws DutWrong.
  void run();
  const RandomTestResult& result() const { return result_; }
  arch::u64 answered() const { return answered_; }

 private:
  void new_phase();
  void drain();
  void settle();
  void new_settings();
  void cycle();
  void compare(const kilburn_req_out& out, Side side);
  bool covered_by_hint(const OpenRequest&, const kilburn_req_out&) const;
  void new_context();
  arch::u64 useful_address();
  void drive_port(kilburn_req_in& pins, const kilburn_req_out& out, Side side);
  void drive_invalidation();
  void count_response(const kilburn_req_in& pins, const kilburn_req_out& out, Side side);
  bool la57() const;

  Lockstep& lockstep_;
  RandomTestConfig config_;
  Random random_;
  RandomTables tables_;
  RandomTestResult result_;
  std::unique_ptr<Races> races_;  // if asked for
  arch::u64 answered_ = 0;
  std::vector<arch::u64> working_set_;
  arch::u64 walked_ = 0;            // the entry that the walker asked for last
  arch::u16 busy_ids_[2] = {0, 0};  // one bit an id in flight
  bool invalidating_ = false;       // taken, not yet acknowledged

  // Of the phase: chances in percent, or one in n.
  unsigned request_percent_[2] = {100, 100};
  unsigned response_percent_[2] = {100, 100};
  unsigned store_percent_ = 30;
  arch::u64 invalidate_one_in_ = 200;
  arch::u64 edit_one_in_ = 100;
  arch::u64 context_one_in_ = 500;
  arch::u64 phase_end_ = 0;  // cycle
  arch::u64 phases_ = 0;
  bool settled_ = false;  // the tables rest, and nothing that is cached is older than them

  // Rare events are drawn as the cycle of the next one, not as a chance in every cycle.
  arch::u64 soon(arch::u64 one_in) { return lockstep_.cycle() + 1 + random_.below(2 * one_in); }
  arch::u64 next_invalidation_ = 0, next_edit_ = 0, next_context_ = 0;
};

}  // namespace kilburn::tb
