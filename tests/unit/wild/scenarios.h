// SPDX-License-Identifier: Apache-2.0
//
// One scenario a bug of `wild`: what it does, and what every legal MMU answers, from the manuals.
#pragma once

#include <vector>

#include "tests/unit/wild/bench.h"

namespace kilburn::tb::test {

struct Scenario {
  const char* bug;
  void (*run)(Bench&);
  bool speculation = true;  // false: a translation that nobody asked for may legally change the outcome
};

std::vector<Scenario> entry_scenarios();     // x86-64: entries, rights, error codes
std::vector<Scenario> update_scenarios();    // A and D
std::vector<Scenario> cache_scenarios();     // what is held, and invalidation
std::vector<Scenario> alpha_scenarios();     // decisions of the Alpha formats
std::vector<Scenario> protocol_scenarios();  // protocol and liveness

inline constexpr u64 kVa = 0x3F1'2345'6000;  // lower half of every format; even number of pages

}  // namespace kilburn::tb::test
