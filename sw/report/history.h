// SPDX-License-Identifier: Apache-2.0
//
// The charts of a run, from its samples.
#pragma once

#include <span>
#include <string>

#include "sw/report/sampler.h"

namespace kilburn::os {

// <figure>s: memory map, faults, swapping, fragmentation, TLB, resident and working sets, invalidations. A chart
// without anything to show is left out.
std::string history_charts(std::span<const Sample>);

}  // namespace kilburn::os
