// SPDX-License-Identifier: Apache-2.0
//
// Pages on their way from a disk. One from a swap area is in the swap cache, pinned, and nobody's until the fault that
// wants it comes back for it; one of a file or of shared memory is in the page cache, pinned.
#pragma once

#include <algorithm>
#include <vector>

#include "sw/core/types.h"

namespace kilburn::os {

class Transfers {
 public:
  struct Transfer {
    u32 slot;  // 0: an object's page
    Pfn pfn;
    u64 done_at;
    int error;           // errno, known when it is done
    bool ahead = false;  // nobody has touched the page yet
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
    return transfer != nullptr && transfer->error != 0;
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
