// SPDX-License-Identifier: Apache-2.0
//
// The oracle's shadow bytes, in granules made at first touch.
#include "sw/check/oracle.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "sw/core/bytes.h"
#include "sw/core/errors.h"

namespace kilburn::os {

Backing OracleSpace::backing_at(u64 va) const {
  auto it = regions_.upper_bound(va);
  if (it == regions_.begin()) return {};
  --it;
  return va < it->second.end ? it->second.backing.at(va - it->first) : Backing{};
}

const std::shared_ptr<SharedBytes::Bytes>& SharedBytes::at(u32 object, u64 offset) {
  std::shared_ptr<Bytes>& bytes = granules_[{object, offset}];
  if (bytes == nullptr) {
    bytes = std::make_shared<Bytes>();
    // Segments and devices start with zeros.
    for (u64 at = 0; object < Backing::kSegment && at < kGranule; at += 8) {
      const u64 word = contents_ != nullptr ? contents_->word(object, offset + at) : file_word(object, offset + at);
      std::memcpy(bytes->data() + at, &word, 8);
    }
  }
  return bytes;
}

OracleSpace::Granule& OracleSpace::slow(u64 number) {
  Granule& g = granules_[number];
  if (g.bytes == nullptr) {
    const Backing backing = backing_at(number << kGranuleShift);
    g.common = backing.whole_pages();
    if (const auto parted = parted_.find(number); parted != parted_.end()) {
      g.bytes = parted->second;
    } else {
      g.bytes = backing.file == 0 ? std::make_shared<Bytes>() : shared_->at(backing.file, backing.offset);
    }
  }
  return g;
}

// A private page gets its own copy: what its other granules show stays as it is now.
void OracleSpace::part(u64 number) {
  for (u64 n = number / page_granules_ * page_granules_, end = n + page_granules_; n < end; ++n) {
    const auto touched = granules_.find(n);
    if (touched != granules_.end()) {
      Granule& g = touched->second;
      if (!g.common && g.bytes.use_count() > 1) g.bytes = std::make_shared<Bytes>(*g.bytes);
    } else if (const Backing backing = backing_at(n << kGranuleShift); backing.file != 0 && !parted_.contains(n)) {
      parted_[n] = std::make_shared<Bytes>(*shared_->at(backing.file, backing.offset));
    }
  }
}

const OracleSpace::Granule* OracleSpace::find(u64 number) const {
  const auto it = granules_.find(number);
  return it == granules_.end() ? nullptr : &it->second;
}

void OracleSpace::clear() {
  granules_.clear();
  parted_.clear();
  regions_.clear();
  forget_lines();
}

void OracleSpace::fork_from(const OracleSpace& parent) {
  use(*parent.shared_, parent.page_granules_);
  granules_ = parent.granules_;
  parted_ = parent.parted_;
  regions_ = parent.regions_;
  for (auto& [number, g] : granules_) g.loaded = g.written = g.stored = false;
  forget_lines();
}

void OracleSpace::erase(u64 start, u64 end) {
  forget_lines();
  const u64 first = start >> kGranuleShift, last = end >> kGranuleShift;
  parted_.erase(parted_.lower_bound(first), parted_.lower_bound(last));
  if (last - first < granules_.size()) {
    for (u64 n = first; n < last; ++n) granules_.erase(n);
  } else {
    std::erase_if(granules_, [=](const auto& entry) { return entry.first >= first && entry.first < last; });
  }
}

// Makes a hole in the regions.
void OracleSpace::carve(u64 start, u64 end) {
  auto it = regions_.upper_bound(start);
  if (it != regions_.begin()) --it;
  while (it != regions_.end() && it->first < end) {
    const u64 lo = it->first;
    const Region region = it->second;
    if (region.end <= start) {
      ++it;
      continue;
    }
    it = regions_.erase(it);
    if (lo < start) regions_[lo] = {start, region.backing};
    if (region.end > end) {
      regions_[end] = {region.end, region.backing.at(end - lo)};
      return;
    }
  }
}

void OracleSpace::map(u64 start, u64 end, Backing backing) {
  unmap(start, end);
  if (backing.kind == AreaKind::device) backing.file = Backing::kDevice;
  if (backing.file != 0) regions_[start] = {end, backing};
}

void OracleSpace::unmap(u64 start, u64 end) {
  erase(start, end);
  carve(start, end);
}

void OracleSpace::move(u64 from, u64 old_end, u64 to, u64 new_end) {
  const u64 kept = std::min(old_end - from, new_end - to);
  const Backing last = backing_at(old_end - kGranule);
  if (to != from) {
    std::vector<std::pair<u64, Granule>> moved;
    std::vector<std::pair<u64, std::shared_ptr<Bytes>>> parted;
    std::vector<std::pair<u64, Region>> areas;
    for (u64 at = 0; at < kept; at += kGranule) {
      const auto it = granules_.find((from + at) >> kGranuleShift);
      if (it != granules_.end()) moved.emplace_back((to + at) >> kGranuleShift, it->second);
      const auto own = parted_.find((from + at) >> kGranuleShift);
      if (own != parted_.end()) parted.emplace_back((to + at) >> kGranuleShift, own->second);
    }
    for (const auto& [start, region] : regions_) {
      const u64 lo = std::max(start, from), hi = std::min(region.end, from + kept);
      if (lo < hi) areas.emplace_back(lo - from + to, Region{hi - from + to, region.backing.at(lo - start)});
    }
    unmap(from, old_end);
    unmap(to, new_end);
    for (auto& [number, g] : moved) {
      g.loaded = g.written = g.stored = false;
      granules_[number] = std::move(g);
    }
    parted_.insert(parted.begin(), parted.end());
    for (const auto& [start, region] : areas) regions_[start] = region;
  } else if (new_end < old_end) {
    unmap(new_end, old_end);
  }
  if (new_end - to > kept) map(to + kept, new_end, last.at(kGranule));
}

void OracleSpace::store(u64 va, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const u64 offset = va & (kGranule - 1);
    const size_t n = std::min<size_t>(bytes.size(), kGranule - offset);
    Granule& g = granule(va);
    if (!g.common && g.bytes.use_count() > 1) part(va >> kGranuleShift);
    copy_few(g.bytes->data() + offset, bytes.data(), n);
    g.written = g.stored = true;
    bytes = bytes.subspan(n);
    va += n;
  }
}

void OracleSpace::check_load(u64 va, std::span<const std::byte> bytes) {
  ++loads_;
  while (!bytes.empty()) {
    const u64 offset = va & (kGranule - 1);
    const size_t n = std::min<size_t>(bytes.size(), kGranule - offset);
    Granule& g = granule(va);
    g.loaded = true;
    if (!same_few(g.bytes->data() + offset, bytes.data(), n)) {
      size_t at = 0;
      while (g.bytes->at(offset + at) == bytes[at]) ++at;
      throw Violation("oracle", "byte " + hex(va + at) + " reads " + hex(static_cast<u64>(bytes[at])) +
                                    ", last stored " + hex(static_cast<u64>(g.bytes->at(offset + at))));
    }
    bytes = bytes.subspan(n);
    va += n;
  }
}

bool OracleSpace::touched(u64 va, u64 span) const {
  for (u64 at = va; at < va + span; at += kGranule) {
    const Granule* const g = find(at >> kGranuleShift);
    if (g != nullptr && (g->loaded || g->written)) return true;
  }
  return false;
}

void OracleSpace::forget_touched(u64 va, u64 span) {
  for (u64 at = va; at < va + span; at += kGranule) {
    const auto it = granules_.find(at >> kGranuleShift);
    if (it != granules_.end()) it->second.loaded = it->second.written = false;
  }
}

void OracleSpace::forget_stored(u64 va, u64 span) {
  for (u64 at = va; at < va + span; at += kGranule) {
    const auto it = granules_.find(at >> kGranuleShift);
    if (it != granules_.end()) it->second.stored = false;
  }
}

void OracleSpace::for_each(const std::function<void(u64, const Bytes&)>& fn) const {
  std::vector<u64> numbers;
  numbers.reserve(granules_.size());
  for (const auto& [number, g] : granules_) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  for (const u64 number : numbers) fn(number << kGranuleShift, *granules_.at(number).bytes);
}

}  // namespace kilburn::os
