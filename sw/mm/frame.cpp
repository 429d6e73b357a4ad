// SPDX-License-Identifier: Apache-2.0
//
// Checked access to the memory map.
#include "sw/mm/frame.h"

#include "sw/core/errors.h"

namespace kilburn::os {

Frame& MemMap::at(u64 pfn) {
  if (pfn >= size()) throw Violation("P26", "an entry names frame " + hex(pfn) + ", memory has " + hex(size()));
  return frames_[pfn];
}

}  // namespace kilburn::os
