// SPDX-License-Identifier: Apache-2.0
//
// Unhook -> invalidate -> acknowledge -> free, as a type that allows no other order: what is freed is
// handed to the Gather, and only commit() frees it, after the invalidations are acknowledged.
#pragma once

#include <boost/container/small_vector.hpp>

#include "sw/mm/cpus.h"

namespace kilburn::os {

class FrameReleaser {
 public:
  virtual void release_frame(Pfn) = 0;  // nothing can reach the frame any more
  virtual Bug bug() const = 0;

 protected:
  ~FrameReleaser() = default;
};

class Gather {
 public:
  Gather(Cpus& cpus, FrameReleaser& releaser);
  Gather(const Gather&) = delete;
  Gather& operator=(const Gather&) = delete;
  ~Gather();  // asserts that commit() ran, unless an exception is on its way

  // A leaf entry was cleared, or lost rights, D, or its frame.
  void unhooked(SpaceTag& space, u64 va);
  // A table entry was cleared: walk caches hold it under any address, so the whole space goes.
  void table_unhooked(SpaceTag& space);
  void free_after(Pfn pfn) { frames_.push_back(pfn); }
  void free_table_after(Pfn pfn);

  void commit();
  // Seeded bug: takes the entries as done without any invalidation.
  void commit_without_invalidation();

 private:
  void release();
  static constexpr size_t kPagesAtMost = 8;  // beyond this many pages of a space, all of it at once
  struct Space {
    SpaceTag* tag;
    bool whole;
    boost::container::small_vector<u64, kPagesAtMost> pages;
  };

  Space* find(SpaceTag& tag);

  Cpus& cpus_;
  FrameReleaser& releaser_;
  boost::container::small_vector<Space, 2> spaces_;
  boost::container::small_vector<Pfn, 8> frames_;
  int exceptions_;
};

}  // namespace kilburn::os
