// SPDX-License-Identifier: Apache-2.0
//
// Runs recorded vectors through arch::walk() itself, no DUT between, under the checking rule of the vector format.
#pragma once

#include <string>
#include <vector>

#include "tb/stimulus/vectors.h"

namespace kilburn::test {

struct VectorCount {
  unsigned vectors = 0;                 // run
  unsigned accesses = 0;                // checked
  unsigned five_level = 0;              // of the vectors: five levels
  unsigned protection_keys = 0;         // of the vectors: CR4.PKE
  std::vector<std::string> mismatches;  // "file:line: what"
};

VectorCount run_vectors(tb::VectorReader reader);

}  // namespace kilburn::test
