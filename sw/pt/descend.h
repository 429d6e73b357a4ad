// SPDX-License-Identifier: Apache-2.0
//
// The way down through the tables, once for all formats: each instantiates it, so that what its words say is inline and
// a walk is one call.
#pragma once

#include "sw/pt/format.h"

namespace kilburn::os {

// `Format` is final: its large() and next_table() are no virtual calls here.
template <class Format>
PteFormat::Descent descend_in(const Format& format, PhysMem& memory, u64 root, u64 va, unsigned to_level) {
  const arch::FormatInfo info = format.info();  // a copy: what is called below cannot change it
  u64 table = root;
  unsigned level = info.levels;
  for (; level > to_level; --level) {
    const u64 at = arch::entry_address(info, table, va, level);
    const u64 word = memory.load64(at);
    if (format.large(word, level)) return {at, word, level};
    const Pfn next = format.next_table(word);
    if (next == kNoFrame) return {at, word, level};
    table = u64{next} << info.page_shift;
  }
  return {arch::entry_address(info, table, va, level), 0, level};
}

}  // namespace kilburn::os
