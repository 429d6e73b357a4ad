// SPDX-License-Identifier: Apache-2.0
//
// Who looks at every cycle of a lockstep loop without a say in it: whoever records it beside the DUT's own waves.
#pragma once

namespace kilburn::tb {

class Lockstep;

class CycleObserver {
 public:
  virtual ~CycleObserver() = default;
  // The pins of a cycle stand, its edge comes next. `compared`: the twin stands at this cycle too; after a failure it
  // stays where it is.
  virtual void cycle(const Lockstep&, bool compared) = 0;
  // The DUT is about to be reset, which takes clocks that are no cycles.
  virtual void reset() = 0;
};

}  // namespace kilburn::tb
