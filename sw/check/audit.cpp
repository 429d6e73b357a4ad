// SPDX-License-Identifier: Apache-2.0
//
// The audits. Ids and wording follow sw/README.md.
#include "sw/check/audit.h"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <cstring>
#include <set>

#include "model/arch/walk.h"
#include "sw/check/census.h"
#include "sw/os/kernel.h"

namespace kilburn::os {

namespace {

struct View {
  const World& world;
  const Census& census;
  const MemMap& map;
  const PteFormat& format;
};

[[noreturn]] void fail(const char* id, const std::string& text) { throw Violation(id, text); }
std::string at(const Census::Leaf& leaf) {
  return hex(leaf.va) + " of process " + std::to_string(leaf.process->id) + " (entry " + hex(leaf.word) + ")";
}

void one_state(const View& v) {  // P1
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    const Frame& frame = v.map[pfn];
    const bool listed = frame.link.is_linked();
    switch (frame.state) {
      case FrameState::user:
        if (!listed || frame.count == 0)
          fail("P1", "user frame " + hex(pfn) + " is mapped by nobody or not on the ageing list");
        break;
      case FrameState::file:
      case FrameState::shm:
        if (!listed || frame.object == nullptr || !frame.hash.is_linked()) {
          fail("P1", "frame " + hex(pfn) + " is an object's page and not in the page cache");
        }
        break;
      case FrameState::buffer:
        if (listed || frame.count != 0) fail("P1", "frame " + hex(pfn) + " of buffers is in a list or mapped");
        break;
      case FrameState::table:
        if (listed || v.census.parents[pfn] == 0) fail("P1", "table frame " + hex(pfn) + " is in a list or in no tree");
        break;
      case FrameState::free:
        if (frame.count != 0 || frame.object != nullptr)
          fail("P1", "free frame " + hex(pfn) + " has a count or object");
        break;
      case FrameState::reserved:
      case FrameState::zero:
        if (listed) fail("P1", "reserved frame " + hex(pfn) + " is in a list");
        break;
      case FrameState::kernel:  // kmalloc and vmalloc pin theirs; P10 knows whose each is; so do pages from the disk
        if (frame.pins == 0 || listed) fail("P1", "frame " + hex(pfn) + " is allocated and belongs to nobody");
    }
  }
}

bool mappable(FrameState state) {
  return state == FrameState::user || state == FrameState::file || state == FrameState::shm;
}

void free_not_mapped(const View& v) {  // P2
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    const FrameState state = v.map[pfn].state;
    if (v.census.mappings[pfn] != 0 && !mappable(state) && state != FrameState::zero) {
      fail("P2", "frame " + hex(pfn) + " is mapped, and is free or the kernel's");
    }
    if (v.census.parents[pfn] != 0 && state != FrameState::table)
      fail("P2", "table in frame " + hex(pfn) + ", not a table frame");
  }
  v.world.memory.swap().for_each([&](u32 slot, const SwapSpace::Slot& s) {
    if (s.cached == kNoFrame || v.world.memory.in_transfer(s.cached)) return;
    const FrameState state = v.map[s.cached].state;
    if ((state != FrameState::user && state != FrameState::shm) || v.map[s.cached].slot != slot) {
      fail("P2", "the swap cache of slot " + hex(slot) + " names frame " + hex(s.cached) + ", which is not its page");
    }
  });
}

void counts(const View& v) {  // P3
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    const Frame& frame = v.map[pfn];
    if (mappable(frame.state) && frame.count != v.census.mappings[pfn]) {
      fail("P3", "frame " + hex(pfn) + " counts " + std::to_string(frame.count) + " mappings, the tables have " +
                     std::to_string(v.census.mappings[pfn]));
    }
    if (frame.state != FrameState::kernel && frame.pins != (v.world.memory.in_transfer(pfn) ? 1 : 0))
      fail("P3", "frame " + hex(pfn) + " is still pinned");
  }
}

void reverse_map(const View& v) {  // P4
  for (const Census::Leaf& leaf : v.census.leaves) {
    if (leaf.view.kind != EntryKind::leaf || leaf.view.pfn == Memory::kZeroFrame) continue;
    if (leaf.view.pfn >= v.map.size()) continue;  // a device's, which nobody counts
    const Frame& frame = v.map[leaf.view.pfn];
    const auto known = std::count_if(frame.rmap.begin(), frame.rmap.end(), [&](const Mapping& m) {
      return m.space == leaf.process->space.get() && m.va == leaf.va;
    });
    if (known != 1) fail("P4", "frame " + hex(leaf.view.pfn) + " does not know its mapping at " + at(leaf));
  }
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    if (v.map[pfn].rmap.size() != v.map[pfn].count)
      fail("P4", "reverse map of frame " + hex(pfn) + " has another size than its count");
  }
}

void sums(const View& v) {  // P5
  std::array<u64, kFrameStates> states{};
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) ++states[static_cast<size_t>(v.map[pfn].state)];
  const u64 free = states[static_cast<size_t>(FrameState::free)];
  const u64 tables = states[static_cast<size_t>(FrameState::table)];
  if (free != v.world.memory.buddy().free_frames())
    fail("P5", "the allocator counts other free frames than are marked");
  const auto number = [&](FrameState state) { return states[static_cast<size_t>(state)]; };
  if (number(FrameState::buffer) != v.world.memory.buffers().frames())
    fail("P5", "the buffer cache has other frames than are marked");
  if (number(FrameState::file) + number(FrameState::shm) != v.world.memory.pages().size())
    fail("P5", "the page cache has other frames than are marked");
  if (tables != v.census.tables.size()) fail("P5", "there are other table frames than tables");
  u64 sum = 0;
  for (const u64 n : states) sum += n;
  if (sum != v.map.size() || states[static_cast<size_t>(FrameState::reserved)] != 2 ||
      states[static_cast<size_t>(FrameState::zero)] != 1) {
    fail("P5", "the states do not add up to all frames");
  }
}

void numbers(const View& v) {  // P6
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    if (v.map[pfn].map_nr != pfn) fail("P6", "frame " + hex(pfn) + " has number " + hex(v.map[pfn].map_nr));
  }
}

bool filled_with(const View& v, Pfn pfn, std::byte value, u64 part = 1) {
  std::array<std::byte, 8192> page;  // of the largest format; not cleared, an audit looks at every free frame
  const std::span<std::byte> bytes(page.data(), v.format.page_size() / part);
  v.world.memory.physical().read(v.world.memory.frame_address(pfn), bytes);
  // All bytes are alike if each equals the next.
  return bytes[0] == value && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

void zero_page(const View& v) {  // P7
  if (!filled_with(v, Memory::kZeroFrame, std::byte{0})) fail("P7", "the zero page is not zero");
  if (!filled_with(v, Memory::kEmptyRootFrame, std::byte{0}, 2)) fail("P7", "the empty root has user entries");
  if (v.map[Memory::kZeroFrame].count != 0) fail("P7", "the zero page is counted");
  for (const Census::Leaf& leaf : v.census.leaves) {
    if (leaf.view.kind == EntryKind::leaf && leaf.view.pfn == Memory::kZeroFrame &&
        ((leaf.view.rights & kWrite) || leaf.view.dirty)) {
      fail("P7", "the zero page is writable at " + at(leaf));
    }
  }
}

void poison(const View& v) {  // P8
  if (!v.world.memory.config().poison) return;
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    if (v.map[pfn].state == FrameState::free && !filled_with(v, pfn, Memory::kPoisonByte)) {
      fail("P8", "free frame " + hex(pfn) + " was written to");
    }
  }
}

void one_parent(const View& v) {  // P9
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    if (v.census.parents[pfn] > 1) fail("P9", "table frame " + hex(pfn) + " has several parents");
  }
}

void buddy(const View& v) { v.world.memory.buddy().check(); }  // P11 P12 P13 P15

void kernel_memory(const View& v) {  // P10 P18
  v.world.memory.kernel().check();
  u64 pinned = 0;
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    pinned += v.map[pfn].state == FrameState::kernel && !v.world.memory.in_transfer(pfn);
  }
  u64 held = v.world.memory.kernel().frames_held();
  v.world.memory.kernel().for_each_table([&](Pfn, Pfn, unsigned) { --held; });
  if (pinned != held)
    fail("P10", std::to_string(pinned) + " frames are the kernel's, it knows of " + std::to_string(held));
}

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

void slots(const View& v) {  // P46
  SwapSpace& swap = v.world.memory.swap();
  u64 used = 0;
  swap.for_each([&](u32 slot, const SwapSpace::Slot& s) {
    if (s.users != v.census.users[slot]) {
      fail("P46", "slot " + hex(slot) + " counts " + std::to_string(s.users) + " entries, the tables have " +
                      std::to_string(v.census.users[slot]));
    }
    used += (s.users != 0 || s.cached != kNoFrame) && !s.bad;
  });
  if (used + swap.free_slots() + swap.bad_slots() != swap.slots()) fail("P46", "a swap slot is neither used nor free");
}

// P49, P55: what is clean equals what its device should have, by the checksum of slot or page; the sum is
// computed here from its definition.
void clean_pages(const View& v) {
  std::vector<std::byte> bytes(v.format.page_size());
  const auto sum = [&bytes](u32 place, u32 generation) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    crc.process_bytes(&place, sizeof place);
    crc.process_bytes(&generation, sizeof generation);
    return crc.checksum();
  };
  SwapSpace& swap = v.world.memory.swap();
  for (Pfn pfn = 0; pfn < v.map.size(); ++pfn) {
    const Frame& frame = v.map[pfn];
    const bool file = frame.state == FrameState::file;
    if ((!file && frame.slot == 0) || frame.dirty || v.world.memory.in_transfer(pfn)) continue;
    const bool stored = std::any_of(frame.rmap.begin(), frame.rmap.end(),
                                    [&](const Mapping& m) { return v.format.view(m.space->table.load(m.va)).dirty; });
    if (stored) continue;
    v.world.memory.physical().read(v.world.memory.frame_address(pfn), bytes);
    if (file) {
      const auto& written = static_cast<const FileObject&>(*frame.object).written;
      const auto at = written.find(frame.index);
      bool same = true;
      for (size_t n = 0; at == written.end() && n < bytes.size(); n += 8) {
        const u64 word = v.world.memory.contents().word(frame.object->number, frame.index * bytes.size() + n);
        same = same && std::memcmp(bytes.data() + n, &word, 8) == 0;
      }
      if (at != written.end()) {
        same = sum(static_cast<u32>(frame.index), at->second.generation) == at->second.checksum;
      }
      if (!same) fail("P49", "clean frame " + hex(pfn) + " is not what its file has");
    } else if (sum(swap.local(frame.slot), swap[frame.slot].generation) != swap[frame.slot].checksum) {
      fail("P55", "clean frame " + hex(pfn) + " does not match the checksum of its slot " + hex(frame.slot));
    }
  }
}

void all_free(const View& v) {  // P60
  if (!v.world.ended) return;
  const Memory& memory = v.world.memory;
  const u32 used = memory.buddy().frames() - memory.buddy().free_frames();
  if (used != memory.kernel().frames_held()) {
    fail("P60", std::to_string(used) + " frames are not free at the end, the kernel's own are " +
                    std::to_string(memory.kernel().frames_held()));
  }
  const SwapSpace& swap = v.world.memory.swap();
  if (swap.free_slots() + swap.bad_slots() != swap.slots()) fail("P60", "swap slots are not free at the end");
}

void conservation(const View& v) {  // P63
  if (v.world.statistics.faults_seen != v.world.memory.statistics().all_faults()) {
    fail("P63", "the processor saw " + std::to_string(v.world.statistics.faults_seen) + " faults, the handler " +
                    std::to_string(v.world.memory.statistics().all_faults()));
  }
  const MemoryStatistics& memory = v.world.memory.statistics();
  const Statistics& s = v.world.statistics;
  if (s.killed_segv != memory.faults[static_cast<size_t>(FaultKind::segv)] ||
      s.killed_bus != memory.faults[static_cast<size_t>(FaultKind::bus)] ||
      s.killed != s.killed_segv + s.killed_bus + s.killed_asked + s.killed_oom) {
    fail("P63", "the signals differ from the faults that end in one");
  }
  for (const auto& process : v.world.processes) {
    if (!process->alive()) continue;
    const auto resident = std::count_if(v.census.leaves.begin(), v.census.leaves.end(), [&](const Census::Leaf& leaf) {
      return leaf.process == process.get() && leaf.view.kind == EntryKind::leaf &&
             leaf.view.pfn != Memory::kZeroFrame && leaf.view.pfn < v.map.size();
    });
    if (process->space->rss != static_cast<u64>(resident)) fail("P63", "rss differs from the entries that are present");
  }
}

constexpr void (*kAudits[])(const View&) = {
    one_state,  free_not_mapped, counts, reverse_map,   sums,        numbers,          zero_page,   poison,
    one_parent, locked_pages,    buddy,  kernel_memory, areas,       entries_in_areas, blocks,      walks,
    reached,    young_and_dirty, asids,  slots,         clean_pages, all_free,         conservation};

constexpr std::string_view kIds[] = {"P1",  "P2",  "P3",  "P4",  "P5",  "P6",  "P7",  "P8",  "P9",  "P10", "P11",
                                     "P12", "P13", "P15", "P18", "P19", "P20", "P21", "P24", "P25", "P26", "P31",
                                     "P32", "P33", "P34", "P35", "P46", "P49", "P55", "P60", "P63", "P64"};

// M20: all that a check of the roots can see.
u64 roots(const World& world) {
  u64 seen = 0;
  for (const auto& process : world.processes) {
    if (!process->alive()) continue;
    const Pfn root = process->space->table.root_frame();
    if (world.memory.map_of_frames()[root].state != FrameState::table) fail("P1", "a root is in no table frame");
    ++seen;
  }
  return seen;
}

u64 all(const World& world) {
  const Census census(world);
  const View view{world, census, world.memory.map_of_frames(), world.memory.format()};
  for (const auto audit : kAudits) {
    try {
      audit(view);
    } catch (const Violation& v) {
      if (!passed_over(world.off, v.id())) throw;
    }
  }
  return census.leaves.size() + census.tables.size();
}

}  // namespace

std::span<const std::string_view> audit_ids() { return kIds; }

void run_audits(const World& world) {
  const u64 seen = world.roots_only ? roots(world) : all(world);
  u64 resident = 0;
  for (const auto& process : world.processes) {
    if (process->alive()) resident += process->space->rss + 1;  // and a root
  }
  if (seen < resident && !passed_over(world.off, "P64")) {
    fail("P64", "the audit looked at " + std::to_string(seen) + " entries and tables, " + std::to_string(resident) +
                    " pages and roots are resident");
  }
}

}  // namespace kilburn::os
