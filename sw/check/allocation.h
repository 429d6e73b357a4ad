// SPDX-License-Identifier: Apache-2.0
//
// What an allocator of frames owes its callers over time, checked from the states of the frames alone.
#pragma once

#include <utility>
#include <vector>

#include "sw/mm/buddy.h"

namespace kilburn::os {

using FreeBlocks = std::vector<std::pair<Pfn, unsigned>>;

// P14: with everything given back, the free blocks are those of the start.
void require_restored(const FreeBlocks& at_start, const FreeBlocks& now);
// P16: `got` is kNoFrame exactly if no aligned run of 2^order frames in [first, end) was free; to be asked with
// the states before the request.
void require_justified(const std::vector<bool>& was_free, Pfn first, unsigned order, Pfn got);
// By frame from `first`.
std::vector<bool> free_frames(const MemMap&, Pfn first, Pfn end);

}  // namespace kilburn::os
