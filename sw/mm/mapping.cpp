// SPDX-License-Identifier: Apache-2.0
//
// mmap, munmap, mprotect, brk. Areas change first, then the entries of the pages they touch;
// a page that is larger than a granule may keep other areas, whose bytes and rights must survive.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sw/mm/memory.h"

namespace kilburn::os {

bool Memory::valid(u64 start, u64 length) const {
  return length != 0 && (start & (kGranule - 1)) == 0 && start < format_.user_top() &&
         length <= format_.user_top() - start && granule_up(length) <= format_.user_top() - start;
}

u64 Memory::end_of(const Backing& backing, u64 start, u64 length) const {
  const u64 end = start + granule_up(length);
  return backing.whole_pages() ? (end + format_.page_size() - 1) & ~(format_.page_size() - 1) : end;
}

u64 Memory::end_of(const AddressSpace& space, u64 start, u64 length) const {
  const u64 end = start + granule_up(length);
  const Vma* vma = space.vmas.find(end);
  return vma != nullptr && vma->start < end ? end_of(vma->backing, start, length) : end;
}

int Memory::map(AddressSpace& space, u64 start, u64 length, Rights rights, Backing backing, bool inferred,
                VmaFlags flags) {
  if (!valid(start, length)) return EINVAL;
  if (space.vmas.count() >= VmaSet::kMaxCount) return ENOMEM;
  const u64 end = end_of(backing, start, length);
  length = end - start;
  if (const int error = adopt(backing, start, length, rights); error != 0) return error;
  // An inferred area takes what is there: a larger page may have been used already by way of its neighbour.
  if (!inferred) {
    if (const int error = unmap(space, start, length); error != 0) return error;
  }
  space.vmas.insert(start, end, rights, backing, inferred, flags);
  if (inferred) return 0;
  refill(space, start, end);
  if (config_.prefault) make_present(space, start, end - start);
  return 0;
}

int Memory::unmap(AddressSpace& space, u64 start, u64 length) {
  if (!valid(start, length)) return EINVAL;
  const u64 end = end_of(space, start, length);
  if (!can_cut(space, start) || !can_cut(space, end)) return EINVAL;
  // A hole inside one area makes two of it (LX do_munmap).
  if (space.vmas.splits(start, end) == 2 && space.vmas.find(start) == space.vmas.find(end) &&
      space.vmas.count() >= VmaSet::kMaxCount) {
    return ENOMEM;
  }
  const auto scope = yield_.in(Sequence::unmap);
  space.vmas.remove(start, end);
  if (space.locks != 0) space.locks = space.vmas.locked_bytes();
  const u64 size = format_.page_size();
  Gather g = gather();
  if (config_.bug == Bug::early_invalidate) {
    cpus_.space(space.tag);
    yield_(start);
  }
  // Pages at the borders that other areas still use are kept, and the gone granules cleared.
  const auto kept = [&](u64 page) { return space.vmas.coverage(page, page + size).any; };
  u64 lo = format_.page_down(start), hi = format_.page_down(end - 1) + size;
  if (lo < hi && kept(lo)) {
    refill(space, start, std::min(end, lo + size));
    restrict_rights(space, lo, lo + size, g);
    lo += size;
  }
  if (lo < hi && kept(hi - size)) {
    hi -= size;
    refill(space, std::max(start, hi), end);
    restrict_rights(space, hi, hi + size, g);
  }
  if (config_.bug == Bug::unmap_short && lo + size < hi) hi -= size;
  if (lo < hi) {
    discard(space, lo, hi, g);
    space.table.prune(lo, hi, g);
  }
  if (config_.bug == Bug::early_invalidate) {
    g.commit_without_invalidation();
  } else {
    g.commit();
  }
  reap_segments();
  return 0;
}

bool Memory::can_cut(const AddressSpace& space, u64 at) const {
  const Vma* vma = space.vmas.find(at);
  return vma == nullptr || vma->start == at || VmOps::of(vma->backing).unmap(at, format_.page_size()) == 0;
}

int Memory::protect(AddressSpace& space, u64 start, u64 length, Rights rights, bool infer) {
  if (length == 0 && (start & (kGranule - 1)) == 0) return 0;  // LX mprotect
  if (!valid(start, length)) return EINVAL;
  const auto scope = yield_.in(Sequence::protect);
  const u64 end = end_of(space, start, length);
  if (!can_cut(space, start) || !can_cut(space, end)) return EINVAL;
  int error = 0;
  space.vmas.for_each_in(start, end, [&](const Vma& vma) { error |= VmOps::of(vma.backing).protect(rights); });
  if (error != 0) return error;
  if (!space.vmas.covered(start, end)) {
    if (!infer) return ENOMEM;
    for (u64 at = start; at < end; at += kGranule) {
      if (space.vmas.find(at) == nullptr) space.vmas.insert(at, at + kGranule, rights, {}, true);
    }
  }
  if (space.vmas.count() + space.vmas.splits(start, end) > VmaSet::kMaxCount) return ENOMEM;
  const bool leave_out = config_.bug == Bug::protect_short && end - start > kGranule;
  space.vmas.set_rights(start, leave_out ? end - kGranule : end, rights);
  Gather g = gather();
  if (config_.bug != Bug::protect_areas_only) restrict_rights(space, format_.page_down(start), end, g);
  if (config_.bug == Bug::protect_stale) {
    g.commit_without_invalidation();
  } else {
    g.commit();
  }
  return 0;
}

// Takes from present entries what their areas do not allow (any more). What areas newly allow comes with
// the next fault.
void Memory::restrict_rights(AddressSpace& space, u64 lo, u64 hi, Gather& g) {
  space.table.for_each_leaf(lo, hi, [&](u64 page, u64 word) {
    if (!format_.present(word)) return;
    const Rights allowed = space.vmas.coverage(page, page + format_.page_size()).rights;
    const Rights had = format_.view(word).rights;
    if ((had & ~allowed) == 0) return;
    space.table.update(page, [&](u64 old) { return format_.with_rights(old, static_cast<Rights>(had & allowed)); });
    g.unhooked(space.tag, page);
  });
}

int Memory::set_brk(AddressSpace& space, u64 brk) {
  if (brk >= format_.user_top()) return ENOMEM;
  if (space.brk == 0) space.brk = brk;
  const u64 old_end = granule_up(space.brk), new_end = granule_up(brk);
  bool meets = false;  // brk(2): ENOMEM if the heap would meet a mapping
  if (new_end > old_end) {
    space.vmas.for_each_in(old_end, new_end, [&meets](const Vma& vma) { meets = meets || !vma.inferred; });
  }
  if (meets) return ENOMEM;
  space.brk = brk;
  if (new_end > old_end) return map(space, old_end, new_end - old_end, kRead | kWrite, {});
  return new_end < old_end ? unmap(space, new_end, old_end - new_end) : 0;
}

// Clears the entries of whole pages; frames that nobody maps any more go to the gather.
void Memory::discard(AddressSpace& space, u64 lo, u64 hi, Gather& g) {
  space.table.for_each_leaf(lo, hi, [&](u64 page, u64) {
    const PteView old = format_.view(space.table.get_and_clear(page));
    if (old.kind == EntryKind::swap) {
      --swap_[old.slot].users;
      swap_.release(old.slot);
    } else if (old.kind == EntryKind::leaf) {
      g.unhooked(space.tag, page);
      if (!counted(old.pfn)) return;
      Frame& frame = map_.at(old.pfn);
      if (old.dirty && frame.object != nullptr) frame.dirty = true;
      const bool leaked = config_.bug == Bug::exit_leak && space.vmas.count() == 0;
      if (remove_mapping(space, page, old.pfn) && !leaked) g.free_after(old.pfn);
    }
  });
}

// Gives the bytes [lo, hi) of pages that are in use already what the areas say they are untouched.
void Memory::refill(AddressSpace& space, u64 lo, u64 hi) {
  std::vector<std::byte> bytes;
  const u64 size = format_.page_size();
  const auto border = [&](u64 page) {
    const u64 first = std::max(page, lo), last = std::min(page + size, hi);
    if ((first == page && last == page + size) || space.table.load(page) == 0) return;
    if (!make_bytes(space, page)) return;
    bytes.assign(page_.begin() + static_cast<std::ptrdiff_t>(first - page),
                 page_.begin() + static_cast<std::ptrdiff_t>(last - page));
    write_user(space, first, bytes);
  };
  border(format_.page_down(lo));
  if (format_.page_down(hi - 1) != format_.page_down(lo)) border(format_.page_down(hi - 1));
}

// A store by the kernel into a process, whatever the rights; inside one page. The page becomes the
// process's own and dirty.
void Memory::write_user(AddressSpace& space, u64 va, std::span<const std::byte> bytes) {
  const u64 page = format_.page_down(va);
  const VmaSet::Coverage cover = space.vmas.coverage(page, page + format_.page_size());
  for (;;) {
    const PageTable::Leaf leaf = space.table.ensure(page);
    const u64 word = space.table.load(leaf);
    const PteView v = format_.view(word);
    if (v.kind == EntryKind::poison) return;  // lost already
    if (v.kind == EntryKind::leaf) {
      if (v.pfn == kZeroFrame || map_.at(v.pfn).count > 1 || map_[v.pfn].state != FrameState::user) {
        break_cow(space, leaf, word, cover.rights);
        continue;
      }
      drop_slot(map_[v.pfn]);
      memory_.write(frame_address(v.pfn) + (va - page), bytes);
      space.table.update(leaf, [&](u64 old) { return format_.with_dirty(old, true); });
      return;
    }
    resolve(space, page, arch::Op::write, cover);
  }
}

}  // namespace kilburn::os
