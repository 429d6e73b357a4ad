// SPDX-License-Identifier: Apache-2.0
//
// A word is held exactly while it differs from the original's.
#include "tb/against/image.h"

#include <algorithm>
#include <cstring>

namespace kilburn::against {

static_assert(std::endian::native == std::endian::little);  // memory is little endian (sw/hw/ports.h)

void Image::store64(u64 pa, u64 value) {
  if (original_.load64(pa) == value)
    own_.erase(pa);
  else
    own_[pa] = value;
}

u64 Image::cas64(u64 pa, u64 expect, u64 desired) {
  const u64 old = load64(pa);
  if (old == expect) store64(pa, desired);
  return old;
}

void Image::read(u64 pa, std::span<std::byte> out) {
  original_.read(pa, out);
  if (own_.empty()) return;
  for (std::size_t done = 0; done < out.size();) {
    const u64 word = (pa + done) & ~u64{7};
    const std::size_t bytes = std::min<std::size_t>(out.size() - done, static_cast<std::size_t>(word + 8 - pa - done));
    if (const auto own = own_.find(word); own != own_.end()) {
      const auto* from = reinterpret_cast<const std::byte*>(&own->second) + (pa + done - word);
      std::copy_n(from, bytes, out.begin() + static_cast<std::ptrdiff_t>(done));
    }
    done += bytes;
  }
}

void Image::write(u64 pa, std::span<const std::byte> in) {
  for (std::size_t done = 0; done < in.size();) {
    const u64 word = (pa + done) & ~u64{7};
    const std::size_t bytes = std::min<std::size_t>(in.size() - done, static_cast<std::size_t>(word + 8 - pa - done));
    u64 value = load64(word);
    std::memcpy(reinterpret_cast<std::byte*>(&value) + (pa + done - word), in.data() + done, bytes);
    store64(word, value);
    done += bytes;
  }
}

void Image::keep(u64 pa, u64 before) {
  const auto [own, is_new] = own_.try_emplace(pa, before);
  if (!is_new && own->second == original_.load64(pa)) own_.erase(own);
}

void Image::settle(u64 pa, u64 bytes) {
  if (own_.empty()) return;
  for (u64 word = pa & ~u64{7}; word < pa + bytes; word += 8) {
    const auto own = own_.find(word);
    if (own != own_.end() && own->second == original_.load64(word)) own_.erase(own);
  }
}

}  // namespace kilburn::against
