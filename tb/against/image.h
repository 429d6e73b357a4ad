// SPDX-License-Identifier: Apache-2.0
//
// A memory that differs from another one in a few words: what the follower's walkers see.
//
// Both DUTs start from one memory. Software writes to both; A and D are set by each DUT's walkers in its own copy only.
// So the copy is kept as the words in which it differs, which works for memories of any size.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include "sw/hw/ports.h"

namespace kilburn::against {

using arch::u64;

class Image final : public os::PhysMem {
 public:
  explicit Image(os::PhysMem& original) : original_(original) {}

  u64 size() const override { return original_.size(); }
  u64 load64(u64 pa) override {
    if (own_.empty()) return original_.load64(pa);
    const auto own = own_.find(pa);
    return own == own_.end() ? original_.load64(pa) : own->second;
  }
  void store64(u64 pa, u64 value) override;
  u64 cas64(u64 pa, u64 expect, u64 desired) override;
  void read(u64 pa, std::span<std::byte> out) override;
  void write(u64 pa, std::span<const std::byte> in) override;

  // The original's word was `before` until its own walkers changed it: here it stays so.
  void keep(u64 pa, u64 before);
  // The original was written in these bytes: words that are alike again need not be held.
  void settle(u64 pa, u64 bytes);
  // Alike in every word.
  void clear() { own_.clear(); }
  std::size_t differing() const { return own_.size(); }  // words

 private:
  os::PhysMem& original_;
  boost::unordered_flat_map<u64, u64> own_;  // by address
};

}  // namespace kilburn::against
