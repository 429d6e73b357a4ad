// SPDX-License-Identifier: Apache-2.0
//
// The replay in each simulator; both fill version, cycles, seconds and difference of the opinion.
#pragma once

#include "tb/second_opinion/opinion.h"

namespace kilburn::tb {

void replay_in_icarus(const PinLog&, const Rtl&, const std::filesystem::path& folder, const ReplayProgress&, Opinion&);
void replay_in_verilator(const PinLog&, const Rtl&, const std::filesystem::path& folder, const ReplayProgress&,
                         Opinion&);

}  // namespace kilburn::tb
