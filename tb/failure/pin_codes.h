// SPDX-License-Identifier: Apache-2.0
//
// The pins whose values are codes of layout.def, the registers that hold a state, and the names of these codes.
#pragma once

#include <string_view>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

struct PinCodes {
  struct Code {
    arch::u32 value;
    const char* name;  // "PAGE_D"
  };
  const char* title;
  std::vector<Code> codes;
};

// `pin`: its name in rtl/README.md, or that of a register of our RTL. nullptr: its values are numbers.
const PinCodes* codes_of_pin(std::string_view pin);

}  // namespace kilburn::tb
