// SPDX-License-Identifier: Apache-2.0
//
// What one MMU's walkers do to memory: W6, the writes, and W7, the reads. Both are legal only on a way from a top
// table in use, through entries that no completed invalidation has ended.
#pragma once

#include <bitset>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "tb/admissible/obligations.h"
#include "tb/admissible/witness.h"

namespace kilburn::admissible {

class WalkerWatch {
 public:
  explicit WalkerWatch(const MmuView& view);

  // Empty: legal; else a sentence. `bound`: the oldest request not answered yet was accepted then, or now.
  std::string read(Time, u64 pa, u64 value, Time bound);

  // A compare-and-swap found this word, which the walk may go on from.
  void found(u64 pa, u64 value) { learn(pa, value); }

  // The ways on which this MMU's walkers have come to an entry, as memory is now; a few of them.
  void ways_to(unsigned mmu, u64 pa, std::vector<EntryUse>& uses) const;

  struct Written {
    const char* rule = nullptr;  // nullptr: legal
    std::string why;
    bool early = false;  // sets A where no waiting request's walk of now comes to
  };
  // A word changed from `before` to `after`; `waiting`: the requests not answered yet.
  Written write(Time, u64 pa, u64 before, u64 after, const std::vector<const Asked*>& waiting);

  u64 unknown() const { return unknown_; }  // not judged: the search for a way became too long
  void clear() { tables_.clear(), reads_ = 0; }

 private:
  static constexpr std::size_t kMostEntries = 1024;  // of an Alpha table; 512 of an x86-64 one
  struct Table {
    boost::container::small_vector<u64, 2> parents;  // words that have been read and pointed here
    std::bitset<kMostEntries> read;                  // words of this table that have been read
    u8 levels = 0;                                   // bit n: as a table of level n
  };
  enum class Way : u8 { none, found, unknown };

  Way way_to(u64 pa, Time now, Time bound);
  void collect_ways(unsigned mmu, u64 pa, unsigned level, unsigned from, u64 va, std::vector<EntryUse>& uses) const;
  bool up(u64 table, unsigned level, Time until, Time now, Time bound);
  bool from_top(u64 table, unsigned level, Time until, Time now, Time bound) const;
  void learn(u64 pa, u64 value);
  void lead(unsigned levels, u64 pa, u64 value);
  void learn_held(Time now, Time bound);
  unsigned known_levels(u64 table) const;
  arch::Judgement judge(unsigned level, u64 value) const;
  u64 table_of(u64 pa) const { return pa >> page_shift_ << page_shift_; }
  bool points_to(u64 value, u64 table) const;
  unsigned levels_of(const Root& root) const { return levels_[root.la57 ? 1 : 0]; }

  // A table from which no way leads up with values held until `until` or less.
  struct DeadEnd {
    u64 table;
    unsigned level;
    Time until;
  };

  const MmuView& view_;
  u8 page_shift_;
  u8 levels_[2];  // of the usual walk, and of one with LA57
  boost::container::small_vector<DeadEnd, 16> dead_ends_;
  boost::unordered_flat_map<u64, Table> tables_;
  unsigned looked_at_ = 0;
  u64 unknown_ = 0;
  u64 reads_ = 0;
};

}  // namespace kilburn::admissible
