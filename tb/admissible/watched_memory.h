// SPDX-License-Identifier: Apache-2.0
//
// Memory as software writes it, with the checker looking on.
#pragma once

#include <algorithm>
#include <cstring>

#include "sw/hw/ports.h"
#include "tb/admissible/checker.h"

namespace kilburn::admissible {

class WatchedMemory final : public os::PhysMem {
 public:
  WatchedMemory(os::PhysMem& memory, Checker& checker) : memory_(memory), checker_(checker) {}

  // The cycle in which software writes.
  void begin(u64 cycle) { cycle_ = cycle; }

  u64 size() const override { return memory_.size(); }
  u64 load64(u64 pa) override { return memory_.load64(pa); }
  void store64(u64 pa, u64 value) override {
    if (checker_.may_write_untold(pa)) return memory_.store64(pa, value);
    const u64 before = memory_.load64(pa);
    memory_.store64(pa, value);
    written(pa, before, value);
  }
  u64 cas64(u64 pa, u64 expect, u64 desired) override {
    const u64 before = memory_.cas64(pa, expect, desired);
    if (before == expect) written(pa, before, desired);
    return before;
  }
  void read(u64 pa, std::span<std::byte> out) override { memory_.read(pa, out); }
  // Word by word, where words were page-table entries once.
  void write(u64 pa, std::span<const std::byte> in) override {
    for (std::size_t done = 0; done < in.size();) {
      if (checker_.may_write_untold(pa + done)) {
        const u64 left = VisitedWords::kPiece - (pa + done) % VisitedWords::kPiece;
        const std::size_t bytes = std::min<std::size_t>(in.size() - done, left);
        memory_.write(pa + done, in.subspan(done, bytes));
        done += bytes;
        continue;
      }
      const u64 word = (pa + done) & ~u64{7};
      const std::size_t bytes = std::min<std::size_t>(in.size() - done, static_cast<std::size_t>(word + 8 - pa - done));
      const u64 before = memory_.load64(word);
      memory_.write(pa + done, in.subspan(done, bytes));
      written(word, before, memory_.load64(word));
      done += bytes;
    }
  }

 private:
  void written(u64 pa, u64 before, u64 after) { checker_.memory_write(at(cycle_, Phase::software), pa, before, after); }

  os::PhysMem& memory_;
  Checker& checker_;
  u64 cycle_ = 0;
};

}  // namespace kilburn::admissible
