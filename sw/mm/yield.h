// SPDX-License-Identifier: Apache-2.0
//
// Yield points: between two steps of a critical sequence the hardware of every CPU may run, so that walks in
// flight and late writes meet half-done work. Ordering bugs appear here.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "sw/core/bugs.h"
#include "sw/core/random.h"
#include "sw/hw/ports.h"

namespace kilburn::os {

enum class YieldPolicy : u8 { none, every, random };

// The sequences whose order the MMU can see.
enum class Sequence : u8 {
  other,
  first_read,   // zero page mapped
  first_write,  // a frame of its own, or file contents
  swap_out,
  swap_in,
  cow_break,  // also the zero page's
  fork,
  unmap,
  protect,
  remap,
  writeback,
  migrate,
  collapse,
  asid_wrap,
  exit,
  young_dirty,  // Alpha's emulation
  upgrade,      // rights that the area gained; spurious faults
  ageing,
  refill,  // TLB filled by software
  vmalloc,
};
inline constexpr size_t kSequences = 20;
std::string_view name(Sequence);

class Yield {
 public:
  Yield(std::span<MmuPort* const> ports, YieldPolicy policy, u64 seed, Bug bug = Bug::none)
      : ports_(ports.begin(), ports.end()), policy_(policy), bug_(bug), random_(seed) {}
  Yield(MmuPort& port, YieldPolicy policy, u64 seed) : ports_{&port}, policy_(policy), random_(seed) {}

  // `va` is the address that the sequence works on.
  void operator()(u64 va) {
    if (policy_ == YieldPolicy::none || bug_ == Bug::no_yield) return;
    if (policy_ == YieldPolicy::random && random_.below(4) != 0) return;
    run(va);
  }

  // Steps and yields count for the innermost sequence that is open.
  class Scope {
   public:
    Scope(Yield& yield, Sequence sequence) : yield_(yield), outer_(yield.now_) { yield.now_ = sequence; }
    ~Scope() { yield_.now_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Yield& yield_;
    Sequence outer_;
  };
  [[nodiscard]] Scope in(Sequence sequence) { return Scope(*this, sequence); }

  // A step that the MMU can see was taken: an entry written, an invalidation started.
  void step() { ++table_[static_cast<size_t>(now_)].steps; }

  struct Count {
    u64 steps = 0, yields = 0;
  };
  const Count& of(Sequence sequence) const { return table_[static_cast<size_t>(sequence)]; }
  u64 count() const { return count_; }
  // Where every step should be followed by a yield and a sequence had none: its name, "" if there is none (M23).
  std::string_view uncovered() const;

 private:
  void run(u64 va);

  std::vector<MmuPort*> ports_;
  YieldPolicy policy_;
  Bug bug_ = Bug::none;
  Random random_;
  Sequence now_ = Sequence::other;
  std::array<Count, kSequences> table_{};
  u64 count_ = 0;
};

}  // namespace kilburn::os
