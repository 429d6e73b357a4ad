// SPDX-License-Identifier: Apache-2.0
//
// Yield points: between two steps of a critical sequence the hardware may run, so that walks in
// flight and late writes meet half-done work. Ordering bugs appear here.
#pragma once

#include "sw/core/random.h"
#include "sw/hw/ports.h"

namespace kilburn::os {

enum class YieldPolicy : u8 { none, every, random };

class Yield {
 public:
  Yield(MmuPort& port, YieldPolicy policy, u64 seed) : port_(port), policy_(policy), random_(seed) {}
  // `va` is the address that the sequence works on.
  void operator()(u64 va) {
    if (policy_ == YieldPolicy::none) return;
    if (policy_ == YieldPolicy::random && random_.below(4) != 0) return;
    ++count_;
    const arch::Op op = random_.below(2) == 0 ? arch::Op::read : arch::Op::write;
    port_.prefetch(va, op, arch::Mode::user);
    port_.idle(static_cast<unsigned>(random_.below(24)));
  }
  u64 count() const { return count_; }

 private:
  MmuPort& port_;
  YieldPolicy policy_;
  Random random_;
  u64 count_ = 0;
};

}  // namespace kilburn::os
