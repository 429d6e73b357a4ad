// SPDX-License-Identifier: Apache-2.0
//
// Seeded random numbers (splitmix64: a counter through a mixing function) and the mixing alone.
#pragma once

#include "sw/core/types.h"

namespace kilburn::os {

constexpr u64 mix(u64 x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(u64 seed) : state_(seed) {}
  u64 next() { return mix(state_ += 0x9e3779b97f4a7c15); }
  u64 below(u64 bound) { return next() % bound; }  // bound > 0

 private:
  u64 state_;
};

}  // namespace kilburn::os
