// SPDX-License-Identifier: Apache-2.0
//
// What one instance of `wild` is like: sizes, habits and rates, by named profile or drawn from a seed.
#pragma once

#include <span>
#include <string_view>

#include "tb/dut/models/wild_bugs.h"
#include "tb/random.h"

namespace kilburn::tb::wild {

struct WildConfig {
  // Translations.
  unsigned entries[2] = {16, 32};  // of the instruction and the data TLB; 0: none
  unsigned sector_log2 = 0;        // log2 of the neighbouring smallest pages that share an entry, 0 to 3
  bool pieces = false;             // a large page or block may be held as smaller pieces
  bool several = false;            // a fill leaves older entries that match; a lookup takes any (SDM 4.10.2.3)
  bool control_tags = true;        // entries serve only requests with the walk's LA57, NXE, PGE or REFILL
  // Table entries.
  unsigned psc_entries = 8;  // a level, tagged by virtual address; 0: none
  unsigned pwc_entries = 0;  // tagged by the physical address of the entry; 0: none
  bool pwc_shared = false;   // ... for every address space; else each has its own
  // Walks.
  unsigned misses = 4;      // requests a side at once, 1 to 8
  unsigned walkers = 4;     // walks for requests at once, 1 to 8
  unsigned pause = 0;       // most cycles of rest before a memory request
  unsigned delay = 0;       // most cycles from an answer to its response
  bool confirm = true;      // a fault found from cached entries is confirmed by a walk from the root
  bool from_entry = false;  // a refusal by an entry is reported without a walk
  bool early_a = false;     // A of a leaf is set before its rights are looked at (SDM 4.8 leaves it open)
  // Without a request: one in so many cycles or occasions, 0 never.
  unsigned prefetch_one_in = 0;   // translations followed by a walk for a page nearby
  unsigned speculate_one_in = 0;  // cycles: a walk for an address that nobody asked for
  unsigned drop_one_in = 0;       // cycles: an entry disappears
  unsigned rewalk_one_in = 0;     // hits that are walked all the same
  unsigned stall_one_in = 0;      // cycles: a port takes nothing for a while
  // Invalidation.
  unsigned acknowledge = 0;    // most cycles from an operation to its effect and acknowledge
  unsigned excess_one_in = 0;  // operations that drop more than they cover
};

struct Profile {
  const char* name;         // as in `--dut NAME`
  const char* description;  // one line
};
std::span<const Profile> profiles();
// The configuration of profile number `index`; that of "wild" is drawn.
WildConfig make_config(unsigned index, Random&);
// Adds what `needs` (Needs) asks for.
void add_needs(WildConfig&, unsigned needs);

}  // namespace kilburn::tb::wild
