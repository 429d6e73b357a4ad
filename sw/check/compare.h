// SPDX-License-Identifier: Apache-2.0
//
// Two runs that must be alike: what a program can see of them (P36, P37, P47), and what the MMU saw (P60, P61).
#pragma once

#include <span>
#include <vector>

#include "sw/mm/event_log.h"
#include "sw/mm/memory.h"
#include "sw/os/process.h"

namespace kilburn::os {

class Kernel;

// How a run ended.
struct RunOutcome {
  u64 digest = 0;  // of all bytes
  struct End {
    Signal signal;
    u64 at;
    bool operator==(const End&) const = default;
  };
  std::vector<End> ends;  // by process
  std::array<u64, kFaultKinds> faults{};
  u64 log_hash = 0;
};
RunOutcome outcome_of(Kernel&);

// Bytes and signals, with the addresses that got them. Throws Violation with this id.
void require_same_results(std::string_view id, const RunOutcome&, const RunOutcome&);
void require_same_faults(std::string_view id, const RunOutcome&, const RunOutcome&);  // number of each kind
void require_same_log(std::string_view id, const RunOutcome&, const RunOutcome&);     // every event

// Keeps all events (Kernel::record).
class LogRecorder final : public MmListener {
 public:
  void event(const MmEvent& e) override { events.push_back(e); }
  std::vector<MmEvent> events;
};

// P61: the logs of a model and of the RTL are equal but for A skew: hardware that walks ahead may have set A where the
// model had not yet. A that is missing in the second log, or any other difference, throws Violation P61. Cycles are not
// compared. Returns the number of entries with skew.
u64 require_equal_but_for_a(const PteFormat&, std::span<const MmEvent> model, std::span<const MmEvent> rtl);

}  // namespace kilburn::os
