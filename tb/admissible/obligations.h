// SPDX-License-Identifier: Apache-2.0
//
// What software owes: the invalidation after a change of an entry that an MMU may have cached (SDM 4.10.4.2,
// 4.10.4.3; Alpha ARM: any change of a valid entry). A translation that is used before is software's hazard; one that
// is used after it is the MMU's error, and the checker's to reject.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>
#include <vector>

#include "tb/admissible/witness.h"

namespace kilburn::admissible {

// A stale translation that was used though memory no longer allowed it.
struct Hazard {
  u64 cycle;
  unsigned mmu;
  arch::Request request;
  arch::Context context;
  u64 entry;      // the entry that had changed
  u64 used, now;  // its values
  u64 changed;    // cycle
};

// A way on which an MMU may have come to an entry.
struct EntryUse {
  unsigned mmu;
  u64 va;  // the first byte that the entry covers
  u8 level;
  u16 asid;
};

// A change that leaves something to invalidate: of an entry, or of the top table of an address space (pa is the table).
struct Owed {
  u64 pa;
  u64 before, after;
  Time since;
  bool context;  // not an entry
  u8 size;       // log2 bytes of the page, 0: not a leaf
  bool global;
  boost::container::small_vector<EntryUse, 2> uses;  // not invalidated yet
};

class Obligations {
 public:
  explicit Obligations(arch::Format format) : format_(format) {}
  void set_settings(const arch::Settings& settings) { settings_ = settings; }

  // Software wrote an entry that walkers had come to on these ways.
  void changed(Time, u64 pa, u64 before, u64 after, const std::vector<EntryUse>& uses);
  // An address space has another top table than it had.
  void context_changed(Time, unsigned mmu, u16 asid, u64 before, u64 after);
  // An invalidation was accepted.
  void invalidated(unsigned mmu, u8 op, u64 va, u16 asid);
  // A response that only an older version explains; `now` is what the tables say.
  void used(unsigned mmu, const Asked&, const Response&, const WitnessPath&, const Response& now, const Versions&);

  u64 hazards() const { return hazards_; }
  const std::vector<Hazard>& first_hazards() const { return first_; }
  // Invalidations that settled nothing that was owed: each costs misses for nothing.
  u64 needless() const { return needless_; }
  // What is owed still, the oldest first; at most `count`.
  std::vector<Owed> owed(std::size_t count = 16) const;
  void clear();

  // Whether this change lets an MMU that kept the old value do what the new one forbids, or reach another address.
  static bool needs_invalidation(arch::Format, u64 before, u64 after);
  bool needs_invalidation(u64 before, u64 after) const { return needs_invalidation(format_, before, after); }

 private:
  bool settles(const Owed&, const EntryUse&, u8 op, u64 va, u16 asid) const;

  arch::Format format_;
  arch::Settings settings_;
  std::vector<Owed> owed_;
  u64 hazards_ = 0, needless_ = 0;
  std::vector<Hazard> first_;
  static constexpr std::size_t kKept = 16;
  static constexpr std::size_t kOwedKept = 1024;
};

std::string text(const Hazard&);
// "entry 0x1000 was 0x.. and is 0x.. since cycle 7: PAGE 0x4000, asid 1"
std::string text(const Owed&);

}  // namespace kilburn::admissible
