// SPDX-License-Identifier: Apache-2.0
//
// A mutant, a DUT with one of its seeded bugs switched on, under the random test.
#pragma once

#include <string>
#include <vector>

#include "tb/admissible/relaxations.h"
#include "tb/dut/loader.h"

namespace kilburn::mutation {

using arch::u64;

struct Mutant {
  std::string dut;  // name or path
  arch::Format format = arch::Format::x86_64;
  std::string id, sentence, source;
};

// The seeded bugs of a library, in its order.
std::vector<Mutant> mutants_of(const std::string& dut, const tb::DutLibrary& library);

// How much stimulus a mutant gets: `count` responses over seeds `first_seed` and following, in equal parts.
struct Effort {
  u64 count = 200000;
  u64 seeds = 10;
  u64 first_seed = 1;  // never 0
  admissible::Relaxations relaxations;
};

enum class Judge {
  admissible,  // the admissibility checker, and the protocol check of the lockstep loop
  protocol,    // the protocol check alone
  exact,       // every pin against the twin, and the protocol check
};

// What a judge found first. Nothing: `rule` is empty.
struct Finding {
  std::string rule;     // "W2", "attributes", "R3"; of the exact check the pin or TLB entry
  std::string message;  // first line
  u64 seed = 0;         // of the run that found it
  u64 responses = 0;    // over all runs until then
  bool found() const { return !rule.empty(); }
};

// One seed. Throws UserError if the library does not know the bug.
Finding run_seed(const tb::DutLibrary&, const Mutant&, Judge, u64 seed, u64 count, const admissible::Relaxations&);
// Seed after seed until something is found.
Finding run_seeds(const tb::DutLibrary&, const Mutant&, Judge, const Effort&);

// Every rule that the checker reports over one run that does not end at the first rejection (the first 16 count).
std::vector<std::string> rules_of(const tb::DutLibrary&, const Mutant&, u64 seed, u64 count,
                                  const admissible::Relaxations&);

}  // namespace kilburn::mutation
