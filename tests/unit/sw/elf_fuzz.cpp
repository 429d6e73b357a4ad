// SPDX-License-Identifier: Apache-2.0
//
// Body of a fuzzer: any bytes are an image whose segments lie inside them, or are refused by name.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sw/core/errors.h"
#include "sw/os/elf_image.h"

extern "C" int kilburn_fuzz_elf(const std::uint8_t* data, std::size_t size);

extern "C" int kilburn_fuzz_elf(const std::uint8_t* data, std::size_t size) {
  using namespace kilburn::os;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  try {
    const ElfImage image = parse_elf({bytes, bytes + size}, "fuzz");
    for (const ElfImage::Segment& s : image.segments) {
      if (s.offset > size || s.file_size > size - s.offset || s.va + s.memory_size < s.va) std::abort();
    }
  } catch (const UserError&) {
  }
  return 0;
}
