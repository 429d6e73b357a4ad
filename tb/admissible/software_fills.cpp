// SPDX-License-Identifier: Apache-2.0
//
// Recording of fills by software.
#include "tb/admissible/software_fills.h"

#include <algorithm>

namespace kilburn::admissible {

void SoftwareFills::accepted(Time time, Side side, u64 va, u16 asid, u64 pte) {
  last_ = 0;
  if (!arch::layout::AlphaPte::V.test(pte) || !arch::sign_ok(info_, va)) return;
  const arch::Translation translation = arch::leaf_translation(format_, settings_, pte);
  last_ = key(va, translation.page_log2);
  auto& fills = fills_[last_];
  if (fills.size() == kPerPage) {
    fills.erase(fills.begin());
    forgotten_ = true;
  }
  fills.push_back({time, kForever, pte, asid, side, translation});
}

void SoftwareFills::completed(Time time) {
  if (last_ == 0) return;
  const auto found = fills_.find(last_);
  if (found != fills_.end()) found->second.back().end = time;
  last_ = 0;
}

void SoftwareFills::collect(Time oldest) {
  boost::unordered::erase_if(fills_, [&](auto& page) {
    auto& fills = page.second;
    fills.erase(std::remove_if(fills.begin(), fills.end(), [&](const SoftwareFill& f) { return f.end < oldest; }),
                fills.end());
    return fills.empty();
  });
}

}  // namespace kilburn::admissible
