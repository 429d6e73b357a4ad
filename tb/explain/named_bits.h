// SPDX-License-Identifier: Apache-2.0
//
// The fields of a word by the names of layout.def.
#pragma once

#include <string>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

enum class WordLayout { X86Pte, AlphaPte, Controls, PageFaultError };

// The fields of `word` that are not 0: "RW", or "PKEY = 3" for one of several bits. Only fields within `mask`.
std::vector<std::string> named_bits(WordLayout, arch::u64 word, arch::u64 mask = ~arch::u64{0});

// "P RW US", or "none".
std::string joined(const std::vector<std::string>& words, const char* between = " ");

}  // namespace kilburn::tb
