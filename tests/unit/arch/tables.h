// SPDX-License-Identifier: Apache-2.0
//
// One path of page tables for a test: a mapped address whose entry at each level can be changed.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "model/arch/walk.h"

namespace kilburn::tb {

using namespace arch;

// Entries start as a user page that may do everything, walked before: x86-64 present, writable, user, accessed and
// a dirty leaf; Alpha valid with all enables. Bits are written as numbers here, not through layout.def, so that a
// slip there shows.
class Tables {
 public:
  static constexpr u64 kFrame = 0x40000000;  // aligned for every page size

  Tables(Format format, u64 va) : format_(format), va_(va) {
    for (unsigned level = levels(); level > 1; --level) entry(level) = pointer(table(level - 1));
    entry(1) = leaf(kFrame);
    context.root = table(levels());
  }

  unsigned levels() const { return format_ == Format::alpha ? 3 : 4; }
  static constexpr u64 table(unsigned level) { return 0x100000 * u64{level}; }

  // The entry for the address at `level`, and where it stands.
  u64& entry(unsigned level) { return memory[entry_pa(level)]; }
  u64 entry_pa(unsigned level) const {
    static constexpr std::array<unsigned, 5> kX64Shift{0, 12, 21, 30, 39};
    static constexpr std::array<unsigned, 5> kAlphaShift{0, 13, 23, 33, 0};
    const u64 index = format_ == Format::alpha ? (va_ >> kAlphaShift[level]) % 1024 : (va_ >> kX64Shift[level]) % 512;
    return table(level) + 8 * index;
  }

  u64 pointer(u64 pa) const {
    if (format_ == Format::alpha) return (pa >> 13) << 32 | 0x1101;
    if (format_ == Format::alpha_x64) return (pa >> 12) << 32 | 0x1101;
    return pa | 0x27;
  }
  u64 leaf(u64 pa) const {
    if (format_ == Format::alpha) return (pa >> 13) << 32 | 0x3301;
    if (format_ == Format::alpha_x64) return (pa >> 12) << 32 | 0x3301;
    return pa | 0x67;
  }

  Outcome walk(Op op, Mode mode, bool ac = false) const { return walk({.va = va_, .op = op, .mode = mode, .ac = ac}); }
  Outcome walk(const Request& request) const {
    return arch::walk(format_, settings, context, request, [this](u64 pa) -> std::optional<u64> {
      const auto word = memory.find(pa);
      return word == memory.end() ? std::nullopt : std::optional(word->second);
    });
  }

  Settings settings;
  Context context;
  std::map<u64, u64> memory;  // all else is a bus error

 private:
  Format format_;
  u64 va_;
};

// Controls as numbers: WP 1, NXE 2, SMEP 4, SMAP 8; SPE from bit 8.
inline constexpr u32 kWp = 1, kNxe = 2, kSmep = 4, kSmap = 8;
constexpr u32 spe(u32 enables) { return enables << 8; }

}  // namespace kilburn::tb
