// SPDX-License-Identifier: Apache-2.0
//
// swapon and swapoff. An area goes only after every page of it has come back to memory, from where it
// may go to another area at once.
#include <algorithm>
#include <cerrno>

#include "sw/mm/memory.h"

namespace kilburn::os {

int Memory::swap_on(BlockDevice& device, u32 slots, int priority, u32& area) {
  return slots == 0 ? EINVAL : swap_.on(device, slots, priority, area);
}

int Memory::swap_off(u32 area) {
  if (!swap_.known(area)) return EINVAL;
  wait_for_transfers();
  swap_.close(area);
  struct Spared {  // an area that cannot be emptied is no reason to kill
    bool& flag;
    ~Spared() { flag = false; }
  } spared{no_kill_ = true};
  try {
    for (AddressSpace* space : spaces_) {
      space->table.for_each_leaf(0, format_.user_top(), [&](u64 page, u64) {
        const PageTable::Leaf leaf = space->table.leaf(page);
        const u64 word = space->table.load(leaf);  // bringing in one page may have taken another out
        const PteView v = format_.view(word);
        if (v.kind != EntryKind::swap || swap_.area_of(v.slot) != area) return;
        const Rights rights = space->vmas.coverage(page, page + format_.page_size()).rights;
        swap_in(*space, leaf, word, arch::Op::read, rights);
      });
    }
    for (auto& [id, segment] : segments_) {
      std::vector<u64> pages;
      for (const auto& [index, slot] : segment->slots) {
        if (slot != SharedSegment::kLost && swap_.area_of(slot) == area) pages.push_back(index);
      }
      for (const u64 index : pages) {
        const Fetched fetched = segment_page(*segment, index);
        bool read = false;
        if (fetched.error == 0) arrived(fetched.pfn, read);
      }
    }
  } catch (const OutOfMemory&) {
    swap_.reopen(area);
    return ENOMEM;
  } catch (const HostError&) {
    swap_.reopen(area);
    return ENOMEM;
  }
  // Frames whose good copy is in the area are the only copy now.
  for (Pfn pfn = kFirstFrame; pfn < config_.frames; ++pfn) {
    Frame& frame = map_[pfn];
    if (frame.slot == 0 || swap_.area_of(frame.slot) != area) continue;
    frame.dirty = true;
    drop_slot(frame);
  }
  swap_.remove(area);
  return 0;
}

int Memory::page_to_swap(Frame& frame, bool dirty) {
  if (dirty && write_out(frame) == 0) return ENOSPC;
  return 0;
}

// The bytes of a slot into a frame; 0, EIO or, if they do not match their checksum, EILSEQ.
int Memory::page_from_swap(u32 slot, Pfn pfn) {
  // The buffer may hold this very page, from when it was written: what the device leaves out must not look read.
  std::fill(page_.begin(), page_.end(), kPoisonByte);
  const SwapSpace::ReadError error = swap_.read(slot, page_);
  if (error != SwapSpace::ReadError::none && config_.bug != Bug::map_unread) {
    return error == SwapSpace::ReadError::io ? EIO : EILSEQ;
  }
  memory_.write(frame_address(pfn), page_);
  return 0;
}

// What is known when the read is done; after an error the slot is bad.
void Memory::slot_was_read(u32 slot, int error) {
  if (error == 0) {
    ++statistics_.swapped_in;
    ++statistics_.paged_in;
    return;
  }
  ++(error == EIO ? statistics_.read_errors : statistics_.checksum_errors);
  swap_.mark_bad(slot);
}

}  // namespace kilburn::os
