// SPDX-License-Identifier: Apache-2.0
//
// Audits of frames: states, counts, the reverse map, blocks, zones, what kernel memory holds.
#include <algorithm>
#include <array>
#include <cstring>

#include "sw/check/audit_parts.h"
#include "sw/os/kernel.h"

namespace kilburn::os::audits {

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

namespace {
bool mappable(FrameState state) {
  return state == FrameState::user || state == FrameState::file || state == FrameState::shm;
}
}  // namespace

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

namespace {
bool filled_with(const View& v, Pfn pfn, std::byte value, u64 part = 1) {
  std::array<std::byte, 8192> page;  // of the largest format; not cleared, an audit looks at every free frame
  const std::span<std::byte> bytes(page.data(), v.format.page_size() / part);
  v.world.memory.physical().read(v.world.memory.frame_address(pfn), bytes);
  // All bytes are alike if each equals the next.
  return bytes[0] == value && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}
}  // namespace

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

}  // namespace kilburn::os::audits
