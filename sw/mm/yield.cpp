// SPDX-License-Identifier: Apache-2.0
//
// What the hardware does at a yield point, and how often each sequence had one.
#include "sw/mm/yield.h"

namespace kilburn::os {

void Yield::run(u64 va) {
  ++count_;
  ++table_[static_cast<size_t>(now_)].yields;
  for (MmuPort* port : ports_) {
    const arch::Op op = random_.below(2) == 0 ? arch::Op::read : arch::Op::write;
    port->prefetch(va, op, arch::Mode::user);
    port->idle(static_cast<unsigned>(random_.below(24)));
  }
}

std::string_view name(Sequence sequence) {
  constexpr std::array<std::string_view, kSequences> kNames{
      "other", "first read",  "first write", "swap-out",  "swap-in",    "copy on write", "fork",
      "unmap", "protect",     "remap",       "writeback", "migrate",    "collapse",      "ASID wrap",
      "exit",  "young/dirty", "upgrade",     "ageing",    "TLB refill", "vmalloc"};
  return kNames[static_cast<size_t>(sequence)];
}

std::string_view Yield::uncovered() const {
  if (policy_ != YieldPolicy::every) return "";
  for (size_t n = 0; n < kSequences; ++n) {
    if (table_[n].steps != 0 && table_[n].yields == 0) return name(static_cast<Sequence>(n));
  }
  return "";
}

}  // namespace kilburn::os
