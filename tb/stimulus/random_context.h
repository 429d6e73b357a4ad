// SPDX-License-Identifier: Apache-2.0
//
// Controls and keys of a random context, for the random test of one hart and of several.
#pragma once

#include "model/arch/types.h"
#include "tb/dut/dut.h"
#include "tb/random.h"

namespace kilburn::tb {

// Draws what `features` (layout.def Feature) allow; keys go to the pins, controls are returned. Refill by software is
// on in one of `refill_one_in` contexts.
arch::u64 draw_controls(Random&, arch::Format, arch::u32 features, arch::u64 refill_one_in, kilburn_dut_in&);

}  // namespace kilburn::tb
