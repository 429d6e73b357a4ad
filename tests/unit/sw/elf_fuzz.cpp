// SPDX-License-Identifier: Apache-2.0
//
// Body of a fuzzer (tests/fuzz): any bytes are an image whose segments lie inside them, ascend and share no granule, or
// are refused by name in one sentence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sw/core/errors.h"
#include "sw/os/elf_image.h"

extern "C" int kilburn_fuzz_elf(const std::uint8_t* data, std::size_t size);

extern "C" int kilburn_fuzz_elf(const std::uint8_t* data, std::size_t size) {
  using namespace kilburn::os;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  try {
    const ElfImage image = parse_elf({bytes, bytes + size}, "fuzz");
    if (image.segments.empty() || image.bytes.size() != size) std::abort();
    u64 end = 0;
    for (const ElfImage::Segment& s : image.segments) {
      if (s.offset > size || s.file_size > size - s.offset || s.va + s.memory_size < s.va) std::abort();
      if (s.memory_size == 0 || s.file_size > s.memory_size || granule_down(s.va) < end) std::abort();
      end = s.va + s.memory_size;
    }
  } catch (const UserError& e) {
    const std::string_view text = e.what();
    if (!text.starts_with("fuzz: ") || text.find('\n') != text.npos) std::abort();
  }
  return 0;
}
