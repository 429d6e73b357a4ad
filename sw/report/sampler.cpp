// SPDX-License-Identifier: Apache-2.0
//
// What a sample looks at: the memory map, the page tables, the counters.
#include "sw/report/sampler.h"

#include <algorithm>

namespace kilburn::os {

namespace {
constexpr u64 kLeastInterval = 16;  // references
}

std::string_view name(MemoryUse use) {
  constexpr std::string_view kNames[] = {"free", "anonymous", "files, shared memory", "page tables", "kernel"};
  return kNames[static_cast<size_t>(use)];
}

MemoryUse use_of(const Frame& frame) {
  switch (frame.state) {
    case FrameState::free:
      return MemoryUse::free;
    case FrameState::table:
      return MemoryUse::tables;
    case FrameState::user:
      return MemoryUse::anonymous;
    case FrameState::file:
    case FrameState::shm:
    case FrameState::buffer:
      return MemoryUse::cache;
    case FrameState::reserved:
    case FrameState::zero:
    case FrameState::kernel:
      break;
  }
  return MemoryUse::kernel;
}

// A sample looks at every frame: not more often than there are references to pay for it.
Sampler::Sampler(Kernel& kernel, Tlb tlb, size_t capacity)
    : kernel_(kernel),
      tlb_(std::move(tlb)),
      capacity_(std::max<size_t>(capacity, 4)),
      interval_(std::max(kLeastInterval, u64{kernel.memory().map_of_frames().size()} / 4)),
      due_(interval_) {
  samples_.reserve(capacity_);
  samples_.push_back(now());
}

Sample Sampler::now() {
  Sample s;
  Memory& memory = kernel_.memory();
  const Statistics& statistics = kernel_.statistics();
  s.references = statistics.references;
  s.cycles = statistics.cycles;
  const MemMap& map = memory.map_of_frames();
  for (Pfn pfn = 0; pfn < map.size(); ++pfn) {
    const Frame& frame = map[pfn];
    ++s.frames[static_cast<size_t>(use_of(frame))];
    for (const Mapping& m : frame.rmap) {
      const PteView entry = memory.format().view(m.space->table.load(m.va));
      s.young_pages += entry.kind == EntryKind::leaf && entry.young;
    }
  }
  for (const auto& [first, order] : memory.buddy().free_blocks()) s.free_frames[order] += u64{1} << order;
  std::vector<Sample::Resident> all;
  for (const auto& process : kernel_.processes()) {
    if (process->alive()) all.push_back({process->id, process->space->rss});
  }
  const size_t kept = std::min(all.size(), Sample::kResidents);
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    [](const auto& a, const auto& b) { return a.pages > b.pages; });
  std::copy_n(all.begin(), kept, s.residents.begin());
  for (size_t n = kept; n < all.size(); ++n) s.other_pages += all[n].pages;
  s.slots_used = memory.swap().slots() - memory.swap().free_slots();
  s.faults = statistics.memory.faults;
  s.swapped_in = statistics.memory.swapped_in;
  s.swapped_out = statistics.memory.swapped_out;
  s.invalidations = statistics.invalidations;
  if (tlb_) s.tlb = tlb_();
  return s;
}

void Sampler::take() {
  samples_.push_back(now());
  if (samples_.size() >= capacity_) thin_out();
  due_ = samples_.back().references + interval_;
}

// The first and the last one stay.
void Sampler::thin_out() {
  size_t kept = 0;
  for (size_t n = 0; n < samples_.size(); n += 2) samples_[kept++] = samples_[n];
  if (samples_.size() % 2 == 0) samples_[kept++] = samples_.back();
  samples_.resize(kept);
  interval_ *= 2;
}

void Sampler::finish() {
  if (samples_.back().references == kernel_.statistics().references) samples_.pop_back();
  samples_.push_back(now());
}

}  // namespace kilburn::os
