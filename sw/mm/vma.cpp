// SPDX-License-Identifier: Apache-2.0
//
// Splitting, merging and searching of memory areas.
#include "sw/mm/vma.h"

#include <algorithm>

#include "sw/core/errors.h"
#include "sw/core/random.h"

namespace kilburn::os {

u64 file_word(u32 file, u64 offset) { return mix((u64{file} << 44) ^ offset ^ 0x6b696c6275726e); }

void VmaSet::dispose(Tree::iterator at) {
  Vma* vma = &*at;
  tree_.erase(at);
  delete vma;
}

void VmaSet::clear() {
  tree_.clear_and_dispose([](Vma* vma) { delete vma; });
}

const Vma* VmaSet::find(u64 address) const {
  const auto it = first_past(address);
  return it != tree_.end() && it->start <= address ? &*it : nullptr;
}

VmaSet::Coverage VmaSet::coverage(u64 lo, u64 hi) const {
  Coverage c;
  for_each_in(lo, hi, [&c](const Vma& vma) {
    c.any = true;
    c.rights = static_cast<Rights>(c.rights | vma.rights);
    if (vma.backing.file != 0) c.only_anonymous = false;
    c.locked = c.locked || vma.flags.locked;
  });
  return c;
}

bool VmaSet::covered(u64 start, u64 end) const {
  for (auto it = first_past(start); it != tree_.end() && it->start <= start; ++it) {
    start = it->end;
    if (start >= end) return true;
  }
  return false;
}

// Makes `address` a border. The existing node keeps its end, so it keeps its place in the tree.
void VmaSet::split_at(u64 address) {
  const auto it = first_past(address);
  if (it == tree_.end() || it->start >= address) return;
  Vma* low = new Vma;
  low->start = it->start;
  low->end = address;
  low->rights = it->rights;
  low->backing = it->backing;
  low->inferred = it->inferred;
  low->flags = it->flags;
  it->backing = it->backing.at(address - it->start);
  it->start = address;
  tree_.insert(it, *low);
}

// Joins equal neighbours at every border in [lo, hi].
void VmaSet::merge_around(u64 lo, u64 hi) {
  auto it = tree_.lower_bound(lo);  // first that ends at or past lo
  while (it != tree_.end() && it->end <= hi) {
    const auto next = std::next(it);
    if (next == tree_.end()) return;
    if (next->start == it->end && next->rights == it->rights && next->inferred == it->inferred &&
        next->flags == it->flags && next->backing == it->backing.at(it->end - it->start)) {
      next->start = it->start;  // the key of the remaining node, its end, is unchanged
      next->backing = it->backing;
      dispose(it);
    }
    it = next;
  }
}

void VmaSet::insert(u64 start, u64 end, Rights rights, Backing backing, bool inferred, VmaFlags flags) {
  const auto it = first_past(start);
  if (start >= end || (it != tree_.end() && it->start < end)) throw Violation("P19", "area overlaps at " + hex(start));
  Vma* vma = new Vma;
  vma->start = start;
  vma->end = end;
  vma->rights = rights;
  vma->backing = backing;
  vma->inferred = inferred;
  vma->flags = flags;
  tree_.insert(it, *vma);
  merge_around(start, end);
}

void VmaSet::remove(u64 start, u64 end) {
  split_at(start);
  split_at(end);
  for (auto it = first_past(start); it != tree_.end() && it->start < end;) dispose(it++);
}

void VmaSet::set_rights(u64 start, u64 end, Rights rights) {
  split_at(start);
  split_at(end);
  for (auto it = first_past(start); it != tree_.end() && it->start < end; ++it) it->rights = rights;
  merge_around(start, end);
}

void VmaSet::set_locked(u64 start, u64 end, bool locked) {
  split_at(start);
  split_at(end);
  for (auto it = first_past(start); it != tree_.end() && it->start < end; ++it) it->flags.locked = locked;
  merge_around(start, end);
}

const Vma* VmaSet::above(u64 address) const {
  const auto it = first_past(address);
  return it != tree_.end() ? &*it : nullptr;
}

const Vma* VmaSet::below(u64 address) const {
  const auto it = first_past(address);
  return it != tree_.begin() ? &*std::prev(it) : nullptr;
}

// The key of the tree is the end, so the area keeps its place.
void VmaSet::grow_down(const Vma& area, u64 start) {
  const Vma* under = below(area.end - 1);
  if (under != nullptr && under->end > start)
    throw Violation("P19", "a stack grows over the area that ends at " + hex(under->end));
  for (auto it = first_past(area.end - 1); it != tree_.end() && &*it == &area; ++it) it->start = start;
}

u64 VmaSet::locked_bytes() const {
  u64 sum = 0;
  for (const Vma& vma : tree_) {
    if (vma.flags.locked) sum += vma.end - vma.start;
  }
  return sum;
}

u64 VmaSet::find_gap(u64 length, u64 lo, u64 hi, u64 align) const {
  u64 at = (lo + align - 1) & ~(align - 1);
  for (auto it = first_past(at); at < hi && hi - at >= length; ++it) {
    const u64 keep = it != tree_.end() && it->flags.grows_down ? std::min(kGuardGap, it->start) : 0;
    if (it == tree_.end() || (it->start - keep > at && it->start - keep - at >= length)) return at;
    at = (it->end + align - 1) & ~(align - 1);
  }
  return 0;
}

size_t VmaSet::splits(u64 start, u64 end) const {
  const Vma* first = find(start);
  const Vma* last = find(end);
  return size_t{first != nullptr && first->start < start} + size_t{last != nullptr && last->start < end};
}

void VmaSet::copy_from(const VmaSet& other) {
  clear();
  for (const Vma& from : other.tree_) {
    Vma* vma = new Vma;
    vma->start = from.start;
    vma->end = from.end;
    vma->rights = from.rights;
    vma->backing = from.backing;
    vma->inferred = from.inferred;
    vma->flags = from.flags;
    vma->flags.locked = false;  // locks are not inherited (mlock(2))
    tree_.push_back(*vma);
  }
}

// For both ends of each area and the byte past it.
void VmaSet::check_find(const std::function<const Vma*(u64)>& found) const {
  for (const Vma& vma : tree_) {
    for (const u64 address : {vma.start, vma.end - 1, vma.end}) {
      const auto linear = std::find_if(tree_.begin(), tree_.end(), [address](const Vma& v) { return v.end > address; });
      const Vma* expected = linear != tree_.end() && linear->start <= address ? &*linear : nullptr;
      if (found(address) != expected) throw Violation("P21", "find(" + hex(address) + ") differs from a linear search");
      if (tree_.size() > 64) break;  // quadratic: on large trees the first end only
    }
  }
}

void VmaSet::check(u64 top) const {
  const Vma* before = nullptr;
  for (const Vma& vma : tree_) {
    if (vma.start >= vma.end || ((vma.start | vma.end) & (kGranule - 1)) != 0 || vma.end > top) {
      throw Violation("P19", "area " + hex(vma.start) + ".." + hex(vma.end) + " is empty, not aligned, or too high");
    }
    if (before != nullptr && before->end > vma.start) throw Violation("P19", "areas overlap at " + hex(vma.start));
    before = &vma;
  }
  check_find([this](u64 address) { return find(address); });
  // P20: heights of the two subtrees differ by at most 1 and agree with the stored balance.
  const auto height = [](auto&& self, Tree::node_traits::const_node_ptr node) -> int {
    if (node == nullptr) return 0;
    const int left = self(self, Tree::node_traits::get_left(node));
    const int right = self(self, Tree::node_traits::get_right(node));
    const auto balance = Tree::node_traits::get_balance(node);
    const int stored = balance == Tree::node_traits::negative() ? -1 : balance == Tree::node_traits::positive() ? 1 : 0;
    if (right - left != stored) throw Violation("P20", "tree of areas is out of balance");
    return 1 + std::max(left, right);
  };
  if (!tree_.empty()) {
    height(height, Tree::node_traits::get_parent(tree_.end().pointed_node()));
  }
}

}  // namespace kilburn::os
