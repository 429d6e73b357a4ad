// SPDX-License-Identifier: Apache-2.0
//
// What a trace holds: events by kind, pages touched.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <string_view>
#include <vector>

#include "sw/trace/event.h"

namespace kilburn::os {

inline constexpr size_t kTraceEventKinds = 12;
std::string_view name(TraceEvent::Kind);

class TraceSummary {
 public:
  void add(const TraceEvent&);

  u64 events() const;
  u64 references() const;
  u64 count(TraceEvent::Kind kind) const { return counts_[static_cast<size_t>(kind)]; }
  u64 bytes() const { return bytes_; }  // moved by references; a modify counts twice
  u64 pages_4k() const { return pages_.size(); }
  u64 pages_8k() const;
  const std::vector<u32>& children() const { return children_; }  // process numbers, as forked

 private:
  void touch(u64 page) {
    u64& seen = recent_[page % recent_.size()];
    if (seen == page + 1) return;
    seen = page + 1;
    pages_.insert(page);
  }

  std::array<u64, kTraceEventKinds> counts_{};
  u64 bytes_ = 0;
  std::vector<u32> children_;
  boost::unordered_flat_set<u64> pages_;  // of 4 KB
  std::array<u64, 1024> recent_{};        // page + 1
};

}  // namespace kilburn::os
