// SPDX-License-Identifier: Apache-2.0
//
// Zones and nodes as ranges of frames: what a device reaches (DMA), what the kernel maps directly
// (NORMAL), the rest (HIGHMEM), in each node of a machine whose memory is not uniformly near.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sw/mm/buddy.h"

namespace kilburn::os {

enum class ZoneKind : u8 { dma, normal, highmem };
std::string_view name(ZoneKind);

// Watermarks of a zone, in free frames.
struct Watermarks {
  u32 min = 0;   // below it only requests that may use the reserve are served; others reclaim first
  u32 low = 0;   // below it kswapd wakes
  u32 high = 0;  // at it kswapd sleeps again; 0: kswapd has nothing to do with the zone
  bool operator==(const Watermarks&) const = default;
};
enum class WatermarkPreset : u8 {
  off,        // all 0: every frame is for everybody
  classic20,  // L20 free_area_init: one set of marks for all of memory, here shared out by zone size
  zoned24,    // L24 free_area_init_core: a fraction of each zone, within limits
};
// Both presets have least values made for megabytes. A zone of a few frames would be nothing but reserve,
// so the min mark is at most a sixteenth of the zone.
Watermarks watermarks(WatermarkPreset, ZoneKind, u32 zone_frames, u32 all_frames);

// Frame numbers ascend through the nodes; DMA is the lowest part of memory, HIGHMEM the highest, whatever
// node they fall into, because both are limits on addresses.
struct PhysicalLayout {
  u32 frames = 64;         // all of memory
  u32 nodes = 1;           // 1 to 4, of equal size (the last takes the remainder)
  u32 dma_frames = 0;      // 0: no DMA zone
  u32 highmem_frames = 0;  // 0: no HIGHMEM zone
  WatermarkPreset watermarks = WatermarkPreset::off;
  Watermarks marks = {};  // of all of memory, shared out by zone size; without a preset only

  static constexpr u32 kMaxNodes = 4;
  // One sentence for each thing that is wrong.
  std::vector<std::string> problems() const;
  Pfn node_first(u32 node) const { return static_cast<Pfn>(u64{frames} / nodes * node); }
  Pfn node_end(u32 node) const { return node + 1 == nodes ? frames : node_first(node + 1); }
};

struct Zone {
  ZoneKind kind;
  u32 node;
  Buddy buddy;
  Watermarks marks;
  struct Counters {
    u64 allocated = 0;  // frames, ever
    u64 freed = 0;      // frames, ever
    u64 local = 0;      // requests served for a processor of this node
    u64 remote = 0;     // requests served for a processor of another node
    u64 fallback = 0;   // requests that would rather have had another zone
    u64 held_back = 0;  // requests turned away although frames were free (watermark)
  } counters;
};

}  // namespace kilburn::os
