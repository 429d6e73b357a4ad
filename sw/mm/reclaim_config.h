// SPDX-License-Identifier: Apache-2.0
//
// Settings of reclaim: the marks, the background task, what happens when nothing helps any more.
#pragma once

#include "sw/core/types.h"

namespace kilburn::os {

// Whether clearing A also invalidates. Without it a page that is hot in the TLB sets no A bit and looks old (LX);
// with it every look costs an invalidation, or every scan one a space.
enum class AgeInvalidate : u8 { none, page, batch };

// The texts disagree: the first said that kswapd wakes below the high mark, later ones say the low mark.
enum class KswapdWakes : u8 { low, high };

struct ReclaimConfig {
  // Marks in free frames. At or below `min` an allocation must reclaim by itself; the frames below are for those
  // that give memory back. `high` 0: there is no background task.
  u32 min = 0, low = 0, high = 0;
  KswapdWakes kswapd_wakes = KswapdWakes::low;
  u64 kswapd_every = 0;       // references between wake-ups by the timer, 0: none
  u64 working_set_every = 0;  // references between samples of all working sets, 0: none
  u64 thrash_window = 1000;   // references
  u64 thrash_alarm = 0;       // refaults in 1 000 references that are an alarm, 0: never
  u32 thrash_kill = 0;        // windows in alarm, one after the other, that call the OOM killer, 0: never
  bool oom_kill = false;      // when nothing can be reclaimed a process is killed; else the run ends
};

}  // namespace kilburn::os
