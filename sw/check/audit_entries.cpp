// SPDX-License-Identifier: Apache-2.0
//
// Audits of areas and page-table entries: what the architecture's walk makes of them, blocks, A and D, ASIDs.
#include <array>
#include <set>

#include "model/arch/walk.h"
#include "sw/check/audit_parts.h"
#include "sw/os/kernel.h"

namespace kilburn::os::audits {

void areas(const View& v) {  // P19 P20 P21
  for (const auto& process : v.world.processes) {
    if (process->alive()) process->space->vmas.check(v.format.user_top());
  }
}

void entries_in_areas(const View& v) {  // P24
  for (const Census::Leaf& leaf : v.census.leaves) {
    const auto cover = leaf.process->space->vmas.coverage(leaf.va, leaf.va + v.format.page_size());
    if (!cover.any) fail("P24", "there is no area at " + at(leaf));
    if (leaf.view.kind == EntryKind::leaf && (leaf.view.rights & ~cover.rights) != 0) {
      fail("P24", "the entry allows more than the areas at " + at(leaf));
    }
  }
}

// P25, P33: the architecture's walk agrees with the kernel's reading of every entry: a leaf translates to
// its frame exactly when it permits the access, and no other word translates.
void walks(const View& v) {
  PhysMem& memory = v.world.memory.physical();
  const auto read = [&memory](u64 pa) -> std::optional<u64> {
    if (pa > memory.size() - 8) return std::nullopt;
    return memory.load64(pa);
  };
  for (const Census::Leaf& leaf : v.census.leaves) {
    const arch::Context context{leaf.process->space->table.root(), 0, v.format.controls()};
    for (const arch::Op op : {arch::Op::read, arch::Op::write, arch::Op::fetch}) {
      const arch::Request request{leaf.va, op, arch::Mode::user, false};
      const arch::Outcome outcome = arch::walk(v.format.info().format, arch::Settings{}, context, request, read);
      const bool translated = outcome.fault.code == arch::Fault::none;
      if (leaf.view.kind != EntryKind::leaf) {
        if (translated) fail("P33", "a word that is not present translates at " + at(leaf));
      } else if (translated != v.format.permits(leaf.word, op)) {
        fail("P25", "the walk and the kernel disagree on " + std::string(arch::name(op)) + " at " + at(leaf));
      } else if (translated && outcome.pa != v.world.memory.frame_address(leaf.view.pfn)) {
        fail("P25", "the walk reaches another frame at " + at(leaf));
      }
    }
  }
}

// P25 from the other side: the walk of every mapping that a frame knows ends in that frame, so that an entry that is
// missing altogether is seen too.
void reached(const View& v) {
  PhysMem& memory = v.world.memory.physical();
  const auto read = [&memory](u64 pa) -> std::optional<u64> {
    if (pa > memory.size() - 8) return std::nullopt;
    return memory.load64(pa);
  };
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    for (const Mapping& m : v.map[pfn].rmap) {
      const arch::Context context{m.space->table.root(), 0, v.format.controls()};
      const arch::Request request{m.va, arch::Op::read, arch::Mode::user, false};
      const arch::Outcome outcome = arch::walk(v.format.info().format, {}, context, request, read);
      const bool readable = v.format.permits(m.space->table.load(m.va), arch::Op::read);
      // Rights may be taken from a page that stays; then the walk faults at its entry, at the lowest level.
      const bool there = outcome.fault.code == arch::Fault::none ? outcome.pa == v.world.memory.frame_address(pfn)
                                                                 : !readable && m.space->table.load(m.va) != 0;
      if (!there) {
        fail("P25", "frame " + hex(pfn) + " is mapped at " + hex(m.va) + " of process " +
                        std::to_string(m.space->tag.id) + ", the walk does not lead there");
      }
    }
  }
}

// P35: a block is aligned, in addresses and in frames, its frames follow each other, and nothing but the frame
// differs between its entries.
void blocks(const View& v) {
  for (const Census::Leaf& leaf : v.census.leaves) {
    const PageTable& table = leaf.process->space->table;
    if (const u64 large = table.large_page(leaf.va); large != 0) {
      if (v.format.leaf_frame(large) % v.format.entries() != 0) fail("P35", "large page not aligned at " + at(leaf));
    }
    if (leaf.view.kind != EntryKind::leaf || leaf.view.block == 0) continue;
    const u64 pages = u64{1} << leaf.view.block, size = v.format.page_size();
    const u64 index = leaf.va / size % pages;
    const u64 first = table.load(leaf.va - index * size);
    const Pfn frame = v.format.leaf_frame(first);
    if (frame % pages != 0 || leaf.word != v.format.with_frame(first, static_cast<Pfn>(frame + index))) {
      fail("P35", "the block of " + std::to_string(pages) + " pages is not uniform at " + at(leaf));
    }
  }
}

void young_and_dirty(const View& v) {  // P31 P32
  for (const Census::Leaf& leaf : v.census.leaves) {
    if (leaf.view.kind != EntryKind::leaf) continue;
    for (u64 va = leaf.va; va < leaf.va + v.format.page_size(); va += kGranule) {
      const OracleSpace::Granule* granule = leaf.process->oracle.find(va >> kGranuleShift);
      if (granule == nullptr) continue;
      if (granule->stored && !leaf.view.dirty) fail("P32", "stored to, not dirty: " + at(leaf));
      // Alpha cannot see a store through an old, dirty entry: UWE alone lets it pass (LX pte_mkold).
      const bool seen = granule->loaded || (granule->written && v.format.info().hardware_ad);
      if (seen && !leaf.view.young && v.world.memory.config().age_invalidate != AgeInvalidate::none) {
        fail("P31", "touched, not young: " + at(leaf));
      }
    }
  }
}

void asids(const View& v) {  // P34
  std::array<std::set<u16>, kMaxCpus> live;
  for (const auto& process : v.world.processes) {
    if (!process->alive()) continue;
    const AsidSet asids = v.world.memory.cpus().live(process->space->tag);
    for (unsigned cpu = 0; cpu < kMaxCpus; ++cpu) {
      if (asids[cpu] != 0 && !live[cpu].insert(asids[cpu]).second) {
        fail("P34", "two processes have ASID " + std::to_string(asids[cpu]) + " on CPU " + std::to_string(cpu));
      }
    }
  }
}

void locked_pages(const View& v) {  // P10
  for (const Census::Leaf& leaf : v.census.leaves) {
    if (leaf.view.kind == EntryKind::swap &&
        leaf.process->space->vmas.coverage(leaf.va, leaf.va + v.format.page_size()).locked) {
      fail("P10", "a locked page is in the swap area: " + at(leaf));
    }
  }
}

}  // namespace kilburn::os::audits
