// SPDX-License-Identifier: Apache-2.0
//
// Memory as software writes it while two DUTs run: each write goes to both, at the same place of both streams.
//
// Software reads A's memory only. What it writes is put into B's as it stands, so that both hold the same tables; only
// A and D may differ, because each DUT's walkers set them in their own memory at their own time.
//
// - A plain store overwrites whatever B's walkers have set in that word, as it does with A's. For B that is a write of
//   software like any other: its checker knows it as such, so that an answer from the entry as it was before is stale,
//   not wrong (no false alarm), and B owes D to the next store that it walks for (nothing is lost that software asked
//   for: it looked at A's word, not at B's).
// - A compare-and-swap is how software changes an entry that hardware may be updating (SDM 4.8). It compares with A's
//   word. B's may have A or D set besides; the same software on B would have found them, tried again, and kept what it
//   does not mean to change. So where the swap leaves the entry's frame alone, an A or D that it does not change stays
//   as B has it: a store that B has done and A has not yet is not forgotten. Where it gives the entry another frame, or
//   takes it away, A and D were those of the old page, and the word is put as it stands.
// - No word of B's ever reaches A or software.
#pragma once

#include <functional>

#include "model/arch/types.h"
#include "tb/against/image.h"

namespace kilburn::against {

class MirroredMemory final : public os::PhysMem {
 public:
  // `a`, `b`: as software writes to each DUT's memory. `catch_up` is called before each write: B gets as far as
  // software has seen A.
  MirroredMemory(arch::Format format, os::PhysMem& a, os::PhysMem& b, Image& image, std::function<void()> catch_up)
      : format_(format), a_(a), b_(b), image_(image), catch_up_(std::move(catch_up)) {}

  u64 size() const override { return a_.size(); }
  u64 load64(u64 pa) override { return a_.load64(pa); }
  void store64(u64 pa, u64 value) override;
  u64 cas64(u64 pa, u64 expect, u64 desired) override;
  void read(u64 pa, std::span<std::byte> out) override { a_.read(pa, out); }
  void write(u64 pa, std::span<const std::byte> in) override;

 private:
  arch::Format format_;
  os::PhysMem& a_;
  os::PhysMem& b_;
  Image& image_;
  std::function<void()> catch_up_;
};

// The word that B's memory gets for a compare-and-swap of software that succeeded in A's; `b` is what B's holds.
u64 mirrored_swap(arch::Format, u64 expect, u64 desired, u64 b);

}  // namespace kilburn::against
