// SPDX-License-Identifier: Apache-2.0
//
// Compaction: pages from the bottom of a zone move into free frames at its top, until the two scanners
// meet or a block of the order wanted has come together. One page at a time:
// clear all its entries -> invalidate -> acknowledge -> copy -> entries with the new frame -> free the old.
#include <algorithm>

#include "sw/mm/memory.h"

namespace kilburn::os {

// Pages of processes, files and shared memory that nobody holds in place. Tables, kernel memory, buffers, pinned and
// locked pages stay (P10).
bool Memory::movable(const Frame& frame) const {
  const bool page =
      frame.state == FrameState::user || frame.state == FrameState::file || frame.state == FrameState::shm;
  return page && frame.pins == 0 && !locked(frame);
}

void Memory::migrate(Pfn from, Pfn to) {
  const auto scope = yield_.in(Sequence::migrate);
  Frame& old = map_.at(from);
  ++old.pins;  // nobody evicts it meanwhile
  if (config_.bug == Bug::migrate_early_copy) copy(from, to);
  boost::container::small_vector<Old, 4> olds;
  Gather g = gather();
  for (const Mapping& m : old.rmap) {
    olds.push_back({m, m.space->table.get_and_clear(m.va)});
    g.unhooked(m.space->tag, m.va);
  }
  g.commit();
  for (const Old& entry : olds) yield_(entry.at.va);
  if (config_.bug != Bug::migrate_early_copy) copy(from, to);
  check_moved(from, to);
  if (config_.bug != Bug::migrate_pinned) --old.pins;
  inherit(from, to);
  for (const Old& entry : olds) {
    // A and D as they were when the entry was cleared: the page is as young and as dirty as before.
    install(*entry.at.space, entry.at.va, 0, format_.with_frame(entry.word, to));
  }
  ++statistics_.migrated;
  Gather freed = gather();
  freed.free_after(from);
  freed.commit();
}

// The page is in another frame now: counts, reverse map, swap slot, place on its list and in the page cache.
void Memory::inherit(Pfn from, Pfn to) {
  Frame& old = map_[from];
  Frame& fresh = map_[to];
  fresh.state = old.state;
  if (config_.bug == Bug::number_inherited) fresh.map_nr = old.map_nr;
  fresh.age = old.age;
  fresh.slot = std::exchange(old.slot, 0);
  if (fresh.slot != 0) swap_[fresh.slot].cached = to;
  FrameList& list = old.state == FrameState::shm                      ? shm_
                    : old.state == FrameState::file && old.count == 0 ? cached_
                                                                      : old.rmap.front().space->resident;
  fresh.dirty = std::exchange(old.dirty, false);
  if (PageObject* object = old.object; object != nullptr) {
    const u64 index = old.index;
    pages_.erase(old);
    pages_.insert(fresh, *object, index);
  }
  fresh.count = std::exchange(old.count, 0);
  fresh.rmap = std::move(old.rmap);
  old.rmap.clear();
  list.insert(FrameList::s_iterator_to(old), fresh);
  list.erase(FrameList::s_iterator_to(old));
  if (!snapshots_.empty()) snapshots_[to] = snapshots_[from] = 0;
  buddy_.history().add(FrameHistory::Kind::moved_from, from, 0);
  buddy_.history().add(FrameHistory::Kind::moved_to, to, 0);
}

// P57: no store reached the old frame after it was copied.
void Memory::check_moved(Pfn from, Pfn to) {
  memory_.read(frame_address(from), page_);
  memory_.read(frame_address(to), chunk_);
  if (page_ != chunk_) {
    throw Violation("P57", "frame " + hex(from) + " and its copy in frame " + hex(to) + " differ\n" + log_.text());
  }
}

// At most `budget` pages of one zone, until a block of `order` is free. Returns the pages moved.
u32 Memory::compact_zone(const Zone& zone, unsigned order, u32 budget) {
  u32 moved = 0;
  Pfn low = zone.buddy.first(), high = zone.buddy.end();
  while (moved < budget && !zone.buddy.can_serve(order)) {
    while (low < high && !movable(map_[low])) ++low;
    while (low < high && map_[high - 1].state != FrameState::free) --high;
    if (low >= high) {
      check_compacted(zone);
      break;
    }
    buddy_.take(high - 1);
    migrate(low, high - 1);
    ++moved;
  }
  return moved;
}

// P58: the free frames are the lowest that they can be around what must stay, and so the largest free block is the
// largest that these frames can form.
void Memory::check_compacted(const Zone& zone) const {
  u32 left = zone.buddy.free_frames();
  std::vector<bool> best(zone.buddy.end() - zone.buddy.first());
  for (Pfn pfn = zone.buddy.first(); pfn < zone.buddy.end() && left > 0; ++pfn) {
    if (map_[pfn].state != FrameState::free && !movable(map_[pfn])) continue;
    best[pfn - zone.buddy.first()] = true;
    --left;
  }
  int bound = -1;
  for (int order = Buddy::kMaxOrder; order >= 0 && bound < 0; --order) {
    const Pfn size = Pfn{1} << order;
    for (Pfn at = (zone.buddy.first() + size - 1) & ~(size - 1); at + size <= zone.buddy.end(); at += size) {
      const auto first = best.begin() + (at - zone.buddy.first());
      if (std::all_of(first, first + size, [](bool free) { return free; })) bound = order;
    }
  }
  if (bound >= 0 && !zone.buddy.can_serve(static_cast<unsigned>(bound))) {
    throw Violation("P58", "after compaction zone " + std::string(name(zone.kind)) + " of node " +
                               std::to_string(zone.node) + " holds no free block of order " + std::to_string(bound));
  }
}

// For an allocation that failed: the zones that it may use, nearest node first.
bool Memory::compact_for(const FrameRequest& request) {
  ++statistics_.compactions;
  for (u32 step = 0; step < buddy_.nodes(); ++step) {
    for (const Zone& zone : buddy_.zones()) {
      if (zone.node != (request.node + step) % buddy_.nodes() || zone.kind > request.highest) continue;
      compact_zone(zone, request.order, ~u32{0});
      if (zone.buddy.can_serve(request.order)) return true;
    }
  }
  return false;
}

u32 Memory::kcompactd(u32 pages) {
  u32 moved = 0;
  for (const Zone& zone : buddy_.zones()) {
    if (moved < pages) moved += compact_zone(zone, Buddy::kMaxOrder, pages - moved);
  }
  return moved;
}

}  // namespace kilburn::os
