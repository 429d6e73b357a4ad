// SPDX-License-Identifier: Apache-2.0
//
// Names come from layout.def, the one source of codes.
#include "tb/text.h"

#include <cstdio>

namespace kilburn::tb {

std::string hex(arch::u64 value) {
  char buffer[20];
  std::snprintf(buffer, sizeof buffer, "0x%llx", static_cast<unsigned long long>(value));
  return buffer;
}

std::string grouped(arch::u64 value) {
  std::string digits = std::to_string(value);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), " ");
  }
  return digits;
}

std::string_view invalidation_name(unsigned op) {
  switch (op) {
#define KILBURN_VALUE(enumeration, name, value, doc) KILBURN_VALUE_##enumeration(name, value)
#define KILBURN_VALUE_Inv(name, value) \
  case value:                          \
    return #name;
#define KILBURN_VALUE_Format(name, value)
#define KILBURN_VALUE_Mode(name, value)
#define KILBURN_VALUE_Fault(name, value)
#define KILBURN_VALUE_MemOp(name, value)
#define KILBURN_VALUE_Event(name, value)
#include "model/arch/layout.def"
#undef KILBURN_VALUE_Inv
#undef KILBURN_VALUE_Event
    default:
      return "reserved";
  }
}

std::string_view event_name(unsigned event) {
  switch (event) {
#define KILBURN_VALUE(enumeration, name, value, doc) KILBURN_VALUE_##enumeration(name, value)
#define KILBURN_VALUE_Inv(name, value)
#define KILBURN_VALUE_Event(name, value) \
  case value:                            \
    return #name;
#include "model/arch/layout.def"
    default:
      return "reserved";
  }
}

}  // namespace kilburn::tb
