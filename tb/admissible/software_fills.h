// SPDX-License-Identifier: Apache-2.0
//
// The TLB entries that software wrote (FILL_I, FILL_D: the Alpha's ITB_PTE and DTB_PTE).
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "model/arch/walk.h"
#include "tb/admissible/invalidations.h"

namespace kilburn::admissible {

struct SoftwareFill {
  Time begin;  // accepted
  Time end;    // completed
  u64 pte;
  u16 asid;
  Side side;
  arch::Translation translation;
};

class SoftwareFills {
 public:
  SoftwareFills(arch::Format format, const arch::Settings& settings)
      : format_(format), settings_(settings), info_(arch::widest_info(format, settings)) {}

  // An entry with V = 0, or for an address that the sign check refuses, is not written.
  void accepted(Time, Side, u64 va, u16 asid, u64 pte);
  void completed(Time);

  // Calls visit(fill) for each that maps the address, newest first, until it returns true; returns that.
  template <class Visit>
  bool newest_first(Side side, u64 va, Visit&& visit) const {
    if (fills_.empty()) return false;
    for (unsigned hint = 0; hint < 4; ++hint) {
      const auto found = fills_.find(key(va, static_cast<u8>(info_.page_shift + 3 * hint)));
      if (found == fills_.end()) continue;
      for (auto fill = found->second.rbegin(); fill != found->second.rend(); ++fill) {
        if (fill->side == side && visit(*fill)) return true;
      }
    }
    return false;
  }
  bool empty() const { return fills_.empty(); }
  void collect(Time oldest);
  bool forgotten() const { return forgotten_; }  // some were given up
  void clear() { fills_.clear(), last_ = 0, forgotten_ = false; }

 private:
  static constexpr std::size_t kPerPage = 256;
  u64 key(u64 va, u8 size) const { return (va & ((u64{1} << info_.va_bits) - 1)) >> size << 6 | size; }

  arch::Format format_;
  arch::Settings settings_;
  arch::FormatInfo info_;
  boost::unordered_flat_map<u64, boost::container::small_vector<SoftwareFill, 1>> fills_;
  u64 last_ = 0;  // key of the one that is not complete
  bool forgotten_ = false;
};

}  // namespace kilburn::admissible
