// SPDX-License-Identifier: Apache-2.0
//
// The end of a process for the sake of the others.
#include <algorithm>

#include "sw/os/kernel.h"

namespace kilburn::os {

// A process that is in the middle of a call is not torn down under it: it gets the reserve, finishes, and goes then.
// A fault whose reserve is empty is unwound; a call that the reserve does not suffice for costs another process.
bool Kernel::kill_for_memory() {
  if (acting_ != nullptr && acting_->doomed && in_fault_) {
    throw OomVictim("process " + std::to_string(acting_->id) + " is to be killed and finds no memory to go on");
  }
  std::vector<OomCandidate> candidates;
  for (const auto& process : processes_) {
    if (process->alive()) {
      candidates.push_back({process->id, memory_->badness(*process->space), process->doomed});
    }
  }
  auto choice = choose_victim(candidates);
  if (config_.bug == Bug::oom_kills_init && choice) choice = kInitProcess;
  if (!choice) return false;
  if (*choice == kInitProcess) throw Violation("P59", "the OOM killer takes the first process");
  Process& victim = *processes_[*choice - 1];
  victim.doomed = true;
  ++statistics_.oom_kills;
  memory_->log().add({.kind = MmEvent::Kind::oom, .space = victim.id});
  if (&victim == acting_) {
    memory_->open_reserve(true);
  } else {
    end_doomed(victim);
  }
  return true;
}

// P59: one process ends, and at least one frame is free that was not.
void Kernel::end_doomed(Process& victim) {
  const auto alive = [this] {
    return std::count_if(processes_.begin(), processes_.end(), [](const auto& p) { return p->alive(); });
  };
  const auto before = alive();
  const u32 free = memory_->buddy().free_frames();
  end_by(victim, Signal::kill, 0);
  if (alive() != before - 1) throw Violation("P59", "the OOM killer ended other than one process");
  if (memory_->buddy().free_frames() <= free) {
    throw Violation("P59", "the end of process " + std::to_string(victim.id) + " freed no frame");
  }
}

}  // namespace kilburn::os
