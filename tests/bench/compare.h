// SPDX-License-Identifier: Apache-2.0
//
// A subject measured against its floor: both run alternately in small batches of one process, so that
// a noisy machine slows both, and the fastest batch of each counts.
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <limits>

namespace kilburn::bench {

inline double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Each callable does `operations` operations a call. Counters: ns (the subject's), floor_ns, ratio.
template <class Floor, class Subject>
void against_floor(benchmark::State& state, double operations, Floor&& floor, Subject&& subject) {
  double best_floor = std::numeric_limits<double>::max(), best_subject = best_floor;
  for (auto _ : state) {
    double start = cpu_seconds();
    floor();
    best_floor = std::min(best_floor, cpu_seconds() - start);
    start = cpu_seconds();
    subject();
    best_subject = std::min(best_subject, cpu_seconds() - start);
  }
  state.counters["ns"] = 1e9 * best_subject / operations;
  state.counters["floor_ns"] = 1e9 * best_floor / operations;
  state.counters["ratio"] = best_subject / best_floor;
}

}  // namespace kilburn::bench
