// SPDX-License-Identifier: Apache-2.0
//
// Reproducible random streams: the same seed gives the same run on every machine. The generator is
// Boost's and its integer draws are done here, because distributions may differ between versions.
#pragma once

#include <boost/random/mersenne_twister.hpp>

#include "model/arch/types.h"

namespace kilburn::tb {

class Random {
 public:
  explicit Random(arch::u64 seed) : engine_(seed) {}

  arch::u64 word() { return engine_(); }
  // Uniform in 0 .. n-1, n in 1 .. 2^32 (multiply-shift; the bias is below 2^-32).
  arch::u64 below(arch::u64 n) { return ((engine_() >> 32) * n) >> 32; }
  arch::u64 between(arch::u64 low, arch::u64 high) { return low + below(high - low + 1); }
  bool percent(unsigned p) { return below(100) < p; }
  bool one_in(arch::u64 n) { return below(n) == 0; }
  template <class Container>
  auto& pick(Container& c) {
    return c[below(c.size())];
  }

 private:
  boost::random::mt19937_64 engine_;
};

}  // namespace kilburn::tb
