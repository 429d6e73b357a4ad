// SPDX-License-Identifier: Apache-2.0
//
// The paging-structure caches: where a walk may begin below the root (rtl/README.md, "Paging-structure caches").
#pragma once

#include <array>
#include <bit>
#include <vector>

#include "model/arch/format.h"
#include "model/arch/judgement.h"
#include "model/arch/layout.h"
#include "model/uarch/pins.h"
#include "model/uarch/replacement.h"
#include "model/uarch/tlb_key.h"

namespace kilburn::uarch {

template <arch::Format F>
class Psc {
 public:
  static constexpr unsigned kLowest = 2;
  static constexpr unsigned kHighest = TlbKey<F>::kInfo.levels;
  // Bits of an address below the prefix of that level.
  static constexpr unsigned span(unsigned level) {
    return TlbKey<F>::kInfo.page_shift + TlbKey<F>::kInfo.index_bits * (level - 1);
  }

  // What is known of a table: where it is, and the rights of the levels above it.
  struct Table {
    u64 pa = 0;
    arch::Accumulated above;
  };
  struct Hit {
    unsigned level = 0;  // 0: none
    unsigned index = 0;
  };

  // `entries` of levels 2 to 5; a level that the format has not is ignored.
  Psc(const std::array<unsigned, 4>& entries, Policy policy) {
    for (unsigned level = kLowest; level <= kHighest; ++level) {
      levels_.emplace_back(entries[level - kLowest], policy);
      entries_ += entries[level - kLowest];
    }
  }

  void reset() {
    for (Level& level : levels_) {
      level.valid = 0;
      level.replacement.reset();
    }
  }

  // The longest prefix, of the lowest level that matches, among levels up to `top`.
  Hit lookup(u64 va, u64 asid, unsigned top) const {
    for (unsigned level = kLowest; level <= top; ++level) {
      const int index = at(level).find(tag(level, va, asid));
      if (index >= 0) return {level, static_cast<unsigned>(index)};
    }
    return {};
  }
  const Table& table(Hit hit) const { return at(hit.level).table[hit.index]; }
  void touch(Hit hit) { at(hit.level).replacement.touch(hit.index); }

  // The choice of a fill of that level, before this cycle's touches.
  unsigned victim(unsigned level) const { return at(level).replacement.victim(); }

  // The entry of `level` led to a table.
  void fill(unsigned level, u64 va, u64 asid, const Table& table, unsigned victim) {
    Level& l = at(level);
    if (l.entries == 0) return;
    const u64 key = tag(level, va, asid);
    const int same = l.find(key);
    const u64 free = ~l.valid & (~u64{0} >> (64 - l.entries));
    unsigned index = victim;
    if (same >= 0) {
      index = static_cast<unsigned>(same);
    } else if (free != 0) {
      index = static_cast<unsigned>(std::countr_zero(free));
    } else {
      l.replacement.victim_taken();
    }
    l.tag[index] = key;
    l.table[index] = table;
    l.valid |= u64{1} << index;
    l.replacement.touch(index);
  }

  // Every entry that matches, of any level.
  void invalidate(u64 va, u64 asid) {
    for (unsigned level = kLowest; level <= kHighest; ++level) {
      const int index = at(level).find(tag(level, va, asid));
      if (index >= 0) at(level).valid &= ~(u64{1} << index);
    }
  }
  void invalidate_all() {
    for (Level& level : levels_) level.valid = 0;
  }
  void invalidate_asid(u64 asid) {
    for (Level& level : levels_) {
      for (u64 rest = level.valid; rest != 0; rest &= rest - 1) {
        const auto index = static_cast<unsigned>(std::countr_zero(rest));
        if (Key::asid(level.tag[index]) == asid) level.valid &= ~(u64{1} << index);
      }
    }
  }

  unsigned entries() const { return entries_; }
  // Level 2 first. The page of such an entry is its prefix, the frame its table.
  TlbEntry entry(unsigned index) const {
    TlbEntry view;
    for (unsigned level = kLowest; level <= kHighest; index -= at(level).entries, ++level) {
      const Level& l = at(level);
      if (index >= l.entries) continue;
      if ((l.valid >> index & 1) == 0) break;
      view.va = Key::first_byte(l.tag[index]);
      view.pa = l.table[index].pa;
      view.asid = Key::asid(l.tag[index]);
      view.valid = 1;
      view.size = static_cast<u8>(span(level));
      if constexpr (F == arch::Format::x86_64) {
        using namespace arch::layout;
        const arch::Accumulated& above = l.table[index].above;
        view.rights =
            static_cast<u16>(X86Rights::W.make(above.w) | X86Rights::U.make(above.u) | X86Rights::NX.make(above.nx));
      }
      break;
    }
    return view;
  }

 private:
  using Key = TlbKey<F>;

  struct Level {
    Level(unsigned count, Policy policy)
        : entries(count), tag(count), table(count), replacement(count != 0 ? count : 1, policy) {}
    int find(u64 key) const {
      for (u64 rest = valid; rest != 0; rest &= rest - 1) {
        const int index = std::countr_zero(rest);
        if (tag[static_cast<std::size_t>(index)] == key) return index;
      }
      return -1;
    }

    unsigned entries;
    u64 valid = 0;
    std::vector<u64> tag;
    std::vector<Table> table;
    Replacement replacement;
  };

  // The key of the first byte of what the entry of that level spans.
  static u64 tag(unsigned level, u64 va, u64 asid) { return Key::key(va & (~u64{0} << span(level)), asid); }
  Level& at(unsigned level) { return levels_[level - kLowest]; }
  const Level& at(unsigned level) const { return levels_[level - kLowest]; }

  std::vector<Level> levels_;
  unsigned entries_ = 0;
};

}  // namespace kilburn::uarch
