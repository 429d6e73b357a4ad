// SPDX-License-Identifier: Apache-2.0
//
// What one MMU's walkers do to memory: W6, the writes, and W7, the reads. Both are legal only on a way from a top
// table in use, through entries that no completed invalidation has ended.
#pragma once

#include <array>
#include <bitset>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "tb/admissible/obligations.h"
#include "tb/admissible/witness.h"

namespace kilburn::admissible {

class WalkerWatch {
 public:
  explicit WalkerWatch(const MmuView& view);

  // Whether this read is legal by what is known from reads before it, and tells nothing new.
  bool read_again(u64 pa, u64 value);
  // Empty: legal; else a sentence. `bound`: the oldest request not answered yet was accepted then, or now.
  std::string read(Time, u64 pa, u64 value, Time bound);

  // A word of memory has changed. Returns whether a walker has read it since it changed last.
  bool changed(u64 pa, u64 before, u64 after);
  // This MMU itself wrote the word, so it knows it.
  void knows(u64 pa) { tables_[table_of(pa)].known.set((pa - table_of(pa)) / 8); }

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

 private:
  static constexpr unsigned kHighestLevel = 5;
  static constexpr std::size_t kMostEntries = 1024;  // of an Alpha table; 512 of an x86-64 one
  struct Table {
    boost::container::small_vector<u64, 2> parents;  // words that have been read and pointed here
    std::bitset<kMostEntries> read;                  // words of this table that have been read
    std::bitset<kMostEntries> known;                 // those that have been read since they changed
    u8 levels = 0;                                   // bit n: as a table of level n
    std::bitset<kMostEntries> leads;                 // words of this table that are parents
    // By level, the parent by which the last way through entries of now led here, and its value.
    struct Via {
      u64 parent = 0, value = 0;
      bool found = false;
    };
    std::array<Via, kHighestLevel + 1> via{};
    u64 reached = 0;  // changes() when such a way was found last; 0: never
    u64 came = 0;     // bindings() when any way was found last, to be found as long as these are the same
  };
  // The value of a word of an upper level and the levels of its table, when it was learned last.
  struct Led {
    u64 value;
    unsigned levels;
  };
  enum class Way : u8 { none, found, unknown };

  Way way_to(u64 pa, Time now, Time bound);
  void collect_ways(unsigned mmu, u64 pa, unsigned level, unsigned from, u64 va, std::vector<EntryUse>& uses) const;
  bool up(u64 table, unsigned level, Time until, Time now, Time bound);
  bool from_top(u64 table, unsigned level, Time until, Time now, Time bound) const;
  bool holds(u64 table, unsigned level) const;
  void learn(u64 pa, u64 value);
  void lead(unsigned levels, u64 pa, u64 value);
  void learn_held(Time now, Time bound);
  unsigned known_levels(u64 table) const;
  unsigned known_levels(u64 base, const Table& table) const;
  // As long as this stays the same a way through entries of now stays one.
  u64 changes() const { return changes_ + view_.spaces.changes(); }
  // And a way through entries that are gone stays one as long as this stays the same.
  u64 bindings() const { return changes() + view_.invalidations.completions(); }
  bool is_reached(const Table& table) const { return table.reached == changes() || table.came == bindings(); }
  arch::Judgement judge(unsigned level, u64 value) const;
  u64 table_of(u64 pa) const { return pa >> page_shift_ << page_shift_; }
  bool points_to(u64 value, u64 table) const;
  static bool leads_on(unsigned levels) { return levels >> 2 != 0; }  // as a table of level 2 or above
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
  boost::unordered_flat_map<u64, Led> led_;
  u64 changes_ = 1;           // of what is known of ways, and of entries that led on
  bool through_now_ = false;  // the way found last is one through entries of now, from a top table in use
  unsigned looked_at_ = 0;
  u64 unknown_ = 0;
  u64 reads_ = 0;
};

}  // namespace kilburn::admissible
