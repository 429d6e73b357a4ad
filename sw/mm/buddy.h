// SPDX-License-Identifier: Apache-2.0
//
// The buddy allocator: blocks of 2^order frames, split on the way down, merged recursively on free.
// For each pair of buddies one bit holds the exclusive or of "this buddy is a free block of this
// order": after a toggle, 0 means that both are free (L20 free_area.map).
//
// It works on FrameUse alone (frame.h), 16 bytes a frame: merging touches the neighbours of a block in its
// list, which are anywhere in memory, and the cost of the allocator is the cache lines that it touches.
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "sw/core/bugs.h"
#include "sw/mm/frame.h"

namespace kilburn::os {

class Buddy {
 public:
  static constexpr unsigned kMaxOrder = 10;
  enum class Error : u8 {
    none,
    foreign,      // not one of this allocator's frames
    double_free,  // the frame is free already
    wrong_order,  // the block that starts here has another order, or none starts here
    pinned,       // somebody needs it where it is
    counted,      // entries or caches still count on it
  };

  // Takes the frames [first, end) of `map` as free.
  Buddy(MemMap& map, Pfn first, Pfn end, Bug bug = Bug::none);

  // The first frame of a block, state kernel; kNoFrame if no block of this or a higher order is free.
  Pfn alloc(unsigned order);
  // Exactly this frame, as a block of order 0; false if it is not free.
  bool take(Pfn pfn);
  // An allocated block becomes as many blocks of order 0, which are freed one by one.
  void separate(Pfn pfn, unsigned order);
  // Anything but none leaves the allocator as it was.
  [[nodiscard]] Error free(Pfn pfn, unsigned order);

  bool contains(Pfn pfn) const { return pfn >= first_ && pfn < end_; }
  Pfn first() const { return first_; }
  Pfn end() const { return end_; }
  u32 free_frames() const { return free_frames_; }
  u32 frames() const { return end_ - first_; }
  bool can_serve(unsigned order) const { return (filled_ & (~u32{0} << order)) != 0; }
  std::vector<std::pair<Pfn, unsigned>> free_blocks() const;  // ascending
  // Of the free frames, those in blocks too small for `order`, in parts of 1 (0: all of them can serve it).
  double fragmentation(unsigned order) const;
  // P11 aligned and disjoint, P12 maximally merged, P13 pair bits, P15 sums; throws Violation.
  void check() const;

 private:
  static constexpr u8 kInside = 0xff;  // tag of a frame that is not the first of a block
  static constexpr u8 kUsed = 0x80;    // tag of the first frame of an allocated block, or its order
  void put(Pfn block, unsigned order);
  void remove(Pfn block, unsigned order);
  Pfn pop(unsigned order);
  void merge(Pfn block, unsigned order);
  void mark(Pfn block, unsigned order, FrameState);
  void split(Pfn block, unsigned from, unsigned to);
  // One bit a pair of buddies, those below `first` too.
  static size_t pair(Pfn pfn, unsigned order) { return pfn >> (order + 1); }
  using Bits = std::vector<u64>;
  static void flip(Bits& bits, size_t n) { bits[n / 64] ^= u64{1} << (n % 64); }
  static bool test(const Bits& bits, size_t n) { return (bits[n / 64] >> (n % 64) & 1) != 0; }

  MemMap& map_;
  FrameUse* uses_;      // of map_, by frame number
  FrameState* states_;  // likewise
  Pfn first_, end_;
  Bug bug_;
  u32 free_frames_ = 0;
  u32 filled_ = 0;  // bit n: list n is not empty
  std::array<Pfn, kMaxOrder + 1> heads_;
  std::array<Bits, kMaxOrder + 1> pairs_;
};

std::string_view name(Buddy::Error);

}  // namespace kilburn::os
