// SPDX-License-Identifier: Apache-2.0
//
// Tree pseudo-LRU replacement over up to 64 entries (rtl/README.md, "Replacement").
#pragma once

#include <array>
#include <cassert>

#include "model/uarch/pins.h"

namespace kilburn::uarch {

// Node n of the tree is bit n of one word: node 1 the root, children 2n and 2n+1, a 0 pointing to the
// lower half. Touching an entry is two masks prepared once an entry.
class Plru {
 public:
  static constexpr unsigned kMaxEntries = 64;

  explicit Plru(unsigned entries) : entries_(entries) {
    assert(entries >= 1 && entries <= kMaxEntries && (entries & (entries - 1)) == 0);
    for (unsigned entry = 0; entry < entries; ++entry) {
      // Heap order: leaf `entry` is node entries + entry, and a node's parent is half of it.
      for (unsigned node = entries + entry; node > 1; node /= 2) {
        const u64 parent = u64{1} << (node / 2);
        on_path_[entry] |= parent;
        if (node % 2 == 0) away_[entry] |= parent;  // the entry is in the lower half: point to the upper
      }
    }
  }

  void reset() { tree_ = 0; }

  void touch(unsigned entry) { tree_ = (tree_ & ~on_path_[entry]) | away_[entry]; }

  unsigned victim() const {
    unsigned node = 1;
    while (node < entries_) node = 2 * node + static_cast<unsigned>((tree_ >> node) & 1);
    return node - entries_;
  }

  // Bit n is node n; bit 0 is unused.
  u64 tree() const { return tree_; }

 private:
  unsigned entries_;
  u64 tree_ = 0;
  std::array<u64, kMaxEntries> on_path_{};
  std::array<u64, kMaxEntries> away_{};
};

}  // namespace kilburn::uarch
