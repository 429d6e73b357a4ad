// SPDX-License-Identifier: Apache-2.0
//
// Every mutant under every judge that applies, and the verdict on each.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tb/mutation/mutant.h"

namespace kilburn::mutation {

enum class Verdict {
  rejected,     // by the judge that decides
  directed,     // not by the random test, but by the directed test that legal_bugs.def names
  legal,        // in the list of legal_bugs.def, and not rejected
  false_alarm,  // in that list, and rejected all the same
  escaped,      // neither
  broken,       // crashed, hung, or could not be run
};
std::string_view name(Verdict);

struct Result {
  Mutant mutant;
  Verdict verdict = Verdict::escaped;
  Finding admissible, protocol, exact;
  bool exact_applies = false;
  std::string remark;  // why it is legal; the directed test; how it broke
};

struct Campaign {
  std::vector<std::string> duts = {"mmu-bugs", "small-bugs", "wild"};
  std::vector<arch::Format> formats;  // empty: all that the DUT is built for
  std::vector<std::string> bugs;      // empty: all
  Effort effort;
  Judge judge = Judge::admissible;  // that decides; admissible or exact
  std::size_t jobs = 1;
  std::chrono::seconds limit{300};  // for one mutant
};

// The mutants that it is about. Throws UserError: no such DUT, a DUT without bugs, no such bug.
std::vector<Mutant> mutants_of(const Campaign&);
// Runs them; `done` is called after each, in the order of ending. The results are in the order of the mutants.
std::vector<Result> run(const Campaign&, const std::vector<Mutant>&, const std::function<void(const Result&)>& done);

// Nothing escaped, broke or was a false alarm.
bool passed(const std::vector<Result>&);

}  // namespace kilburn::mutation
