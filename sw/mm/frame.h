// SPDX-License-Identifier: Apache-2.0
//
// The memory map: one Frame for every page frame of simulated memory.
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>
#include <memory>

#include "sw/core/types.h"

namespace kilburn::os {

class AddressSpace;

enum class FrameState : u8 {
  free,      // in a block of the buddy allocator
  reserved,  // frame 0 and the root of the kernel's empty address space
  zero,      // the zero page
  kernel,    // allocated, owner not yet set
  table,     // holds a page table
  user,      // mapped by processes, on the ageing list
};

// One leaf entry that maps the frame.
struct Mapping {
  AddressSpace* space;
  u64 va;  // page aligned
};

namespace bi = boost::intrusive;

// One hook: a frame is in a free list, or on the ageing list, or in none; two are not representable.
using FrameHook = bi::list_member_hook<bi::link_mode<bi::safe_link>>;

struct Frame {
  static constexpr u8 kTail = 0xff;  // order of a frame inside a block, not its first

  FrameHook link;
  u32 map_nr = 0;  // own number (L20 mem_map_t)
  u32 count = 0;   // leaf entries that map it
  u32 slot = 0;    // swap cache: the slot that holds the same bytes, 0 if none
  u16 pins = 0;    // users that need it to stay where it is
  u8 age = 0;      // 0 (old) to kMaxAge
  u8 order = 0;    // of the block that starts here, or kTail
  FrameState state = FrameState::reserved;
  boost::container::small_vector<Mapping, 1> rmap;
};

using FrameList = bi::list<Frame, bi::member_hook<Frame, FrameHook, &Frame::link>, bi::constant_time_size<false>>;

class MemMap {
 public:
  explicit MemMap(u32 frames) : size_(frames), frames_(new Frame[frames]) {
    for (u32 n = 0; n < frames; ++n) frames_[n].map_nr = n;
  }
  u32 size() const { return size_; }
  Frame& operator[](Pfn pfn) { return frames_[pfn]; }
  const Frame& operator[](Pfn pfn) const { return frames_[pfn]; }
  // For numbers that come out of simulated memory: throws Violation P26 past the end.
  Frame& at(u64 pfn);
  Pfn number(const Frame& frame) const { return static_cast<Pfn>(&frame - frames_.get()); }

 private:
  u32 size_;
  std::unique_ptr<Frame[]> frames_;
};

}  // namespace kilburn::os
