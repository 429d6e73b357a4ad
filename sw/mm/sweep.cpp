// SPDX-License-Identifier: Apache-2.0
//
// Which page of which process goes: ageing by the accessed bits, process after process, each with as many looks a
// turn as its resident pages are worth (L20 vmscan: swap_cnt).
#include <algorithm>

#include "sw/mm/memory.h"

namespace kilburn::os {

namespace {
constexpr u64 kShare = 8;  // turns in which a process's pages are all looked at once
}

// Whether the frame, once free, is of use for the request or the zone that is behind the scan (row 77).
bool Memory::serves(const Frame& frame) const {
  if (wanted_zone_ != nullptr) return wanted_zone_->buddy.contains(frame.map_nr);
  return wanted_ == ZoneKind::highmem || buddy_.zone_of(frame.map_nr)->kind <= wanted_;
}

u32 Memory::shm_swap(u32 target) { return age_and_evict(shm_, shm_count_, target); }

// The process whose turn it is and that has looks left. What the division leaves of a turn counts in the next ones,
// so that the shares are exact in the long run (P54). Some process must have pages.
AddressSpace& Memory::next_in_sweep() {
  for (;;) {
    if (sweep_at_ >= spaces_.size()) sweep_at_ = 0;
    AddressSpace& space = *spaces_[sweep_at_];
    if (space.swap_cnt != 0 && space.resident_count != 0) return space;
    if (config_.bug != Bug::unfair_sweep || space.resident_count == 0) sweep_at_ = (sweep_at_ + 1) % spaces_.size();
    AddressSpace& next = *spaces_[sweep_at_];
    next.sweep_credit += next.resident_count;
    next.swap_cnt = next.sweep_credit / kShare;
    next.sweep_credit %= kShare;
    log_.add({.kind = MmEvent::Kind::sweep, .space = next.tag.id, .seen = next.resident_count});
  }
}

// The scan is bounded: a page that is never touched again is old after at most kAgeMax rounds.
u32 Memory::try_to_swap_out(u32 target) {
  u32 freed = 0;
  for (u64 budget = ageing_count_ * (kAgeMax + 2u); budget > 0 && freed < target && ageing_count_ > 0; --budget) {
    AddressSpace& space = next_in_sweep();
    --space.swap_cnt;
    freed += look_at_first(space.resident);
  }
  return freed;
}

u32 Memory::age_and_evict(FrameList& list, u64 count, u32 target) {
  u32 freed = 0;
  for (u64 budget = count * (kAgeMax + 2u); budget > 0 && freed < target && !list.empty(); --budget) {
    freed += look_at_first(list);
  }
  return freed;
}

// The first page of a list becomes the last, older or younger; 1 if its frame was freed instead.
u32 Memory::look_at_first(FrameList& list) {
  Frame& frame = list.front();
  list.pop_front();
  list.push_back(frame);
  const bool held = frame.pins != 0 || (locked(frame) && config_.bug != Bug::lock_ignored);
  if (held || !serves(frame)) return 0;
  ++statistics_.aged;
  if (config_.bug == Bug::first_in_first_out) {
    frame.age = 0;
    return evict(frame);
  }
  if (test_clear_young(frame)) {
    frame.age = static_cast<u8>(std::min<unsigned>(frame.age + kAgeAdvance, kAgeMax));
    return 0;
  }
  frame.age = static_cast<u8>(frame.age - std::min(frame.age, kAgeDecline));
  return frame.age == 0 || config_.bug == Bug::age_ignored ? evict(frame) : 0;
}

u32 Memory::evict_unaged(FrameList& list, u64 count) {
  u32 freed = 0;
  for (u64 left = count; left > 0 && freed == 0; --left) {
    Frame& frame = list.front();
    list.pop_front();
    list.push_back(frame);
    if (frame.pins != 0 || locked(frame) || !serves(frame)) continue;
    ++statistics_.forced;
    freed += evict(frame, true);
  }
  return freed;
}

u32 Memory::evict_unaged_of_processes() {
  u32 freed = 0;
  for (size_t n = 0; n < spaces_.size() && freed == 0; ++n) {
    AddressSpace& space = *spaces_[(sweep_at_ + n) % spaces_.size()];
    freed = evict_unaged(space.resident, space.resident_count);
  }
  return freed;
}

bool Memory::test_clear_young(Frame& frame) {
  bool young = false;
  const auto scope = yield_.in(Sequence::ageing);
  Gather g = gather();
  for (const Mapping& m : frame.rmap) {
    const u64 word = m.space->table.load(m.va);
    if (!snapshots_.empty() && snapshots_[frame.map_nr] == 0) snapshots_[frame.map_nr] = word;
    if (!format_.view(word).young) continue;
    young = true;
    m.space->table.update(m.va, [&](u64 old) { return format_.with_young(old, false); });
    if (config_.bug == Bug::age_no_flush) continue;
    if (config_.age_invalidate != AgeInvalidate::none) (batch_ != nullptr ? *batch_ : g).unhooked(m.space->tag, m.va);
  }
  g.commit();
  return young;
}

// A scan of its own: what it clears makes the page younger, as a look of the sweep would.
void Memory::sample_working_set(AddressSpace& space) {
  const auto scope = yield_.in(Sequence::ageing);
  u64 young = 0;
  Gather g = gather();
  space.table.for_each_leaf(0, format_.user_top(), [&](u64 page, u64 word) {
    const PteView v = format_.view(word);
    if (v.kind != EntryKind::leaf || !v.young || !counted(v.pfn)) return;
    ++young;
    Frame& frame = map_.at(v.pfn);
    frame.age = static_cast<u8>(std::min<unsigned>(frame.age + kAgeAdvance, kAgeMax));
    space.table.update(page, [&](u64 old) { return format_.with_young(old, false); });
    if (config_.age_invalidate != AgeInvalidate::none) g.unhooked(space.tag, page);
  });
  g.commit();
  space.working_set.sample(young);
}

}  // namespace kilburn::os
