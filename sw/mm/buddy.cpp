// SPDX-License-Identifier: Apache-2.0
//
// Buddy allocation and its self-check.
#include "sw/mm/buddy.h"

#include <algorithm>
#include <bit>

#include "sw/core/errors.h"

namespace kilburn::os {

Buddy::Buddy(MemMap& map, Pfn first, Pfn end, bool coalesce)
    : map_(map), first_(first), end_(end), coalesce_(coalesce) {
  for (unsigned order = 0; order <= kMaxOrder; ++order) pairs_[order].resize(pair(end, order) / 64 + 1);
  // The largest aligned block that fits, again and again: no two of them can be merged.
  for (Pfn pfn = first; pfn < end;) {
    unsigned order = kMaxOrder;
    while ((pfn & ((Pfn{1} << order) - 1)) != 0 || pfn + (Pfn{1} << order) > end) --order;
    for (Pfn n = 0; n < Pfn{1} << order; ++n) {
      map_[pfn + n].state = FrameState::free;
      map_[pfn + n].order = Frame::kTail;
    }
    put(map_[pfn], order);
    free_frames_ += u32{1} << order;
    pfn += Pfn{1} << order;
  }
}

Buddy::~Buddy() {
  for (FrameList& list : lists_) list.clear();
}

inline void Buddy::put(Frame& block, unsigned order) {
  block.order = static_cast<u8>(order);
  lists_[order].push_front(block);
  filled_ |= u32{1} << order;
  flip(pairs_[order], pair(block.map_nr, order));
}

inline void Buddy::take(Frame& block, unsigned order) {
  lists_[order].erase(FrameList::s_iterator_to(block));
  if (lists_[order].empty()) filled_ &= ~(u32{1} << order);
  flip(pairs_[order], pair(block.map_nr, order));
}

Pfn Buddy::alloc(unsigned order) {
  if (order > kMaxOrder) return kNoFrame;
  const u32 large_enough = filled_ & (~u32{0} << order);
  if (large_enough == 0) return kNoFrame;
  unsigned found = static_cast<unsigned>(std::countr_zero(large_enough));
  Frame& block = lists_[found].front();
  const Pfn pfn = block.map_nr;
  take(block, found);
  while (found > order) {  // give back the upper half of each split
    --found;
    put(map_[pfn + (Pfn{1} << found)], found);
  }
  block.order = static_cast<u8>(order);
  block.state = FrameState::kernel;
  for (Pfn n = 1; n < Pfn{1} << order; ++n) {
    map_[pfn + n].order = Frame::kTail;
    map_[pfn + n].state = FrameState::kernel;
  }
  free_frames_ -= u32{1} << order;
  return pfn;
}

Buddy::Error Buddy::free(Pfn pfn, unsigned order) {
  if (pfn < first_ || pfn >= end_) return Error::foreign;
  Frame& freed = map_[pfn];
  if (freed.state == FrameState::free) return Error::double_free;
  if (freed.order != order) return Error::wrong_order;
  if (freed.count != 0 || freed.pins != 0 || freed.link.is_linked()) return Error::in_use;
  for (Pfn n = 0; n < Pfn{1} << order; ++n) {
    map_[pfn + n].state = FrameState::free;
    map_[pfn + n].order = Frame::kTail;
  }
  free_frames_ += u32{1} << order;
  // The pair's bit before this block counts as free: 1 says that the buddy is a free block of this
  // order. A buddy past the end of memory never sets it.
  while (coalesce_ && order < kMaxOrder && test(pairs_[order], pair(pfn, order))) {
    const Pfn other = pfn ^ (Pfn{1} << order);
    take(map_[other], order);
    map_[other].order = Frame::kTail;
    pfn &= ~(Pfn{1} << order);
    ++order;
  }
  put(map_[pfn], order);
  return Error::none;
}

std::vector<std::pair<Pfn, unsigned>> Buddy::free_blocks() const {
  std::vector<std::pair<Pfn, unsigned>> blocks;
  for (unsigned order = 0; order <= kMaxOrder; ++order) {
    for (const Frame& block : lists_[order]) blocks.emplace_back(block.map_nr, order);
  }
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

void Buddy::check() const {
  const auto blocks = free_blocks();
  u64 sum = 0;
  u64 free_to = first_;
  std::array<Bits, kMaxOrder + 1> pairs;
  for (unsigned order = 0; order <= kMaxOrder; ++order) pairs[order].resize(pairs_[order].size());
  for (const auto& [pfn, order] : blocks) {
    const u64 size = u64{1} << order;
    if ((pfn & (size - 1)) != 0) throw Violation("P11", "free block " + hex(pfn) + " is not aligned to its size");
    if (pfn < free_to || pfn + size > end_)
      throw Violation("P11", "free block " + hex(pfn) + " overlaps or is outside");
    free_to = pfn + size;
    for (u64 n = 0; n < size; ++n) {
      const Frame& frame = map_[static_cast<Pfn>(pfn + n)];
      if (frame.state != FrameState::free)
        throw Violation("P1", "frame " + hex(pfn + n) + " is in a free block, not free");
    }
    if (order < kMaxOrder && test(pairs[order], pair(pfn, order))) {
      throw Violation("P12", "free buddies of order " + std::to_string(order) + " at " + hex(pfn) + " are not merged");
    }
    flip(pairs[order], pair(pfn, order));
    sum += size;
  }
  if (pairs != pairs_) throw Violation("P13", "the pair bits differ from the free lists");
  u64 marked = 0;
  for (Pfn pfn = first_; pfn < end_; ++pfn) marked += map_[pfn].state == FrameState::free;
  if (sum != free_frames_ || sum != marked) {
    throw Violation("P15", "free lists hold " + std::to_string(sum) + " frames, counted " +
                               std::to_string(free_frames_) + ", marked " + std::to_string(marked));
  }
}

std::string_view name(Buddy::Error error) {
  switch (error) {
    case Buddy::Error::none:
      return "none";
    case Buddy::Error::foreign:
      return "frame is not the allocator's";
    case Buddy::Error::double_free:
      return "frame is free already";
    case Buddy::Error::wrong_order:
      return "block has another order";
    case Buddy::Error::in_use:
      return "frame is mapped or pinned";
  }
  return "?";
}

}  // namespace kilburn::os
