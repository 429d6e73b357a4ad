// SPDX-License-Identifier: Apache-2.0
//
// Reads of one byte, compared with the walk.
#include "sw/check/probe.h"

#include <algorithm>

#include "model/arch/walk.h"
#include "sw/os/process.h"

namespace kilburn::os {

namespace {
struct Answer {
  bool done = false;
  u64 pa = 0;
  bool operator==(const Answer&) const = default;
};

Answer by_walk(Memory& memory, const Process& process, u64 va) {
  const auto read = [&memory](u64 pa) -> std::optional<u64> {
    if (pa > memory.physical().size() - 8) return std::nullopt;
    return memory.physical().load64(pa);
  };
  const arch::Context context{process.space->table.root(), 0, memory.format().controls()};
  const arch::Outcome outcome =
      arch::walk(memory.format().info().format, {}, context, {va, arch::Op::read, arch::Mode::user, false}, read);
  const bool done = outcome.fault.code == arch::Fault::none;
  return {done, done ? outcome.pa : 0};
}

Answer by_mmu(Memory& memory, unsigned cpu, u64 va) {
  std::byte byte{};
  const AccessResult result =
      memory.cpus().port(cpu).access({va, arch::Op::read, arch::Mode::user, std::span(&byte, 1)});
  const Done* done = std::get_if<Done>(&result);
  return {done != nullptr, done != nullptr ? done->pa : 0};
}
}  // namespace

void probe_translations(Memory& memory, std::span<Process* const> current) {
  for (unsigned cpu = 0; cpu < current.size(); ++cpu) {
    if (current[cpu] == nullptr || !current[cpu]->alive()) continue;
    const Process& process = *current[cpu];
    std::vector<u64> pages;
    process.space->table.for_each_leaf(0, memory.format().user_top(), [&](u64 va, u64) { pages.push_back(va); });
    for (const u64 va : pages) {
      const Answer walk = by_walk(memory, process, va), mmu = by_mmu(memory, cpu, va);
      // A TLB that software fills may miss where the walk does not.
      if (walk == mmu || (!mmu.done && memory.config().refill == RefillMode::software)) continue;
      throw Violation("P25", "CPU " + std::to_string(cpu) + " reads " + hex(va) + " of process " +
                                 std::to_string(process.id) + (mmu.done ? " at " + hex(mmu.pa) : ": a fault") +
                                 ", the walk " + (walk.done ? "leads to " + hex(walk.pa) : "faults"));
    }
  }
}

void probe_unmapped(Memory& memory, std::span<Process* const> current, const Process& process, u64 start, u64 end) {
  constexpr u64 kPagesAtMost = 64;
  const u64 size = memory.format().page_size();
  for (unsigned cpu = 0; cpu < current.size(); ++cpu) {
    if (current[cpu] != &process) continue;
    const u64 last = std::min(end, start + kPagesAtMost * size);
    for (u64 va = memory.format().page_down(start); va < last; va += size) {
      if (process.space->table.load(va) == 0 && by_mmu(memory, cpu, va).done) {
        throw Violation("P22", "CPU " + std::to_string(cpu) + " still translates " + hex(va) + " of process " +
                                   std::to_string(process.id) + " after munmap");
      }
    }
  }
}

}  // namespace kilburn::os
