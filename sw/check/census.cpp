// SPDX-License-Identifier: Apache-2.0
//
// Collecting the census; entries that point outside memory fail here.
#include "sw/check/census.h"

#include "sw/os/kernel.h"

namespace kilburn::os {

Census::Census(const World& world) {
  const PteFormat& format = world.memory.format();
  const u32 frames = world.memory.map_of_frames().size();
  mappings.resize(frames);
  parents.resize(frames);
  users.resize(world.memory.swap().end());
  for (const auto& [id, segment] : world.memory.segments()) {
    for (const auto& [index, slot] : segment->slots) {
      if (slot == SharedSegment::kLost) continue;
      if (slot == 0 || slot >= users.size()) throw Violation("P46", "shared memory names swap slot " + hex(slot));
      ++users[slot];
    }
  }
  world.memory.kernel().for_each_table([&](Pfn pfn, Pfn parent, unsigned) {
    if (pfn >= frames) throw Violation("P26", "a table entry of the kernel names frame " + hex(pfn));
    ++parents[pfn];
    tables.push_back({nullptr, pfn, parent});
  });
  for (const Pfn pfn : world.memory.spare_tables()) {
    ++parents[pfn];
    tables.push_back({nullptr, pfn, kNoFrame});
  }
  for (const auto& process : world.processes) {
    if (!process->alive()) continue;
    const PageTable& table = process->space->table;
    table.for_each_table([&](Pfn pfn, Pfn parent, unsigned) {
      if (pfn >= frames) throw Violation("P26", "a table entry names frame " + hex(pfn));
      ++parents[pfn];
      tables.push_back({process.get(), pfn, parent});
    });
    table.for_each_leaf(0, format.user_top(), [&](u64 va, u64 word) {
      const PteView view = format.view(word);
      leaves.push_back({process.get(), va, word, view});
      if (view.kind == EntryKind::leaf) {
        if (view.pfn >= frames + world.memory.config().device_frames)
          throw Violation("P33", "entry " + hex(word) + " at " + hex(va) + " is valid, but no page");
        if (view.pfn < frames) ++mappings[view.pfn];
      } else if (view.kind == EntryKind::swap) {
        if (view.slot == 0 || view.slot >= users.size())
          throw Violation("P46", "swap word " + hex(word) + " at " + hex(va));
        ++users[view.slot];
      }
    });
  }
}

}  // namespace kilburn::os
