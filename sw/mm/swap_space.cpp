// SPDX-License-Identifier: Apache-2.0
//
// Which swap area a slot is of, and which one a page goes to.
#include "sw/mm/swap_space.h"

#include <algorithm>
#include <cerrno>

namespace kilburn::os {

int SwapSpace::on(BlockDevice& device, u32 slots, int priority, u32& area) {
  u32 number = 0;
  while (number < areas_.size() && areas_[number].swap != nullptr) ++number;
  if (number == kAreas) return EPERM;  // swapon(2)
  // The lowest range of numbers that no other area has.
  u32 base = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (const Area& a : areas_) {
      if (a.swap == nullptr || base > a.base + a.swap->slots() || a.base > base + slots) continue;
      base = a.base + a.swap->slots() + 1;
      moved = true;
    }
  }
  if (slots > max_slot_ || base > max_slot_ - slots) return EINVAL;
  const u32 device_number = buffers_.attach(device);
  auto swap = std::make_unique<SwapArea>(buffers_, device_number, slots, page_size_, device_number + 1u, bug_);
  if (!swap->last_error().empty()) {
    last_error_ = swap->last_error();
    buffers_.detach(device_number);
    return EIO;
  }
  if (number == areas_.size()) areas_.emplace_back();
  areas_[number] = {std::move(swap), device_number, base, priority, false, 0};
  end_ = std::max(end_, base + slots + 1);
  area = number;
  return 0;
}

void SwapSpace::reopen(u32 area) { areas_[area].closed = false; }

void SwapSpace::remove(u32 area) {
  Area& a = areas_[area];
  if (a.swap->free_slots() + a.swap->bad_slots() != a.swap->slots()) {
    throw Violation("P46", "swap area " + std::to_string(area) + " goes with slots in use");
  }
  buffers_.detach(a.device);
  a = {};
}

u32 SwapSpace::area_of(u32 slot) const {
  for (u32 n = 0; n < areas_.size(); ++n) {
    const Area& a = areas_[n];
    if (a.swap != nullptr && slot > a.base && slot - a.base <= a.swap->slots()) return n;
  }
  throw Violation("P46", "an entry names swap slot " + hex(slot));
}

SwapSpace::Area& SwapSpace::at(u32 slot) { return areas_[area_of(slot)]; }

SwapSpace::Slot& SwapSpace::operator[](u32 slot) {
  Area& a = at(slot);
  return (*a.swap)[slot - a.base];
}

u32 SwapSpace::slots() const {
  u32 sum = 0;
  for (const Area& a : areas_) sum += a.swap == nullptr ? 0 : a.swap->slots();
  return sum;
}
u32 SwapSpace::free_slots() const {
  u32 sum = 0;
  for (const Area& a : areas_) sum += a.swap == nullptr ? 0 : a.swap->free_slots();
  return sum;
}
u32 SwapSpace::bad_slots() const {
  u32 sum = 0;
  for (const Area& a : areas_) sum += a.swap == nullptr ? 0 : a.swap->bad_slots();
  return sum;
}

u32 SwapSpace::take(u32 except) {
  Area* best = nullptr;
  for (Area& a : areas_) {
    if ((except >> (&a - areas_.data()) & 1) != 0) continue;
    if (a.swap == nullptr || a.closed || a.swap->free_slots() == 0) continue;
    if (best == nullptr || a.priority > best->priority || (a.priority == best->priority && a.turn < best->turn)) {
      best = &a;
    }
  }
  if (best == nullptr) return 0;
  best->turn = ++turns_;
  return best->base + best->swap->take();
}

void SwapSpace::release(u32 slot) {
  Area& a = at(slot);
  a.swap->release(slot - a.base);
}

void SwapSpace::mark_bad(u32 slot) {
  Area& a = at(slot);
  a.swap->mark_bad(slot - a.base);
}

int SwapSpace::write(u32 slot, std::span<const std::byte> page) {
  Area& a = at(slot);
  const int error = a.swap->write(slot - a.base, page);
  if (error != 0) last_error_ = a.swap->last_error();
  return error;
}

SwapSpace::ReadError SwapSpace::read(u32 slot, std::span<std::byte> page) {
  Area& a = at(slot);
  const ReadError error = a.swap->read(slot - a.base, page);
  if (error != ReadError::none) last_error_ = a.swap->last_error();
  return error;
}

int SwapSpace::sync() {
  int first = 0;
  for (Area& a : areas_) {
    if (a.swap == nullptr) continue;
    const int error = a.swap->sync();
    if (error != 0) last_error_ = a.swap->last_error();
    if (first == 0) first = error;
  }
  return first;
}

bool SwapSpace::write_failed() const {
  return std::any_of(areas_.begin(), areas_.end(),
                     [](const Area& a) { return a.swap != nullptr && a.swap->write_failed(); });
}

}  // namespace kilburn::os
