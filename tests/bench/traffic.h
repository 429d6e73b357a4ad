// SPDX-License-Identifier: Apache-2.0
//
// The traffic of a recorded program on the ports of an MMU without an OS.
//
// Every page that the trace touches is mapped as a 4 KB x86-64 page with A and D set, so what is counted is the MMU.
// The requester is that of an out-of-order core: fetches and data references go to their ports in order, as long as
// neither runs more than a few references ahead of the other, and responses are always taken.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "model/arch/layout.h"
#include "sw/hw/ram.h"
#include "tb/dut/loader.h"

namespace kilburn::bench {

struct Reference {
  arch::u64 va;
  bool fetch, write;
};

struct Traffic {
  os::RamMem memory;
  arch::u64 root = 0;
  std::vector<Reference> references;
  Traffic();
};

// The first `limit` references of a lackey log and tables that map them. Throws os::TraceError, std::runtime_error.
void read_traffic(const std::string& path, arch::u64 limit, Traffic&);

struct Measured {
  arch::u64 cycles = 0, translations = 0, faults = 0;
  std::array<arch::u64, 32> events{};  // by layout.def Event
  // L1 misses; one that waits for another's is not counted
  arch::u64 misses() const;
};

// Runs the references through `dut`, or, null, through an MMU that never misses: always ready, the response in the next
// cycle. The page-table memory answers after `latency` cycles. `watch`, if set, sees the inputs of each cycle.
Measured run_traffic(Traffic&, tb::Dut* dut, unsigned latency,
                     const std::function<void(const kilburn_dut_in&)>& watch = {});

}  // namespace kilburn::bench
