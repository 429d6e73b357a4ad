// SPDX-License-Identifier: Apache-2.0
//
// The table entries that `wild` holds: paging-structure caches tagged by virtual address (SDM 4.10.3), and a walk
// cache tagged by the physical address of the entry, which obeys the same invalidations.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "model/arch/walk.h"
#include "tb/dut/models/wild_tlb.h"

namespace kilburn::tb::wild {

// Where a walk may begin: the table of `level`, and what the entries above it say.
struct Start {
  unsigned level = 0;
  u64 table = 0;
  u64 parent = 0;  // the entry that refers to the table
  arch::Accumulated above;
};

class WildTables {
 public:
  void configure(const WildConfig&, const arch::FormatInfo& widest, Bug);

  // Any of the prefixes held, mostly the longest.
  std::optional<Start> start(u64 va, Tag, Random&) const;
  // An entry at `level` that refers to a table: present, no reserved bit, A set (SDM 4.10.3.1).
  void fill(unsigned level, u64 va, Tag, const Start& next, Random&);
  std::optional<u64> word(u64 pa, Tag) const;
  void fill_word(u64 pa, u64 value, Tag, Random&);

  // As WildTlb::maintain(); a page's invalidation drops all of the address space (SDM 4.10.4.1).
  void maintain(u8 op, u64 va, u16 asid);
  // What a walk for `va` would use.
  void page_fault(u64 va, u16 asid);
  void drop_any(Random&);
  bool holds_words() const { return !words_.empty(); }

 private:
  static constexpr unsigned kFirst = 2, kLast = 5;
  struct Prefix {
    u64 prefix = 0;
    Tag tag;
    bool used = false;
    Start next;
  };
  struct Word {
    u64 pa = 0;
    u64 value = 0;
    Tag tag;
    bool used = false;
  };
  u64 prefix(u64 va, unsigned level) const { return (va & va_mask_) >> (page_shift_ + index_bits_ * (level - 1)); }
  Tag word_tag(Tag tag) const { return shared_ ? Tag{0, tag.controls} : tag; }

  std::array<std::vector<Prefix>, kLast + 1> prefixes_;
  std::vector<Word> words_;
  bool shared_ = false;
  unsigned page_shift_ = 12;
  unsigned index_bits_ = 9;
  u64 va_mask_ = ~u64{0};
  Bug bug_ = Bug::none;
};

}  // namespace kilburn::tb::wild
