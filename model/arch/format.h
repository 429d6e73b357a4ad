// SPDX-License-Identifier: Apache-2.0
//
// The format description: everything that differs between page-table formats as numbers. What
// differs as behaviour is in x86_64.h and alpha.h, reached through walk.h and nothing else.
#pragma once

#include "model/arch/types.h"

namespace kilburn::arch {

struct FormatInfo {
  Format format;
  u8 levels;         // 3 or 4; level 1 is the last
  u8 page_shift;     // log2 bytes of the smallest page: 12 or 13
  u8 index_bits;     // per level: 9 or 10
  u8 va_bits;        // 43 or 48: translated bits; the rest is the sign
  u8 pa_bits;        // widest physical address the format can express: 52, 45, 44
  bool hardware_ad;  // the walker sets A and D (x86-64); else fault handlers do
};

constexpr FormatInfo info(Format format) {
  switch (format) {
    case Format::alpha:
      return {format, 3, 13, 10, 43, 45, false};
    case Format::alpha_x64:
      return {format, 4, 12, 9, 48, 44, false};
    case Format::x86_64:
      break;
  }
  return {Format::x86_64, 4, 12, 9, 48, 52, true};
}

// Index into the table of `level` (1 = last).
constexpr u64 table_index(const FormatInfo& f, u64 va, unsigned level) {
  return (va >> (f.page_shift + f.index_bits * (level - 1))) & ((u64{1} << f.index_bits) - 1);
}

// Physical address of the entry for `va` in the table at `table`.
constexpr u64 entry_address(const FormatInfo& f, u64 table, u64 va, unsigned level) {
  return table + 8 * table_index(f, va, level);
}

// Bits above va_bits-1 all equal bit va_bits-1 (x86-64 canonical; Alpha sign check, EV5 6.4.2).
constexpr bool sign_ok(const FormatInfo& f, u64 va) {
  const auto sign = static_cast<std::int64_t>(va << (64 - f.va_bits)) >> (64 - f.va_bits);
  return static_cast<u64>(sign) == va;
}

}  // namespace kilburn::arch
