// SPDX-License-Identifier: Apache-2.0
//
// Names of the costs; the disk's time.
#include "sw/mm/cost.h"

#include <algorithm>

namespace kilburn::os {

namespace {
constexpr std::array<std::string_view, kCosts> kNames{"trap",      "area-lookup",   "table-alloc",   "zero-page",
                                                      "copy-page", "entry-write",   "invalidate",    "acknowledge",
                                                      "disk-seek", "disk-transfer", "context-switch"};
}  // namespace

std::string_view name(Cost cost) { return kNames[static_cast<size_t>(cost)]; }

std::optional<Cost> cost_from_name(std::string_view text) {
  for (size_t n = 0; n < kCosts; ++n) {
    if (kNames[n] == text) return static_cast<Cost>(n);
  }
  return std::nullopt;
}

u64 Meter::disk_transfer(bool seek) {
  counts_[static_cast<size_t>(Cost::disk_seek)] += seek;
  ++counts_[static_cast<size_t>(Cost::disk_transfer)];
  disk_free_ = std::max(now(), disk_free_) + (seek ? price(Cost::disk_seek) : 0) + price(Cost::disk_transfer);
  return disk_free_;
}

void Meter::wait_until(u64 time) {
  if (const u64 t = now(); time > t) idle_ += time - t;
}

}  // namespace kilburn::os
