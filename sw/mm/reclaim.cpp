// SPDX-License-Identifier: Apache-2.0
//
// Which page goes, and how: ageing by the accessed bits (L20 vmscan), then
// clear the entries -> invalidate -> acknowledge -> decide by D -> write -> swap words -> free.
#include <algorithm>

#include "sw/mm/memory.h"

namespace kilburn::os {

// Frees up to `target` frames. The scan is bounded: a page that is never touched again is old after at
// most kAgeMax rounds.
u32 Memory::reclaim(u32 target) {
  ++statistics_.reclaims;
  u32 freed = 0;
  for (u64 budget = ageing_count_ * (kAgeMax + 2u); budget > 0 && freed < target && ageing_count_ > 0; --budget) {
    Frame& frame = ageing_.front();
    ageing_.pop_front();
    ageing_.push_back(frame);
    if (frame.pins != 0 || locked(frame)) continue;
    ++statistics_.aged;
    if (test_clear_young(frame)) {
      frame.age = static_cast<u8>(std::min<unsigned>(frame.age + kAgeAdvance, kAgeMax));
    } else {
      frame.age = static_cast<u8>(frame.age - std::min(frame.age, kAgeDecline));
      if (frame.age == 0) freed += evict(frame);
    }
  }
  // Hardware that walks ahead can make every page young again as fast as it is made old: then the scan
  // finds no old page, and the next ones in line go as they are (P50).
  for (u64 left = ageing_count_; left > 0 && freed == 0; --left) {
    Frame& frame = ageing_.front();
    ageing_.pop_front();
    ageing_.push_back(frame);
    if (frame.pins != 0 || locked(frame)) continue;
    ++statistics_.forced;
    freed += evict(frame);
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
    if (config_.age_invalidate) g.unhooked(m.space->tag, m.va);
  }
  g.commit();
  return young;
}

// True if the frame was freed. If the page cannot be written its entries come back as they were.
bool Memory::evict(Frame& frame) {
  const auto scope = yield_.in(Sequence::swap_out);
  boost::container::small_vector<Old, 4> olds;
  bool dirty = false;
  {
    Gather g = gather();
    for (const Mapping& m : frame.rmap) {
      u64 word;
      if (config_.bug == Bug::lost_dirty) {
        word = snapshots_[frame.map_nr];
        m.space->table.overwrite(m.va, word, 0);
      } else {
        word = m.space->table.get_and_clear(m.va);
      }
      olds.push_back({m, word});
      dirty = dirty || format_.view(word).dirty;
      g.unhooked(m.space->tag, m.va);
    }
    g.commit();
  }
  for (const Old& old : olds) yield_(old.at.va);
  u32 slot = frame.slot;
  if (dirty) {
    slot = write_out(frame);
    if (slot == 0) {
      for (const Old& old : olds) install(*old.at.space, old.at.va, 0, old.word);
      frame.age = kAgeStart;
      return false;
    }
    ++statistics_.swapped_out;
  } else if (slot != 0) {
    ++statistics_.evicted_unwritten;
  } else {
    ++statistics_.dropped;  // made again from the areas at the next touch
  }
  for (const Old& old : olds) {
    if (slot != 0) {
      u64 word = format_.swap(slot);
      if (config_.bug == Bug::swap_word_valid) word |= format_.valid_bit();
      install(*old.at.space, old.at.va, 0, word);
      ++swap_[slot].users;
    }
  }
  Gather g = gather();
  for (const Old& old : olds) {
    if (remove_mapping(*old.at.space, old.at.va, frame.map_nr)) g.free_after(frame.map_nr);
  }
  g.commit();
  return true;
}

// Writes the frame to a slot and returns it, 0 if no slot takes it. The slot becomes the frame's.
u32 Memory::write_out(Frame& frame) {
  // Entries elsewhere need what the old slot holds: it stays theirs.
  if (frame.slot != 0 && swap_[frame.slot].users != 0) drop_slot(frame);
  memory_.read(frame_address(frame.map_nr), page_);
  for (;;) {
    if (frame.slot == 0) {
      const u32 slot = swap_.take();
      if (slot == 0) {
        ++statistics_.swap_full;
        return 0;
      }
      frame.slot = slot;
      swap_[slot].cached = frame.map_nr;
    }
    meter_.wait_until(meter_.disk_transfer());
    if (swap_.write(frame.slot, page_) == 0) return frame.slot;
    ++statistics_.write_errors;
    swap_.mark_bad(frame.slot);
    drop_slot(frame);
  }
}

}  // namespace kilburn::os
