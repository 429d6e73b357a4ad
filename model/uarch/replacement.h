// SPDX-License-Identifier: Apache-2.0
//
// Replacement of up to 64 entries by one of three policies (rtl/README.md, "Replacement").
#pragma once

#include <array>
#include <cassert>

#include "model/uarch/pins.h"

namespace kilburn::uarch {

enum class Policy : u8 { tree = 0, round_robin = 1, random = 2 };  // the codes of the parameter Policy

// The rule of one policy and number of entries; the state is a word that its owner keeps, so that the many sets of
// a bank share one rule.
//
// tree: node n is bit n, node 1 the root, children 2n and 2n+1, a 0 pointing to the lower half. Touching an
// entry is two masks prepared once an entry; they are 0 for the other policies, whose touch does nothing.
class ReplacementRule {
 public:
  static constexpr unsigned kMaxEntries = 64;

  ReplacementRule(unsigned entries, Policy policy) : entries_(entries), policy_(policy) {
    assert(entries >= 1 && entries <= kMaxEntries && (entries & (entries - 1)) == 0);
    for (unsigned entry = 0; policy == Policy::tree && entry < entries; ++entry) {
      // Heap order: leaf `entry` is node entries + entry, and a node's parent is half of it.
      for (unsigned node = entries + entry; node > 1; node /= 2) {
        const u64 parent = u64{1} << (node / 2);
        on_path_[entry] |= parent;
        if (node % 2 == 0) away_[entry] |= parent;  // the entry is in the lower half: point to the upper
      }
    }
  }

  Policy policy() const { return policy_; }

  u64 at_reset() const { return policy_ == Policy::random ? 0xACE1 : 0; }

  u64 touched(u64 state, unsigned entry) const { return (state & ~on_path_[entry]) | away_[entry]; }

  unsigned victim(u64 state) const {
    if (policy_ != Policy::tree) return static_cast<unsigned>(state) & (entries_ - 1);
    unsigned node = 1;
    while (node < entries_) node = 2 * node + static_cast<unsigned>((state >> node) & 1);
    return node - entries_;
  }

  // After a fill that wrote the victim for want of another entry.
  u64 victim_taken(u64 state) const {
    switch (policy_) {
      case Policy::tree:
        break;
      case Policy::round_robin:
        return (state + 1) & (entries_ - 1);
      case Policy::random:  // a Fibonacci shift register of 16 bits, period 65535
        return state >> 1 | ((state ^ state >> 2 ^ state >> 3 ^ state >> 5) & 1) << 15;
    }
    return state;
  }

 private:
  unsigned entries_;
  Policy policy_;
  std::array<u64, kMaxEntries> on_path_{};
  std::array<u64, kMaxEntries> away_{};
};

// A rule with the state of one structure.
class Replacement {
 public:
  static constexpr unsigned kMaxEntries = ReplacementRule::kMaxEntries;

  Replacement(unsigned entries, Policy policy) : rule_(entries, policy), state_(rule_.at_reset()) {}

  void reset() { state_ = rule_.at_reset(); }
  void touch(unsigned entry) { state_ = rule_.touched(state_, entry); }
  unsigned victim() const { return rule_.victim(state_); }
  void victim_taken() { state_ = rule_.victim_taken(state_); }
  u64 state() const { return state_; }

 private:
  ReplacementRule rule_;
  u64 state_;
};

}  // namespace kilburn::uarch
