// SPDX-License-Identifier: Apache-2.0
//
// Reclaim against its rules, from its events, the entries that change, and the devices' counters.
#include "sw/check/reclaim.h"

#include <algorithm>

#include "sw/core/errors.h"

namespace kilburn::os {

void require_full_round(u64 looks, u64 pages) {
  if (looks > pages) return;
  throw Violation("P53", "a page went after " + std::to_string(looks) + " looks at " + std::to_string(pages) +
                             " pages that are all accessed");
}

void ReclaimChecker::fail(const char* id, const std::string& text) const {
  throw Violation(id, text + "\nlast events:\n" + memory_.log().text());
}

void ReclaimChecker::begin(const MmEvent& e) {
  ++evictions_;
  const Frame& frame = memory_.map_of_frames()[e.pfn];
  if (frame.pins != 0) fail("P10", "frame " + hex(e.pfn) + " is pinned and is evicted");
  if (frame.age > Memory::kAgeMax || (frame.age != 0 && e.span == 0)) {
    fail("P52", "frame " + hex(e.pfn) + " is evicted at age " + std::to_string(frame.age));
  }
  SwapSpace& swap = memory_.swap();
  pfn_ = e.pfn;
  dirty_ = frame.dirty;
  slot_ = frame.slot;
  good_slot_ = slot_ != 0 && !swap.closed(slot_);
  generation_ = slot_ == 0 ? 0 : swap[slot_].generation;
  writes_ = memory_.buffers().statistics().writes;
  paged_out_ = memory_.statistics().paged_out;
}

void ReclaimChecker::end(const MmEvent& e) {
  pfn_ = kNoFrame;
  if (e.new_word == 0) return;
  SwapSpace& swap = memory_.swap();
  const bool wrote = memory_.buffers().statistics().writes != writes_ || memory_.statistics().paged_out != paged_out_ ||
                     (slot_ != 0 && swap[slot_].generation != generation_);
  if (!dirty_ && good_slot_ && wrote) {
    fail("P48", "clean frame " + hex(e.pfn) + " was written although slot " + hex(slot_) + " is good");
  }
  if (dirty_ && !wrote) fail("P49", "dirty frame " + hex(e.pfn) + " went without being written");
}

void ReclaimChecker::turn(const MmEvent& e) {
  ++turn_;
  Turns& own = turns_[e.space];
  for (const AddressSpace* space : memory_.spaces()) {
    Turns& other = turns_[space->tag.id];
    if (space->resident_count == 0) {
      other.since = 0;
    } else if (other.since == 0) {
      other.since = turn_;
    } else if (space->tag.id != e.space && own.last != 0 && other.since < own.last && other.last < own.last) {
      fail("P54", "the sweep comes back to process " + std::to_string(e.space) + " before it was at process " +
                      std::to_string(space->tag.id));
    }
  }
  own.last = turn_;
}

void ReclaimChecker::sleeps(const MmEvent& e) {
  const FrameAllocator& frames = memory_.buddy();
  const size_t number = frames.zone_number(e.pfn);
  const Zone& zone = frames.zones().at(number);
  const u32 free = zone.buddy.free_frames();
  if (e.new_word == 0 && free < zone.marks.high) {
    fail("P51", "kswapd sleeps with " + std::to_string(free) + " free frames in zone " + std::string(name(zone.kind)) +
                    " of node " + std::to_string(zone.node) + ", its high mark is " + std::to_string(zone.marks.high));
  }
  if (e.new_word != 0 && freed_[number] != 0) fail("P50", "kswapd gives up although its last step freed frames");
}

void ReclaimChecker::event(const MmEvent& e) {
  switch (e.kind) {
    case MmEvent::Kind::entry:
      if (pfn_ != kNoFrame) {
        const PteView old = memory_.format().view(e.old_word);
        dirty_ = dirty_ || (old.kind == EntryKind::leaf && old.pfn == pfn_ && old.dirty);
      }
      break;
    case MmEvent::Kind::free:
      ++freed_[memory_.buddy().zone_number(e.pfn)];
      break;
    case MmEvent::Kind::evict:
      begin(e);
      break;
    case MmEvent::Kind::evicted:
      end(e);
      break;
    case MmEvent::Kind::sweep:
      turn(e);
      break;
    case MmEvent::Kind::scan:
      looks_ = memory_.statistics().aged;
      break;
    case MmEvent::Kind::scanned:
      if (memory_.statistics().aged - looks_ > u64{memory_.config().frames} * (Memory::kAgeMax + 2u)) {
        fail("P50", "a scan looked at " + std::to_string(memory_.statistics().aged - looks_) + " pages");
      }
      break;
    case MmEvent::Kind::direct:
      for (const Zone& zone : memory_.buddy().zones()) {
        const u32 free = zone.buddy.free_frames();
        if (e.span != 0 || static_cast<u16>(zone.kind) > e.asid || free <= zone.marks.min) continue;
        fail("P51", "an allocation reclaims with " + std::to_string(free) + " free frames in zone " +
                        std::string(name(zone.kind)) + ", its min mark is " + std::to_string(zone.marks.min));
      }
      break;
    case MmEvent::Kind::runs:
      std::fill(freed_.begin(), freed_.end(), u64{0});
      break;
    case MmEvent::Kind::sleeps:
      sleeps(e);
      break;
    default:
      break;
  }
}

}  // namespace kilburn::os
