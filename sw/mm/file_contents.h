// SPDX-License-Identifier: Apache-2.0
//
// What is in files: real bytes where a file was read from the host, made-up words where a recording only names it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "sw/mm/vma.h"

namespace kilburn::os {

class FileContents {
 public:
  static constexpr u32 kFirst = u32{1} << 30;  // numbers below are of recordings
  static_assert(kFirst < Backing::kSegment);

  u32 add(std::vector<std::byte> bytes);      // its number
  std::optional<u64> length(u32 file) const;  // bytes; none: a recording's, not known
  // The 8 bytes at `offset`, a multiple of 8; 0 past the end.
  u64 word(u32 file, u64 offset) const;

 private:
  std::map<u32, std::vector<std::byte>> files_;
};

}  // namespace kilburn::os
