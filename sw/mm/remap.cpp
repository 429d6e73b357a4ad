// SPDX-License-Identifier: Apache-2.0
//
// mremap: areas change first, then the entries go to their new place; frames stay where they are.
#include <algorithm>
#include <cerrno>

#include "sw/mm/memory.h"

namespace kilburn::os {

int Memory::move(AddressSpace& space, u64 from, u64 old_length, u64 to, u64 new_length) {
  if (!valid(from, old_length) || !valid(to, new_length)) return EINVAL;
  old_length = granule_up(old_length);
  new_length = granule_up(new_length);
  if (!space.vmas.covered(from, from + old_length)) return EFAULT;
  // Pages of objects lie at the new place as they did at the old.
  const auto whole = [&](u64 at) { return space.vmas.find(at)->backing.whole_pages(); };
  for (u64 at = from; at < from + old_length; at += kGranule) {
    if (whole(at) && ((from ^ to) & (format_.page_size() - 1)) != 0) return EINVAL;
  }
  if (!can_cut(space, from) || !can_cut(space, from + old_length) || !can_cut(space, from + new_length)) return EINVAL;
  if (new_length > old_length) {
    const Vma* last = space.vmas.find(from + old_length - 1);
    Backing more = last->backing.at(from + old_length - last->start);
    if (const int error = adopt(more, to + old_length, new_length - old_length, last->rights); error != 0) return error;
  }
  const u64 kept = std::min(old_length, new_length);
  if (to != from) {
    if (to < from + old_length && from < to + new_length) return EINVAL;
    // Tables for the new place, before anything changes: memory may not suffice. munmap takes them away again if they
    // are empty, but then their frames are free.
    const auto tables = [&] {
      const u64 size = format_.page_size();
      if (((from ^ to) & (size - 1)) != 0) return;
      for (u64 at = format_.page_down(from + size - 1); at + size <= from + kept; at += size) {
        if (space.table.load(at) != 0) space.table.ensure(at - from + to);
      }
    };
    tables();
    if (const int error = unmap(space, to, new_length); error != 0) return error;
    tables();
    std::vector<Vma> areas;
    space.vmas.for_each_in(from, from + kept, [&](const Vma& vma) {
      const u64 lo = std::max(vma.start, from), hi = std::min(vma.end, from + kept);
      Vma& area = areas.emplace_back();
      area.start = lo - from + to;
      area.end = hi - from + to;
      area.rights = vma.rights;
      area.flags = vma.flags;
      area.backing = vma.backing.at(lo - vma.start);
    });
    for (const Vma& area : areas) space.vmas.insert(area.start, area.end, area.rights, area.backing, false, area.flags);
    if (!move_bytes(space, from, to, kept)) return EFAULT;  // bytes lost to an I/O error
  }
  if (new_length > old_length) {
    const Vma* last = space.vmas.find(to + kept - 1);
    const Backing more = last->backing.at(to + kept - last->start);
    map(space, to + kept, new_length - kept, last->rights, more, false, last->flags);
  }
  if (to != from) return unmap(space, from, old_length);
  return new_length < old_length ? unmap(space, from + new_length, old_length - new_length) : 0;
}

// Whole pages go as entries where both places lie alike in their pages; the rest by copy, granule by granule.
bool Memory::move_bytes(AddressSpace& space, u64 from, u64 to, u64 length) {
  const u64 size = format_.page_size(), end = from + length;
  const bool alike = ((from ^ to) & (size - 1)) == 0;
  std::vector<std::byte> bytes(kGranule);
  for (u64 at = from; at < end;) {
    const u64 whole = format_.page_down(end - at);
    if (alike && (at & (size - 1)) == 0 && whole != 0) {
      move_entries(space, at, at - from + to, whole / size);
      at += whole;
      continue;
    }
    const u64 target = at - from + to;
    const bool untouched =
        space.table.load(format_.page_down(at)) == 0 && space.table.load(format_.page_down(target)) == 0;
    if (!untouched) {
      if (!peek(space, at, bytes)) return false;
      write_user(space, target, bytes);
    }
    at += kGranule;
  }
  return true;
}

// Clear -> invalidate -> acknowledge -> install, a handful of pages at a time: at no time do two addresses translate
// to the frame, and A and D go with the entry (LX move_ptes).
void Memory::move_entries(AddressSpace& space, u64 from, u64 to, u64 pages) {
  constexpr u64 kBatch = 8;
  const u64 size = format_.page_size();
  const auto scope = yield_.in(Sequence::remap);
  for (u64 first = 0; first < pages; first += kBatch) {
    const u64 last = std::min(pages, first + kBatch);
    // Tables first: they may take frames, also those that move.
    for (u64 n = first; n < last; ++n) {
      if (space.table.load(from + n * size) != 0) space.table.ensure(to + n * size);
    }
    std::array<u64, kBatch> words{};
    Gather g = gather();
    for (u64 n = first; n < last; ++n) {
      const u64 page = from + n * size;
      if (space.table.load(page) == 0) continue;
      words[n - first] = space.table.get_and_clear(page);
      if (format_.present(words[n - first])) g.unhooked(space.tag, page);
    }
    g.commit();
    for (u64 n = first; n < last; ++n) {
      const u64 word = words[n - first];
      if (word == 0) continue;
      install(space, to + n * size, 0, word);
      const PteView v = format_.view(word);
      if (v.kind != EntryKind::leaf || !counted(v.pfn) || config_.bug == Bug::rmap_stale) continue;
      for (Mapping& m : map_.at(v.pfn).rmap) {
        if (m.space == &space && m.va == from + n * size) m.va = to + n * size;
      }
    }
  }
}

}  // namespace kilburn::os
