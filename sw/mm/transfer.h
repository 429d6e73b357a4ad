// SPDX-License-Identifier: Apache-2.0
//
// Pages on their way from a swap area: the frame is in the swap cache, pinned, and nobody's until the fault that
// wants it comes back for it.
#pragma once

#include <algorithm>
#include <vector>

#include "sw/mm/swap.h"

namespace kilburn::os {

class Transfers {
 public:
  struct Transfer {
    u32 slot;
    Pfn pfn;
    u64 done_at;
    SwapArea::ReadError error;  // known when it is done
  };
  void add(const Transfer& transfer) { list_.push_back(transfer); }
  const Transfer* find(u32 slot) const {
    const auto at = std::find_if(list_.begin(), list_.end(), [slot](const Transfer& t) { return t.slot == slot; });
    return at == list_.end() ? nullptr : &*at;
  }
  const Transfer* find_frame(Pfn pfn) const {
    const auto at = std::find_if(list_.begin(), list_.end(), [pfn](const Transfer& t) { return t.pfn == pfn; });
    return at == list_.end() ? nullptr : &*at;
  }
  bool failed(u32 slot) const {
    const Transfer* transfer = find(slot);
    return transfer != nullptr && transfer->error != SwapArea::ReadError::none;
  }
  Transfer take(size_t n) {
    const Transfer transfer = list_[n];
    list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(n));
    return transfer;
  }
  size_t index(const Transfer& transfer) const { return static_cast<size_t>(&transfer - list_.data()); }
  size_t size() const { return list_.size(); }
  const Transfer& operator[](size_t n) const { return list_[n]; }

 private:
  std::vector<Transfer> list_;
};

}  // namespace kilburn::os
