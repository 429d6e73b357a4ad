// SPDX-License-Identifier: Apache-2.0
//
// The memory of a CPU vector: its page-table words and nothing else.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "sw/hw/ports.h"
#include "tb/stimulus/vectors.h"

namespace kilburn::tb {

// A word that the vector does not give reads as 0 and is noted; it cannot be changed.
class VectorMemory final : public os::PhysMem {
 public:
  // Takes the words of a vector, ordered by address, and forgets all before.
  void set(const std::vector<VectorWord>& words) {
    words_ = words;
    not_given_.clear();
  }
  const std::vector<VectorWord>& words() const { return words_; }
  // Addresses of words read although they are not given, since set().
  const std::vector<os::u64>& not_given() const { return not_given_; }
  void forget_not_given() { not_given_.clear(); }
  std::optional<os::u64> look(os::u64 pa) const {
    const VectorWord* word = find(pa);
    return word == nullptr ? std::nullopt : std::optional(word->value);
  }

  os::u64 size() const override { return os::u64{1} << 52; }
  os::u64 load64(os::u64 pa) override {
    if (const VectorWord* word = find(pa)) return word->value;
    if (not_given_.size() < kMostNoted) not_given_.push_back(pa);
    return 0;
  }
  void store64(os::u64 pa, os::u64 value) override {
    if (auto* word = const_cast<VectorWord*>(find(pa))) word->value = value;
  }
  os::u64 cas64(os::u64 pa, os::u64 expect, os::u64 desired) override {
    const os::u64 old = load64(pa);
    if (old == expect) store64(pa, desired);
    return old;
  }
  void read(os::u64 pa, std::span<std::byte> out) override;
  void write(os::u64 pa, std::span<const std::byte> in) override;

 private:
  static constexpr std::size_t kMostNoted = 64;

  const VectorWord* find(os::u64 pa) const {
    const auto at = std::lower_bound(words_.begin(), words_.end(), pa,
                                     [](const VectorWord& word, os::u64 address) { return word.pa < address; });
    return at != words_.end() && at->pa == pa ? &*at : nullptr;
  }

  std::vector<VectorWord> words_;
  std::vector<os::u64> not_given_;
};

}  // namespace kilburn::tb
