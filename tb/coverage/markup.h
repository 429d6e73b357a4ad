// SPDX-License-Identifier: Apache-2.0
//
// Text inside XML and HTML, attributes too.
#pragma once

#include <string>
#include <string_view>

namespace kilburn::coverage {

inline std::string markup(std::string_view text) {
  std::string out;
  for (const char c : text) {
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
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

}  // namespace kilburn::coverage
