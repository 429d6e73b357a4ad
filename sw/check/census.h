// SPDX-License-Identifier: Apache-2.0
//
// Everything that the page tables of all processes say, collected from simulated memory.
#pragma once

#include <vector>

#include "sw/check/audit.h"

namespace kilburn::os {

struct Census {
  struct Leaf {
    const Process* process;
    u64 va;
    u64 word;
    PteView view;
  };
  struct Table {
    const Process* process;  // null: the kernel's
    Pfn pfn;
    Pfn parent;  // kNoFrame: root
  };

  explicit Census(const World&);

  std::vector<Leaf> leaves;  // entries that are not 0
  std::vector<Table> tables;
  std::vector<u32> mappings;  // by frame: leaves that map it
  std::vector<u32> parents;   // by frame: table entries (or roots) that name it
  std::vector<u32> users;     // by slot: swap words, and pages of shared memory, that name it
};

}  // namespace kilburn::os
