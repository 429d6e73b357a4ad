// SPDX-License-Identifier: Apache-2.0
//
// Bytes of the words, for the interface's sake: a walker moves whole words.
#include "tb/stimulus/vector_memory.h"

namespace kilburn::tb {

void VectorMemory::read(os::u64 pa, std::span<std::byte> out) {
  for (std::size_t n = 0; n < out.size(); ++n) {
    out[n] = static_cast<std::byte>(load64((pa + n) & ~os::u64{7}) >> (8 * ((pa + n) & 7)));
  }
}

void VectorMemory::write(os::u64 pa, std::span<const std::byte> in) {
  for (std::size_t n = 0; n < in.size(); ++n) {
    const os::u64 at = (pa + n) & ~os::u64{7};
    const auto shift = static_cast<unsigned>(8 * ((pa + n) & 7));
    store64(at, (load64(at) & ~(os::u64{0xff} << shift)) | os::u64{std::to_integer<os::u8>(in[n])} << shift);
  }
}

}  // namespace kilburn::tb
