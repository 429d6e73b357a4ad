// SPDX-License-Identifier: Apache-2.0
//
// Invalidation with its acknowledge; ASID versions.
#include "sw/mm/shootdown.h"

namespace kilburn::os {

void Shootdown::run(Invalidate op, u64 va, u16 asid) {
  ++count_;
  log_.add({.kind = MmEvent::Kind::invalidate, .op = op, .asid = asid, .va = va});
  port_.invalidate(op, va, asid);
  yield_(va);
  port_.wait_invalidated();
  log_.add({.kind = MmEvent::Kind::acknowledge});
}

u16 AsidAllocator::get(SpaceTag& tag) {
  if (tag.version == version_) return tag.asid;
  if (next_ > last_) {
    shootdown_.nonglobal();
    ++version_;
    next_ = 1;
  }
  tag.asid = static_cast<u16>(next_++);
  tag.version = version_;
  return tag.asid;
}

}  // namespace kilburn::os
