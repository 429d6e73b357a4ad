// SPDX-License-Identifier: Apache-2.0
//
// All swap areas: slots have one number over all of them, pages go to the area of the highest priority
// that has room, by turns among equals (L24 swap_list).
#pragma once

#include <memory>

#include "sw/mm/swap.h"

namespace kilburn::os {

class SwapSpace {
 public:
  using Slot = SwapArea::Slot;
  using ReadError = SwapArea::ReadError;
  static constexpr size_t kAreas = 8;  // at most

  // `max_slot`: the highest number that a swap word can hold.
  SwapSpace(BufferCache& buffers, u64 page_size, u32 max_slot, Bug bug = Bug::none)
      : buffers_(buffers), page_size_(page_size), max_slot_(max_slot), bug_(bug) {}

  // swapon: 0, or errno. The area's number is in `area`.
  [[nodiscard]] int on(BlockDevice& device, u32 slots, int priority, u32& area);
  // The first half of swapoff: the area gives out no slot any more; reopen() takes that back.
  void close(u32 area) { areas_[area].closed = true; }
  void reopen(u32 area);
  bool closed(u32 slot) const { return areas_[area_of(slot)].closed; }  // slot of an area that is to go
  bool known(u32 area) const { return area < areas_.size() && areas_[area].swap != nullptr; }
  // The second half: all of its slots are free or bad.
  void remove(u32 area);
  u32 area_of(u32 slot) const;

  u32 slots() const;
  u32 free_slots() const;
  u32 bad_slots() const;
  u32 end() const { return end_; }  // past the highest slot number
  // fn(slot number, Slot&), ascending.
  template <class Fn>
  void for_each(Fn&& fn) {
    for (Area& a : areas_) {
      for (u32 slot = 1; a.swap != nullptr && slot <= a.swap->slots(); ++slot) fn(a.base + slot, (*a.swap)[slot]);
    }
  }

  Slot& operator[](u32 slot);
  u32 take(u32 except = 0);  // 0: none free; `except`: areas left out, one bit each
  void release(u32 slot);
  void mark_bad(u32 slot);
  [[nodiscard]] int write(u32 slot, std::span<const std::byte> page);
  [[nodiscard]] ReadError read(u32 slot, std::span<std::byte> page);
  [[nodiscard]] int sync();

  u32 local(u32 slot) const { return slot - areas_[area_of(slot)].base; }  // the slot's number in its area
  const std::string& last_error() const { return last_error_; }
  bool write_failed() const;  // the last write to some area failed

 private:
  struct Area {
    std::unique_ptr<SwapArea> swap;
    u32 device = 0;
    u32 base = 0;
    int priority = 0;
    bool closed = false;
    u64 turn = 0;  // when it last gave out a slot
  };
  Area& at(u32 slot);

  BufferCache& buffers_;
  u64 page_size_;
  u32 max_slot_;
  Bug bug_;
  std::vector<Area> areas_;
  u32 end_ = 1;
  u64 turns_ = 0;
  std::string last_error_;
};

}  // namespace kilburn::os
