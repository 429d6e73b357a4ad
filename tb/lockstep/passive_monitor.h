// SPDX-License-Identifier: Apache-2.0
//
// Whoever looks on while a DUT runs in the lockstep loop, drives nothing, and may find it wrong.
#pragma once

#include <optional>
#include <string>

#include "model/arch/judgement.h"
#include "sw/hw/ports.h"
#include "tb/dut/dut.h"
#include "tb/lockstep/history.h"
#include "tb/lockstep/walker_observer.h"

namespace kilburn::tb {

struct MemoryTiming;

class PassiveMonitor {
 public:
  virtual ~PassiveMonitor() = default;

  struct Finding {
    std::string message;  // with the rule, and lines of detail
    arch::u64 cycle = 0;
    std::string check = "admissible";
    std::optional<OpenRequest> request = std::nullopt;  // that it is about, if it is about one
  };

  // The memory for software to write to, in front of the memory that the walkers see.
  virtual os::PhysMem& software_memory() = 0;
  virtual WalkerObserver& walkers() = 0;
  // The DUT's outputs of the current cycle, as software sees them while it writes; they live as long as the loop.
  virtual void attach(const kilburn_dut_out&) {}
  // From now on the DUT's memory answers so.
  virtual void memory_timing(const MemoryTiming&) {}
  // The DUT is reset, with these settings.
  virtual void reset(const arch::Settings&) = 0;
  // A cycle begins: software's writes and walkers' accesses from here on are of this cycle.
  virtual void begin(arch::u64 cycle) = 0;
  // The pins of the cycle, the memory's included. False: the DUT is wrong, finding() says how.
  virtual bool cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) = 0;
  // Now and then, and at the end with every request answered. False likewise.
  virtual bool quantum(arch::u64 cycle) = 0;
  virtual bool finish(arch::u64 cycle) = 0;
  virtual Finding finding() const = 0;
};

}  // namespace kilburn::tb
