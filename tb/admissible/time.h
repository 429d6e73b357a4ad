// SPDX-License-Identifier: Apache-2.0
//
// The checker's clock: a cycle and the place inside it.
//
// What happens in one cycle is ordered so: the DUT shows its outputs, which are functions of registers (rtl/README.md
// R1); software writes memory; walkers access memory; the DUT takes its inputs. Observations of one place have no
// order, so a value holds from its write to the next one, both ends included.
#pragma once

#include "model/arch/types.h"

namespace kilburn::admissible {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

using Time = u64;
enum class Phase : u8 { outputs = 0, software = 1, walker = 2, inputs = 3 };

inline constexpr Time kAlways = 0;          // before the first cycle
inline constexpr Time kForever = ~Time{0};  // has not ended

constexpr Time at(u64 cycle, Phase phase) { return (cycle + 1) * 4 + static_cast<u64>(phase); }
constexpr u64 cycle_of(Time time) { return time < 4 ? 0 : time / 4 - 1; }

}  // namespace kilburn::admissible
