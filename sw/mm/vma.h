// SPDX-License-Identifier: Apache-2.0
//
// Virtual memory areas: what a process may touch, in an AVL tree ordered by end address.
#pragma once

#include <boost/intrusive/avl_set.hpp>
#include <functional>

#include "sw/core/types.h"
#include "sw/mm/page_object.h"

namespace kilburn::os {

enum class AreaKind : u8 {
  ordinary,     // private: anonymous memory, or a file's pages, copied before they are changed
  file_shared,  // a file's pages themselves
  shm,          // a segment of shared memory
  device,       // frames past the end of memory, not cached, not counted
  guard,        // nothing, ever
};

// What an area shows where the process has not stored to it.
struct Backing {
  // Numbers of what is no file: they do not collide with a descriptor.
  static constexpr u32 kSegment = u32{1} << 31;  // plus the segment's id
  static constexpr u32 kDevice = ~u32{0};

  u32 file = 0;    // 0: anonymous, zero; else the number of a file, whose first bytes are file_word()
  u64 offset = 0;  // of the area's first byte in the file; 0 if anonymous
  AreaKind kind = AreaKind::ordinary;
  ObjectRef object = {};  // of areas that a Memory made: the file or segment

  bool whole_pages() const { return kind != AreaKind::ordinary && kind != AreaKind::guard; }
  Backing at(u64 distance) const {
    return file == 0 ? Backing{0, 0, kind} : Backing{file, offset + distance, kind, object};
  }
  bool operator==(const Backing&) const = default;
};
// The 8 bytes of a file at `offset` (a multiple of 8). Recorded traces hold no file contents, so they
// are made up, the same in every run and format.
u64 file_word(u32 file, u64 offset);

// LX vm_flags, as far as they are not rights.
struct VmaFlags {
  bool locked = false;      // its pages stay in memory (mlock)
  bool grows_down = false;  // a stack: a touch below its start extends it
  bool operator==(const VmaFlags&) const = default;
};

struct Vma : boost::intrusive::avl_set_base_hook<> {
  u64 start = 0, end = 0;  // multiples of kGranule
  Rights rights = 0;
  Backing backing;
  bool inferred = false;  // not from a system call: made on first touch
  VmaFlags flags;
};

class VmaSet {
 public:
  static constexpr size_t kMaxCount = 65530;        // LX DEFAULT_MAX_MAP_COUNT
  static constexpr u64 kGuardGap = 256 * kGranule;  // kept free below a stack (LX stack_guard_gap)

  VmaSet() = default;
  ~VmaSet() { clear(); }
  VmaSet(const VmaSet&) = delete;
  VmaSet& operator=(const VmaSet&) = delete;

  // The area that holds `address`, or nullptr.
  const Vma* find(u64 address) const;
  // Union of the rights of all areas in [lo, hi); `any` says whether there is one.
  struct Coverage {
    bool any = false;
    bool only_anonymous = true;
    bool locked = false;  // some area is
    Rights rights = 0;
  };
  Coverage coverage(u64 lo, u64 hi) const;

  // The area that covers all of [lo, hi), or nullptr.
  const Vma* whole(u64 lo, u64 hi) const {
    const Vma* vma = find(lo);
    return vma != nullptr && vma->end >= hi ? vma : nullptr;
  }

  // Inserts where nothing is (checked), merging with equal neighbours.
  void insert(u64 start, u64 end, Rights, Backing, bool inferred = false, VmaFlags flags = {});
  void remove(u64 start, u64 end);              // holes are ignored
  void set_rights(u64 start, u64 end, Rights);  // holes are ignored
  void set_locked(u64 start, u64 end, bool locked);
  // The first area above `address`, which no area holds; nullptr if there is none.
  const Vma* above(u64 address) const;
  const Vma* below(u64 address) const;  // the last area that ends at or below it
  // Extends an area downwards, where nothing is (checked).
  void grow_down(const Vma& area, u64 start);
  u64 locked_bytes() const;
  bool covered(u64 start, u64 end) const;  // no hole
  // The lowest free range of `length` bytes in [lo, hi), aligned; 0 if none.
  u64 find_gap(u64 length, u64 lo, u64 hi, u64 align) const;
  // How many more areas there are once [start, end) has borders of its own, 0 to 2.
  size_t splits(u64 start, u64 end) const;
  void copy_from(const VmaSet&);
  void clear();

  template <class Fn>
  void for_each(Fn&& fn) const {
    for (const Vma& vma : tree_) fn(vma);
  }
  // Areas that overlap [lo, hi), ascending.
  template <class Fn>
  void for_each_in(u64 lo, u64 hi, Fn&& fn) const {
    for (auto it = first_past(lo); it != tree_.end() && it->start < hi; ++it) fn(*it);
  }
  size_t count() const { return tree_.size(); }

  // P19 sorted, disjoint, not empty, aligned, below `top`; P20 AVL heights; P21 find; throws Violation.
  void check(u64 top) const;
  // P21: what `found` says of an address is what a search from the front says; throws Violation.
  void check_find(const std::function<const Vma*(u64)>& found) const;

 private:
  struct EndKey {
    using type = u64;
    type operator()(const Vma& vma) const { return vma.end; }
  };
  using Tree = boost::intrusive::avl_set<Vma, boost::intrusive::key_of_value<EndKey>>;

  Tree::const_iterator first_past(u64 address) const { return tree_.upper_bound(address); }
  Tree::iterator first_past(u64 address) { return tree_.upper_bound(address); }
  void split_at(u64 address);
  void merge_around(u64 lo, u64 hi);
  void dispose(Tree::iterator at);

  Tree tree_;
};

}  // namespace kilburn::os
