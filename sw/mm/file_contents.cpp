// SPDX-License-Identifier: Apache-2.0
//
// Words of files.
#include "sw/mm/file_contents.h"

#include <algorithm>
#include <cstring>

#include "sw/mm/vma.h"

namespace kilburn::os {

u32 FileContents::add(std::vector<std::byte> bytes) {
  const u32 number = kFirst + static_cast<u32>(files_.size());
  files_.emplace(number, std::move(bytes));
  return number;
}

std::optional<u64> FileContents::length(u32 file) const {
  const auto at = files_.find(file);
  return at == files_.end() ? std::nullopt : std::optional<u64>(at->second.size());
}

u64 FileContents::word(u32 file, u64 offset) const {
  if (file < kFirst) return file_word(file, offset);
  const auto at = files_.find(file);
  u64 word = 0;
  if (at != files_.end() && offset < at->second.size()) {
    std::memcpy(&word, at->second.data() + offset, std::min<u64>(8, at->second.size() - offset));
  }
  return word;
}

}  // namespace kilburn::os
