// SPDX-License-Identifier: Apache-2.0
//
// Counting of events and pages.
#include "sw/trace/summary.h"

#include <numeric>

namespace kilburn::os {

std::string_view name(TraceEvent::Kind kind) {
  constexpr std::array<std::string_view, kTraceEventKinds> kNames = {
      "fetch", "read", "write", "modify", "map", "unmap", "protect", "remap", "brk", "fork", "exec", "exit"};
  return kNames[static_cast<size_t>(kind)];
}

void TraceSummary::add(const TraceEvent& e) {
  ++counts_[static_cast<size_t>(e.kind)];
  if (e.kind == TraceEvent::Kind::fork) children_.push_back(e.pid);
  if (!e.reference()) return;
  bytes_ += e.kind == TraceEvent::Kind::modify ? 2u * e.size : e.size;
  const u64 first = e.address >> kGranuleShift, last = (e.address + e.size - 1) >> kGranuleShift;
  touch(first);
  if (last != first) touch(last);
}

u64 TraceSummary::events() const { return std::accumulate(counts_.begin(), counts_.end(), u64{0}); }

u64 TraceSummary::references() const { return counts_[0] + counts_[1] + counts_[2] + counts_[3]; }

u64 TraceSummary::pages_8k() const {
  u64 pages = 0;
  for (const u64 page : pages_) {
    if ((page & 1) == 0 || !pages_.contains(page - 1)) ++pages;
  }
  return pages;
}

}  // namespace kilburn::os
