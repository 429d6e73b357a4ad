// SPDX-License-Identifier: Apache-2.0
//
// What the kernel's work costs in cycles, by step, and the time that is made of it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "sw/hw/ports.h"

namespace kilburn::os {

enum class Cost : u8 {
  trap,            // into the kernel and back
  area_lookup,     // of the faulting address
  table_alloc,     // beside its zeroing
  zero_page,       //
  copy_page,       // also file contents
  entry_write,     // one compare-and-swap
  invalidate,      // started on one CPU
  acknowledge,     // waited for
  disk_seek,       //
  disk_transfer,   // one page
  context_switch,  //
};
inline constexpr size_t kCosts = 11;
std::string_view name(Cost);  // "trap", "area-lookup", ...: the keys of a cost table
std::optional<Cost> cost_from_name(std::string_view);

using CostTable = std::array<u32, kCosts>;
// A processor with a memory of about 100 cycles, and a disk that is fast beside it.
inline constexpr CostTable kDefaultCosts{200, 40, 100, 500, 1000, 20, 50, 200, 40000, 8000, 300};

// Time: the cycles of the clock plus those charged. What several CPUs do counts one after the other.
class Meter {
 public:
  explicit Meter(const CostTable& table = kDefaultCosts) : table_(table) {}
  void follow(const Clock* clock) { clock_ = clock; }

  void charge(Cost cost, u64 times = 1) {
    counts_[static_cast<size_t>(cost)] += times;
    charged_ += times * table_[static_cast<size_t>(cost)];
  }
  // One disk with one arm: a transfer starts when the last one is done. Returns when it ends. `seek`: the page does
  // not lie behind the last one.
  u64 disk_transfer(bool seek = true);
  // Nothing happens until then.
  void wait_until(u64 time);

  u64 now() const { return charged_ + idle_ + (clock_ == nullptr ? 0 : clock_->now()); }
  u64 charged() const { return charged_; }
  u64 idle() const { return idle_; }
  u64 count(Cost cost) const { return counts_[static_cast<size_t>(cost)]; }
  u32 price(Cost cost) const { return table_[static_cast<size_t>(cost)]; }

 private:
  CostTable table_;
  const Clock* clock_ = nullptr;
  std::array<u64, kCosts> counts_{};
  u64 charged_ = 0;    // work
  u64 idle_ = 0;       // waits
  u64 disk_free_ = 0;  // when the disk is done with all it was told
};

}  // namespace kilburn::os
