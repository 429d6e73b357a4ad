// SPDX-License-Identifier: Apache-2.0
//
// Who is killed when memory is exhausted (L24 oom_kill.c: the one whose end gives back the most).
#pragma once

#include <optional>
#include <span>

#include "sw/core/errors.h"

namespace kilburn::os {

// What the end of a process gives back, in pages.
struct Badness {
  u64 rss = 0;     // resident
  u64 swap = 0;    // in swap areas
  u64 tables = 0;  //
  u64 loose = 0;   // of rss and swap: not pinned
  u64 total() const { return rss + swap + tables; }
};

struct OomCandidate {
  u32 id;
  Badness badness;
  bool dying;  // chosen before
};

inline constexpr u32 kInitProcess = 1;

// The candidate to kill: never the first process, nor one that only has pinned pages, nor one that is on its way out.
// Of equal ones the youngest.
std::optional<u32> choose_victim(std::span<const OomCandidate>);

// Kills one process on behalf of an allocation that nothing else can serve.
class OomKiller {
 public:
  virtual ~OomKiller() = default;
  // False if there is nobody to kill. Throws OomVictim if it is the process that asks, and the reserve is empty.
  virtual bool kill_for_memory() = 0;
};

// Unwinds the fault of a process that is to be killed.
class OomVictim : public OutOfMemory {
 public:
  using OutOfMemory::OutOfMemory;
};

}  // namespace kilburn::os
