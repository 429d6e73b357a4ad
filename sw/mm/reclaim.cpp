// SPDX-License-Identifier: Apache-2.0
//
// What goes in which order, and how one page goes:
// clear the entries -> invalidate -> acknowledge -> decide by D -> write -> swap words -> free.
#include <cerrno>

#include "sw/mm/memory.h"

namespace kilburn::os {

// Frees up to `target` frames. Who reclaims may use the frames below the min mark, and never reclaims again.
u32 Memory::reclaim(u32 target) {
  ++statistics_.reclaims;
  log_.add({.kind = MmEvent::Kind::scan});
  struct Scope {
    Memory& memory;
    ~Scope() {
      memory.reclaiming_ = false;
      memory.batch_ = nullptr;
    }
  } scope{*this};
  reclaiming_ = true;
  u32 freed;
  {
    Gather batch(cpus_, *this);
    if (config_.age_invalidate == AgeInvalidate::batch) batch_ = &batch;
    freed = scan(target);
    batch.commit();
  }
  log_.add({.kind = MmEvent::Kind::scanned, .new_word = freed});
  return freed;
}

// Caches, then shared memory, then what processes map (L20 try_to_free_page).
u32 Memory::scan(u32 target) {
  u32 freed = shrink_mmap(target);
  statistics_.freed_from_caches += freed;
  const auto more = [&freed](u64& counter, u32 n) {
    counter += n;
    freed += n;
  };
  if (freed < target) more(statistics_.freed_from_segments, shm_swap(target - freed));
  if (freed < target) more(statistics_.freed_from_processes, try_to_swap_out(target - freed));
  // Hardware that walks ahead can make every page young again as fast as it is made old: then the scan
  // finds no old page, and the next ones in line go as they are (P50).
  if (freed == 0) more(statistics_.freed_from_segments, evict_unaged(shm_, shm_count_));
  if (freed == 0) more(statistics_.freed_from_processes, evict_unaged_of_processes());
  return freed;
}

// Nobody maps these pages, so age alone counts: it is what their last users left, less one a look.
u32 Memory::shrink_mmap(u32 target) {
  u32 freed = 0;
  for (u64 budget = cached_count_ * (kAgeMax + 1u); budget > 0 && freed < target && cached_count_ > 0; --budget) {
    Frame& frame = cached_.front();
    cached_.pop_front();
    cached_.push_back(frame);
    if (frame.pins != 0 || !serves(frame)) continue;
    if (frame.age > 0) {
      --frame.age;
    } else {
      freed += evict(frame);
    }
  }
  return freed < target ? freed + buffers_.shrink(target - freed) : freed;
}

// True if the frame was freed. If the page cannot be written its entries come back as they were.
bool Memory::evict(Frame& frame, bool forced) {
  log_.add({.kind = MmEvent::Kind::evict, .pfn = frame.map_nr, .span = forced});
  const auto scope = yield_.in(Sequence::swap_out);
  boost::container::small_vector<Old, 4> olds;
  // A good copy in an area that is about to go counts for nothing.
  bool dirty = frame.dirty || (frame.slot != 0 && swap_.closed(frame.slot));
  {
    Gather g = gather();
    for (const Mapping& m : frame.rmap) {
      u64 word;
      if (config_.bug == Bug::lost_dirty && frame.state == FrameState::user) {
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
  if (config_.bug == Bug::clean_rewritten) dirty = dirty || frame.slot != 0;
  if (config_.bug == Bug::dirty_dropped) dirty = false;
  const AreaKind kind = frame.state == FrameState::shm    ? AreaKind::shm
                        : frame.state == FrameState::file ? AreaKind::file_shared
                                                          : AreaKind::ordinary;
  if (VmOps::of({.kind = kind}).swapout(*this, frame, dirty) != 0) {
    for (const Old& old : olds) install(*old.at.space, old.at.va, 0, old.word);
    frame.age = kAgeStart;
    frame.dirty = dirty;  // write_out() may have given up a slot of an area that is to go
    log_.add({.kind = MmEvent::Kind::evicted, .pfn = frame.map_nr});
    return false;
  }
  thrash_.evicted(frame.slot != 0           ? PageKey::of_slot(frame.slot)
                  : frame.object != nullptr ? PageKey::of_object(frame.object->number, frame.index)
                                            : PageKey::of_space(olds.front().at.space->tag.id, olds.front().at.va));
  if (!olds.empty()) ++olds.front().at.space->evicted;
  if (!dirty) ++(frame.slot != 0 ? statistics_.evicted_unwritten : statistics_.dropped);
  // Private memory is found by its entries alone; pages of objects by the object.
  if (frame.object == nullptr && frame.slot != 0) {
    for (const Old& old : olds) {
      u64 word = format_.swap(frame.slot);
      if (config_.bug == Bug::swap_word_valid) word |= format_.valid_bit();
      install(*old.at.space, old.at.va, 0, word);
      ++swap_[frame.slot].users;
    }
  }
  Gather g = gather();
  for (const Old& old : olds) {
    if (remove_mapping(*old.at.space, old.at.va, frame.map_nr)) g.free_after(frame.map_nr);
    if (config_.bug == Bug::rss_leak) ++old.at.space->rss;
  }
  if (frame.object != nullptr) {
    forget_page(frame);
    g.free_after(frame.map_nr);
  }
  g.commit();
  log_.add({.kind = MmEvent::Kind::evicted, .pfn = frame.map_nr, .new_word = 1});
  return true;
}

// Writes the frame to a slot and returns it, 0 if no slot takes it. The slot becomes the frame's.
u32 Memory::write_out(Frame& frame) {
  // Entries elsewhere need what the old slot holds: it stays theirs.
  if (frame.slot != 0 && (swap_[frame.slot].users != 0 || swap_.closed(frame.slot))) drop_slot(frame);
  memory_.read(frame_address(frame.map_nr), page_);
  for (u32 full = 0;;) {
    if (frame.slot == 0) {
      const u32 slot = swap_.take(full);
      if (slot == 0) {
        ++statistics_.swap_full;
        return 0;
      }
      frame.slot = slot;
      swap_[slot].cached = frame.map_nr;
    }
    meter_.wait_until(meter_.disk_transfer());
    const int error = swap_.write(frame.slot, page_);
    if (error == 0) {
      ++statistics_.swapped_out;
      ++statistics_.paged_out;
      return frame.slot;
    }
    ++statistics_.write_errors;
    if (error == ENOSPC) full |= 1u << swap_.area_of(frame.slot);  // its other slots would go the same way
    swap_.mark_bad(frame.slot);
    drop_slot(frame);
  }
}

}  // namespace kilburn::os
