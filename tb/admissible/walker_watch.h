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
  bool changed(u64 pa);
  // This MMU itself wrote the word, so it knows it.
  void knows(u64 pa) { tables_[table_of(pa)].known.set((pa - table_of(pa)) / 8); }

  // Versions were dropped that questions may reach.
  void history_dropped() { ++drops_; }

  // A compare-and-swap found this word, which the walk may go on from.
  void found(u64 pa, u64 value) { learn(pa, value); }

  // The ways on which this MMU's walkers have come to an entry, as memory is now; a few of them.
  void ways_to(unsigned mmu, u64 pa, std::vector<EntryUse>& uses);

  struct Written {
    const char* rule = nullptr;  // nullptr: legal
    std::string why;
    bool early = false;  // sets A where no waiting request's walk of now comes to
  };
  // A word changed from `before` to `after`; `waiting`: the requests not answered yet.
  Written write(Time, u64 pa, u64 before, u64 after, const std::vector<const Asked*>& waiting);

  u64 unknown() const { return unknown_; }  // not judged: the history was given up that may hold a way

 private:
  static constexpr unsigned kHighestLevel = 5;
  static constexpr u64 kNever = ~u64{0};
  static constexpr std::size_t kMostEntries = 1024;  // of an Alpha table; 512 of an x86-64 one
  struct Table {
    boost::container::small_vector<u64, 2> parents;  // words that have been read and pointed here
    std::bitset<kMostEntries> read;                  // words of this table that have been read
    std::bitset<kMostEntries> known;                 // those that have been read since they changed
    u8 levels = 0;                                   // bit n: as a table of level n
    // By level, the step up that the last way found took from here: a value of a parent, held since `from`.
    struct Via {
      u64 parent = 0, value = 0;
      Time from = kAlways;
      bool found = false;
    };
    std::array<Via, kHighestLevel + 1> via{};
    u64 reached = 0;  // epoch() when a way was found last; 0: never
    // Levels at which it is a top table, as of so many changes of the address spaces.
    mutable u8 top_levels = 0;
    mutable u64 top_levels_of = kNever;
  };
  // The value of a word of an upper level and the levels of its table, when it was learned last.
  struct Led {
    u64 value;
    unsigned levels;
  };
  enum class Way : u8 { none, found, unknown };

  // A top table, and the moment since when values that lead on from it must have been held to the end of their time.
  struct Top {
    u64 table;
    unsigned level;
    Time since;
  };
  struct Tops {
    boost::container::small_vector<Top, 8> tops;
    Time since = kAlways;  // the least of any top table, those of other levels and spaces too
    bool reached(u64 table, unsigned level, Time until) const {
      for (const Top& top : tops) {
        if (top.table == table && top.level == level && until >= top.since) return true;
      }
      return false;
    }
  };
  // A table that ways from below have come to, and the latest that the values on one of them were held together to.
  struct Node {
    u64 table;
    Time until;
  };

  Way way_to(u64 pa, Time now, Time bound);
  bool any_way(u64 base, unsigned levels, const Tops& tops);
  void collect_ways(unsigned mmu, u64 pa, unsigned level, unsigned from, u64 va, std::vector<EntryUse>& uses);
  void find_tops(Tops& tops, Time now, Time bound) const;
  bool follow(u64 table, unsigned level, const Tops& tops) const;
  bool climb(u64 table, unsigned level, Time until, const Tops& tops);
  bool tried(unsigned level, u64 table, Time until);
  void learn(u64 pa, u64 value);
  void lead(unsigned levels, u64 pa, u64 value);
  void learn_held(Time now, Time bound);
  unsigned known_levels(u64 table) const;
  unsigned known_levels(u64 base, const Table& table) const;
  unsigned top_levels(u64 base) const;
  unsigned top_levels(u64 base, const Table& table) const;
  // A way stays one as long as this stays the same: only an invalidation ends what was legal, and a word or a context
  // that changes after the last one is not bound by it.
  u64 epoch() const { return 1 + view_.invalidations.table_ends() + drops_; }
  arch::Judgement judge(unsigned level, u64 value) const;
  bool is_table(unsigned level, u64 value);
  u64 table_of(u64 pa) const { return pa >> page_shift_ << page_shift_; }
  bool points_to(u64 value, u64 table) const;
  static bool leads_on(unsigned levels) { return levels >> 2 != 0; }  // as a table of level 2 or above
  unsigned levels_of(const Root& root) const { return levels_[root.la57 ? 1 : 0]; }

  const MmuView& view_;
  bool x86_;
  arch::PlainTables plain_tables_;  // x86-64
  u8 page_shift_;
  u8 levels_[2];  // of the usual walk, and of one with LA57
  boost::unordered_flat_map<u64, Table> tables_;
  boost::unordered_flat_map<u64, Led> led_;
  struct Judged {
    u64 value = 0;
    u8 level = 0;  // none
    bool table = false;
  };
  static constexpr unsigned kLog2Judged = 10;
  std::array<Judged, std::size_t{1} << kLog2Judged> judged_{};
  std::array<std::vector<u64>, kHighestLevel + 1> fruitless_;  // by level, tables that ways_to() found no way from
  Tops tops_;                                                  // of requests that every completed invalidation binds
  u64 tops_of_spaces_ = kNever, tops_of_ends_ = kNever;
  std::array<std::vector<Node>, kHighestLevel + 1> nodes_;  // by level, of the search under way
  bool forgotten_ = false;                                  // it came to a word whose history was given up
  u64 drops_ = 0;
  u64 unknown_ = 0;
  u64 reads_ = 0;
};

}  // namespace kilburn::admissible
