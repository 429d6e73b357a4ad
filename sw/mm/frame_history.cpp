// SPDX-License-Identifier: Apache-2.0
//
// The history of one frame in words.
#include "sw/mm/frame_history.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "sw/core/errors.h"

namespace kilburn::os {

std::string FrameHistory::text(Pfn pfn) const {
  constexpr std::string_view kNames[] = {"allocated", "freed", "taken", "moved from", "moved to", "free refused"};
  std::vector<const Event*> mine;
  for (const Event& e : events_) {
    if (e.pfn <= pfn && pfn - e.pfn < u64{1} << e.order) mine.push_back(&e);
  }
  const size_t skip = mine.size() - std::min(mine.size(), kEventsOfFrame);
  std::string out;
  for (size_t n = skip; n < mine.size(); ++n) {
    const Event& e = *mine[n];
    out += "#" + std::to_string(e.number) + " " + std::string(kNames[static_cast<size_t>(e.kind)]) + ", block " +
           hex(e.pfn) + " of order " + std::to_string(e.order) + "\n";
  }
  return out.empty() ? "nothing is known of it\n" : out;
}

}  // namespace kilburn::os
