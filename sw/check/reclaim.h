// SPDX-License-Identifier: Apache-2.0
//
// Checks what reclaim does while it does it: which page goes and how, who reclaims when, whose turn it is.
#pragma once

#include <map>

#include "sw/mm/event_log.h"
#include "sw/mm/memory.h"

namespace kilburn::os {

// P53: while every page is accessed between two looks, the first eviction comes after a full round of looks.
void require_full_round(u64 looks, u64 pages);

// P10: no pinned page is evicted.
// P48: a clean page whose slot is good goes without a write. P49: a dirty one does not go without.
// P50: a scan looks at each page at most as often as it can grow old; kswapd gives a zone up after a step in vain only.
// P51: allocations reclaim where all zones that serve are at their min marks or below, if one frame is asked for;
// kswapd leaves a zone at its high mark or above.
// P52: a page goes at age 0, unless no page was old.
// P54: the sweep comes back to no process before it was at every other one that had pages all the time.
class ReclaimChecker final : public MmListener {
 public:
  explicit ReclaimChecker(Memory& memory) : memory_(memory), freed_(memory.buddy().zones().size() + 1) {}
  void event(const MmEvent&) override;
  u64 evictions() const { return evictions_; }

 private:
  void begin(const MmEvent&);
  void end(const MmEvent&);
  void turn(const MmEvent&);
  void sleeps(const MmEvent&);
  [[noreturn]] void fail(const char* id, const std::string& text) const;

  Memory& memory_;
  u64 evictions_ = 0;
  u32 pfn_ = kNoFrame;  // being evicted
  bool dirty_ = false;  // by its D bits and the books
  bool good_slot_ = false;
  u32 slot_ = 0;
  u32 generation_ = 0;
  u64 writes_ = 0, paged_out_ = 0;
  u64 looks_ = 0;           // when the scan began
  std::vector<u64> freed_;  // frames, by zone, since kswapd's last step began
  struct Turns {
    u64 last = 0;   // turn of the sweep
    u64 since = 0;  // it has had pages all the time
  };
  u64 turn_ = 0;
  std::map<u32, Turns> turns_;  // by process
};

}  // namespace kilburn::os
