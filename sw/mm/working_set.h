// SPDX-License-Identifier: Apache-2.0
//
// The estimate of a process's working set: pages with A set since the last scan that cleared it (Denning 1968).
#pragma once

#include <algorithm>

#include "sw/core/types.h"

namespace kilburn::os {

struct WorkingSet {
  u64 pages = 0;    // in the last interval
  u64 largest = 0;  // so far
  u64 average = 0;  // in eighths of a page; the last interval counts an eighth
  u64 samples = 0;

  void sample(u64 young) {
    pages = young;
    largest = std::max(largest, young);
    average = samples++ == 0 ? 8 * young : average - average / 8 + young;
  }
};

}  // namespace kilburn::os
