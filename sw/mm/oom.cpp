// SPDX-License-Identifier: Apache-2.0
//
// Badness of address spaces, and the choice.
#include "sw/mm/oom.h"

#include "sw/mm/memory.h"

namespace kilburn::os {

std::optional<u32> choose_victim(std::span<const OomCandidate> candidates) {
  const OomCandidate* worst = nullptr;
  for (const OomCandidate& c : candidates) {
    if (c.id == kInitProcess || c.dying || c.badness.loose == 0) continue;
    if (worst == nullptr || c.badness.total() >= worst->badness.total()) worst = &c;
  }
  if (worst == nullptr) return std::nullopt;
  return worst->id;
}

Badness Memory::badness(const AddressSpace& space) const {
  Badness b;
  b.rss = space.rss;
  space.table.for_each_leaf(0, format_.user_top(), [&](u64, u64 word) {
    const PteView v = format_.view(word);
    if (v.kind == EntryKind::swap) {
      ++b.swap;
      ++b.loose;
    } else if (v.kind == EntryKind::leaf && counted(v.pfn) && map_[v.pfn].pins == 0) {
      ++b.loose;
    }
  });
  space.table.for_each_table([&](Pfn, Pfn, unsigned) { ++b.tables; });
  return b;
}

}  // namespace kilburn::os
