// SPDX-License-Identifier: Apache-2.0
//
// The 64 properties that a run must have: what each says, when it is looked at, and where.
#pragma once

#include <span>
#include <string_view>

#include "sw/core/types.h"

namespace kilburn::os {

enum class When : u8 {
  access,    // at every access of a program
  change,    // when an entry changes, an invalidation starts or ends, a frame is given or freed
  fault,     // around every fault, system call or signal
  interval,  // by an audit: at faults, every N references, at the end (Config::audit_at)
  end,       // when a run is over
  test,      // a property of several runs, or of an operation by itself
};
std::string_view name(When);

struct Property {
  std::string_view id;
  std::string_view text;
  When when;
  std::string_view where;  // the function that throws the violation; for tests also the test that asks it
  bool needed = false;     // the kernel cannot go on where it does not hold
  // In Config::checks_off it means something: a run asks it and can go on without.
  bool can_be_off() const { return when != When::test && !needed; }
};
std::span<const Property> properties();         // P1 to P64 in order
const Property* property(std::string_view id);  // null if there is none

}  // namespace kilburn::os
