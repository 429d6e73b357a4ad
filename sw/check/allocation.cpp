// SPDX-License-Identifier: Apache-2.0
//
// Runs of free frames, counted without the allocator's lists.
#include "sw/check/allocation.h"

#include <algorithm>

#include "sw/core/errors.h"

namespace kilburn::os {

void require_restored(const FreeBlocks& at_start, const FreeBlocks& now) {
  if (at_start != now) {
    throw Violation("P14", std::to_string(now.size()) + " free blocks are left where there were " +
                               std::to_string(at_start.size()) + ", or other ones");
  }
}

std::vector<bool> free_frames(const MemMap& map, Pfn first, Pfn end) {
  std::vector<bool> free;
  for (Pfn pfn = first; pfn < end; ++pfn) free.push_back(map[pfn].state == FrameState::free);
  return free;
}

void require_justified(const std::vector<bool>& was_free, Pfn first, unsigned order, Pfn got) {
  const Pfn size = Pfn{1} << order;
  const Pfn end = first + static_cast<Pfn>(was_free.size());
  bool possible = false;
  for (Pfn at = (first + size - 1) & ~(size - 1); at + size <= end && !possible; at += size) {
    const auto begin = was_free.begin() + (at - first);
    possible = std::all_of(begin, begin + size, [](bool free) { return free; });
  }
  if (possible == (got == kNoFrame)) {
    throw Violation("P16", "a block of order " + std::to_string(order) + " was " +
                               (possible ? "refused although one is free" : "given although none is free"));
  }
}

}  // namespace kilburn::os
