// SPDX-License-Identifier: Apache-2.0
//
// The format description: everything that differs between page-table formats as numbers. What
// differs as behaviour is in x86_64.h and alpha.h, reached through walk.h and nothing else.
#pragma once

#include "model/arch/judgement.h"
#include "model/arch/layout.h"
#include "model/arch/types.h"

namespace kilburn::arch {

struct FormatInfo {
  Format format;
  u8 levels;         // 3, 4 or 5; level 1 is the last
  u8 page_shift;     // log2 bytes of the smallest page: 12 to 16
  u8 index_bits;     // per level: 9 to 13
  u8 va_bits;        // 43 to 57: translated bits; the rest is the sign
  u8 pa_bits;        // widest physical address the format can express: 44 to 52
  bool hardware_ad;  // the walker sets A and D (x86-64); else fault handlers do
};

// `alpha` with pages of 2^page_shift bytes: tables are one page of 8-byte entries (LX PTRS_PER_PTE).
constexpr FormatInfo alpha_info(unsigned page_shift) {
  const unsigned index_bits = page_shift - 3;
  return {Format::alpha,
          3,
          static_cast<u8>(page_shift),
          static_cast<u8>(index_bits),
          static_cast<u8>(page_shift + 3 * index_bits),
          static_cast<u8>(32 + page_shift),
          false};
}

// x86-64 with 4 levels, or 5 (SDM 4.5, LA57).
constexpr FormatInfo x86_64_info(unsigned levels) {
  return {Format::x86_64, static_cast<u8>(levels), 12, 9, static_cast<u8>(12 + 9 * levels), 52, true};
}

// Of the format's usual form: 4 levels, 8 KB pages.
constexpr FormatInfo info(Format format) {
  switch (format) {
    case Format::alpha:
      return alpha_info(13);
    case Format::alpha_x64:
      return {format, 4, 12, 9, 48, 44, false};
    case Format::x86_64:
      break;
  }
  return x86_64_info(4);
}

// With the page size of the settings and the levels of the controls.
constexpr FormatInfo info(Format format, const Settings& settings, u32 controls) {
  if (format == Format::x86_64) return x86_64_info(layout::Controls::LA57.test(controls) ? 5 : 4);
  if (format == Format::alpha && settings.page_shift != 0) return alpha_info(settings.page_shift);
  return info(format);
}

// The form with the most virtual address bits: what a TLB that serves any controls compares.
constexpr FormatInfo widest_info(Format format, const Settings& settings = {}) {
  return info(format, settings, static_cast<u32>(layout::Controls::LA57.mask()));
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
