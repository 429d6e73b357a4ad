// SPDX-License-Identifier: Apache-2.0
//
// Asks the MMU itself: what it makes of every entry of the programs that its CPUs are in.
#pragma once

#include "sw/check/audit.h"

namespace kilburn::os {

// P25: a read through each CPU's port translates exactly as the architecture's walk of the space that the CPU is in.
// The reads are accesses like any other (A is set, TLB entries come), so this is for runs that ask for it.
// `current`: by CPU, null if it is in no program.
void probe_translations(Memory&, std::span<Process* const> current);

// P22: no CPU in the space translates an address of [start, end) that no entry maps.
void probe_unmapped(Memory&, std::span<Process* const> current, const Process&, u64 start, u64 end);

}  // namespace kilburn::os
