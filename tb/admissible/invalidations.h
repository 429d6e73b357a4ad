// SPDX-License-Identifier: Apache-2.0
//
// The invalidations that one MMU was asked for, and what each of them ends (SDM 4.10.4, EV5 5.1, EV6 5.2).
//
// An invalidation takes effect at some moment between its acceptance and its completion, so it binds requests
// accepted after its completion only, and for them forbids values that were gone before its acceptance (W4).
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <vector>

#include "model/arch/format.h"
#include "tb/admissible/relaxations.h"
#include "tb/admissible/time.h"

namespace kilburn::admissible {

enum class Side : u8 { instruction = 0, data = 1 };

struct Invalidation {
  Time begin = kAlways;  // accepted
  Time end = kForever;   // completed
  u8 op = 0;             // layout.def Inv
  u64 va = 0;
  u16 asid = 0;
};

// What a cached leaf is known by.
struct LeafTag {
  u64 va;
  u8 size;  // log2 bytes
  bool global;
  u16 asid;
  Side side;
};

// The earliest moments at which a request may have had its values read.
struct Starts {
  Time leaf = kAlways;   // the last-level entry
  Time table = kAlways;  // the entries above it
};

class Invalidations {
 public:
  Invalidations(arch::Format format, const arch::Settings& settings, const Relaxations& relaxations);

  void accepted(Time, u8 op, u64 va, u16 asid);
  void completed(Time);
  // A page fault was delivered (W5). Walks of requests accepted since `begin` were under way and may still fill what
  // they read; `alone`: there were none, so that no paging-structure-cache entry used before can come back either.
  void faulted(Time begin, Time end, u64 va, u16 asid, bool alone);
  bool pending() const { return pending_; }
  const Invalidation& last() const { return last_; }
  // How many that end paging-structure-cache entries were completed, the last of them when: what binds upper levels
  // changes with these alone.
  u64 table_ends() const { return table_ends_; }
  Time last_table_end() const { return last_table_end_; }

  // For a request accepted at `bound`, from leaves of this tag. `own`: the walk was one of tag.asid; else of any.
  Starts starts(const LeafTag& tag, bool own, Time bound, bool faults_count = true) const;
  // Whether paging-structure-cache contents of the address space cannot join a value gone at `before` with one that
  // came at `after`, for a request accepted at `bound`. No asid: some address space's.
  bool separated(Time before, Time after, std::optional<u16> asid, Time bound) const;
  // The moment for which separated(before, after, asid, bound) is the same as before < that moment.
  Time tables_start(std::optional<u16> asid, Time after, Time bound) const;

  // The begin of the last invalidation of everything that binds requests accepted at `bound`.
  Time horizon(Time bound) const;
  void collect(Time oldest);
  void clear();

 private:
  using List = std::vector<Invalidation>;
  using Pages = boost::container::small_vector<Invalidation, 2>;
  struct Space {
    List leaves;  // ASID
    List tables;  // whatever ends its paging-structure caches alone
  };

  u64 page_key(u64 va, u8 size) const { return (va & va_mask_) >> size << 6 | size; }
  u64 fault_key(u64 va, u16 asid) const { return (va & va_mask_) >> page_shift_ << 12 | asid; }
  bool ends_tables(u8 op, u64 va) const;
  void enter_table_end(List& list, const Invalidation& event);

  arch::Format format_;
  const Relaxations& relaxations_;
  arch::FormatInfo widest_;
  arch::FormatInfo usual_;
  u64 va_mask_;
  u8 page_shift_;
  boost::container::small_vector<u8, 4> sizes_;  // of leaves

  bool pending_ = false;
  u64 table_ends_ = 0;
  Time last_table_end_ = kAlways;
  Invalidation last_;
  List all_, nonglobal_, tables_of_all_;
  boost::unordered_flat_map<u16, Space> spaces_;
  boost::unordered_flat_map<u64, Pages> pages_;
  struct Fault {
    Time begin, end;
    bool alone;
  };
  boost::unordered_flat_map<u64, Fault> faults_;
};

}  // namespace kilburn::admissible
