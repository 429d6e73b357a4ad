// SPDX-License-Identifier: Apache-2.0
//
// What the runs that break properties share.
#pragma once

#include "tests/unit/sw/cpus.h"

namespace kilburn::os::test {

inline Config trip_config(Bug bug = Bug::none, arch::Format format = arch::Format::x86_64) {
  Config c;
  c.format = format;
  c.frames = 96;
  c.strict = true;
  c.bug = bug;
  return c;
}

// What remains is what the programs compute.
inline Config unchecked(Config c) {
  c.check_order = c.check_loads = c.check_translation = c.check_contents = c.check_calls = false;
  return c;
}

}  // namespace kilburn::os::test
