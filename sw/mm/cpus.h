// SPDX-License-Identifier: Apache-2.0
//
// The CPUs as memory management sees them: which address space each runs, which it may still hold translations
// of, and invalidations that reach all of those and wait for every acknowledge.
#pragma once

#include <span>
#include <vector>

#include "sw/mm/asid.h"
#include "sw/mm/event_log.h"
#include "sw/mm/yield.h"

namespace kilburn::os {

class Cpus {
 public:
  struct Options {
    unsigned asid_bits = 8;
    SwitchPolicy policy = SwitchPolicy::tagged;
    Bug bug = Bug::none;
  };
  // One port a CPU, 1 to kMaxCpus. `empty` is the context that maps nothing, ASID 0.
  Cpus(std::span<MmuPort* const> ports, const arch::Context& empty, EventLog& log, Yield& yield,
       const Options& options);

  unsigned count() const { return static_cast<unsigned>(cpus_.size()); }
  MmuPort& port(unsigned cpu) const { return *cpus_[cpu].port; }

  // Makes the space with this root the context of the CPU: with the ASID it has there, or a new one.
  void load(unsigned cpu, SpaceTag& tag, u64 root);
  void leave(unsigned cpu);         // to the empty context
  void add_controls(u32 controls);  // in every context from now on, those that the CPUs have included
  // The ASIDs under which a TLB may hold entries of this space, by CPU.
  AsidSet live(const SpaceTag& tag) const;
  unsigned live_count(const SpaceTag& tag) const;
  void drop(SpaceTag& tag) const { tag.seats = {}; }  // the space has ended and is flushed

  // Invalidations. Each starts on every CPU where the space is live and returns after the last acknowledge.
  void page(SpaceTag& tag, u64 va);
  void space(SpaceTag& tag);
  // One CPU's TLB, software refill: what it holds of the page goes, then the entry comes.
  void fill(unsigned cpu, SpaceTag& tag, u64 page, u64 word, bool fetch);
  void everywhere(Invalidate op, u64 va);  // on all CPUs, for what is global

  u64 invalidations() const { return invalidations_; }
  u64 wraps() const;

 private:
  struct Cpu {
    MmuPort* port;
    AsidAllocator asids;
    const SpaceTag* current = nullptr;
    arch::Context context;
  };
  void start(unsigned cpu, Invalidate op, u64 va, u16 asid);
  void wait(unsigned cpu);
  void set(unsigned cpu, const arch::Context&);

  std::vector<Cpu> cpus_;
  arch::Context empty_;
  EventLog& log_;
  Yield& yield_;
  u64 invalidations_ = 0;
};

}  // namespace kilburn::os
