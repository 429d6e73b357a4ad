// SPDX-License-Identifier: Apache-2.0
//
// Figures, shell words and markup as the reports write them.
#pragma once

#include <string>

#include "model/arch/types.h"

namespace kilburn::regress {

std::string grouped(arch::u64 value);                          // "1 234 567"
std::string plural(arch::u64 value, const std::string& noun);  // "1 run", "2 runs"
std::string shell_word(const std::string&);                    // as a POSIX shell needs it
std::string clean(const std::string&);                         // UTF-8 without control characters
std::string markup(const std::string&);                        // for XML and HTML, attributes too
std::string duration(double seconds);                          // "12 ms", "3.4 s", "5 min 2 s"

}  // namespace kilburn::regress
