// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as an executable image; what must hold is in tests/unit/sw/elf_fuzz.cpp, which unit tests use too.
#include <cstddef>
#include <cstdint>

extern "C" int kilburn_fuzz_elf(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return kilburn_fuzz_elf(data, size);
}
