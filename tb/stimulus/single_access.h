// SPDX-License-Identifier: Apache-2.0
//
// One access at a time through the pins of a DUT in lockstep.
#pragma once

#include "tb/explain/explanation.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

// The payload of a response on its pins.
DutAnswer answer_of(const kilburn_req_out&);
// A request on its pins, but for valid and rsp_ready.
void present(const arch::Request&, unsigned id, kilburn_req_in& pins);
void present(const arch::Context&, kilburn_dut_in& pins);

class SingleAccess {
 public:
  explicit SingleAccess(Lockstep& lockstep) : lockstep_(lockstep) {}

  // A fetch goes to the instruction side, all else to the data side; ids rotate. Throws DutWrong.
  DutAnswer translate(const arch::Context&, const arch::Request&);
  // Returns at the acknowledge. `op` is a layout.def Inv.
  void invalidate(arch::u8 op, arch::u64 va = 0, arch::u16 asid = 0);

 private:
  Lockstep& lockstep_;
  unsigned next_id_ = 0;
};

}  // namespace kilburn::tb
