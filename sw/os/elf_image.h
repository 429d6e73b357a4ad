// SPDX-License-Identifier: Apache-2.0
//
// Executable images: the loadable segments of an ELF64 file (ELF specification 1.2, "Program Header").
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sw/core/types.h"

namespace kilburn::os {

struct ElfImage {
  struct Segment {
    u64 va = 0;
    u64 memory_size = 0;  // bytes; what is past the file's part is zero
    u64 offset = 0;       // in the file
    u64 file_size = 0;    // bytes
    Rights rights = 0;
  };
  u64 entry = 0;
  std::vector<Segment> segments;  // ascending, disjoint granules but for a shared border
  std::vector<std::byte> bytes;   // the whole file
};

// Throws UserError, one sentence that begins with `name`.
ElfImage parse_elf(std::vector<std::byte> bytes, const std::string& name);
ElfImage read_elf(const std::string& path);

}  // namespace kilburn::os
