// SPDX-License-Identifier: Apache-2.0
//
// The page-fault handler. Its order is fixed: areas, rights, tables, then the entry as memory holds it
// now; frames are allocated before any entry changes, contents are complete before the entry is.
#include <cerrno>

#include "sw/mm/memory.h"

namespace kilburn::os {

FaultKind Memory::fault(AddressSpace& space, u64 va, arch::Op op, bool may_block) {
  meter_.charge(Cost::area_lookup);
  const auto ended = [this](FaultKind kind) {
    ++statistics_.faults[static_cast<size_t>(kind)];
    return kind;
  };
  if (va >= format_.user_top()) return ended(FaultKind::segv);
  const Vma* vma = space.vmas.find(va);
  if (vma == nullptr) vma = grow_stack(space, va);
  if (vma == nullptr || (vma->rights & needed_for(op)) == 0) return ended(FaultKind::segv);
  const u64 page = format_.page_down(va);
  const u64 end = page + format_.page_size();
  // One area has the whole page, as a rule: no second search.
  const VmaSet::Coverage cover = vma->start <= page && vma->end >= end
                                     ? VmaSet::Coverage{.any = true,
                                                        .only_anonymous = vma->backing.file == 0,
                                                        .locked = vma->flags.locked,
                                                        .rights = vma->rights}
                                     : space.vmas.coverage(page, end);
  struct Patience {
    bool& flag;
    ~Patience() { flag = false; }
  } patience{may_block_ = may_block};
  return ended(resolve(space, page, op, cover));
}

// The area that holds `va` after a stack has grown to it, nullptr if none may (LX expand_stack): a stack keeps within
// its limit and away from what lies below it.
const Vma* Memory::grow_stack(AddressSpace& space, u64 va) {
  const Vma* stack = space.vmas.above(va);
  const u64 start = granule_down(va);
  if (config_.bug == Bug::stack_gap) {
    while (stack != nullptr && !stack->flags.grows_down) stack = space.vmas.above(stack->end);
  } else {
    if (stack == nullptr || !stack->flags.grows_down || stack->end - start > config_.stack_limit) return nullptr;
    const Vma* below = space.vmas.below(start);
    if (below != nullptr && start - below->end < VmaSet::kGuardGap) return nullptr;
  }
  if (stack == nullptr) return nullptr;
  space.vmas.grow_down(*stack, start);
  ++statistics_.stack_growths;
  return stack;
}

FaultKind Memory::resolve(AddressSpace& space, u64 page, arch::Op op, const VmaSet::Coverage& cover) {
  const auto scope = yield_.in(op == arch::Op::write ? Sequence::first_write : Sequence::first_read);
  const PageTable::Leaf leaf = space.table.ensure(page);
  const u64 word = space.table.load(leaf);  // after ensure(), which may reclaim
  switch (format_.view(word).kind) {
    case EntryKind::none:
      return first_touch(space, leaf, op, cover);
    case EntryKind::swap:
      return swap_in(space, leaf, word, op, cover.rights);
    case EntryKind::poison:
      return FaultKind::bus;
    case EntryKind::leaf:
      break;
  }
  return present(space, leaf, word, op, cover.rights);
}

FaultKind Memory::first_touch(AddressSpace& space, const PageTable::Leaf& leaf, arch::Op op,
                              const VmaSet::Coverage& cover) {
  const u64 page = leaf.va;
  PteView v{.kind = EntryKind::leaf, .pfn = kZeroFrame, .rights = cover.rights, .young = true};
  thrash_.returned(PageKey::of_space(space.tag.id, page), frames_in_use());
  if (op != arch::Op::write && cover.only_anonymous && config_.bug != Bug::read_takes_frame) {
    if (config_.bug != Bug::zero_writable) v.rights = static_cast<Rights>(cover.rights & ~kWrite);
    install(space, leaf, 0, format_.leaf(v));
    return FaultKind::zero_page;
  }
  const u64 size = format_.page_size();
  const Vma* vma = cover.only_anonymous ? nullptr : space.vmas.whole(page, page + size);
  if (vma != nullptr && vma->backing.file != 0) {
    const Backing backing = vma->backing.at(page - vma->start);
    if (backing.offset % size == 0) return map_object(space, leaf, op, cover.rights, backing);
  }
  const auto scope = yield_.in(Sequence::first_write);
  if (config_.bug == Bug::rss_early) ++space.rss;
  v.pfn = alloc_frame(FrameState::user);
  if (config_.bug == Bug::rss_early) --space.rss;
  // A mixture of several areas' bytes is no page of a file, and cannot be made again when they change.
  v.dirty = op == arch::Op::write || !cover.only_anonymous;
  if (cover.only_anonymous) {
    if (config_.bug != Bug::no_zero_fill) zero(v.pfn);
  } else if (!fill(space, page, v.pfn)) {
    return_frame(v.pfn);
    install(space, leaf, 0, format_.poison());
    return FaultKind::bus;
  }
  yield_(page);
  install(space, leaf, 0, format_.leaf(v));
  add_mapping(space, page, v.pfn);
  return cover.only_anonymous ? FaultKind::first_touch : FaultKind::file_fill;
}

// A page of a file, a segment, or a device: its own frame, or a copy of it for a private store.
FaultKind Memory::map_object(AddressSpace& space, const PageTable::Leaf& leaf, arch::Op op, Rights rights,
                             const Backing& backing) {
  const u64 page = leaf.va;
  const VmOps& ops = VmOps::of(backing);
  const Fetched from = ops.nopage(*this, backing.object.get(), backing.offset / format_.page_size());
  if (from.error != 0) {
    if (from.error != ENXIO) install(space, leaf, 0, format_.poison());  // past the end: the file may grow
    return FaultKind::bus;
  }
  PteView v{.kind = EntryKind::leaf, .pfn = from.pfn, .rights = rights, .young = true};
  if (backing.kind == AreaKind::device) {
    v.dirty = op == arch::Op::write;
    v.uncached = true;
    install(space, leaf, 0, format_.leaf(v));
    return FaultKind::device;
  }
  bool read = false;
  if (!arrived(from.pfn, read)) return FaultKind::blocked;
  if (ops.shared()) {
    v.dirty = op == arch::Op::write;
  } else if (op == arch::Op::write) {
    ++map_[from.pfn].pins;  // reclaim must not take the source
    try {
      v.pfn = alloc_frame(FrameState::user);
    } catch (...) {
      --map_[from.pfn].pins;
      throw;
    }
    --map_[from.pfn].pins;
    v.dirty = true;
    copy(from.pfn, v.pfn);
  } else {
    v.rights = static_cast<Rights>(rights & ~kWrite);
  }
  yield_(page);
  install(space, leaf, 0, format_.leaf(v));
  add_mapping(space, page, v.pfn);
  return read ? FaultKind::file_fill : FaultKind::page_cache;
}

FaultKind Memory::swap_in(AddressSpace& space, const PageTable::Leaf& leaf, u64 word, arch::Op op, Rights rights) {
  const u64 page = leaf.va;
  const auto scope = yield_.in(Sequence::swap_in);
  const u32 slot_number = format_.view(word).slot;
  SwapSpace::Slot& slot = swap_[slot_number];
  FaultKind kind = FaultKind::swap_cache;
  if (slot.cached == kNoFrame) start_read(slot_number);
  if (const Transfers::Transfer* transfer = transfers_.find(slot_number); transfer != nullptr) {
    if (may_block_ && transfer->done_at > meter_.now()) {
      wake_at_ = transfer->done_at;
      return FaultKind::blocked;
    }
    meter_.wait_until(transfer->done_at);
    kind = FaultKind::swap_in;
    if (claim(slot_number) != 0) {
      // Never mapped: the page is poisoned and the process gets SIGBUS, all others run on.
      install(space, leaf, word, format_.poison());
      --slot.users;
      return FaultKind::bus;
    }
  }
  const Pfn pfn = slot.cached;
  yield_(page);
  // Writable only for a sole owner: as long as other entries name the slot, the frame must keep its bytes.
  const u32 users = slot.users - 1;
  const bool exclusive = users == 0 && map_[pfn].count == 0;
  PteView v{.kind = EntryKind::leaf, .pfn = pfn, .rights = rights, .young = true};
  if (!exclusive) v.rights = static_cast<Rights>(rights & ~kWrite);
  v.dirty = exclusive && op == arch::Op::write;
  install(space, leaf, word, format_.leaf(v));
  add_mapping(space, page, pfn);
  if (config_.bug != Bug::slot_leak) slot.users = users;
  if (v.dirty) drop_slot(map_[pfn]);
  return kind;
}

FaultKind Memory::present(AddressSpace& space, const PageTable::Leaf& leaf, u64 word, arch::Op op, Rights rights) {
  const u64 page = leaf.va;
  const PteView v = format_.view(word);
  const Rights needed = needed_for(op);
  const bool emulated = (v.rights & needed) != 0 && !format_.permits(word, op);
  const auto scope = yield_.in(emulated ? Sequence::young_dirty : Sequence::upgrade);
  if (format_.permits(word, op)) {
    if (config_.bug == Bug::spurious_revokes) {
      space.table.update(leaf,
                         [&](u64 old) { return format_.with_rights(old, static_cast<Rights>(v.rights & ~kWrite)); });
    }
    flush_page(space, page);  // a TLB holds an older, poorer entry
    return FaultKind::spurious;
  }
  if ((v.rights & needed) == 0) {
    if (config_.bug == Bug::upgrade_lost) return FaultKind::upgrade;
    if (op == arch::Op::write) {
      const Vma* vma = space.vmas.whole(page, page + format_.page_size());
      if (vma == nullptr || VmOps::of(vma->backing).wppage()) return break_cow(space, leaf, word, rights);
      // Shared: the page itself. It was write-protected while it was written back, or by mprotect.
      space.table.update(leaf, [&](u64 old) {
        return format_.with_dirty(format_.with_young(format_.with_rights(old, rights), true), true);
      });
      flush_page(space, page);
      return FaultKind::upgrade;
    }
    const Rights more = static_cast<Rights>((rights & ~kWrite) | (v.rights & kWrite));
    space.table.update(leaf, [&](u64 old) { return format_.with_young(format_.with_rights(old, more), true); });
    flush_page(space, page);
    return FaultKind::upgrade;
  }
  // The rights are there, young or dirty is not: Alpha's emulation (LX: the enable bits carry both).
  space.table.update(leaf, [&](u64 old) {
    const u64 young = format_.with_young(old, true);
    return op == arch::Op::write ? format_.with_dirty(young, true) : young;
  });
  flush_page(space, page);
  return FaultKind::young_dirty;
}

// Makes the page the space's own, dirty, with all of `rights`.
FaultKind Memory::break_cow(AddressSpace& space, const PageTable::Leaf& leaf, u64 word, Rights rights) {
  const u64 page = leaf.va;
  const auto scope = yield_.in(Sequence::cow_break);
  const Pfn from = format_.view(word).pfn;
  Frame& old = map_.at(from);
  PteView v{.kind = EntryKind::leaf, .pfn = from, .rights = rights, .young = true, .dirty = true};
  if (from != kZeroFrame && old.state == FrameState::user && old.count == 1) {
    drop_slot(old);
    space.table.update(leaf, [&](u64) { return format_.leaf(v); });
    flush_page(space, page);
    return FaultKind::cow_reuse;
  }
  ++old.pins;  // reclaim must not take the source
  try {
    v.pfn = alloc_frame(FrameState::user);
  } catch (...) {
    --old.pins;
    throw;
  }
  --old.pins;
  copy(from, v.pfn);
  yield_(page);
  if (cpus_.live_count(space.tag) > 1 && config_.bug != Bug::cow_late_flush) {
    // No CPU may still read the original once another one has stored to the copy: a time without either lies between.
    space.table.get_and_clear(page);
    flush_page(space, page);
    install(space, leaf, 0, format_.leaf(v));
  } else {
    space.table.update(leaf, [&](u64) { return format_.leaf(v); });
    flush_page(space, page);
  }
  // The old frame loses its mapping only now, after the acknowledge.
  if (from != kZeroFrame && remove_mapping(space, page, from)) {
    Gather freed = gather();
    freed.free_after(from);
    freed.commit();
  }
  add_mapping(space, page, v.pfn);
  return FaultKind::cow_copy;
}

void Memory::flush_page(AddressSpace& space, u64 page) {
  Gather g = gather();
  g.unhooked(space.tag, page);
  g.commit();
}

}  // namespace kilburn::os
