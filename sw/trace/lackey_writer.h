// SPDX-License-Identifier: Apache-2.0
//
// Events as the lines of a lackey log, so that LackeyReader reads the same events again.
#pragma once

#include <string>

#include "sw/trace/event.h"

namespace kilburn::os {

void append_lackey(const TraceEvent&, std::string& text);

}  // namespace kilburn::os
