// SPDX-License-Identifier: Apache-2.0
//
// A space of cases, each known by its number, and the sweep over all of it, a range or a sample.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/exhaustive/machine.h"

namespace kilburn::exhaustive {

// What a case found wrong; counts every comparison.
class Report {
 public:
  void same(const char* what, u64 found, u64 expected) {
    ++comparisons_;
    if (found != expected) [[unlikely]]
      differ(what, found, expected);
  }
  u64 comparisons() const { return comparisons_; }
  bool failed() const { return !differences_.empty(); }
  std::string take() {
    std::string all;
    all.swap(differences_);
    return all;
  }

 private:
  void differ(const char* what, u64 found, u64 expected);
  u64 comparisons_ = 0;
  std::string differences_;
};

struct Space {
  std::string name;
  Format format = Format::x86_64;
  u64 numbers = 0;                      // cases have numbers 0 .. numbers - 1, not all of them legal
  u64 cases = 0;                        // the legal ones, derived by hand
  bool (*legal)(u64 number) = nullptr;  // nullptr: all
  void (*begin)(Machine&) = nullptr;    // before the first case of a sweep: tables, context
  void (*run)(u64 number, Machine&, Report&) = nullptr;
  std::string (*describe)(u64 number) = nullptr;
};

struct Sweep {
  u64 from = 0;  // of the legal cases, in order
  u64 count = ~u64{0};
  u64 sample = 0;  // not 0: so many legal cases of the whole space instead, drawn by `seed`, if it has more
  u64 seed = 1;
};

struct Result {
  u64 legal = 0;  // legal cases met, run or not: with a whole sweep those of the space
  u64 run = 0;
  u64 comparisons = 0;
  u64 wrong = 0;                      // cases
  std::vector<std::string> messages;  // of the first wrong cases
  u64 cycles = 0;
  bool passed() const { return run != 0 && comparisons != 0 && wrong == 0; }
};

Result sweep(const Space&, Machine&, const Sweep& = {});

// The spaces by name.
const std::vector<Space>& spaces();
const Space& space(const std::string& name);

// Parts of them, by file.
std::vector<Space> access_spaces();  // access_space.cpp
std::vector<Space> truth_spaces();   // truth_space.cpp
std::vector<Space> beyond_spaces();  // beyond_space.cpp
std::vector<Space> cached_spaces();  // cached_space.cpp

// Takes digits of mixed radix from a case's number, the lowest first.
class Digits {
 public:
  explicit Digits(u64 number) : rest_(number) {}
  unsigned take(unsigned radix) {
    const auto digit = static_cast<unsigned>(rest_ % radix);
    rest_ /= radix;
    return digit;
  }
  bool flag() { return take(2) != 0; }

 private:
  u64 rest_;
};

}  // namespace kilburn::exhaustive
