// SPDX-License-Identifier: Apache-2.0
//
// Programs written against the kernel's calls, each about one mechanism. The oracle checks every byte that they
// load; afterwards the statistics must show that the mechanism was at work (Violation "workload").
//
// A workload's digest depends on its name, seed and scale only: not on frames, format, or port.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sw/os/kernel.h"

namespace kilburn::os {

class Stage;

struct Workload {
  std::string_view name;
  std::string_view what;    // what it does
  std::string_view needs;   // the mechanism that must be seen at work
  std::string_view source;  // where the program is known from
  // Frames that force it, at a scale: beside the tables (one process's, in every format) these pages and no more.
  u32 (*pages)(u32 scale);
  u32 processes = 1;  // alive at once, for their tables
  u32 slots = 0;      // swap slots, 0: plenty
  unsigned asid_bits = 8;
  void (*run)(Stage&);
  void (*configure)(Config&) = nullptr;  // what else it needs; `frames` is set
  bool kills = false;                    // scarce frames end processes: the digest is not that of plenty
};

std::span<const Workload> workloads();
std::vector<std::string_view> workload_names();
const Workload* find_workload(std::string_view name);  // null if there is none

// The configuration that makes the workload do what it is about. With more frames it runs as well, to the same
// digest; what only scarcity forces is then not required.
Config workload_config(const Workload&, arch::Format, u32 scale = 1);

struct WorkloadOutcome {
  std::vector<std::pair<std::string, u64>> facts;  // what it did, for people
  bool forced = false;                             // the frames were scarce
};

// Runs it to the end in a fresh kernel, whose finish() it calls. `scale` from 1 multiplies the work. Throws
// UserError for an unknown name or scale 0, Violation.
WorkloadOutcome run_workload(std::string_view name, Kernel&, u64 seed, u32 scale = 1);

}  // namespace kilburn::os
