// SPDX-License-Identifier: Apache-2.0
//
// Formatting of numbers in error messages.
#include "sw/core/errors.h"

#include <charconv>

namespace kilburn::os {

std::string hex(u64 value) {
  char text[18] = {'0', 'x'};
  const auto end = std::to_chars(text + 2, text + sizeof text, value, 16);
  return {text, end.ptr};
}

}  // namespace kilburn::os
