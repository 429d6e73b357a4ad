// SPDX-License-Identifier: Apache-2.0
//
// The set-associative store of translations.
#include "model/tlm/tlb.h"

#include <algorithm>
#include <bit>

namespace kilburn::tlm {

bool covers(const Invalidation& inv, u64 va, u16 asid, const arch::Translation& t) {
  const bool same_page = (va ^ inv.va) >> t.page_log2 == 0;
  const bool same_asid = asid == inv.asid;
  switch (inv.op) {
    case Invalidate::all:
      return true;
    case Invalidate::nonglobal:
      return !t.global;
    case Invalidate::asid:
      return !t.global && same_asid;
    case Invalidate::page:
    case Invalidate::page_i:
    case Invalidate::page_d:
      return same_page && (t.global || same_asid);
    case Invalidate::page_nonglobal:
      return same_page && !t.global && same_asid;
    case Invalidate::fill_i:
    case Invalidate::fill_d:
      break;
  }
  return false;  // other codes do nothing
}

Tlb::Tlb(unsigned entries) : sets_(std::bit_ceil(std::max(entries, kWays)) / kWays), next_victim_(sets_.size()) {}

const TlbEntry* Tlb::find(u64 va, u16 asid) const {
  for (u64 sizes = sizes_; sizes != 0; sizes &= sizes - 1) {
    for (const TlbEntry& e : sets_[set_of(va, static_cast<unsigned>(std::countr_zero(sizes)))]) {
      if (matches(e, va, asid)) return &e;
    }
  }
  return nullptr;
}

bool Tlb::several(u64 va, u16 asid) const {
  unsigned count = 0;
  for (u64 sizes = sizes_; sizes != 0; sizes &= sizes - 1) {
    for (const TlbEntry& e : sets_[set_of(va, static_cast<unsigned>(std::countr_zero(sizes)))]) {
      // An entry lies in the set of its own size only, though sets of two sizes may be one.
      count += matches(e, va, asid) && e.translation.page_log2 == std::countr_zero(sizes) ? 1 : 0;
    }
  }
  return count > 1;
}

void Tlb::fill(u64 va, u16 asid, const arch::Translation& t) {
  drop(va, asid);
  const std::size_t index = set_of(va, t.page_log2);
  Set& set = sets_[index];
  auto way = std::find_if(set.begin(), set.end(), [](const TlbEntry& e) { return !e.valid; });
  if (way == set.end()) {
    way = set.begin() + next_victim_[index];
    next_victim_[index] = static_cast<u8>((next_victim_[index] + 1) % kWays);
    clear(*way);
  }
  *way = {va, t, asid, true};
  if (live_[t.page_log2]++ == 0) sizes_ |= u64{1} << t.page_log2;
}

void Tlb::invalidate(const Invalidation& inv) {
  const auto drop_covered = [&](Set& set) {
    for (TlbEntry& e : set) {
      if (e.valid && covers(inv, e.va, e.asid, e.translation)) clear(e);
    }
  };
  if (!is_page_operation(inv.op)) {
    std::ranges::for_each(sets_, drop_covered);
    return;
  }
  // A page of each live size can hold the address (trap T62).
  for (u64 sizes = sizes_; sizes != 0; sizes &= sizes - 1) {
    drop_covered(sets_[set_of(inv.va, static_cast<unsigned>(std::countr_zero(sizes)))]);
  }
}

void Tlb::drop(u64 va, u16 asid) {
  for (u64 sizes = sizes_; sizes != 0; sizes &= sizes - 1) {
    for (TlbEntry& e : sets_[set_of(va, static_cast<unsigned>(std::countr_zero(sizes)))]) {
      if (matches(e, va, asid)) clear(e);
    }
  }
}

void Tlb::clear() {
  for (Set& set : sets_) set = {};
  sizes_ = 0;
  live_.fill(0);
}

void Tlb::clear(TlbEntry& e) {
  e.valid = false;
  if (--live_[e.translation.page_log2] == 0) sizes_ &= ~(u64{1} << e.translation.page_log2);
}

}  // namespace kilburn::tlm
