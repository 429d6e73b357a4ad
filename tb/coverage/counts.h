// SPDX-License-Identifier: Apache-2.0
//
// The counters of one run. An illegal bin is remembered: it fails the run.
#pragma once

#include <limits>
#include <vector>

#include "tb/coverage/model.h"

namespace kilburn::coverage {

class Counts {
 public:
  Counts() : bins_(kAllBins) {}

  template <ItemId I, class... A>
  void hit(A... at) {
    ++bins_[bin_of<I>(at...)];
  }
  // For items with illegal bins.
  template <ItemId I, class... A>
  void judge(A... at) {
    const u32 bin = bin_of<I>(at...);
    ++bins_[bin];
    if (Model::get().standing(bin) == Standing::illegal && illegal_ == kNone) illegal_ = bin;
  }
  template <ItemId I, class... A>
  void add(u64 count, A... at) {
    bins_[bin_of<I>(at...)] += count;
  }

  static constexpr u32 kNone = std::numeric_limits<u32>::max();
  u32 illegal() const { return illegal_; }  // the first one, or kNone
  const std::vector<u64>& bins() const { return bins_; }

 private:
  std::vector<u64> bins_;
  u32 illegal_ = kNone;
};

}  // namespace kilburn::coverage
