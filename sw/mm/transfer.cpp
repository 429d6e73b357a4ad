// SPDX-License-Identifier: Apache-2.0
//
// Reading pages while others run.
#include "sw/mm/transfer.h"

#include "sw/mm/memory.h"

namespace kilburn::os {

// The simulated device moves the bytes when it is told to; that they are there, and whether they are right, the
// kernel knows when the disk's time has passed.
void Memory::start_read(u32 slot) {
  const Pfn pfn = alloc_frame(FrameState::kernel);
  thrash_.returned(PageKey::of_slot(slot), frames_in_use());
  const int error = VmOps::of({}).swapin(*this, slot, pfn);
  Frame& frame = map_[pfn];
  ++frame.pins;
  frame.slot = slot;
  swap_[slot].cached = pfn;
  transfers_.add({slot, pfn, meter_.disk_transfer(), error});
}

// The fault that comes back takes the frame: it becomes a user's, or is freed after a failure. 0 or errno.
int Memory::claim(u32 slot) {
  const Transfers::Transfer t = transfers_.take(transfers_.index(*transfers_.find(slot)));
  slot_was_read(slot, t.error);
  Frame& frame = map_[t.pfn];
  --frame.pins;
  if (t.error == 0) {
    frame.state = FrameState::user;
    return 0;
  }
  frame.slot = 0;
  swap_[slot].cached = kNoFrame;
  return_frame(t.pfn);
  return t.error;
}

// The page of a file or of shared memory that was just put into the page cache. A disk that reads ahead does not seek.
void Memory::start_object_read(Pfn pfn, bool ahead) {
  ++map_[pfn].pins;
  transfers_.add({0, pfn, meter_.disk_transfer(!ahead), 0, ahead});
}

// Whether a page in the page cache is there; if not, the fault is to be tried again at wake_at_. `read`: this is the
// fault that had it read.
bool Memory::arrived(Pfn pfn, bool& read) {
  const Transfers::Transfer* transfer = transfers_.find_frame(pfn);
  if (transfer == nullptr) return true;
  if (may_block_ && transfer->done_at > meter_.now()) {
    wake_at_ = transfer->done_at;
    return false;
  }
  meter_.wait_until(transfer->done_at);
  read = !transfer->ahead;
  let_go(transfers_.take(transfers_.index(*transfer)));
  return true;
}

// A page that is done and that nobody takes: an object's stays in the page cache.
void Memory::let_go(const Transfers::Transfer& t) {
  Frame& frame = map_[t.pfn];
  --frame.pins;
  if (t.slot == 0) return;
  frame.slot = 0;
  swap_[t.slot].cached = kNoFrame;
  swap_.release(t.slot);
  ++statistics_.transfers_abandoned;
  return_frame(t.pfn);
}

// The disk writes to the frame until the transfer is done, so it is not freed before, even if its owner is killed.
void Memory::end_transfers() {
  for (size_t n = 0; n < transfers_.size();) {
    const Transfers::Transfer& t = transfers_[n];
    if (t.done_at <= meter_.now() && (t.slot == 0 ? t.ahead : swap_[t.slot].users == 0)) {
      let_go(transfers_.take(n));
    } else {
      ++n;
    }
  }
}

void Memory::wait_for_transfers() { drop_transfers(); }

// Memory is short: frees what was read and not yet taken. Its owners will ask again.
bool Memory::drop_transfers() {
  if (transfers_.size() == 0) return false;
  while (transfers_.size() != 0) {
    meter_.wait_until(transfers_[0].done_at);
    let_go(transfers_.take(0));
  }
  return true;
}

// LX VM_LOCKED: some area that maps the page was locked by mlock.
bool Memory::locked(const Frame& frame) const {
  return std::any_of(frame.rmap.begin(), frame.rmap.end(), [this](const Mapping& m) {
    return m.space->locks != 0 && m.space->vmas.coverage(m.va, m.va + format_.page_size()).locked;
  });
}

}  // namespace kilburn::os
