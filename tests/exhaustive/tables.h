// SPDX-License-Identifier: Apache-2.0
//
// One chain of x86-64 or Alpha tables at fixed places, and entry bits as the manuals number them.
#pragma once

#include <map>

#include "tests/exhaustive/machine.h"

namespace kilburn::exhaustive {

// x86-64 entries (SDM tables 4-15 to 4-20)
inline constexpr u64 kP = 1, kW = 2, kU = 4, kA = 0x20, kD = 0x40, kPs = 0x80, kG = 0x100, kPatLarge = 0x1000;
inline constexpr u64 kNx = u64{1} << 63;
inline constexpr u64 kTable = kP | kW | kU | kA;
constexpr u64 bit(unsigned n) { return u64{1} << n; }

// Controls (layout.def)
inline constexpr u32 kWp = 1, kNxe = 2, kSmep = 4, kSmap = 8, kPke = 16, kPks = 32, kPge = 64, kLa57 = 128;

// Page-fault error code (SDM 4.7)
inline constexpr u16 kErrP = 1, kErrW = 2, kErrU = 4, kErrRsvd = 8, kErrId = 16, kErrPk = 32;

// The table of `level`; each chain is of 8 KB pages, so that it serves every format.
constexpr u64 table_at(unsigned level) { return 0x10000 + 0x2000 * u64{5 - level}; }

// Address of the entry of `va` at `level`, with tables of 2^index_bits entries over pages of 2^shift bytes.
constexpr u64 slot_at(u64 va, unsigned level, unsigned shift = 12, unsigned index_bits = 9) {
  return table_at(level) + 8 * (va >> (shift + index_bits * (level - 1)) & (bit(index_bits) - 1));
}

// x86-64: every upper entry of `va` points to the next table with all rights, accessed.
inline void link_tables(Machine& machine, u64 va, unsigned levels) {
  for (unsigned level = levels; level >= 2; --level) {
    machine.store(slot_at(va, level), table_at(level - 1) | kTable);
  }
}

// x86-64 tables for a few addresses; those that share an entry share the table below it.
class Tables {
 public:
  explicit Tables(unsigned levels) : levels_(levels) {}
  // The place of the entry of `va` at `level`; upper entries that are missing are made.
  u64 slot(Machine& machine, u64 va, unsigned level) {
    u64 table = table_at(levels_);
    for (unsigned at = levels_;; --at) {
      const u64 place = table + 8 * (va >> (12 + 9 * (at - 1)) & 511);
      if (at == level) return place;
      const auto [made, is_new] = below_.emplace(place, kFirst + 0x1000 * below_.size());
      if (is_new) machine.store(place, made->second | kTable);
      table = made->second;
    }
  }

 private:
  static constexpr u64 kFirst = 0x4'0000;
  unsigned levels_;
  std::map<u64, u64> below_;  // an entry's place, the table that it points to
};

// Bits of the error code that describe the access.
constexpr u16 access_bits(Op op, bool user, u32 controls) {
  const bool id = op == Op::fetch && (controls & (kNxe | kSmep)) != 0;
  return static_cast<u16>((op == Op::write ? kErrW : 0) | (user ? kErrU : 0) | (id ? kErrId : 0));
}

}  // namespace kilburn::exhaustive
