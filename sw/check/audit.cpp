// SPDX-License-Identifier: Apache-2.0
//
// The audits in their order. Ids and wording follow sw/README.md.
#include "sw/check/audit.h"

#include "sw/check/audit_parts.h"
#include "sw/os/kernel.h"

namespace kilburn::os {

namespace audits {
void fail(const char* id, const std::string& text) { throw Violation(id, text); }
std::string at(const Census::Leaf& leaf) {
  return hex(leaf.va) + " of process " + std::to_string(leaf.process->id) + " (entry " + hex(leaf.word) + ")";
}
}  // namespace audits

namespace {

using namespace audits;

constexpr void (*kAudits[])(const View&) = {
    one_state,  free_not_mapped, counts, reverse_map,   sums,        numbers,          zero_page,   poison,
    one_parent, locked_pages,    buddy,  kernel_memory, areas,       entries_in_areas, blocks,      walks,
    reached,    young_and_dirty, asids,  slots,         clean_pages, all_free,         conservation};

constexpr std::string_view kIds[] = {"P1",  "P2",  "P3",  "P4",  "P5",  "P6",  "P7",  "P8",  "P9",  "P10", "P11",
                                     "P12", "P13", "P15", "P18", "P19", "P20", "P21", "P24", "P25", "P26", "P31",
                                     "P32", "P33", "P34", "P35", "P46", "P49", "P55", "P60", "P63", "P64"};

// M20: all that a check of the roots can see.
u64 roots(const World& world) {
  u64 seen = 0;
  for (const auto& process : world.processes) {
    if (!process->alive()) continue;
    const Pfn root = process->space->table.root_frame();
    if (world.memory.map_of_frames()[root].state != FrameState::table) fail("P1", "a root is in no table frame");
    ++seen;
  }
  return seen;
}

u64 all(const World& world) {
  const Census census(world);
  const View view{world, census, world.memory.map_of_frames(), world.memory.format()};
  for (const auto audit : kAudits) {
    try {
      audit(view);
    } catch (const Violation& v) {
      if (!passed_over(world.off, v.id())) throw;
    }
  }
  return census.leaves.size() + census.tables.size();
}

}  // namespace

std::span<const std::string_view> audit_ids() { return kIds; }

void run_audits(const World& world) {
  const u64 seen = world.roots_only ? roots(world) : all(world);
  u64 resident = 0;
  for (const auto& process : world.processes) {
    if (process->alive()) resident += process->space->rss + 1;  // and a root
  }
  if (seen < resident && !passed_over(world.off, "P64")) {
    fail("P64", "the audit looked at " + std::to_string(seen) + " entries and tables, " + std::to_string(resident) +
                    " pages and roots are resident");
  }
}

}  // namespace kilburn::os
