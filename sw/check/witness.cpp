// SPDX-License-Identifier: Apache-2.0
//
// Before and after: contents, faults, calls, signals.
#include "sw/check/witness.h"

#include <algorithm>
#include <boost/crc.hpp>

#include "sw/os/process.h"

namespace kilburn::os {

namespace {
u32 checksum(std::span<const std::byte> page, u32 slot, u32 generation) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(page.data(), page.size());
  crc.process_bytes(&slot, sizeof slot);
  crc.process_bytes(&generation, sizeof generation);
  return crc.checksum();
}

// What hardware may change at any time does not count.
u64 without_touches(const PteFormat& format, u64 word) {
  return format.present(word) ? format.with_dirty(format.with_young(word, false), false) : word;
}
}  // namespace

void check_contents(Memory& memory, const Process& process, const MmEvent& e, AddressRange anew) {
  const PteFormat& format = memory.format();
  const PteView old = format.view(e.old_word), now = format.view(e.new_word);
  if (!process.alive() || old.kind == EntryKind::leaf || now.kind != EntryKind::leaf) return;
  if (now.pfn >= memory.map_of_frames().size()) return;  // a device's
  thread_local std::vector<std::byte> page;
  page.resize(format.page_size());
  memory.physical().read(memory.frame_address(now.pfn), page);
  for (u64 at = 0; at < page.size(); at += kGranule) {
    const std::span<const std::byte> found(page.data() + at, kGranule);
    const u64 va = e.va + at;
    const auto differs = [&](const char* id, const std::string& text) {
      throw Violation(id, hex(va) + " of process " + std::to_string(process.id) + " gets frame " + hex(now.pfn) +
                              " (entry " + hex(e.old_word) + " -> " + hex(e.new_word) + "), " + text + "\n" +
                              memory.log().text());
    };
    const bool known = va < anew.start || va >= anew.end;
    const OracleSpace::Granule* granule = known ? process.oracle.find(va >> kGranuleShift) : nullptr;
    if (granule == nullptr) {
      const auto cover = process.space->vmas.coverage(va, va + kGranule);
      if (old.kind != EntryKind::none || !cover.any || !cover.only_anonymous) continue;
      if (std::any_of(found.begin(), found.end(), [](std::byte b) { return b != std::byte{0}; })) {
        differs("P30", "which is not zero");
      }
    } else if (!std::equal(found.begin(), found.end(), granule->bytes->begin())) {
      if (old.kind != EntryKind::swap) differs("P49", "which has lost what was stored");
      const SwapSpace::Slot& slot = memory.swap()[old.slot];
      if (checksum(page, memory.swap().local(old.slot), slot.generation) != slot.checksum) {
        differs("P55", "which is not what was written to its slot");
      }
      differs("P45", "which is not what was last stored");
    }
  }
}

// --- faults -------------------------------------------------------------------------------------------

FaultWitness::FaultWitness(Memory& memory, const Process& process, u64 va, arch::Op op)
    : memory_(memory),
      process_(process),
      page_(memory.format().page_down(va)),
      op_(op),
      word_(va < memory.format().user_top() ? process.space->table.load(page_) : 0),
      rss_(process.space->rss) {}

void FaultWitness::ended(FaultKind kind) const {
  if (page_ >= memory_.format().user_top()) return;
  const PteFormat& format = memory_.format();
  const u64 word = process_.space->table.load(page_);
  if (kind == FaultKind::spurious &&
      (without_touches(format, word) != without_touches(format, word_) || process_.space->rss != rss_)) {
    throw Violation("P41", "a spurious fault at " + hex(page_) + " of process " + std::to_string(process_.id) +
                               " changed the entry from " + hex(word_) + " to " + hex(word) + ", or counts");
  }
  if (word_ != 0 || op_ == arch::Op::write || !format.present(word)) return;
  const auto cover = process_.space->vmas.coverage(page_, page_ + format.page_size());
  if (cover.any && cover.only_anonymous && format.view(word).pfn != Memory::kZeroFrame) {
    throw Violation("P43", "a read of the untouched page " + hex(page_) + " of process " + std::to_string(process_.id) +
                               " took frame " + hex(format.view(word).pfn));
  }
}

// Pages of the space that entries name and that count as resident.
u64 FaultWitness::present() const {
  u64 n = 0;
  process_.space->table.for_each_leaf(0, memory_.format().user_top(), [&](u64, u64 word) {
    const PteView v = memory_.format().view(word);
    n += v.kind == EntryKind::leaf && v.pfn != Memory::kZeroFrame && v.pfn < memory_.map_of_frames().size();
  });
  return n;
}

void FaultWitness::failed() const {
  const PteFormat& format = memory_.format();
  const u64 word = process_.space->table.load(page_);
  const auto fail = [&](const std::string& text) {
    throw Violation("P39", "after a failed allocation for " + hex(page_) + " of process " +
                               std::to_string(process_.id) + " " + text);
  };
  const bool taken = format.present(word_) && !format.present(word);  // by reclaim, like any page
  if (!taken && without_touches(format, word) != without_touches(format, word_)) {
    fail("the entry is " + hex(word) + ", was " + hex(word_));
  }
  if (const u64 n = present(); process_.space->rss != n) {
    fail("rss is " + std::to_string(process_.space->rss) + ", " + std::to_string(n) + " pages are resident");
  }
  const MemMap& map = memory_.map_of_frames();
  for (Pfn pfn = 0; pfn < map.size(); ++pfn) {
    if (map[pfn].state == FrameState::kernel && map[pfn].pins == 0) fail("frame " + hex(pfn) + " belongs to nobody");
    if (map[pfn].state == FrameState::user && (map[pfn].pins != 0 || map[pfn].count == 0)) {
      fail("frame " + hex(pfn) + " is pinned or not mapped");
    }
  }
}

// --- calls --------------------------------------------------------------------------------------------

bool CallWitness::Area::continues(const Area& before) const {
  if (before.end != start || before.rights != rights || before.backing.kind != backing.kind) return false;
  if (before.backing.file != backing.file) return false;
  return backing.file == 0 || before.backing.offset + (start - before.start) == backing.offset;
}

void CallWitness::join(std::vector<Area>& areas) {
  std::vector<Area> joined;
  for (const Area& area : areas) {
    if (area.start == area.end) continue;
    if (!joined.empty() && area.continues(joined.back())) {
      joined.back().end = area.end;
    } else {
      joined.push_back(area);
    }
  }
  areas.swap(joined);
}

std::vector<CallWitness::Area> CallWitness::areas() const {
  std::vector<Area> out;
  process_.space->vmas.for_each([&out](const Vma& vma) {
    out.push_back({vma.start, vma.end, vma.rights, vma.backing});
  });
  return out;
}

std::vector<CallWitness::Entry> CallWitness::entries() const {
  std::vector<Entry> out;
  const PteFormat& format = memory_.format();
  process_.space->table.for_each_leaf(0, format.user_top(), [&](u64 va, u64 word) {
    if (va + format.page_size() <= start_ || va >= end_) out.push_back({va, word});
  });
  return out;
}

CallWitness::CallWitness(Memory& memory, const Process& process, u64 start, u64 end)
    : memory_(memory),
      process_(process),
      start_(start),
      end_(end),
      areas_(areas()),
      entries_(entries()),
      reclaims_(memory.statistics().reclaims) {}

void CallWitness::compare(const char* id, std::vector<Area> expected) const {
  std::vector<Area> found = areas();
  join(found);
  join(expected);
  const auto same = [](const Area& a, const Area& b) {
    return a.start == b.start && a.end == b.end && a.rights == b.rights && a.backing.file == b.backing.file &&
           a.backing.offset == b.backing.offset && a.backing.kind == b.backing.kind;
  };
  const auto text = [this] { return " after a call on " + hex(start_) + ".." + hex(end_); };
  if (!std::equal(found.begin(), found.end(), expected.begin(), expected.end(), same)) {
    throw Violation(id, "the areas of process " + std::to_string(process_.id) + " are not what they must be" + text());
  }
  if (memory_.statistics().reclaims != reclaims_) return;  // any page may have been taken
  const PteFormat& format = memory_.format();
  const auto alike = [&format](const Entry& a, const Entry& b) {
    const PteView x = format.view(a.word), y = format.view(b.word);
    return a.va == b.va && x.kind == y.kind && x.pfn == y.pfn && x.rights == y.rights && x.slot == y.slot;
  };
  const std::vector<Entry> now = entries();
  if (!std::equal(now.begin(), now.end(), entries_.begin(), entries_.end(), alike)) {
    throw Violation(id, "an entry outside has changed" + text());
  }
}

void CallWitness::unmapped() const {
  const PteFormat& format = memory_.format();
  process_.space->table.for_each_leaf(format.page_down(start_), end_, [&](u64 va, u64 word) {
    if (!process_.space->vmas.coverage(va, va + format.page_size()).any) {
      throw Violation("P22", "munmap left the entry " + hex(word) + " at " + hex(va));
    }
  });
  std::vector<Area> expected;
  for (const Area& area : areas_) {
    if (area.start < start_) expected.push_back({area.start, std::min(area.end, start_), area.rights, area.backing});
    const u64 past = std::max(area.start, end_);
    if (area.end > past) {
      expected.push_back({past, area.end, area.rights, area.backing.at(past - area.start)});
    }
  }
  compare("P22", std::move(expected));
}

void CallWitness::protected_as(Rights rights, bool infer) const {
  std::vector<Area> expected;
  u64 at = start_;  // so far inside
  const auto hole = [&](u64 to) {
    if (infer && at < to) expected.push_back({at, to, rights, {}});
  };
  for (const Area& area : areas_) {
    const u64 lo = std::clamp(start_, area.start, area.end), hi = std::clamp(end_, area.start, area.end);
    if (area.start >= end_) hole(end_);
    if (lo < hi) hole(lo);
    expected.push_back({area.start, lo, area.rights, area.backing});
    expected.push_back({lo, hi, rights, area.backing.at(lo - area.start)});
    expected.push_back({hi, area.end, area.rights, area.backing.at(hi - area.start)});
    at = std::max(at, area.start >= end_ ? end_ : hi);
  }
  hole(end_);
  compare("P23", std::move(expected));
}

// --- signals ------------------------------------------------------------------------------------------

KillWitness::KillWitness(Memory& memory, std::span<const std::unique_ptr<Process>> processes, const Process& victim)
    : memory_(memory),
      processes_(processes),
      victim_(victim),
      space_(victim.space.get()),
      expected_free_(memory.buddy().free_frames()) {
  const MemMap& map = memory.map_of_frames();
  for (Pfn pfn = 0; pfn < map.size(); ++pfn) {
    const Frame& frame = map[pfn];
    expected_free_ +=
        frame.state == FrameState::user && frame.pins == 0 &&
        std::all_of(frame.rmap.begin(), frame.rmap.end(), [this](const Mapping& m) { return m.space == space_; });
  }
  space_->table.for_each_table([this](Pfn, Pfn, unsigned) { ++expected_free_; });
  for (const auto& process : processes) resident_.push_back(process->alive() ? process->space->rss : ~u64{0});
}

void KillWitness::ended() const {
  const auto fail = [this](const std::string& text) {
    throw Violation("P40", "after the end of process " + std::to_string(victim_.id) + " by a signal " + text);
  };
  if (victim_.alive()) fail("it is alive");
  if (memory_.buddy().free_frames() < expected_free_) {
    fail("only " + std::to_string(memory_.buddy().free_frames()) + " frames are free, not " +
         std::to_string(expected_free_));
  }
  const MemMap& map = memory_.map_of_frames();
  for (Pfn pfn = 0; pfn < map.size(); ++pfn) {
    for (const Mapping& m : map[pfn].rmap) {
      if (m.space == space_) fail("frame " + hex(pfn) + " is still its own at " + hex(m.va));
    }
  }
  for (size_t n = 0; n < resident_.size(); ++n) {
    const Process& other = *processes_[n];
    if (&other == &victim_) continue;
    if ((other.alive() ? other.space->rss : ~u64{0}) != resident_[n]) {
      fail("process " + std::to_string(other.id) + " has changed");
    }
  }
}

}  // namespace kilburn::os
