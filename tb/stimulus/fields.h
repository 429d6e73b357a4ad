// SPDX-License-Identifier: Apache-2.0
//
// Fields of a line of text: words between blanks, key=value pairs in any order, numbers read whole or refused.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

// The words of `line`, blanks being spaces and tabs.
inline void split_fields(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end;
  }
}

// Digits only, nothing before or after them; nullopt too if the value needs more than 64 bits.
inline std::optional<arch::u64> whole_number(std::string_view text, int base) {
  arch::u64 value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `text` in quotation marks, cut to a length that fits a message, with what cannot be printed replaced.
inline std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string out = "\"";
  for (char c : text.substr(0, kLongest)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace kilburn::tb
