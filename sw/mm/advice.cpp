// SPDX-License-Identifier: Apache-2.0
//
// madvise, mlock: what programs say about pages that they have mapped. Errors as in Linux's manual pages.
#include <algorithm>
#include <cerrno>

#include "sw/mm/memory.h"

namespace kilburn::os {

// LX madvise: mapped parts are done even if there are holes, which are then reported.
int Memory::drop(AddressSpace& space, u64 start, u64 length, bool only_anonymous) {
  if (length == 0) return (start & (kGranule - 1)) == 0 ? 0 : EINVAL;
  if (!valid(start, length)) return EINVAL;
  const u64 end = end_of(space, start, length), size = format_.page_size();
  if (!can_cut(space, start) || !can_cut(space, end)) return EINVAL;
  const VmaSet::Coverage cover = space.vmas.coverage(start, end);
  if (cover.locked || (only_anonymous && !cover.only_anonymous)) return EINVAL;
  const auto scope = yield_.in(Sequence::unmap);
  // Pages that are larger than a granule: those only partly in the range get their first bytes back in place.
  u64 lo = format_.page_down(start), hi = format_.page_down(end + size - 1);
  if (lo < start || hi > end) refill(space, start, end);
  if (lo < start) lo += size;
  if (hi > end) hi -= size;
  if (lo < hi) {
    Gather g = gather();
    discard(space, lo, hi, g);
    g.commit();
  }
  return space.vmas.covered(start, end) ? 0 : ENOMEM;
}

// Files set their read-ahead windows by it; what lies in a swap area starts to be read.
int Memory::advise(AddressSpace& space, u64 start, u64 length, Advice advice) {
  if (length == 0) return (start & (kGranule - 1)) == 0 ? 0 : EINVAL;
  if (!valid(start, length)) return EINVAL;
  const u64 end = start + granule_up(length);
  space.vmas.for_each_in(start, end, [&](const Vma& vma) {
    if (vma.backing.object == nullptr) return;
    const u64 lo = std::max(start, vma.start) - vma.start + vma.backing.offset;
    const u64 hi = std::min(end, vma.end) - vma.start + vma.backing.offset;
    const u64 page = format_.page_size();
    VmOps::of(vma.backing).advise(*this, *vma.backing.object, lo / page, (hi + page - 1) / page, advice);
  });
  if (advice == Advice::will_need) read_ahead_swapped(space, start, end);
  return space.vmas.covered(start, end) ? 0 : ENOMEM;
}

// As far as frames are free anyway.
void Memory::read_ahead_swapped(AddressSpace& space, u64 start, u64 end) {
  space.table.for_each_leaf(format_.page_down(start), end, [&](u64, u64 word) {
    const PteView v = format_.view(word);
    if (v.kind != EntryKind::swap || swap_[v.slot].cached != kNoFrame) return;
    if (buddy_.free_frames() <= config_.frames / 8) return;
    start_read(v.slot);
    ++statistics_.read_ahead;
  });
}

// At most half of memory, so that the rest can still be paged (LX RLIMIT_MEMLOCK).
int Memory::lock(AddressSpace& space, u64 start, u64 length, bool locked) {
  u64 lo = granule_down(start), end = granule_up(start + length);
  if (start + length < start || end > format_.user_top()) return EINVAL;
  if (length == 0) return 0;
  // Areas of whole pages are locked by whole pages.
  if (!can_cut(space, lo)) lo = format_.page_down(lo);
  end = end_of(space, lo, end - lo);
  if (!space.vmas.covered(lo, end)) return ENOMEM;
  if (locked) {
    u64 already = 0;
    space.vmas.for_each_in(lo, end, [&](const Vma& vma) {
      if (vma.flags.locked) already += std::min(end, vma.end) - std::max(lo, vma.start);
    });
    const u64 limit = u64{config_.frames} * format_.page_size() / 2;
    if (space.vmas.locked_bytes() - already + (end - lo) > limit) return ENOMEM;
  }
  space.vmas.set_locked(lo, end, locked);
  space.locks = space.vmas.locked_bytes();
  if (locked) make_present(space, lo, end - lo);
  return 0;
}

// Brings in every page of the range, its own copy where the area is writable.
void Memory::make_present(AddressSpace& space, u64 start, u64 length) {
  const u64 size = format_.page_size(), end = start + length;
  for (u64 page = format_.page_down(start); page < end; page += size) {
    const VmaSet::Coverage cover = space.vmas.coverage(page, page + size);
    if (cover.rights == 0) continue;
    const arch::Op op = (cover.rights & kWrite) ? arch::Op::write : arch::Op::read;
    for (;;) {
      const PteView v = format_.view(space.table.load(page));
      if (v.kind == EntryKind::poison) break;
      if (v.kind == EntryKind::leaf && (op != arch::Op::write || (v.rights & kWrite) != 0)) break;
      if (resolve(space, page, op, cover) == FaultKind::bus) break;
    }
  }
}

}  // namespace kilburn::os
