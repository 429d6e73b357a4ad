// SPDX-License-Identifier: Apache-2.0
//
// The buddy allocator: blocks of 2^order frames, split on the way down, merged recursively on free.
// For each pair of buddies one bit holds the exclusive or of "this buddy is a free block of this
// order": after a toggle, 0 means that both are free (L20 free_area.map).
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "sw/mm/frame.h"

namespace kilburn::os {

class Buddy {
 public:
  static constexpr unsigned kMaxOrder = 10;
  enum class Error : u8 { none, foreign, double_free, wrong_order, in_use };

  // Takes the frames [first, end) of `map` as free.
  Buddy(MemMap& map, Pfn first, Pfn end, bool coalesce = true);
  ~Buddy();

  // The first frame of a block, state kernel; kNoFrame if no block of this or a higher order is free.
  Pfn alloc(unsigned order);
  // Anything but none leaves the allocator as it was.
  [[nodiscard]] Error free(Pfn pfn, unsigned order);

  u32 free_frames() const { return free_frames_; }
  u32 frames() const { return end_ - first_; }
  std::vector<std::pair<Pfn, unsigned>> free_blocks() const;  // ascending
  // P11 aligned and disjoint, P12 maximally merged, P13 pair bits, P15 sums; throws Violation.
  void check() const;

 private:
  void put(Frame& block, unsigned order);
  void take(Frame& block, unsigned order);
  // One bit a pair of buddies.
  static size_t pair(Pfn pfn, unsigned order) { return pfn >> (order + 1); }
  using Bits = std::vector<u64>;
  static void flip(Bits& bits, size_t n) { bits[n / 64] ^= u64{1} << (n % 64); }
  static bool test(const Bits& bits, size_t n) { return (bits[n / 64] >> (n % 64) & 1) != 0; }

  MemMap& map_;
  Pfn first_, end_;
  bool coalesce_;
  u32 free_frames_ = 0;
  std::array<FrameList, kMaxOrder + 1> lists_;
  u32 filled_ = 0;  // bit n: list n is not empty
  std::array<Bits, kMaxOrder + 1> pairs_;
};

std::string_view name(Buddy::Error);

}  // namespace kilburn::os
