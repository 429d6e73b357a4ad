// SPDX-License-Identifier: Apache-2.0
//
// Reads the image of a swap area as a stopped machine left it (P56). It knows the layout from
// sw/README.md and shares no code with the area that wrote it.
#pragma once

#include <span>
#include <vector>

#include "sw/core/types.h"

namespace kilburn::os {

struct SwapImage {
  bool clean = false;  // every slot that holds a page matches its checksum
  u32 slots = 0;
  u32 sequence = 0;
  u32 verified = 0;      // slots that were compared
  std::vector<u32> bad;  // slots out of use
};

// Throws Violation P56 if the image contradicts itself.
SwapImage audit_swap_image(std::span<const std::byte> bytes);

}  // namespace kilburn::os
