// SPDX-License-Identifier: Apache-2.0
//
// Birth, copying and end of address spaces.
#include "model/arch/layout.h"
#include "sw/mm/memory.h"

namespace kilburn::os {

std::unique_ptr<AddressSpace> Memory::create(u32 id) { return std::make_unique<AddressSpace>(parts_, id); }

std::unique_ptr<AddressSpace> Memory::fork(AddressSpace& parent, u32 id) {
  ++statistics_.forks;
  auto child = create(id);
  child->vmas.copy_from(parent.vmas);
  child->brk = parent.brk;
  Gather g = gather();
  parent.table.for_each_leaf(0, format_.user_top(), [&](u64 page, u64) {
    child->table.ensure(page);  // may reclaim: the parent's entry is read after it
    u64 word = parent.table.load(page);
    const PteView v = format_.view(word);
    if (v.kind == EntryKind::leaf && v.pfn != kZeroFrame) {
      if (v.rights & kWrite) {
        word = parent.table.update(
            page, [&](u64 old) { return format_.with_rights(old, static_cast<Rights>(v.rights & ~kWrite)); });
        g.unhooked(parent.tag, page);
      }
      install(*child, page, 0, word);
      add_mapping(*child, page, v.pfn);
    } else if (word != 0) {
      install(*child, page, 0, word);
      if (v.kind == EntryKind::swap) ++swap_[v.slot].users;
    }
  });
  // One invalidation, acknowledged before either process runs.
  if (config_.bug == Bug::fork_stale) {
    g.commit_without_invalidation();
  } else {
    g.commit();
  }
  return child;
}

void Memory::destroy(AddressSpace& space) {
  Gather g = gather();
  space.vmas.clear();
  discard(space, 0, format_.user_top(), g);
  space.table.prune(0, format_.user_top(), g);
  space.table.free_root(g);
  g.commit();
  asids_.drop(space.tag);
}

arch::Context Memory::context(AddressSpace& space) {
  return {space.table.root(), asids_.get(space.tag), format_.controls() | kernel_.controls()};
}

arch::Context Memory::empty_context() const {
  return {frame_address(kEmptyRootFrame), 0, format_.controls() | kernel_.controls()};
}

arch::Context Memory::bare_context() { return {0, 0, static_cast<u32>(arch::layout::Controls::PHYS.mask())}; }

bool Memory::peek(const AddressSpace& space, u64 va, std::span<std::byte> out) {
  const u64 page = format_.page_down(va);
  const PteView v = format_.view(space.table.load(page));
  switch (v.kind) {
    case EntryKind::leaf:
      map_.at(v.pfn);
      memory_.read(frame_address(v.pfn) + (va - page), out);
      return true;
    case EntryKind::poison:
      return false;
    case EntryKind::swap:
      if (const Pfn cached = swap_[v.slot].cached; cached != kNoFrame) {
        memory_.read(frame_address(cached) + (va - page), out);
        return true;
      }
      if (swap_.read(v.slot, chunk_) != SwapArea::ReadError::none) return false;
      break;
    case EntryKind::none:
      make_bytes(space, page);
      chunk_ = page_;
      break;
  }
  std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(va - page), out.size(), out.begin());
  return true;
}

}  // namespace kilburn::os
