// SPDX-License-Identifier: Apache-2.0
//
// The memory map: one Frame for every page frame of simulated memory.
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/unordered_set_hook.hpp>
#include <memory>

#include "sw/core/types.h"

namespace kilburn::os {

class AddressSpace;
struct PageObject;

enum class FrameState : u8 {
  free,      // in a block of the buddy allocator
  reserved,  // frame 0 and the root of the kernel's empty address space
  zero,      // the zero page
  kernel,    // allocated, owner not yet set
  table,     // holds a page table
  user,      // private memory of processes, on the ageing list
  file,      // page of a file, in the page cache; on the ageing list while it is mapped
  shm,       // page of shared memory, in the page cache
  buffer,    // holds blocks of the buffer cache
};
inline constexpr size_t kFrameStates = 9;

// One leaf entry that maps the frame.
struct Mapping {
  AddressSpace* space;
  u64 va;  // page aligned
};

namespace bi = boost::intrusive;

// One hook: a frame is in a free list, or on the ageing list, or in none; two are not representable.
using FrameHook = bi::list_member_hook<bi::link_mode<bi::safe_link>>;

// In the page cache, or not.
using FrameHash = bi::unordered_set_member_hook<bi::link_mode<bi::safe_link>>;

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
  bool dirty = false;            // newer than its device or slot, beside what the D bits of its entries say
  PageObject* object = nullptr;  // file, shm: the object
  u64 index = 0;                 // and the page of it
  FrameHash hash;
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
