// SPDX-License-Identifier: Apache-2.0
//
// The gather: one invalidation a page, or one a space beyond a handful.
#include "sw/mm/gather.h"

#include <algorithm>
#include <cassert>
#include <exception>

namespace kilburn::os {

Gather::Gather(Shootdown& shootdown, const AsidAllocator& asids, FrameReleaser& releaser)
    : shootdown_(shootdown), asids_(asids), releaser_(releaser), exceptions_(std::uncaught_exceptions()) {}

Gather::~Gather() { assert((spaces_.empty() && frames_.empty()) || std::uncaught_exceptions() > exceptions_); }

void Gather::unhooked(const SpaceTag& tag, u64 va) {
  const u16 asid = asids_.live(tag);
  if (asid == 0) return;  // no TLB holds anything of it
  auto space = std::find_if(spaces_.begin(), spaces_.end(), [asid](const Space& s) { return s.asid == asid; });
  if (space == spaces_.end()) {
    spaces_.push_back({asid, false, {}});
    space = spaces_.end() - 1;
  }
  if (space->whole) return;
  if (space->pages.size() == kPagesAtMost) {
    space->whole = true;
  } else {
    space->pages.push_back(va);
  }
}

void Gather::table_unhooked(const SpaceTag& tag) {
  unhooked(tag, 0);
  for (Space& space : spaces_) {
    if (space.asid == asids_.live(tag)) space.whole = true;
  }
}

void Gather::commit() {
  if (releaser_.bug() == Bug::early_free) release();
  for (const Space& space : spaces_) {
    if (space.whole) {
      shootdown_.space(space.asid);
    } else {
      for (const u64 va : space.pages) shootdown_.page(space.asid, va);
    }
  }
  spaces_.clear();
  release();
}

void Gather::commit_without_invalidation() {
  spaces_.clear();
  release();
}

void Gather::release() {
  for (const Pfn pfn : frames_) releaser_.release_frame(pfn);
  frames_.clear();
}

}  // namespace kilburn::os
