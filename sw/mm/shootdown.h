// SPDX-License-Identifier: Apache-2.0
//
// Invalidations, each waited for and logged, and the address-space numbers that they work on.
#pragma once

#include "sw/mm/event_log.h"
#include "sw/mm/yield.h"

namespace kilburn::os {

class Shootdown {
 public:
  Shootdown(MmuPort& port, EventLog& log, Yield& yield) : port_(port), log_(log), yield_(yield) {}

  // All return after the acknowledge.
  void page(u16 asid, u64 va) { run(Invalidate::page, va, asid); }
  void space(u16 asid) { run(Invalidate::asid, 0, asid); }
  void everything() { run(Invalidate::all, 0, 0); }  // global entries too
  void nonglobal() { run(Invalidate::nonglobal, 0, 0); }
  u64 count() const { return count_; }

 private:
  void run(Invalidate op, u64 va, u16 asid);

  MmuPort& port_;
  EventLog& log_;
  Yield& yield_;
  u64 count_ = 0;
};

// Who an address space is to the TLB.
struct SpaceTag {
  u32 id = 0;       // process number, for the log
  u16 asid = 0;     // valid while version is the allocator's
  u64 version = 0;  // 0: never had an ASID
};

// ASIDs are given out in ascending order; when they run out, one invalidation of everything that is
// not global starts a new version, and every older ASID is void (L24 mmu_context.h). ASID 0 is the
// kernel's empty address space.
class AsidAllocator {
 public:
  AsidAllocator(Shootdown& shootdown, unsigned bits) : shootdown_(shootdown), last_((u32{1} << bits) - 1) {}

  u16 get(SpaceTag& tag);
  // The ASID under which a TLB may hold entries of this space, 0 if none.
  u16 live(const SpaceTag& tag) const { return tag.version == version_ ? tag.asid : u16{0}; }
  void drop(SpaceTag& tag) const { tag.version = 0; }
  u64 wraps() const { return version_ - 1; }

 private:
  Shootdown& shootdown_;
  u32 last_;
  u32 next_ = 1;
  u64 version_ = 1;
};

}  // namespace kilburn::os
