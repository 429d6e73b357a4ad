// SPDX-License-Identifier: Apache-2.0
//
// System V shared memory: segments, the areas that attach them, and their pages in memory and in swap
// (L20 ipc/shm.c). Errors are those of shmget(2), shmat(2), shmctl(2).
#include <cerrno>

#include "sw/mm/memory.h"

namespace kilburn::os {

const SharedSegment* Memory::segment(u32 id) const {
  const auto at = segments_.find(id);
  return at == segments_.end() ? nullptr : at->second.get();
}

int Memory::shm_get(u32 key, u64 bytes, bool create, u32& id) {
  for (const auto& [number, segment] : segments_) {
    if (key == 0 || segment->key != key || segment->removed) continue;
    if (bytes > segment->length) return EINVAL;
    id = number;
    return 0;
  }
  if (key != 0 && !create) return ENOENT;
  const u64 page = format_.page_size();
  if (bytes == 0 || bytes > format_.user_top()) return EINVAL;
  id = next_segment_++;
  auto segment = std::make_unique<SharedSegment>(Backing::kSegment + id, (bytes + page - 1) & ~(page - 1));
  segment->key = key;
  segments_[id] = std::move(segment);
  return 0;
}

int Memory::shm_attach(AddressSpace& space, u32 id, u64 start, Rights rights) {
  const auto at = segments_.find(id);
  if (at == segments_.end() || at->second->removed) return EINVAL;
  return map(space, start, at->second->length, rights, {Backing::kSegment + id, 0, AreaKind::shm});
}

int Memory::shm_detach(AddressSpace& space, u64 start) {
  const Vma* vma = space.vmas.find(start);
  if (vma == nullptr || vma->start != start || vma->backing.kind != AreaKind::shm || vma->backing.offset != 0) {
    return EINVAL;
  }
  return unmap(space, start, vma->end - start);
}

int Memory::shm_remove(u32 id) {
  const auto at = segments_.find(id);
  if (at == segments_.end()) return EINVAL;
  at->second->removed = true;
  reap_segments();
  return 0;
}

// Ends the segments that are removed and mapped by nobody any more.
void Memory::reap_segments() {
  for (auto at = segments_.begin(); at != segments_.end();) {
    if (!at->second->removed || at->second->areas != 0) {
      ++at;
      continue;
    }
    end_segment(*at->second);
    at = segments_.erase(at);
  }
}

void Memory::end_segment(SharedSegment& segment) {
  Gather g = gather();
  for (u64 index = 0; index < segment.length / format_.page_size(); ++index) {
    if (Frame* frame = pages_.find(segment, index)) {
      bool read = false;
      arrived(frame->map_nr, read);  // its disk may still write to it
      forget_page(*frame);
      g.free_after(frame->map_nr);
    }
  }
  g.commit();
  for (const auto& [index, slot] : segment.slots) {
    if (slot == SharedSegment::kLost) continue;
    --swap_[slot].users;
    swap_.release(slot);
  }
}

Fetched Memory::segment_page(SharedSegment& segment, u64 index) {
  if (Frame* frame = pages_.find(segment, index)) return {.pfn = frame->map_nr};
  Fetched fetched{alloc_frame(FrameState::shm), 0};
  const auto at = segment.slots.find(index);
  const bool stored = at != segment.slots.end();
  if (stored) {
    const u32 slot = at->second;
    thrash_.returned(PageKey::of_slot(slot), frames_in_use());
    fetched.error = slot == SharedSegment::kLost ? EIO : page_from_swap(slot, fetched.pfn);
    if (slot != SharedSegment::kLost) slot_was_read(slot, fetched.error);
    if (fetched.error != 0) {
      if (slot != SharedSegment::kLost) {
        meter_.wait_until(meter_.disk_transfer());
        --swap_[slot].users;
      }
      at->second = SharedSegment::kLost;
      return_frame(fetched.pfn);
      return fetched;
    }
    // The copy in the slot stays good until somebody stores to the page.
    if (config_.bug != Bug::slot_leak) --swap_[slot].users;
    segment.slots.erase(at);
    swap_[slot].cached = fetched.pfn;
    map_[fetched.pfn].slot = slot;
  } else {
    zero(fetched.pfn);
  }
  insert_page(fetched.pfn, segment, index);
  if (stored) start_object_read(fetched.pfn, false);
  return fetched;
}

int Memory::page_to_segment(Frame& frame, bool dirty) {
  if (dirty && write_out(frame) == 0) return ENOSPC;
  if (frame.slot == 0) return 0;  // never stored to: zero again at the next touch
  static_cast<SharedSegment&>(*frame.object).slots[frame.index] = frame.slot;
  ++swap_[frame.slot].users;
  return 0;
}

Fetched Memory::device_page(u64 index) const { return {.pfn = config_.frames + static_cast<Pfn>(index)}; }

// Checks what map() is asked for, and finds the object. 0 or errno of mmap(2).
int Memory::adopt(Backing& backing, u64 start, u64 length, Rights rights) {
  const u64 page = format_.page_size();
  if (backing.whole_pages() && (backing.offset & (page - 1)) != 0) return EINVAL;
  if (backing.whole_pages() && start != format_.page_down(start)) return EINVAL;
  switch (backing.kind) {
    case AreaKind::ordinary:
    case AreaKind::file_shared:
      if (backing.file == 0) {
        if (backing.kind == AreaKind::file_shared) return EBADF;
        break;
      }
      if (length > FileDisk::kFileBytes || backing.offset > FileDisk::kFileBytes - length) return EOVERFLOW;
      backing.object = &file(backing.file);
      break;
    case AreaKind::shm: {
      const auto at = segments_.find(backing.file - Backing::kSegment);
      if (at == segments_.end() || backing.offset + length > at->second->length) return EINVAL;
      backing.object = at->second.get();
      break;
    }
    case AreaKind::device:
      backing.file = Backing::kDevice;
      if (backing.offset + length > config_.device_frames * page) return ENXIO;
      break;
    case AreaKind::guard:
      break;
  }
  return VmOps::of(backing).protect(rights);
}

}  // namespace kilburn::os
