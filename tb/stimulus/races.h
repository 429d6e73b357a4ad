// SPDX-License-Identifier: Apache-2.0
//
// Changes and invalidations aimed at walks under way, and at what they come to, for the admissibility check. Draws from
// a stream of its own, so that all else in a random test is the same without.
#pragma once

#include "tb/lockstep/lockstep.h"
#include "tb/stimulus/random_tables.h"
#include "tb/stimulus/random_test.h"

namespace kilburn::tb {

class Races {
 public:
  // Counts its edits in `result`.
  Races(Lockstep& lockstep, RandomTables& tables, const RandomTestConfig& config, RandomTestResult& result);

  // `timing`: the memory's in this phase, which a race may slow down for a while.
  void new_phase(const MemoryTiming& timing);
  // Before each clock; `settled`: the tables rest.
  void drive(const std::vector<arch::u64>& working_set, bool settled);

  // Should the request that a port is about to make go to the race? Asked once a request.
  bool wants_access() { return race_.again != 0 && (race_.burst || random_.one_in(2)); }
  // Nothing else is accessed meanwhile, at full rate.
  bool in_burst() const { return race_.burst; }
  // The address of such an access.
  arch::u64 address();

 private:
  void begin(const std::vector<arch::u64>& working_set);
  void with_entry(const std::vector<arch::u64>& working_set);
  void with_walk();
  void edit();
  void leave();
  void come_back();
  void write_entry(arch::u64 pa, arch::u64 value);

  // An entry that a walker asks for, or that is held, is changed, what that asks of software is invalidated, the
  // address is accessed again, and later the entry is as before.
  struct Race {
    bool under_way = false;
    bool edited = false, changed = false;
    bool burst = false;
    bool left = false, physical = false;                 // elsewhere now
    bool invalidates = false;                            // not yet offered
    arch::u64 edit_at = 0, invalidate_at = 0, over = 0;  // cycles
    arch::u64 va = 0, pa = 0, before = 0;
    arch::u64 back_at = 0, root = 0, elsewhere = 0;
    arch::u32 controls = 0, number = 0;
    arch::u64 spread = 0;  // bits in which further accesses differ
    arch::u32 asid = 0;
    unsigned again = 0;  // accesses left
  };

  Lockstep& lockstep_;
  RandomTables& tables_;
  RandomTestResult& result_;
  arch::u32 features_;
  Random random_;
  MemoryTiming timing_;  // of the phase
  Race race_;
  arch::u64 next_ = 0, one_in_ = 256;
};

}  // namespace kilburn::tb
