// SPDX-License-Identifier: Apache-2.0
//
// Every output pin by name, in the order of tb/lockstep/pins.def.
#pragma once

#include <array>
#include <string_view>

#include "model/arch/types.h"
#include "tb/dut/dut.h"

namespace kilburn::tb {

struct OutputPin {
  std::string_view name;
  arch::u64 (*value)(const kilburn_dut_out&);
};

inline constexpr auto kOutputPins = std::to_array<OutputPin>({
#define KILBURN_PIN(pin, field) {pin, [](const kilburn_dut_out& out) -> arch::u64 { return out.field; }},
#include "tb/lockstep/pins.def"
#undef KILBURN_PIN
});

}  // namespace kilburn::tb
