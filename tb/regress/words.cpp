// SPDX-License-Identifier: Apache-2.0
//
// Text of figures and escapes.
#include "tb/regress/words.h"

#include <cstdio>

namespace kilburn::regress {

std::string grouped(arch::u64 value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), " ");
  }
  return digits;
}

std::string plural(arch::u64 value, const std::string& noun) {
  return grouped(value) + " " + noun + (value == 1 ? "" : "s");
}

std::string shell_word(const std::string& word) {
  static const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

namespace {

// Length of the character of UTF-8 that begins at `at`; 0 if none does (RFC 3629: no overlong forms, no surrogates).
std::size_t character_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t n) { return at + n < text.size() ? static_cast<unsigned char>(text[at + n]) : 0u; };
  const auto continues = [&](std::size_t n) { return (byte(n) & 0xc0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    const bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0);
    return !bad && continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    const bool bad = (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
    return !bad && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string clean(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    const auto c = static_cast<unsigned char>(text[at]);
    const bool control = c == 0x7f || (c < 0x20 && c != '\n' && c != '\t');  // XML 1.0 2.2 cannot write most of these
    out += length == 0 || control ? std::string("?") : text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string markup(const std::string& text) {
  std::string out;
  for (const char c : clean(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string duration(double seconds) {
  char text[40];
  if (seconds < 1)
    std::snprintf(text, sizeof text, "%.0f ms", seconds * 1000);
  else if (seconds < 60)
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  else if (seconds < 3600)
    std::snprintf(text, sizeof text, "%d min %d s", static_cast<int>(seconds) / 60, static_cast<int>(seconds) % 60);
  else
    std::snprintf(text, sizeof text, "%d h %d min", static_cast<int>(seconds / 3600),
                  static_cast<int>(seconds / 60) % 60);
  return text;
}

}  // namespace kilburn::regress
