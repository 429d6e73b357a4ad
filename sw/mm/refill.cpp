// SPDX-License-Identifier: Apache-2.0
//
// The miss handler of a TLB that software fills: read the entry, remove what the TLB holds of the page, fill, retry
// (3.8 of the order rules, number 17; EV4 4.7.1.1).
#include "sw/mm/memory.h"

namespace kilburn::os {

bool Memory::refill(unsigned cpu, AddressSpace& space, u64 va, arch::Op op) {
  const auto scope = yield_.in(Sequence::refill);
  if (va >= format_.user_top()) return false;
  const u64 page = format_.page_down(va);
  const u64 word = space.table.load(page);
  const PteView v = format_.view(word);
  const bool fetch = op == arch::Op::fetch;
  // What is not present, or cannot be held (the instruction TLB has no fault-on-execute bit), is a page fault.
  if (v.kind != EntryKind::leaf || (fetch && (v.rights & kExecute) == 0)) return false;
  cpus_.fill(cpu, space.tag, page, word, fetch);
  return true;
}

}  // namespace kilburn::os
