// SPDX-License-Identifier: Apache-2.0
//
// Drives the operations of a directed test through the lockstep loop.
#pragma once

#include <array>
#include <unordered_map>
#include <unordered_set>

#include "tb/failure/directed_test.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

// The words of a test and what is written since; all others are 0. Notes what walkers read.
class SparseMemory final : public os::PhysMem {
 public:
  explicit SparseMemory(const DirectedTest& test)
      : words_(test.words.begin(), test.words.end()), size_(test.memory_bytes) {}

  os::u64 size() const override { return size_; }
  os::u64 load64(os::u64 pa) override {
    read_.insert(pa);
    const auto word = words_.find(pa);
    return word == words_.end() ? 0 : word->second;
  }
  void store64(os::u64 pa, os::u64 value) override { words_[pa] = value; }
  os::u64 cas64(os::u64 pa, os::u64 expect, os::u64 desired) override {
    const os::u64 old = load64(pa);
    if (old == expect) store64(pa, desired);
    return old;
  }
  void read(os::u64 pa, std::span<std::byte> out) override;
  void write(os::u64 pa, std::span<const std::byte> in) override;

  bool was_read(os::u64 pa) const { return read_.contains(pa); }

 private:
  std::unordered_map<os::u64, os::u64> words_;
  std::unordered_set<os::u64> read_;
  os::u64 size_;
};

class DirectedReplay {
 public:
  // The lockstep has the settings, the seed and the memory of the test. `answer_limit`: cycles for which a request may
  // stand at a port (R5).
  DirectedReplay(Lockstep&, const DirectedTest&, arch::u64 answer_limit);

  // All operations, until everything is answered. Throws DutWrong. Does not call Lockstep::finish().
  void run();
  std::size_t begun() const { return next_; }  // operations
  arch::u64 answered() const { return answered_; }
  const std::array<arch::u64, 16>& faults() const { return faults_; }  // by layout.def Fault

 private:
  bool quiet() const;
  bool begin(const Operation&);
  void cycle();
  void take(Side, kilburn_req_in&, const kilburn_req_out&);

  Lockstep& lockstep_;
  const DirectedTest& test_;
  arch::u64 answer_limit_;
  std::size_t next_ = 0;
  arch::u64 last_begin_;
  arch::u64 moved_;  // cycle in which something last was taken or answered
  arch::u16 busy_[2] = {0, 0};
  std::array<std::array<arch::u64, 16>, 2> hold_{};
  bool invalidating_ = false;
  arch::u64 answered_ = 0;
  std::array<arch::u64, 16> faults_{};
};

}  // namespace kilburn::tb
