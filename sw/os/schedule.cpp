// SPDX-License-Identifier: Apache-2.0
//
// Who runs where and for how long: each CPU takes its processes in turn, a quantum each; a process that waits for the
// disk makes way for the next.
#include <algorithm>
#include <cstring>

#include "sw/os/kernel.h"

namespace kilburn::os {

std::string Kernel::place() const {
  std::string text = " (reference " + std::to_string(statistics_.references);
  if (active_ != nullptr) text += ", " + active_->name() + ":" + std::to_string(active_->line());
  return text + ")";
}

void Kernel::expect_success(const Process& process, int error, const char* call) const {
  if (error == 0) return;
  throw UserError(process.reader->name() + ":" + std::to_string(process.reader->line()) + ": " + call +
                  " cannot be repeated in the " + std::string(arch::name(config_.format)) +
                  " address space: " + std::strerror(error));
}

// A child whose references were not recorded only shares memory, until its parent forks again or ends.
void Kernel::end_silent_child(Process& parent) {
  if (parent.silent_child != nullptr && parent.silent_child->alive()) close_space(*parent.silent_child);
  parent.silent_child = nullptr;
}

void Kernel::dispatch(Process& process, const TraceEvent& e, const ChildTraces& children) {
  switch (e.kind) {
    case TraceEvent::Kind::fetch:
    case TraceEvent::Kind::read:
    case TraceEvent::Kind::write:
    case TraceEvent::Kind::modify:
      break;  // run_quantum() does references
    case TraceEvent::Kind::map:
      expect_success(process, mmap(process, e.address, e.length, e.rights, {e.file, e.offset, AreaKind::ordinary}),
                     "mmap");
      break;
    case TraceEvent::Kind::unmap:
      expect_success(process, munmap(process, e.address, e.length), "munmap");
      break;
    case TraceEvent::Kind::protect:
      expect_success(process, mprotect(process, e.address, e.length, e.rights), "mprotect");
      break;
    case TraceEvent::Kind::remap:
      expect_success(process, mremap(process, e.old_address, e.old_length, e.address, e.length), "mremap");
      break;
    case TraceEvent::Kind::brk:
      expect_success(process, brk(process, e.address), "brk");
      break;
    case TraceEvent::Kind::fork: {
      end_silent_child(process);
      Process& child = fork(process);
      if (children) child.own_reader = children(e.pid);
      child.reader = child.own_reader.get();
      if (child.reader == nullptr) {
        ++statistics_.children_without_trace;
        process.silent_child = &child;
      }
      break;
    }
    case TraceEvent::Kind::exec:
      exec(process);
      break;
    case TraceEvent::Kind::exit:
      end_silent_child(process);
      exit(process);
      break;
  }
}

bool Kernel::limit_reached() const {
  return config_.max_references != 0 && statistics_.references >= config_.max_references;
}

// The next process of the CPU that can run, after the one that ran last; null if there is none.
Process* Kernel::next_on(unsigned cpu) {
  const u64 now = memory_->meter().now();
  for (size_t n = 1; n <= processes_.size(); ++n) {
    const size_t index = (turn_[cpu] + n) % processes_.size();
    Process& process = *processes_[index];
    if (process.cpu != cpu || !process.alive() || process.reader == nullptr) continue;
    if (process.pending.waiting && process.pending.until > now) continue;
    turn_[cpu] = index;
    return &process;
  }
  return nullptr;
}

// Whether its CPU has something else to run now.
bool Kernel::others_on(const Process& process) const {
  return std::any_of(processes_.begin(), processes_.end(), [&process](const auto& other) {
    return other.get() != &process && other->cpu == process.cpu && other->alive() && other->reader != nullptr &&
           !other->pending.waiting;
  });
}

void Kernel::run_quantum(Process& process, const ChildTraces& children) {
  active_ = process.reader;
  TraceEvent e;
  Progress progress = Progress::done;
  if (process.pending.waiting) progress = go_on(process, config_.block);
  for (u32 left = config_.quantum; left > 0 && progress == Progress::done && !limit_reached(); --left) {
    if (!process.reader->next(e)) {
      exit(process);
      break;
    }
    if (e.reference()) {
      ++statistics_.references;
      ++process.sequence;
      process.pending = {.kind = e.kind, .address = e.address, .size = e.size};
      progress = go_on(process, config_.block);
    } else {
      dispatch(process, e, children);
    }
    if (!process.alive()) break;
  }
  if (!process.alive()) process.reader = nullptr;
  if (config_.huge && process.alive()) memory_->khugepaged(*process.space, 1);
  if (config_.spread) process.cpu = (process.cpu + 1) % memory_->cpus().count();
}

// Time passes until the first page that somebody waits for is there; false if nobody waits.
bool Kernel::wait_for_disk() {
  u64 until = ~u64{0};
  for (const auto& process : processes_) {
    if (process->alive() && process->pending.waiting) until = std::min(until, process->pending.until);
  }
  if (until == ~u64{0}) return false;
  memory_->meter().wait_until(until);
  return true;
}

void Kernel::run(std::span<TraceReader* const> readers, const ChildTraces& children) {
  try {
    for (TraceReader* reader : readers) spawn().reader = reader;
    bool more = true;
    while (more && !limit_reached()) {
      more = false;
      for (unsigned cpu = 0; cpu < memory_->cpus().count() && !limit_reached(); ++cpu) {
        if (Process* process = next_on(cpu); process != nullptr) {
          more = true;
          run_quantum(*process, children);
          memory_->end_transfers();
        }
      }
      if (!more) more = wait_for_disk();
    }
    active_ = nullptr;
    finish();
  } catch (const Violation& v) {
    const Violation placed(v.id(), v.text() + place());
    throw placed;
  }
}

}  // namespace kilburn::os
