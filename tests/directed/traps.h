// SPDX-License-Identifier: Apache-2.0
//
// Registration of trap tests: each is a test case over every DUT of its formats, and can be run again with a bug
// planted in the DUT.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/catch.h"
#include "tests/directed/bench.h"

namespace kilburn::directed {

enum Formats : unsigned { kX86 = 1, kAlpha = 2, kAlphaX64 = 4, kBothAlpha = 6, kAll = 7 };

struct Trap {
  std::string_view name;  // begins with the trap's id: "T41 D is set before ..."
  unsigned formats;
  void (*body)(Bench&);

  std::string id() const { return std::string(name.substr(0, name.find(' '))); }
  bool in(Format format) const { return (formats >> static_cast<unsigned>(format) & 1) != 0; }
};

std::vector<Trap>& traps();
struct Registered {
  explicit Registered(const Trap& trap) { traps().push_back(trap); }
};

// The test on one DUT: what differs from the expectations, empty if nothing does; a broken protocol, or a difference
// from the twin, is one more line.
std::vector<std::string> run(const Trap&, const BenchConfig&);
// The test on every DUT of its formats, as a Catch2 test.
void check(const Trap&);

}  // namespace kilburn::directed

#define KILBURN_JOIN_(a, b) a##b
#define KILBURN_JOIN(a, b) KILBURN_JOIN_(a, b)
// KILBURN_TRAP("T41 D is set ...", kX86) { bench.ok(bench.read(va), pa); }
#define KILBURN_TRAP(trap_name, formats)                                                                   \
  static void KILBURN_JOIN(trap_body_, __LINE__)(Bench & bench);                                           \
  static const Trap KILBURN_JOIN(trap_, __LINE__){trap_name, formats, KILBURN_JOIN(trap_body_, __LINE__)}; \
  static const Registered KILBURN_JOIN(registered_, __LINE__)(KILBURN_JOIN(trap_, __LINE__));              \
  TEST_CASE(trap_name) { check(KILBURN_JOIN(trap_, __LINE__)); }                                           \
  static void KILBURN_JOIN(trap_body_, __LINE__)(Bench & bench)
