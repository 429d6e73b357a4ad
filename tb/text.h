// SPDX-License-Identifier: Apache-2.0
//
// Numbers and codes as people read them.
#pragma once

#include <string>
#include <string_view>

#include "model/arch/types.h"

namespace kilburn::tb {

std::string hex(arch::u64 value);                 // "0x1f000"
std::string grouped(arch::u64 value);             // "1 234 567"
std::string_view invalidation_name(unsigned op);  // "PAGE"; "reserved" outside layout.def Inv
std::string_view event_name(unsigned event);      // "I_HIT"

}  // namespace kilburn::tb
