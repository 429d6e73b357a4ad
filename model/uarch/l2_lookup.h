// SPDX-License-Identifier: Apache-2.0
//
// Lookups in the L2 TLB, a miss a cycle: select one, and in the next cycle its result (rtl/README.md, "L2 TLB").
#pragma once

#include "model/arch/walk.h"
#include "model/uarch/completion.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/l2_tlb.h"
#include "model/uarch/miss_file.h"

namespace kilburn::uarch {

template <arch::Format F>
class L2Lookup {
 public:
  L2Lookup(const arch::Settings& settings, L2Tlb<F>& tlb, MissFile& misses, Completion<F>& completion,
           EventCounters& counters)
      : settings_(settings), tlb_(tlb), misses_(misses), completion_(completion), counters_(counters) {}

  void reset() {
    valid_ = false;
    last_ = 0;
  }

  bool valid() const { return valid_; }
  unsigned last() const { return last_; }

  // One edge, after the sides' part. `look`: the places that were LOOK before it. `writing`: the banks are, or may be,
  // written in this cycle, so that nothing is looked up.
  void clock(u32 look, bool writing) {
    if (valid_) result(writing);
    valid_ = !writing && look != 0;
    if (!valid_) return;
    last_ = next_in_ring(look, last_);
    misses_.move(last_, MissFile::State::looking);
  }

 private:
  void result(bool writing) {
    if (writing) {
      misses_.move(last_, MissFile::State::look);
      return;
    }
    const HeldRequest& held = misses_.entry(last_).held;
    const u64 va = held.request.va;
    const u32 found = tlb_.matching(va, held.context.asid);
    const bool multi = (found & (found - 1)) != 0;
    if (found != 0 && !multi) {
      const auto bit = static_cast<unsigned>(std::countr_zero(found));
      const arch::Translation& t = tlb_.translation(va, bit);
      if (arch::grants(F, settings_, t.rights, held.request, held.context) &&
          !arch::needs_dirty_walk(F, t.rights, held.request)) {
        counters_.count(event::L2_HIT);
        completion_.translated(last_, t);
        tlb_.touch(va, bit);
        return;
      }
    }
    counters_.count(event::L2_MISS);
    if (multi) counters_.count(event::L2_MULTI);
    tlb_.invalidate(va, found);
    misses_.move(last_, MissFile::State::ready);
  }

  const arch::Settings& settings_;
  L2Tlb<F>& tlb_;
  MissFile& misses_;
  Completion<F>& completion_;
  EventCounters& counters_;
  bool valid_ = false;
  unsigned last_ = 0;  // a place
};

}  // namespace kilburn::uarch
