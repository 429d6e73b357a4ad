// SPDX-License-Identifier: Apache-2.0
//
// Page-table memory of every physical address that a 52-bit bus has; what was never written reads 0.
#pragma once

#include <array>
#include <memory>
#include <unordered_map>

#include "sw/hw/ports.h"

namespace kilburn::directed {

class SparseMemory final : public os::PhysMem {
 public:
  // While refusing, every access is a bus error: the memory port takes an address beyond size() for one.
  os::u64 size() const override { return refusing_ ? 0 : kSize; }
  void refuse(bool refusing) { refusing_ = refusing; }

  os::u64 load64(os::u64 pa) override {
    const auto page = pages_.find(pa >> 12);
    return page == pages_.end() ? 0 : (*page->second)[pa >> 3 & 511];
  }
  void store64(os::u64 pa, os::u64 value) override {
    auto& page = pages_[pa >> 12];
    if (!page) page = std::make_unique<Page>();
    (*page)[pa >> 3 & 511] = value;
  }
  os::u64 cas64(os::u64 pa, os::u64 expect, os::u64 desired) override {
    const os::u64 old = load64(pa);
    if (old == expect) store64(pa, desired);
    return old;
  }
  void read(os::u64 pa, std::span<std::byte> out) override {
    for (std::byte& byte : out) {
      byte = static_cast<std::byte>(load64(pa & ~os::u64{7}) >> 8 * (pa & 7));
      ++pa;
    }
  }
  void write(os::u64 pa, std::span<const std::byte> in) override {
    for (const std::byte byte : in) {
      const auto shift = static_cast<unsigned>(8 * (pa & 7));
      const os::u64 rest = load64(pa & ~os::u64{7}) & ~(os::u64{0xff} << shift);
      store64(pa & ~os::u64{7}, rest | os::u64{std::to_integer<os::u8>(byte)} << shift);
      ++pa;
    }
  }
  void clear() { pages_.clear(); }

 private:
  static constexpr os::u64 kSize = os::u64{1} << 52;
  using Page = std::array<os::u64, 512>;
  std::unordered_map<os::u64, std::unique_ptr<Page>> pages_;
  bool refusing_ = false;
};

}  // namespace kilburn::directed
