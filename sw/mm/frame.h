// SPDX-License-Identifier: Apache-2.0
//
// The memory map: one Frame for every page frame of simulated memory.
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/unordered_set_hook.hpp>
#include <vector>

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

// One hook: a frame is on one list of pages in use, or on none; two are not representable. The lists of
// free blocks have links of their own (buddy.h), and no frame with a linked hook is ever freed.
using FrameHook = bi::list_member_hook<bi::link_mode<bi::safe_link>>;

// In the page cache, or not.
using FrameHash = bi::unordered_set_member_hook<bi::link_mode<bi::safe_link>>;

// What the allocator must know of a frame, 16 bytes: apart from the rest, because merging free blocks
// touches frames that are anywhere in memory, and a Frame is many times as large (buddy.h). The state is
// apart from both, so that those of a block's frames are written at once.
struct FrameUse {
  u32 next = 0, previous = 0;  // in a list of free blocks; the allocator's
  u32 count = 0;               // leaf entries that map it
  u16 pins = 0;                // users that need it to stay where it is
  u8 tag = 0;                  // the allocator's
};
static_assert(sizeof(FrameUse) == 16);

struct Frame {
  Frame(u32 number, FrameUse& use, FrameState& s) : map_nr(number), count(use.count), pins(use.pins), state(s) {}

  FrameHook link;
  u32 map_nr;    // own number (L20 mem_map_t)
  u32 slot = 0;  // swap cache: the slot that holds the same bytes, 0 if none
  u8 age = 0;    // 0 (old) to kMaxAge
  u32& count;
  u16& pins;
  FrameState& state;
  bool dirty = false;            // newer than its device or slot, beside what the D bits of its entries say
  PageObject* object = nullptr;  // file, shm: the object
  u64 index = 0;                 // and the page of it
  FrameHash hash;
  boost::container::small_vector<Mapping, 1> rmap;
};

using FrameList = bi::list<Frame, bi::member_hook<Frame, FrameHook, &Frame::link>, bi::constant_time_size<false>>;

class MemMap {
 public:
  explicit MemMap(u32 frames) : uses_(frames), states_((frames + 7) / 8 * size_t{8}, FrameState::reserved) {
    frames_.reserve(frames);
    for (u32 n = 0; n < frames; ++n) frames_.emplace_back(n, uses_[n], states_[n]);
  }
  MemMap(const MemMap&) = delete;
  MemMap& operator=(const MemMap&) = delete;
  u32 size() const { return static_cast<u32>(uses_.size()); }
  Frame& operator[](Pfn pfn) { return frames_[pfn]; }
  const Frame& operator[](Pfn pfn) const { return frames_[pfn]; }
  // For numbers that come out of simulated memory: throws Violation P26 past the end.
  Frame& at(u64 pfn);
  FrameUse* uses() { return uses_.data(); }
  FrameState* states() { return states_.data(); }

 private:
  std::vector<FrameUse> uses_;
  std::vector<FrameState> states_;  // whole words of eight
  std::vector<Frame> frames_;  // never grows: lists hold addresses of frames, and those hold addresses in the others
};

}  // namespace kilburn::os
