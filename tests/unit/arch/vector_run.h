// SPDX-License-Identifier: Apache-2.0
//
// Runs recorded vectors through arch::walk() under the checking rule of the vector format.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/arch/vectors.h"

namespace kilburn::tb {

struct VectorCount {
  unsigned vectors = 0;                 // run
  unsigned accesses = 0;                // checked
  unsigned five_level = 0;              // of the vectors: five levels
  unsigned protection_keys = 0;         // of the vectors: CR4.PKE
  std::vector<std::string> mismatches;  // "file:line: what"
};

VectorCount run_vectors(const std::vector<CpuVector>& vectors, const std::string& file);

}  // namespace kilburn::tb
