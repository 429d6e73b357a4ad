// SPDX-License-Identifier: Apache-2.0
//
// The gather: one invalidation a page, or one a space beyond a handful.
#include "sw/mm/gather.h"

#include <cassert>
#include <exception>

namespace kilburn::os {

Gather::Gather(Cpus& cpus, FrameReleaser& releaser)
    : cpus_(cpus), releaser_(releaser), exceptions_(std::uncaught_exceptions()) {}

Gather::~Gather() { assert((spaces_.empty() && frames_.empty()) || std::uncaught_exceptions() > exceptions_); }

// Null if no TLB holds anything of the space.
Gather::Space* Gather::find(SpaceTag& tag) {
  for (Space& space : spaces_) {
    if (space.tag == &tag) return &space;
  }
  if (cpus_.live_count(tag) == 0) return nullptr;
  return &spaces_.emplace_back(Space{&tag, false, {}});
}

void Gather::unhooked(SpaceTag& tag, u64 va) {
  Space* space = find(tag);
  if (space == nullptr || space->whole) return;
  if (space->pages.size() == kPagesAtMost) {
    space->whole = true;
  } else {
    space->pages.push_back(va);
  }
}

void Gather::table_unhooked(SpaceTag& tag) {
  if (Space* space = find(tag); space != nullptr) space->whole = true;
}

void Gather::free_table_after(Pfn pfn) {
  if (releaser_.bug() == Bug::early_table_free) {
    releaser_.release_frame(pfn);
  } else {
    free_after(pfn);
  }
}

void Gather::commit() {
  if (releaser_.bug() == Bug::early_free) release();
  for (const Space& space : spaces_) {
    if (space.whole) {
      cpus_.space(*space.tag);
    } else {
      for (const u64 va : space.pages) cpus_.page(*space.tag, va);
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
