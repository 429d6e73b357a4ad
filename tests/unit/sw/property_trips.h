// SPDX-License-Identifier: Apache-2.0
//
// For each property a run that breaks it: with a seeded bug, or with state that was tampered with.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::os::test {

struct Trip {
  std::string id;             // the violation that must come
  std::string by;             // the bug, or what is done to the state
  std::function<void()> run;  // throws Violation
};

std::vector<Trip> frame_trips();    // P1 to P18, P57, P58
std::vector<Trip> area_trips();     // P19 to P24, P38 to P43
std::vector<Trip> table_trips();    // P25 to P35, P44
std::vector<Trip> storage_trips();  // P45, P46, P49, P55, P56, P60, P63, P64
std::vector<Trip> run_trips();      // P36, P37, P47, P61, P62
std::vector<Trip> mutant_trips();   // of all parts: one line of the kernel is wrong
// The same runs without a bug; throws if one fails, or differs from its pair.
void intact_runs();
void intact_mutants();
arch::u64 skewed_entries();  // entries of two logs of which the second has A set early

}  // namespace kilburn::os::test
