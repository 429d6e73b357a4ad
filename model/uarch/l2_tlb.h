// SPDX-License-Identifier: Apache-2.0
//
// The set-associative L2 TLB, a bank for each page size, shared by both sides (rtl/README.md, "L2 TLB").
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <vector>

#include "model/arch/format.h"
#include "model/arch/types.h"
#include "model/uarch/pins.h"
#include "model/uarch/replacement.h"
#include "model/uarch/tlb_key.h"

namespace kilburn::uarch {

inline constexpr unsigned kMaxSets = 1024;  // of a bank
inline constexpr unsigned kMaxWays = 8;

template <arch::Format F>
class L2Tlb {
 public:
  // By class of page: x86-64 4 KB, 2 MB, 1 GB; Alpha the granularity hint.
  static constexpr unsigned kBanks = F == arch::Format::x86_64 ? 3 : 4;
  static constexpr unsigned page_log2(unsigned bank) {
    return TlbKey<F>::kInfo.page_shift + bank * (F == arch::Format::x86_64 ? 9 : 3);
  }
  // `sets` of the bank of smallest pages; 0: there is no L2 TLB.
  L2Tlb(unsigned sets, unsigned large_sets, unsigned ways, Policy policy) : ways_(ways), rule_(ways, policy) {
    std::size_t first = 0;
    for (unsigned bank = 0; bank < kBanks && sets != 0; ++bank) {
      sets_[bank] = bank == 0 ? sets : large_sets;
      first_set_[bank] = first;
      first += sets_[bank];
    }
    all_sets_ = first;
    most_sets_ = *std::max_element(sets_.begin(), sets_.end());
    way_.resize(all_sets_ * ways_);
    valid_.resize(all_sets_);
    state_.resize(policy == Policy::random ? 1 : all_sets_);
    reset();
  }

  void reset() {
    std::fill(way_.begin(), way_.end(), Way{});
    std::fill(valid_.begin(), valid_.end(), u8{0});
    std::fill(state_.begin(), state_.end(), static_cast<u16>(rule_.at_reset()));
  }

  bool present() const { return all_sets_ != 0; }
  // Of the bank that has most: how long a scan of all takes.
  unsigned most_sets() const { return most_sets_; }

  // What matches, over all banks: way `way` of bank `bank` in the address's set is bit 8 * bank + way.
  u32 matching(u64 va, u64 asid) const {
    const u64 key = Key::key(va, asid);
    u32 found = 0;
    for (unsigned bank = 0; bank < kBanks; ++bank) {
      const std::size_t set = set_of(bank, va);
      for (u32 rest = valid_[set]; rest != 0; rest &= rest - 1) {
        const auto way = static_cast<unsigned>(std::countr_zero(rest));
        const Way& w = way_[set * ways_ + way];
        if (((w.tag ^ key) & w.mask) == 0) found |= u32{1} << (8 * bank + way);
      }
    }
    return found;
  }

  // Of the way at one bit of matching().
  const arch::Translation& translation(u64 va, unsigned bit) const {
    return way_[set_of(bit / 8, va) * ways_ + bit % 8].translation;
  }
  void touch(u64 va, unsigned bit) { touch_way(set_of(bit / 8, va), bit % 8); }
  // Each way of `found`, which is of matching().
  void invalidate(u64 va, u32 found) {
    for (; found != 0; found &= found - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(found));
      clear(set_of(bit / 8, va), bit % 8);
    }
  }

  // Writes a translation where there is room: another way may hold the same page already.
  void fill(u64 va, u64 asid, const arch::Translation& t) {
    const std::size_t set = set_of(class_of(t.page_log2), va);
    const u32 free = ~u32{valid_[set]} & ((u32{1} << ways_) - 1);
    u16& state = state_of(set);
    const unsigned way = free != 0 ? static_cast<unsigned>(std::countr_zero(free)) : rule_.victim(state);
    if (free == 0) state = static_cast<u16>(rule_.victim_taken(state));
    way_[set * ways_ + way] = {Key::key(va & (~u64{0} << t.page_log2), asid), Key::mask(t.page_log2, t.global), t};
    valid_[set] = static_cast<u8>(valid_[set] | 1u << way);
    touch_way(set, way);
  }

  // All ways of the address's set in every bank, whether they match or not.
  void invalidate_sets_of(u64 va) {
    for (unsigned bank = 0; bank < kBanks && present(); ++bank) clear_set(set_of(bank, va));
  }
  void invalidate_all() {
    for (std::size_t set = 0; set < all_sets_; ++set) clear_set(set);
  }
  // What `covers`, told a TlbEntry, accepts in the set of this number of every bank that has it.
  template <class Covers>
  void invalidate_in_set(u64 number, Covers&& covers) {
    for (unsigned bank = 0; bank < kBanks; ++bank) {
      if (number >= sets_[bank]) continue;
      const std::size_t set = first_set_[bank] + number;
      for (u32 rest = valid_[set]; rest != 0; rest &= rest - 1) {
        const auto way = static_cast<unsigned>(std::countr_zero(rest));
        if (covers(view(set, way))) clear(set, way);
      }
    }
  }

  unsigned entries() const { return static_cast<unsigned>(way_.size()); }
  // Bank after bank, set after set, way after way.
  TlbEntry entry(unsigned index) const { return index < entries() ? view(index / ways_, index % ways_) : TlbEntry{}; }

 private:
  using Key = TlbKey<F>;
  struct Way {
    u64 tag = 0;
    u64 mask = Key::kValid;
    arch::Translation translation;
  };

  static constexpr unsigned class_of(unsigned log2) {
    unsigned bank = 0;
    while (page_log2(bank) != log2) ++bank;
    return bank;
  }
  std::size_t set_of(unsigned bank, u64 va) const {
    return first_set_[bank] + ((va >> page_log2(bank)) & (sets_[bank] - 1));
  }
  // The random policy has one register for all banks.
  u16& state_of(std::size_t set) { return state_[rule_.policy() == Policy::random ? 0 : set]; }
  void touch_way(std::size_t set, unsigned way) {
    u16& state = state_of(set);
    state = static_cast<u16>(rule_.touched(state, way));
  }
  void clear(std::size_t set, unsigned way) {
    way_[set * ways_ + way] = Way{};
    valid_[set] = static_cast<u8>(valid_[set] & ~(1u << way));
  }
  void clear_set(std::size_t set) {
    for (u32 rest = valid_[set]; rest != 0; rest &= rest - 1) clear(set, static_cast<unsigned>(std::countr_zero(rest)));
  }
  TlbEntry view(std::size_t set, unsigned way) const {
    TlbEntry view;
    if ((valid_[set] >> way & 1) == 0) return view;
    const Way& w = way_[set * ways_ + way];
    view.va = Key::first_byte(w.tag);
    view.pa = w.translation.pa;
    view.asid = Key::asid(w.tag);
    view.rights = w.translation.rights;
    view.valid = 1;
    view.size = w.translation.page_log2;
    view.global = w.translation.global ? 1 : 0;
    view.mt = w.translation.memory_type;
    return view;
  }

  unsigned ways_;
  ReplacementRule rule_;
  std::array<unsigned, kBanks> sets_{};
  std::array<std::size_t, kBanks> first_set_{};
  std::size_t all_sets_ = 0;
  unsigned most_sets_ = 0;
  std::vector<Way> way_;    // by set, then way
  std::vector<u8> valid_;   // by set, a bit a way
  std::vector<u16> state_;  // replacement, by set
};

}  // namespace kilburn::uarch
