// SPDX-License-Identifier: Apache-2.0
//
// Copying on the first write.
#include "tb/stimulus/dump_memory.h"

namespace kilburn::tb {

using os::u64;

DumpMemory::Page& DumpMemory::writable(u64 pa) {
  auto& page = pages_[pa / kPage];
  if (!page) {
    page = std::make_unique<Page>();
    const u64 first = pa & ~(kPage - 1);
    for (u64 at = 0; at < kPage / 8; ++at) (*page)[at] = dump_.load64(first + 8 * at).value_or(0);
  }
  return *page;
}

void DumpMemory::read(u64 pa, std::span<std::byte> out) {
  for (std::size_t n = 0; n < out.size(); ++n) {
    out[n] = static_cast<std::byte>(look((pa + n) & ~u64{7}) >> (8 * ((pa + n) & 7)));
  }
}

void DumpMemory::write(u64 pa, std::span<const std::byte> in) {
  for (std::size_t n = 0; n < in.size(); ++n) {
    const u64 at = (pa + n) & ~u64{7};
    const auto shift = static_cast<unsigned>(8 * ((pa + n) & 7));
    store64(at, (look(at) & ~(u64{0xff} << shift)) | u64{std::to_integer<os::u8>(in[n])} << shift);
  }
}

}  // namespace kilburn::tb
