// SPDX-License-Identifier: Apache-2.0
//
// How a miss ends in a translation, from the L2 TLB or from a walk: the L1 TLB of its side is filled, it is answered.
#pragma once

#include "model/arch/walk.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/miss_file.h"
#include "model/uarch/pins.h"
#include "model/uarch/side.h"

namespace kilburn::uarch {

template <arch::Format F>
class Completion {
 public:
  using ISide = Side<F, SideName::instruction>;
  using DSide = Side<F, SideName::data>;

  Completion(ISide& i, DSide& d, MissFile& misses, EventCounters& counters)
      : i_(i), d_(d), misses_(misses), counters_(counters) {}

  // Before the sides' part of an edge that may fill: a victim is chosen from the state before this cycle's touches.
  void before_edge() {
    i_victim_ = i_.tlb().victim();
    d_victim_ = d_.tlb().victim();
  }

  // A fill of that side's L1 TLB; at most one of a side in a cycle.
  void fill(SideName side, u64 va, u64 asid, const arch::Translation& t) {
    counters_.count(event::FILL);
    if (side == SideName::data) {
      d_.tlb().fill(va, asid, t, d_victim_);
    } else {
      i_.tlb().fill(va, asid, t, i_victim_);
    }
  }

  void translated(unsigned place, const arch::Translation& t) {
    const HeldRequest& held = misses_.entry(place).held;
    fill(misses_.side(place), held.request.va, held.context.asid, t);
    ReqOut result;
    result.rsp_pa = arch::address_in(t, held.request.va);
    result.rsp_size = t.page_log2;
    result.rsp_mt = t.memory_type;
    result.rsp_global = t.global ? 1 : 0;
    misses_.finish(place, result);
  }

  // A page fault drops what the L1 TLBs hold for its address (SDM 4.10.4.1, trap T71).
  void drop(u64 va, u64 asid) {
    i_.tlb().invalidate(i_.tlb().matching(va, asid));
    d_.tlb().invalidate(d_.tlb().matching(va, asid));
  }

 private:
  ISide& i_;
  DSide& d_;
  MissFile& misses_;
  EventCounters& counters_;
  unsigned i_victim_ = 0;
  unsigned d_victim_ = 0;
};

}  // namespace kilburn::uarch
