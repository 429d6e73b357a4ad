// SPDX-License-Identifier: Apache-2.0
//
// kmalloc, vmalloc, and kernel-mode accesses to both.
#include "sw/mm/kernel_memory.h"

#include <bit>

#include "model/arch/walk.h"
#include "sw/core/errors.h"

namespace kilburn::os {

KernelMemory::KernelMemory(const PageTable::Parts& parts, MemMap& map, FrameAllocator& allocator, BlockSource& source,
                           Cpus& cpus, Pfn root)
    : parts_(parts), map_(map), allocator_(allocator), source_(source), cpus_(cpus), table_(parts_, tag_, root) {}

// The direct map, when it is first needed: large pages where memory fills them, small ones for the rest, so
// that no address beyond memory translates.
void KernelMemory::build() {
  if (built_) return;
  built_ = true;
  cpus_.add_controls(parts_.format.kernel_controls());
  if (!parts_.format.direct_by_table()) return;
  const u32 large = parts_.format.entries();  // frames under one entry of level 2
  for (Pfn pfn = 0; pfn < map_.size();) {
    const u64 va = logical(pfn);
    if (pfn % large == 0 && map_.size() - pfn >= large) {
      table_.install_large(va, 2, parts_.format.kernel_leaf(pfn, 2));
      pfn += large;
    } else {
      table_.ensure(va);
      table_.exchange(va, 0, parts_.format.kernel_leaf(pfn, 1));
      ++pfn;
    }
  }
}

void KernelMemory::pin(Pfn pfn, u32 frames) {
  for (Pfn n = 0; n < frames; ++n) ++map_[pfn + n].pins;
}

u64 KernelMemory::kmalloc(u64 bytes, ZoneKind highest) {
  build();
  const u64 frames = (bytes + parts_.format.page_size() - 1) >> shift();
  const auto order = static_cast<unsigned>(std::bit_width(std::max<u64>(frames, 1) - 1));
  if (order > Buddy::kMaxOrder) return 0;
  const Pfn pfn = source_.alloc_block({.order = order, .highest = highest});
  if (pfn == kNoFrame) return 0;
  pin(pfn, u32{1} << order);
  blocks_.emplace(logical(pfn), Block{pfn, order, highest});
  ++statistics_.kmallocs;
  return logical(pfn);
}

void KernelMemory::kfree(u64 va) {
  const auto at = blocks_.find(va);
  if (at == blocks_.end()) throw Violation("P17", "kfree of " + hex(va) + ", which kmalloc did not give");
  const Block block = at->second;
  blocks_.erase(at);
  for (Pfn n = 0; n < Pfn{1} << block.order; ++n) --map_[block.pfn + n].pins;
  source_.release_block(block.pfn, block.order);
}

u64 KernelMemory::vmalloc(u64 bytes) {
  build();
  const u64 page = parts_.format.page_size();
  const u64 frames = std::max<u64>((bytes + page - 1) >> shift(), 1);
  u64 va = parts_.format.vmalloc_base();
  for (const auto& [start, area] : areas_) {  // first fit; a page between two areas stays unmapped
    if (start - va >= (frames + 1) * page) break;
    va = start + (area.size() + 1) * page;
  }
  Area area;
  for (u64 n = 0; n < frames; ++n) {
    const Pfn pfn = source_.alloc_block({});
    if (pfn == kNoFrame) {
      for (const Pfn got : area) {
        --map_[got].pins;
        source_.release_frame(got);
      }
      return 0;
    }
    pin(pfn, 1);
    area.push_back(pfn);
  }
  const auto scope = parts_.yield.in(Sequence::vmalloc);
  for (u64 n = 0; n < frames; ++n) {
    table_.ensure(va + n * page);
    if (!table_.exchange(va + n * page, 0, parts_.format.kernel_leaf(area[n], 1))) {
      throw Violation("P10", "kernel address " + hex(va + n * page) + " is mapped already");
    }
  }
  areas_.emplace(va, std::move(area));
  ++statistics_.vmallocs;
  return va;
}

// Clear, invalidate in every space (the entries are global), acknowledge, free.
void KernelMemory::vfree(u64 va) {
  const auto at = areas_.find(va);
  if (at == areas_.end()) throw Violation("P17", "vfree of " + hex(va) + ", which vmalloc did not give");
  const Area area = std::move(at->second);
  areas_.erase(at);
  const u64 page = parts_.format.page_size();
  const auto scope = parts_.yield.in(Sequence::vmalloc);
  for (u64 n = 0; n < area.size(); ++n) table_.get_and_clear(va + n * page);
  constexpr size_t kPagesAtMost = 8;
  if (area.size() > kPagesAtMost) {
    cpus_.everywhere(Invalidate::all, 0);
  } else {
    for (u64 n = 0; n < area.size(); ++n) cpus_.everywhere(Invalidate::page, va + n * page);
  }
  for (const Pfn pfn : area) {
    --map_[pfn].pins;
    source_.release_frame(pfn);
  }
}

bool KernelMemory::fault(AddressSpace& space, u64 va) {
  if (parts_.format.offset_of(va) < parts_.format.user_top()) return false;
  const u64 word = table_.top_entry(va);
  if (word == 0 || space.table.top_entry(va) != 0) return false;
  const auto scope = parts_.yield.in(Sequence::vmalloc);
  space.table.set_top_entry(va, word);
  ++statistics_.faults;
  return true;
}

AccessResult KernelMemory::access(MmuPort& port, AddressSpace& space, u64 va, arch::Op op, std::span<std::byte> data) {
  ++statistics_.accesses;
  const Access access{va, op, arch::Mode::kernel, data};
  AccessResult result = port.access(access);
  if (std::holds_alternative<FaultInfo>(result) && fault(space, va)) result = port.access(access);
  // A TLB that software fills gets the entry, which is global, as a user's page (refill.cpp).
  const FaultInfo* refused = std::get_if<FaultInfo>(&result);
  if (refused == nullptr || refused->code != arch::Fault::miss) return result;
  const u64 page = parts_.format.page_down(va), word = space.table.load(page);
  if (word == 0) return result;
  for (unsigned cpu = 0; cpu < cpus_.count(); ++cpu) {
    if (&cpus_.port(cpu) == &port) cpus_.fill(cpu, space.tag, page, word, op == arch::Op::fetch);
  }
  return port.access(access);
}

u32 KernelMemory::frames_held() const {
  u32 held = 0;
  for (const auto& [va, block] : blocks_) held += u32{1} << block.order;
  for (const auto& [va, area] : areas_) held += static_cast<u32>(area.size());
  table_.for_each_kernel_table([&](Pfn, Pfn, unsigned) { ++held; });
  return held;
}

void KernelMemory::check_page(u64 va, Pfn pfn) const {
  const Frame& frame = map_[pfn];
  if (frame.state != FrameState::kernel || frame.pins == 0 || frame.count != 0) {
    throw Violation("P10", "frame " + hex(pfn) + " of kernel address " + hex(va) + " is not pinned kernel memory");
  }
  const auto read = [this](u64 pa) -> std::optional<u64> {
    if (pa > parts_.memory.size() - 8) return std::nullopt;
    return parts_.memory.load64(pa);
  };
  const arch::Context context{table_.root(), 0, parts_.format.controls() | parts_.format.kernel_controls()};
  for (const arch::Mode mode : {arch::Mode::kernel, arch::Mode::user}) {
    const arch::Outcome outcome =
        arch::walk(parts_.format.info().format, {}, context, {va, arch::Op::write, mode, false}, read);
    const bool translated = outcome.fault.code == arch::Fault::none;
    if (translated != (mode == arch::Mode::kernel) || (translated && outcome.pa != u64{pfn} << shift())) {
      throw Violation("P10", "kernel address " + hex(va) + " does not lead to frame " + hex(pfn) + " in mode " +
                                 std::string(arch::name(mode)));
    }
    if (translated && !outcome.translation.global)
      throw Violation("P34", "kernel address " + hex(va) + " is not global");
  }
}

void KernelMemory::check() const {
  for (const auto& [va, block] : blocks_) {
    for (Pfn n = 0; n < Pfn{1} << block.order; ++n) check_page(logical(block.pfn + n), block.pfn + n);
    const Zone* zone = allocator_.zone_of(block.pfn);
    if (zone == nullptr || zone->kind > block.highest) {
      throw Violation("P18", "the block at " + hex(va) + " was asked for in zone " + std::string(name(block.highest)));
    }
  }
  for (const auto& [va, area] : areas_) {
    for (u64 n = 0; n < area.size(); ++n) check_page(va + n * parts_.format.page_size(), area[n]);
  }
}

}  // namespace kilburn::os
