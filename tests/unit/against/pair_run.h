// SPDX-License-Identifier: Apache-2.0
//
// Two DUTs side by side under the random test, and what came of it.
#pragma once

#include "tb/against/against_monitor.h"
#include "tests/random_run.h"

namespace kilburn::tb {

struct PairRun {
  RandomRun a;
  bool b_failed = false;
  arch::u64 compared = 0, equal = 0, differing = 0;
  std::map<against::Differing, arch::u64> by_class;
  against::Traffic traffic_a, traffic_b;
};

struct PairConfig {
  arch::u64 seed;
  arch::u64 count;
  std::string bug{}, against_bug{};
};

// `a` as `b` sees it: without the features that `b` does not have, so that the stimulus leaves them out.
inline DutLibrary without_what_lacks(const DutLibrary& a, const DutLibrary& b) {
  static kilburn_dut_api api;
  api = a.api();
  api.config.features &= b.api().config.features;
  return DutLibrary::wrap(api, a.path());
}

inline PairRun pair_run(const DutLibrary& a, const DutLibrary& b, const PairConfig& config) {
  const auto format = static_cast<arch::Format>(a.api().config.format);
  os::RamMem memory(RandomTables::kMemoryBytes);
  const admissible::CheckerConfig rules{format, {}, {}, {}, 0, true};
  against::FollowerConfig follower{config.against_bug, config.seed + 1, {}, rules};
  follower.lockstep.seed = config.seed;
  follower.lockstep.exact = false;
  follower.lockstep.answer_limit = 20000;
  against::AgainstMonitor monitor(rules, b, follower, memory, memory);
  PairRun run;
  run.a = random_run(without_what_lacks(a, b), memory,
                     {.seed = config.seed, .count = config.count, .bug = config.bug, .monitor = &monitor});
  run.b_failed = monitor.b_failed();
  run.compared = monitor.answers().compared();
  run.equal = monitor.answers().equal();
  run.differing = monitor.answers().differing();
  run.by_class = monitor.answers().by_class();
  run.traffic_a = monitor.a().traffic();
  run.traffic_b = monitor.b().judged().traffic();
  return run;
}

}  // namespace kilburn::tb
