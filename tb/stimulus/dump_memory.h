// SPDX-License-Identifier: Apache-2.0
//
// The memory of a dump for a DUT: written pages are copies, the file stays as it is.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <unordered_map>

#include "sw/hw/ports.h"
#include "tb/stimulus/elf_dump.h"

namespace kilburn::tb {

// Reads of a hole between segments give 0; from the end of the last segment on there is no memory.
class DumpMemory final : public os::PhysMem {
 public:
  explicit DumpMemory(const ElfDump& dump) : dump_(dump) {}

  os::u64 size() const override { return dump_.end() & ~os::u64{7}; }
  os::u64 load64(os::u64 pa) override { return look(pa); }
  os::u64 look(os::u64 pa) const {
    if (!pages_.empty()) {
      if (const auto page = pages_.find(pa / kPage); page != pages_.end()) return (*page->second)[pa % kPage / 8];
    }
    return dump_.load64(pa).value_or(0);
  }
  void store64(os::u64 pa, os::u64 value) override { writable(pa)[pa % kPage / 8] = value; }
  os::u64 cas64(os::u64 pa, os::u64 expect, os::u64 desired) override {
    const os::u64 old = look(pa);
    if (old == expect) store64(pa, desired);
    return old;
  }
  void read(os::u64 pa, std::span<std::byte> out) override;
  void write(os::u64 pa, std::span<const std::byte> in) override;

  os::u64 copied_pages() const { return pages_.size(); }
  // Calls `see(pa, in the dump, now)` for every word of a copied page that differs.
  template <class See>
  void changed_words(See&& see) const {
    for (const auto& [number, page] : pages_) {
      for (os::u64 at = 0; at < kPage / 8; ++at) {
        const os::u64 pa = number * kPage + 8 * at;
        const os::u64 was = dump_.load64(pa).value_or(0);
        if (was != (*page)[at]) see(pa, was, (*page)[at]);
      }
    }
  }

 private:
  static constexpr os::u64 kPage = 4096;
  using Page = std::array<os::u64, kPage / 8>;

  Page& writable(os::u64 pa);

  const ElfDump& dump_;
  std::unordered_map<os::u64, std::unique_ptr<Page>> pages_;
};

}  // namespace kilburn::tb
