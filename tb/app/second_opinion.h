// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --simulator`: the pins of a run recorded in a repetition of it, and replayed in other simulators.
#pragma once

#include <functional>

#include "tb/app/options.h"
#include "tb/app/result.h"
#include "tb/dut/loader.h"

namespace kilburn::tb {

std::filesystem::path pins_file(const RunOptions&);

// Everything that can be wrong before the run: tools that are missing, RTL that nobody names.
void check_second_opinion(const RunOptions&, const DutLibrary&);

// In the repetition: `run` on the library that it is given; then the pin log is written.
void record_pins(const RunOptions&, const DutLibrary&, const std::function<void(const DutLibrary&)>& run);

// Names the pin log in the result, with a note if it ends before the run.
void take_pins(const RunOptions&, Result&);

// Replays the pin log of the run in each simulator. A run that passed and is contradicted has failed.
void add_second_opinions(const RunOptions&, Result&);

// `--pins`: the opinions on a log of an earlier run. Returns the exit status: 0 all agree, 1 one does not.
int replay_pins(const RunOptions&);

}  // namespace kilburn::tb
