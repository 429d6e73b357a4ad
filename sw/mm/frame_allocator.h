// SPDX-License-Identifier: Apache-2.0
//
// All frames of the machine: which zone of which node serves a request, and where a frame lies.
#pragma once

#include <deque>

#include "sw/mm/frame_history.h"
#include "sw/mm/zone.h"

namespace kilburn::os {

struct FrameRequest {
  unsigned order = 0;
  ZoneKind highest = ZoneKind::highmem;  // this zone or a lower one
  u32 node = 0;                          // of the processor that asks
  bool reserve = false;                  // may go below the min mark (who frees memory needs some, L20 PF_MEMALLOC)
};

class FrameAllocator {
 public:
  // The frames from `first` on are free; those below are the kernel's from the start.
  FrameAllocator(MemMap& map, const PhysicalLayout&, Pfn first, Bug bug = Bug::none);

  // The first frame of a block, state kernel. Zones from the highest allowed down to DMA, then the same in the
  // other nodes, nearest first; among all of them first those above their low mark, then above min, then,
  // with `reserve`, any. kNoFrame exactly if none of these serves (P16).
  Pfn alloc(const FrameRequest&);
  // Exactly this frame; false if it is not free. Marks are not looked at: compaction frees one for each it takes.
  bool take(Pfn pfn);
  void separate(Pfn pfn, unsigned order) { find(pfn)->buddy.separate(pfn, order); }
  // Anything but none changes nothing.
  [[nodiscard]] Buddy::Error free(Pfn pfn, unsigned order);
  // One sentence on a refused free, and the history of the frame.
  std::string report(Pfn pfn, unsigned order, Buddy::Error) const;

  // --- state ---
  u32 free_frames() const;
  u32 frames() const;  // free or not, without the kernel's first ones
  const std::deque<Zone>& zones() const { return zones_; }
  const Zone* zone_of(Pfn pfn) const;
  size_t zone_number(Pfn pfn) const { return static_cast<size_t>(find_zone(pfn) - zones_.begin()); }  // in zones()
  // Frames that are missing to the min marks of the zones up to `highest`, all together.
  u32 short_of_min(ZoneKind highest) const;
  u64 failed() const { return failed_; }
  std::vector<std::pair<Pfn, unsigned>> free_blocks() const;  // of all zones, ascending

  // --- nodes ---
  u32 nodes() const { return layout_.nodes; }
  u32 node_of(Pfn pfn) const;
  // Relative time of an access from `node` to the frame, 10 for its own node (the unit of the ACPI SLIT).
  static constexpr u32 kLocalDistance = 10, kRemoteDistance = 20;
  u32 distance(u32 node, Pfn pfn) const { return node == node_of(pfn) ? kLocalDistance : kRemoteDistance; }

  FrameHistory& history() { return history_; }
  const FrameHistory& history() const { return history_; }
  // P11 P12 P13 P15 in each zone, P5 and P18 over them; throws Violation.
  void check() const;

 private:
  Zone* find(Pfn pfn) { return const_cast<Zone*>(zone_of(pfn)); }
  std::deque<Zone>::const_iterator find_zone(Pfn pfn) const;
  Pfn serve(Zone&, const FrameRequest&, bool preferred);

  PhysicalLayout layout_;
  Bug bug_;
  std::deque<Zone> zones_;  // ascending
  // For each node and highest kind the zones in the order in which they are asked.
  std::vector<Zone*> lists_[PhysicalLayout::kMaxNodes][3];
  FrameHistory history_;
  u64 failed_ = 0;
};

}  // namespace kilburn::os
