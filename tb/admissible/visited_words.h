// SPDX-License-Identifier: Apache-2.0
//
// The words of memory that walkers have come to.
#pragma once

#include <bitset>
#include <boost/unordered/unordered_flat_map.hpp>

#include "tb/admissible/time.h"

namespace kilburn::admissible {

class VisitedWords {
 public:
  void insert(u64 pa) { pieces_[pa / kPiece].set(pa % kPiece / 8); }
  bool contains(u64 pa) const {
    const auto piece = pieces_.find(pa / kPiece);
    return piece != pieces_.end() && piece->second.test(pa % kPiece / 8);
  }
  // In the 4 KB around this address.
  bool any_in_piece(u64 pa) const { return pieces_.contains(pa / kPiece); }
  void clear() { pieces_.clear(); }

  static constexpr u64 kPiece = 4096;

 private:
  boost::unordered_flat_map<u64, std::bitset<kPiece / 8>> pieces_;
};

}  // namespace kilburn::admissible
