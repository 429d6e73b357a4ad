// SPDX-License-Identifier: Apache-2.0
//
// The smallest directed test that still fails in the same way as a recorded run.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tb/admissible/relaxations.h"
#include "tb/dut/loader.h"
#include "tb/failure/directed_test.h"
#include "tb/failure/operation_recorder.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

// What two failures must share to be the same: the check with the pin, the structure or the rule that it names.
std::string signature(const std::string& check, const std::string& signal, const std::string& message);
inline std::string signature(const DutWrong& wrong) {
  return signature(wrong.check, wrong.difference.signal, wrong.what());
}

struct ShrinkConfig {
  std::string bug;         // seeded, "" for none
  bool exact = true;       // the exact check
  bool admissible = true;  // the admissibility check
  admissible::Relaxations relaxations;
  admissible::Forbidden forbidden{};
  std::string signature;  // of the run; empty: of the first failure of a replay
  arch::u64 seed = 1;     // of the run: of what reset leaves undefined, and of the memory's timing
  double seconds = 60;    // enough
  std::function<bool()> interrupted = [] { return false; };
};

struct Shrunk {
  DirectedTest test;
  std::string signature, message;
  std::size_t recorded = 0;  // operations of the window that showed the failure
  arch::u64 tries = 0;
  double seconds = 0;
  bool in_time = true;  // else it could perhaps be smaller
  // Not 0: the smallest with the signature of the run has so many; this one fails in the same check elsewhere.
  std::size_t narrow_operations = 0;
};

// nullopt: no replay of a part of the record fails so.
std::optional<Shrunk> shrink(const DutLibrary&, const OperationRecorder&, const ShrinkConfig&);

// One run of a directed test on a new instance. nullopt: it passes.
struct Replayed {
  std::string signature, message;
  std::size_t begun = 0;                                      // operations
  std::vector<std::pair<arch::u64, arch::u64>> words_needed;  // of the test's, those that were read
};
std::optional<Replayed> replay(const DutLibrary&, const DirectedTest&, const ShrinkConfig&);

}  // namespace kilburn::tb
