// SPDX-License-Identifier: Apache-2.0
//
// Buddy allocation and its self-check.
#include "sw/mm/buddy.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "sw/core/errors.h"

namespace kilburn::os {

Buddy::Buddy(MemMap& map, Pfn first, Pfn end, Bug bug)
    : map_(map), uses_(map.uses()), states_(map.states()), first_(first), end_(end), bug_(bug) {
  heads_.fill(kNoFrame);
  for (unsigned order = 0; order <= kMaxOrder; ++order) pairs_[order].resize(pair(end, order) / 64 + 1);
  // The largest aligned block that fits, again and again: no two of them can be merged.
  for (Pfn pfn = first; pfn < end;) {
    unsigned order = kMaxOrder;
    while ((pfn & ((Pfn{1} << order) - 1)) != 0 || pfn + (Pfn{1} << order) > end) --order;
    for (Pfn n = 0; n < Pfn{1} << order; ++n) uses_[pfn + n].tag = kInside;
    mark(pfn, order, FrameState::free);
    put(pfn, order);
    free_frames_ += u32{1} << order;
    pfn += Pfn{1} << order;
  }
}

inline void Buddy::put(Pfn block, unsigned order) {
  FrameUse& use = uses_[block];
  use.next = heads_[order];
  use.previous = kNoFrame;
  use.tag = static_cast<u8>(order);
  if (use.next != kNoFrame) uses_[use.next].previous = block;
  heads_[order] = block;
  filled_ |= u32{1} << order;
  flip(pairs_[order], pair(block, order));
}

inline void Buddy::remove(Pfn block, unsigned order) {
  FrameUse& use = uses_[block];
  if (use.next != kNoFrame) uses_[use.next].previous = use.previous;
  if (use.previous != kNoFrame) {
    uses_[use.previous].next = use.next;
  } else {
    heads_[order] = use.next;
    if (use.next == kNoFrame) filled_ &= ~(u32{1} << order);
  }
  use.tag = kInside;
  flip(pairs_[order], pair(block, order));
}

// The first block of a list that is not empty.
inline Pfn Buddy::pop(unsigned order) {
  const Pfn block = heads_[order];
  FrameUse& use = uses_[block];
  heads_[order] = use.next;
  if (use.next != kNoFrame) {
    uses_[use.next].previous = kNoFrame;
  } else {
    filled_ &= ~(u32{1} << order);
  }
  flip(pairs_[order], pair(block, order));
  return block;
}

// Eight states are one word, and blocks are aligned to their size: blocks of up to eight frames edit one word. A call
// of memset for a few bytes takes as long as the rest of an allocation.
inline void Buddy::mark(Pfn block, unsigned order, FrameState state) {
  static_assert(std::endian::native == std::endian::little);
  const u64 eight = 0x0101010101010101 * static_cast<u64>(state);
  FrameState* at = states_ + (block & ~Pfn{7});
  static constexpr u64 kMasks[] = {0xff, 0xffff, 0xffffffff, ~u64{0}};
  if (order < std::size(kMasks)) {
    const u64 mask = kMasks[order] << 8 * (block & 7);
    u64 word;
    std::memcpy(&word, at, 8);
    word = (word & ~mask) | (eight & mask);
    std::memcpy(at, &word, 8);
  } else {
    for (FrameState* const end = at + (size_t{1} << order); at != end; at += 8) std::memcpy(at, &eight, 8);
  }
}

// Gives back the upper halves of a block that has left its list, until `to` is left of it. Apart from alloc(), most of
// whose calls find a block of the order they want: with it inline, every call would save the registers that it needs.
[[gnu::noinline]] void Buddy::split(Pfn block, unsigned from, unsigned to) {
  while (from > to) {
    --from;
    put(block + (Pfn{1} << from), from);
  }
}

Pfn Buddy::alloc(unsigned order) {
  if (order > kMaxOrder) return kNoFrame;
  const u32 large_enough = filled_ & (~u32{0} << order);
  if (large_enough == 0) return kNoFrame;
  const unsigned found = static_cast<unsigned>(std::countr_zero(large_enough));
  const Pfn block = pop(found);
  if (found != order) split(block, found, order);
  uses_[block].tag = static_cast<u8>(kUsed | order);
  mark(block, order, FrameState::kernel);
  free_frames_ -= u32{1} << order;
  return block;
}

bool Buddy::take(Pfn pfn) {
  if (!contains(pfn) || states_[pfn] != FrameState::free) return false;
  Pfn block = pfn;
  unsigned order = 0;
  while (uses_[block].tag != order) block = pfn & ~((Pfn{1} << ++order) - 1);
  const Pfn next = uses_[block].next;
  remove(block, order);
  if (bug_ == Bug::take_torn && next != kNoFrame) uses_[next].previous = block;
  if (bug_ == Bug::take_pair) flip(pairs_[order], pair(block, order));
  while (order > 0) {  // the half without the frame goes back
    --order;
    const Pfn upper = block + (Pfn{1} << order);
    if (pfn < upper) {
      put(upper, order);
    } else {
      put(block, order);
      block = upper;
    }
  }
  uses_[pfn].tag = kUsed;
  states_[pfn] = FrameState::kernel;
  if (bug_ != Bug::take_uncounted) --free_frames_;
  return true;
}

void Buddy::separate(Pfn pfn, unsigned order) {
  for (Pfn n = 0; n < Pfn{1} << order; ++n) uses_[pfn + n].tag = kUsed;
}

Buddy::Error Buddy::free(Pfn pfn, unsigned order) {
  if (!contains(pfn)) return Error::foreign;
  const FrameUse& freed = uses_[pfn];
  if (freed.tag != (kUsed | order)) {
    return states_[pfn] == FrameState::free ? Error::double_free : Error::wrong_order;
  }
  if (freed.pins != 0) return Error::pinned;
  if (freed.count != 0) return Error::counted;
  mark(pfn, order, FrameState::free);
  free_frames_ += u32{1} << order;
  // The pair's bit before this block counts as free: 1 says that the buddy is a free block of this
  // order. A buddy past the end of memory never sets it.
  if (order < kMaxOrder && test(pairs_[order], pair(pfn, order))) {
    merge(pfn, order);
  } else {
    put(pfn, order);
  }
  return Error::none;
}

// Apart from free(), most of whose calls have no buddy to merge with.
[[gnu::noinline]] void Buddy::merge(Pfn pfn, unsigned order) {
  while (bug_ != Bug::no_coalescing && order < kMaxOrder && test(pairs_[order], pair(pfn, order))) {
    remove(pfn ^ (Pfn{1} << order), order);
    uses_[pfn].tag = kInside;
    pfn &= ~(Pfn{1} << order);
    ++order;
  }
  put(pfn, order);
}

std::vector<std::pair<Pfn, unsigned>> Buddy::free_blocks() const {
  std::vector<std::pair<Pfn, unsigned>> blocks;
  for (unsigned order = 0; order <= kMaxOrder; ++order) {
    Pfn before = kNoFrame;
    for (Pfn at = heads_[order]; at != kNoFrame; at = uses_[at].next) {
      if (!contains(at) || uses_[at].previous != before) {
        throw Violation("P11", "the free list of order " + std::to_string(order) + " is torn at " + hex(at));
      }
      blocks.emplace_back(at, order);
      before = at;
    }
  }
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

double Buddy::fragmentation(unsigned order) const {
  if (free_frames_ == 0) return 0;
  u64 unusable = 0;
  for (const auto& [pfn, size] : free_blocks()) unusable += size < order ? u64{1} << size : 0;
  return static_cast<double>(unusable) / free_frames_;
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
      if (frame.link.is_linked()) throw Violation("P1", "frame " + hex(pfn + n) + " is free and on the ageing list");
      if (uses_[pfn + n].tag != (n == 0 ? order : kInside))
        throw Violation("P13", "frame " + hex(pfn + n) + " has another tag than its free block");
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
    case Buddy::Error::pinned:
      return "frame is pinned";
    case Buddy::Error::counted:
      return "frame is still counted";
  }
  return "?";
}

}  // namespace kilburn::os
