// SPDX-License-Identifier: Apache-2.0
//
// Zone lists, watermarks on allocation, and the check over all zones.
#include "sw/mm/frame_allocator.h"

#include <algorithm>

#include "sw/core/errors.h"

namespace kilburn::os {

namespace {
// Events kept for all frames together; few enough to stay in a cache that the allocator needs too.
constexpr size_t kHistory = 1024;
}  // namespace

FrameAllocator::FrameAllocator(MemMap& map, const PhysicalLayout& layout, Pfn first, Bug bug)
    : layout_(layout), bug_(bug), history_(kHistory) {
  const Pfn dma_end = layout.dma_frames, high_first = layout.frames - layout.highmem_frames;
  for (u32 node = 0; node < layout.nodes; ++node) {
    const Pfn lo = std::max(layout.node_first(node), first), hi = layout.node_end(node);
    const auto add = [&](ZoneKind kind, Pfn from, Pfn to) {
      from = std::max(from, lo);
      to = std::min(to, hi);
      if (from >= to) return;
      zones_.push_back(
          {kind, node, Buddy(map, from, to, bug), watermarks(layout.watermarks, kind, to - from, layout.frames), {}});
    };
    add(ZoneKind::dma, 0, dma_end);
    add(ZoneKind::normal, dma_end, high_first);
    add(ZoneKind::highmem, high_first, layout.frames);
  }
  const u32 all = frames();
  const auto share = [all](u32 mark, u32 of) { return static_cast<u32>(u64{mark} * of / std::max<u32>(all, 1)); };
  for (Zone& zone : zones_) {
    if (layout.watermarks != WatermarkPreset::off) break;
    const u32 own = zone.buddy.frames();
    zone.marks = {share(layout.marks.min, own), share(layout.marks.low, own), share(layout.marks.high, own)};
  }
  for (u32 node = 0; node < layout.nodes; ++node) {
    for (const ZoneKind highest : {ZoneKind::dma, ZoneKind::normal, ZoneKind::highmem}) {
      auto& list = lists_[node][static_cast<size_t>(highest)];
      for (u32 step = 0; step < layout.nodes; ++step) {
        for (auto zone = zones_.rbegin(); zone != zones_.rend(); ++zone) {
          if (zone->node == (node + step) % layout.nodes && zone->kind <= highest) list.push_back(&*zone);
        }
      }
    }
  }
}

inline Pfn FrameAllocator::serve(Zone& zone, const FrameRequest& request, bool preferred) {
  const Pfn pfn = zone.buddy.alloc(request.order);
  if (pfn == kNoFrame) return pfn;
  zone.counters.allocated += u64{1} << request.order;
  ++(zone.node == request.node ? zone.counters.local : zone.counters.remote);
  if (!preferred) ++zone.counters.fallback;
  history_.add(FrameHistory::Kind::allocated, pfn, request.order);
  return pfn;
}

Pfn FrameAllocator::alloc(const FrameRequest& request) {
  const auto& list = lists_[request.node % layout_.nodes][static_cast<size_t>(request.highest)];
  const auto attempt = [&](auto&& least) {
    for (Zone* zone : list) {
      if (u64{zone->buddy.free_frames()} < (u64{1} << request.order) + least(*zone)) continue;
      if (const Pfn pfn = serve(*zone, request, zone == list.front()); pfn != kNoFrame) return pfn;
    }
    return kNoFrame;
  };
  Pfn pfn = attempt([](const Zone& zone) { return std::max(zone.marks.low, zone.marks.min); });
  if (pfn == kNoFrame) pfn = attempt([](const Zone& zone) { return zone.marks.min; });
  if (pfn == kNoFrame && request.reserve) pfn = attempt([](const Zone&) { return 0u; });
  if (pfn != kNoFrame) return pfn;
  ++failed_;
  for (Zone* zone : list) zone->counters.held_back += zone->buddy.can_serve(request.order);
  return kNoFrame;
}

bool FrameAllocator::take(Pfn pfn) {
  Zone* zone = find(pfn);
  if (zone == nullptr || !zone->buddy.take(pfn)) return false;
  if (bug_ != Bug::zone_uncounted) ++zone->counters.allocated;
  history_.add(FrameHistory::Kind::taken, pfn, 0);
  return true;
}

Buddy::Error FrameAllocator::free(Pfn pfn, unsigned order) {
  Zone* zone = find(pfn);
  const Buddy::Error error = zone == nullptr ? Buddy::Error::foreign : zone->buddy.free(pfn, order);
  if (error == Buddy::Error::none) zone->counters.freed += u64{1} << order;
  history_.add(error == Buddy::Error::none ? FrameHistory::Kind::freed : FrameHistory::Kind::refused, pfn, order);
  return error;
}

std::string FrameAllocator::report(Pfn pfn, unsigned order, Buddy::Error error) const {
  return "freeing frame " + hex(pfn) + " (order " + std::to_string(order) + "): " + std::string(name(error)) +
         "\nits history:\n" + history_.text(pfn);
}

u32 FrameAllocator::free_frames() const {
  u32 sum = 0;
  for (const Zone& zone : zones_) sum += zone.buddy.free_frames();
  return sum;
}

u32 FrameAllocator::frames() const {
  u32 sum = 0;
  for (const Zone& zone : zones_) sum += zone.buddy.frames();
  return sum;
}

std::deque<Zone>::const_iterator FrameAllocator::find_zone(Pfn pfn) const {
  return std::find_if(zones_.begin(), zones_.end(), [pfn](const Zone& zone) { return zone.buddy.contains(pfn); });
}

const Zone* FrameAllocator::zone_of(Pfn pfn) const {
  for (const Zone& zone : zones_) {
    if (zone.buddy.contains(pfn)) return &zone;
  }
  return nullptr;
}

u32 FrameAllocator::short_of_min(ZoneKind highest) const {
  u32 sum = 0;
  for (const Zone& zone : zones_) {
    const u32 free = zone.buddy.free_frames();
    if (zone.kind <= highest && free < zone.marks.min) sum += zone.marks.min - free;
  }
  return sum;
}

std::vector<std::pair<Pfn, unsigned>> FrameAllocator::free_blocks() const {
  std::vector<std::pair<Pfn, unsigned>> all;
  for (const Zone& zone : zones_) {
    const auto blocks = zone.buddy.free_blocks();
    all.insert(all.end(), blocks.begin(), blocks.end());
  }
  return all;
}

u32 FrameAllocator::node_of(Pfn pfn) const {
  u32 node = 0;
  while (node + 1 < layout_.nodes && pfn >= layout_.node_end(node)) ++node;
  return node;
}

void FrameAllocator::check() const {
  Pfn end = 0;
  for (const Zone& zone : zones_) {
    zone.buddy.check();
    const Pfn first = zone.buddy.first(), last = zone.buddy.end() - 1;
    const std::string text = "zone " + std::string(name(zone.kind)) + " of node " + std::to_string(zone.node);
    if (first < end) throw Violation("P18", text + " overlaps the one before it");
    end = last + 1;
    const bool dma = last < layout_.dma_frames, high = first >= layout_.frames - layout_.highmem_frames;
    if (node_of(first) != zone.node || node_of(last) != zone.node || dma != (zone.kind == ZoneKind::dma) ||
        (high && layout_.highmem_frames != 0) != (zone.kind == ZoneKind::highmem)) {
      throw Violation("P18", text + " lies outside its range");
    }
    if (zone.counters.allocated - zone.counters.freed != zone.buddy.frames() - zone.buddy.free_frames()) {
      throw Violation("P5", text + " counts " + std::to_string(zone.counters.allocated) + " frames allocated and " +
                                std::to_string(zone.counters.freed) + " freed, of " +
                                std::to_string(zone.buddy.frames()) + " there are " +
                                std::to_string(zone.buddy.free_frames()) + " free");
    }
  }
  if (end != layout_.frames) throw Violation("P5", "the zones do not reach the end of memory");
}

}  // namespace kilburn::os
