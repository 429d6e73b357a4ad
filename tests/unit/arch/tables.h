// SPDX-License-Identifier: Apache-2.0
//
// One path of page tables for a test: a mapped address whose entry at each level can be changed.
#pragma once

#include <map>
#include <optional>

#include "model/arch/walk.h"

namespace kilburn::tb {

using namespace arch;

// Controls as numbers, not through layout.def.
inline constexpr u32 kWp = 1, kNxe = 2, kSmep = 4, kSmap = 8, kPke = 0x10, kPks = 0x20, kPge = 0x40, kLa57 = 0x80,
                     kPhys = 0x1000;
constexpr u32 spe(u32 enables) { return enables << 8; }
constexpr Context with(u32 controls) { return {.controls = controls}; }

// Entries start as a user page that may do everything, walked before: x86-64 present, writable, user, accessed and
// a dirty leaf; Alpha valid with all enables. Bits are written as numbers here, not through layout.def, so that a
// slip there shows.
class Tables {
 public:
  static constexpr u64 kFrame = 0x40000000;  // aligned for every page size

  // Controls with LA57 make five levels; page_shift is of `alpha`.
  Tables(Format format, u64 va, u32 controls = 0, unsigned page_shift = 13) : format_(format), va_(va) {
    page_shift_ = format == Format::alpha ? page_shift : 12;
    levels_ = format == Format::alpha ? 3 : format == Format::x86_64 && (controls & kLa57) != 0 ? 5 : 4;
    settings.page_shift = format == Format::alpha && page_shift != 13 ? static_cast<u8>(page_shift) : u8{0};
    for (unsigned level = levels(); level > 1; --level) entry(level) = pointer(table(level - 1));
    entry(1) = leaf(kFrame);
    context.root = table(levels());
    context.controls = controls;
  }

  unsigned levels() const { return levels_; }
  static constexpr u64 table(unsigned level) { return 0x100000 * u64{level}; }

  // The entry for the address at `level`, and where it stands.
  u64& entry(unsigned level) { return memory[entry_pa(level)]; }
  u64 entry_pa(unsigned level) const {
    const unsigned index_bits = page_shift_ - 3;
    return table(level) + 8 * (va_ >> (page_shift_ + index_bits * (level - 1)) & ((u64{1} << index_bits) - 1));
  }

  u64 pointer(u64 pa) const { return format_ == Format::x86_64 ? pa | 0x27 : (pa >> page_shift_) << 32 | 0x1101; }
  u64 leaf(u64 pa) const { return format_ == Format::x86_64 ? pa | 0x67 : (pa >> page_shift_) << 32 | 0x3301; }

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
  unsigned page_shift_ = 12;
  unsigned levels_ = 4;
};

}  // namespace kilburn::tb
