// SPDX-License-Identifier: Apache-2.0
//
// The translations that the loosely timed Mmu holds: four-way sets, every page size in one array.
// A translation stays until an invalidation covers it, a fill of the same address replaces it, or a
// conflict evicts it; so what software sees is what a hardware TLB of some size would show.
#pragma once

#include <array>
#include <vector>

#include "model/arch/layout.h"
#include "model/arch/walk.h"

namespace kilburn::tlm {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

// TLB maintenance: codes of layout.def Inv.
enum class Invalidate : u8 {
  all = arch::layout::Inv::ALL,
  nonglobal = arch::layout::Inv::NONGLOBAL,
  asid = arch::layout::Inv::ASID,
  page = arch::layout::Inv::PAGE,
  page_nonglobal = arch::layout::Inv::PAGE_NONGLOBAL,
  page_i = arch::layout::Inv::PAGE_I,
  page_d = arch::layout::Inv::PAGE_D,
  fill_i = arch::layout::Inv::FILL_I,
  fill_d = arch::layout::Inv::FILL_D,
};

// One invalidation with its operands.
struct Invalidation {
  Invalidate op = Invalidate::all;
  u64 va = 0;    // bytes; page operations only
  u16 asid = 0;  // 12 bits; asid, page, page_nonglobal, page_i and page_d only
};

constexpr bool is_page_operation(Invalidate op) {
  return op == Invalidate::page || op == Invalidate::page_nonglobal || op == Invalidate::page_i ||
         op == Invalidate::page_d;
}

// Whether the operation covers a translation of the page at `va` (any byte of it) that was made in
// address space `asid`. The side that page_i and page_d name is the caller's to choose.
bool covers(const Invalidation&, u64 va, u16 asid, const arch::Translation&);

struct TlbEntry {
  u64 va = 0;  // any byte of the page, all 64 bits
  arch::Translation translation;
  u16 asid = 0;
  bool valid = false;
};

class Tlb {
 public:
  // `entries` is rounded up to a power of two, at least 4.
  explicit Tlb(unsigned entries);

  // An entry for (va, asid); the smallest page first where several sizes match (trap T68: one entry,
  // never a mixture). Null on a miss. Valid until the next call that is not const.
  const TlbEntry* find(u64 va, u16 asid) const;
  // Entries of several sizes match.
  bool several(u64 va, u16 asid) const;
  // Every other entry that matches (va, asid) goes first.
  void fill(u64 va, u16 asid, const arch::Translation&);
  void invalidate(const Invalidation&);
  // Drops what matches (va, asid): a page fault does this (SDM 4.10.4.1).
  void drop(u64 va, u16 asid);
  void clear();

 private:
  static constexpr unsigned kWays = 4;
  using Set = std::array<TlbEntry, kWays>;

  static bool matches(const TlbEntry& e, u64 va, u16 asid) {
    return e.valid && (e.va ^ va) >> e.translation.page_log2 == 0 && (e.translation.global || e.asid == asid);
  }
  std::size_t set_of(u64 va, unsigned log2) const {
    const u64 page = va >> log2;
    return static_cast<std::size_t>((page ^ (page >> 9) ^ (u64{log2} << 2)) & (sets_.size() - 1));
  }
  void clear(TlbEntry&);

  std::vector<Set> sets_;
  std::vector<u8> next_victim_;  // one a set
  u64 sizes_ = 0;                // bit n: entries of 2^n bytes are live
  std::array<u32, 64> live_{};   // how many
};

}  // namespace kilburn::tlm
