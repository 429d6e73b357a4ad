// SPDX-License-Identifier: Apache-2.0
//
// Birth, copying and end of address spaces.
#include <algorithm>

#include "model/arch/layout.h"
#include "sw/mm/memory.h"

namespace kilburn::os {

std::unique_ptr<AddressSpace> Memory::create(u32 id) {
  auto space = std::make_unique<AddressSpace>(parts_, id);
  spaces_.push_back(space.get());
  return space;
}

std::unique_ptr<AddressSpace> Memory::fork(AddressSpace& parent, u32 id) {
  ++statistics_.forks;
  auto child = create(id);
  child->vmas.copy_from(parent.vmas);
  child->brk = parent.brk;
  const auto scope = yield_.in(Sequence::fork);
  Gather g = gather();
  parent.table.for_each_leaf(0, format_.user_top(), [&](u64 page, u64) {
    child->table.ensure(page);  // may reclaim: the parent's entry is read after it
    u64 word = parent.table.load(page);
    const PteView v = format_.view(word);
    if (v.kind == EntryKind::leaf && counted(v.pfn)) {
      // Pages of files and segments are shared for good, private ones until the first store.
      if ((v.rights & kWrite) && map_[v.pfn].state == FrameState::user) {
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
  const auto scope = yield_.in(Sequence::exit);
  Gather g = gather();
  space.vmas.clear();
  discard(space, 0, format_.user_top(), g);
  space.table.prune(0, format_.user_top(), g);
  space.table.free_root(g);
  g.commit();
  cpus_.drop(space.tag);
  thrash_.forget_space(space.tag.id);
  std::erase(spaces_, &space);
  reap_segments();
}

void Memory::load(unsigned cpu, AddressSpace& space) {
  meter_.charge(Cost::context_switch);
  cpus_.load(cpu, space.tag, space.table.root());
}

arch::Context Memory::bare_context() { return {0, 0, static_cast<u32>(arch::layout::Controls::PHYS.mask())}; }

bool Memory::peek(const AddressSpace& space, u64 va, std::span<std::byte> out) {
  const u64 page = format_.page_down(va);
  const PteView v = format_.view(space.table.load(page));
  switch (v.kind) {
    case EntryKind::leaf:
      memory_.read(frame_address(v.pfn) + (va - page), out);
      return true;
    case EntryKind::poison:
      return false;
    case EntryKind::swap:
      if (const Pfn cached = swap_[v.slot].cached; cached != kNoFrame && !transfers_.failed(v.slot)) {
        memory_.read(frame_address(cached) + (va - page), out);
        return true;
      }
      if (swap_.read(v.slot, chunk_) != SwapSpace::ReadError::none) return false;
      break;
    case EntryKind::none:
      if (!make_bytes(space, page)) return false;
      chunk_ = page_;
      break;
  }
  std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(va - page), out.size(), out.begin());
  return true;
}

}  // namespace kilburn::os
