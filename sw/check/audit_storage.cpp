// SPDX-License-Identifier: Apache-2.0
//
// Audits of storage and of sums: slots, what clean pages hold, what is left at the end, statistics.
#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>

#include "sw/check/audit_parts.h"
#include "sw/os/kernel.h"

namespace kilburn::os::audits {

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

}  // namespace kilburn::os::audits
