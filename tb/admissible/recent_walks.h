// SPDX-License-Identifier: Apache-2.0
//
// Translations of now that were worked out before. One holds as long as memory holds the words that it was read from:
// comparing these is less than walking, and needs nobody to say what has changed.
#pragma once

#include <array>

#include "tb/admissible/witness.h"

namespace kilburn::admissible {

class RecentWalks {
 public:
  struct Walk {
    Response right;  // pa of the first byte of the 4 KB piece
    bool direct = false;
    u8 words = 0;  // read from the tables
    u8 access = kNone;
    u64 page = 0;
    arch::Context context;
    std::array<u64, 5> pa{}, word{};

    bool answers(const Response& response, u64 va) const {
      const u64 offset = right.fault == arch::Fault::none ? va & (kPiece - 1) : 0;
      return response.pa == (right.pa | offset) && response.fault == right.fault && response.error == right.error &&
             response.level == right.level && response.size == right.size &&
             response.memory_type == right.memory_type && response.global == right.global;
    }
  };

  // The translation of now, if it is known.
  const Walk* find(const Asked& asked, const Versions& versions) const {
    const u8 access = access_of(asked.request);
    const Walk& walk = walks_[place(asked.request.va, access)];
    if (walk.page != asked.request.va / kPiece || walk.access != access || walk.context != asked.context) {
      return nullptr;
    }
    for (unsigned n = 0; n < walk.words; ++n) {
      if (versions.now(walk.pa[n]) != walk.word[n]) return nullptr;
    }
    return &walk;
  }
  // Decided from the address alone.
  void keep_direct(const Asked& asked, const Response& right) { keep(asked, right).direct = true; }
  // Of a walk that read these entries and has nothing to update.
  template <class Steps>
  void keep_walk(const Asked& asked, const Response& right, const Steps& steps) {
    Walk& walk = keep(asked, right);
    for (const arch::Step& step : steps) {
      walk.pa[walk.words] = step.pa;
      walk.word[walk.words++] = step.entry;
    }
  }
  void clear() { walks_.fill({}); }

 private:
  // Every page is made of whole pieces of this size, and within one an address changes its offset alone.
  static constexpr u64 kPiece = 4096;
  static constexpr unsigned kLog2Walks = 9;
  static constexpr u8 kNone = 0xff;

  static u8 access_of(const arch::Request& request) {
    return static_cast<u8>(static_cast<unsigned>(request.op) | static_cast<unsigned>(request.mode) << 2 |
                           (request.ac ? 16u : 0u) | (request.implicit ? 32u : 0u));
  }
  static std::size_t place(u64 va, u8 access) {
    constexpr u64 kSpread = 0x9e3779b97f4a7c15;  // the golden ratio, for Fibonacci hashing
    return (va / kPiece ^ u64{access} << 52) * kSpread >> (64 - kLog2Walks);
  }
  Walk& keep(const Asked& asked, const Response& right) {
    const u8 access = access_of(asked.request);
    Walk& walk = walks_[place(asked.request.va, access)];
    walk.right = right;
    if (right.fault == arch::Fault::none) walk.right.pa &= ~(kPiece - 1);
    walk.direct = false;
    walk.words = 0;
    walk.access = access;
    walk.page = asked.request.va / kPiece;
    walk.context = asked.context;
    return walk;
  }

  std::array<Walk, std::size_t{1} << kLog2Walks> walks_{};
};

}  // namespace kilburn::admissible
