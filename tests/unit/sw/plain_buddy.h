// SPDX-License-Identifier: Apache-2.0
//
// The floor of the buddy measurements: a power-of-two allocator on Boost's intrusive lists that splits
// and merges, and does nothing else. No pair bits, no check of what is freed, no state of a frame but
// its order. Its nodes are as small as the list allows.
#pragma once

#include <bit>
#include <boost/intrusive/list.hpp>
#include <vector>

#include "sw/core/types.h"

namespace kilburn::os::test {

class PlainBuddy {
 public:
  explicit PlainBuddy(u32 frames) : nodes_(frames) {  // a multiple of the largest block
    for (u32 n = 0; n < frames; n += 1u << kMax) push(n, kMax);
  }
  ~PlainBuddy() {
    for (List& list : lists_) list.clear();
  }

  Pfn alloc(unsigned order) {
    const u32 above = filled_ >> order << order;
    if (above == 0) return kNoFrame;
    auto found = static_cast<unsigned>(std::countr_zero(above));
    Node& block = lists_[found].front();
    remove(block, found);
    const Pfn pfn = static_cast<Pfn>(&block - nodes_.data());
    while (found > order) {
      --found;
      push(pfn + (1u << found), found);
    }
    return pfn;
  }
  void free(Pfn pfn, unsigned order) {
    for (; order < kMax; ++order) {
      Node& other = nodes_[pfn ^ (1u << order)];
      if (other.order != order) break;
      remove(other, order);
      pfn &= ~(1u << order);
    }
    push(pfn, order);
  }

 private:
  static constexpr unsigned kMax = 10;
  static constexpr u8 kUsed = 0xff;
  struct Node : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
    u8 order = kUsed;
  };
  using List = boost::intrusive::list<Node, boost::intrusive::constant_time_size<false>>;
  void push(Pfn pfn, unsigned order) {
    Node& node = nodes_[pfn];
    node.order = static_cast<u8>(order);
    lists_[order].push_front(node);
    filled_ |= 1u << order;
  }
  void remove(Node& node, unsigned order) {
    lists_[order].erase(List::s_iterator_to(node));
    if (lists_[order].empty()) filled_ &= ~(1u << order);
    node.order = kUsed;
  }
  std::vector<Node> nodes_;
  List lists_[kMax + 1];
  u32 filled_ = 0;
};

}  // namespace kilburn::os::test
