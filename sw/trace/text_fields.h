// SPDX-License-Identifier: Apache-2.0
//
// Fields at the front of a text line; what is taken leaves the line.
#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>

#include "sw/core/types.h"

namespace kilburn::os {

inline void skip_blanks(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
}

inline bool take_digits(std::string_view& line, int base, u64& value) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value, base);
  if (error != std::errc{}) return false;
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  return true;
}

inline bool take_text(std::string_view& line, std::string_view text) {
  if (!line.starts_with(text)) return false;
  line.remove_prefix(text.size());
  return true;
}

// Size of a reference of a format that has none: `usual`, or what is left of the 4 KB page.
inline u16 size_within_granule(u64 address, u64 usual) {
  return static_cast<u16>(std::min(usual, kGranule - (address & (kGranule - 1))));
}

}  // namespace kilburn::os
