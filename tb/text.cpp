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

namespace {

struct Code {
  std::string_view codes;
  unsigned value;
  std::string_view name;
};
constexpr Code kCodes[] = {
#define KILBURN_VALUE(enumeration, name, value, doc) {#enumeration, value, #name},
#include "model/arch/layout.def"
};

std::string_view code_name(std::string_view codes, unsigned value) {
  for (const Code& code : kCodes) {
    if (code.codes == codes && code.value == value) return code.name;
  }
  return "reserved";
}

}  // namespace

std::string_view invalidation_name(unsigned op) { return code_name("Inv", op); }

std::string_view event_name(unsigned event) { return code_name("Event", event); }

}  // namespace kilburn::tb
