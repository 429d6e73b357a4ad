// SPDX-License-Identifier: Apache-2.0
//
// The memory of one process: its areas, its page table, its counts (mm_struct).
#pragma once

#include "sw/mm/frame.h"
#include "sw/mm/vma.h"
#include "sw/mm/working_set.h"
#include "sw/pt/page_table.h"

namespace kilburn::os {

class AddressSpace {
 public:
  AddressSpace(const PageTable::Parts& parts, u32 id) : tag(id), table(parts, tag) {}
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;

  SpaceTag tag;
  PageTable table;
  VmaSet vmas;
  u64 brk = 0;    // end of the heap, any byte; 0 until the first brk call
  u64 locks = 0;  // bytes of locked areas
  u64 rss = 0;    // leaf entries that map a frame other than the zero page

  // The sweep (sweep.cpp): frames whose first mapping is here, the next to be looked at first.
  FrameList resident;
  u64 resident_count = 0;
  u64 swap_cnt = 0;      // looks left in this turn (L20 task_struct)
  u64 sweep_credit = 0;  // what the division left of earlier turns
  u64 evicted = 0;       // frames that the sweep took
  WorkingSet working_set;
};

}  // namespace kilburn::os
