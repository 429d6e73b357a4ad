// SPDX-License-Identifier: Apache-2.0
//
// Where a run's cycles lie in its wave file. The random test resets the DUT, which takes time and no cycles.
#pragma once

#include "tb/failure/fst_file.h"

namespace kilburn::tb {

// Cycles of waves kept before and after a failure.
inline constexpr arch::u64 kWavesBefore = 2000;
inline constexpr arch::u64 kWavesAfter = 200;

// The time of cycle 0 as the last cycles of a file see it that ends `after` cycles behind cycle `cycles`.
arch::u64 time_of_cycle_0(const FstFile&, arch::u64 cycles, arch::u64 after);

// The same as this cycle sees it, before resets that the file shows. `at_end` is what the last cycles see.
arch::u64 time_of_cycle_0_at(const FstFile&, arch::u64 at_end, arch::u64 cycle);

}  // namespace kilburn::tb
