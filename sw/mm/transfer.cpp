// SPDX-License-Identifier: Apache-2.0
//
// Reading pages from the swap area while others run.
#include "sw/mm/transfer.h"

#include "sw/mm/memory.h"

namespace kilburn::os {

// The simulated device moves the bytes when it is told to; that they are there, and whether they are right, the
// kernel knows when the disk's time has passed.
void Memory::start_read(u32 slot) {
  const Pfn pfn = alloc_frame(FrameState::kernel);
  const SwapArea::ReadError error = swap_.read(slot, page_);
  if (error == SwapArea::ReadError::none) memory_.write(frame_address(pfn), page_);
  Frame& frame = map_[pfn];
  ++frame.pins;
  frame.slot = slot;
  swap_[slot].cached = pfn;
  transfers_.add({slot, pfn, meter_.disk_transfer(), error});
}

// The fault that comes back takes the frame: it becomes a user's, or is freed after a failure.
SwapArea::ReadError Memory::claim(u32 slot) {
  const Transfers::Transfer t = transfers_.take(transfers_.index(*transfers_.find(slot)));
  Frame& frame = map_[t.pfn];
  --frame.pins;
  if (t.error == SwapArea::ReadError::none) {
    frame.state = FrameState::user;
    ++statistics_.swapped_in;
    return t.error;
  }
  ++(t.error == SwapArea::ReadError::io ? statistics_.read_errors : statistics_.checksum_errors);
  swap_.mark_bad(slot);
  frame.slot = 0;
  swap_[slot].cached = kNoFrame;
  Gather unused = gather();
  unused.free_after(t.pfn);
  unused.commit();
  return t.error;
}

void Memory::abandon(const Transfers::Transfer& t) {
  Frame& frame = map_[t.pfn];
  --frame.pins;
  frame.slot = 0;
  swap_[t.slot].cached = kNoFrame;
  swap_.release(t.slot);
  ++statistics_.transfers_abandoned;
  Gather unused = gather();
  unused.free_after(t.pfn);
  unused.commit();
}

// The disk writes to the frame until the transfer is done, so it is not freed before, even if its owner is killed.
void Memory::end_transfers() {
  for (size_t n = 0; n < transfers_.size();) {
    const Transfers::Transfer& t = transfers_[n];
    if (t.done_at <= meter_.now() && swap_[t.slot].users == 0) {
      abandon(transfers_.take(n));
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
    abandon(transfers_.take(0));
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
