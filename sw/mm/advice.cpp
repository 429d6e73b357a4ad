// SPDX-License-Identifier: Apache-2.0
//
// madvise, mlock, msync: what programs say about pages that they have mapped. Errors as in Linux's manual pages.
#include <algorithm>
#include <cerrno>

#include "sw/mm/memory.h"

namespace kilburn::os {

// LX madvise: mapped parts are done even if there are holes, which are then reported.
int Memory::drop(AddressSpace& space, u64 start, u64 length, bool only_anonymous) {
  if (length == 0) return (start & (kGranule - 1)) == 0 ? 0 : EINVAL;
  if (!valid(start, length)) return EINVAL;
  const u64 end = start + granule_up(length), size = format_.page_size();
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

// Starts to read what lies in the swap area, as far as frames are free anyway.
int Memory::read_ahead(AddressSpace& space, u64 start, u64 length) {
  if (length == 0) return (start & (kGranule - 1)) == 0 ? 0 : EINVAL;
  if (!valid(start, length)) return EINVAL;
  const u64 end = start + granule_up(length);
  space.table.for_each_leaf(format_.page_down(start), end, [&](u64, u64 word) {
    const PteView v = format_.view(word);
    if (v.kind != EntryKind::swap || swap_[v.slot].cached != kNoFrame) return;
    if (buddy_.free_frames() <= config_.frames / 8) return;
    start_read(v.slot);
    ++statistics_.read_ahead;
  });
  return space.vmas.covered(start, end) ? 0 : ENOMEM;
}

// At most half of memory, so that the rest can still be paged (LX RLIMIT_MEMLOCK).
int Memory::lock(AddressSpace& space, u64 start, u64 length, bool locked) {
  const u64 lo = granule_down(start), end = granule_up(start + length);
  if (start + length < start || end > format_.user_top()) return EINVAL;
  if (length == 0) return 0;
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

// Private mappings have nothing to write back.
int Memory::sync(AddressSpace& space, u64 start, u64 length) {
  if ((start & (kGranule - 1)) != 0) return EINVAL;
  if (length == 0) return 0;
  if (!valid(start, length)) return ENOMEM;
  return space.vmas.covered(start, start + granule_up(length)) ? 0 : ENOMEM;
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
