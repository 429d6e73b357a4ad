// SPDX-License-Identifier: Apache-2.0
//
// A second opinion: the pins of a run replayed on the same RTL in another simulator, every output compared.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tb/second_opinion/pin_log.h"
#include "tb/second_opinion/rtl_sources.h"

namespace kilburn::tb {

enum class Simulator { icarus, verilator_O0 };

std::string name(Simulator);
std::optional<Simulator> simulator_from_name(const std::string&);  // "icarus", "verilator-O0"

// The first pin that differs.
struct PinDifference {
  std::string pin;      // of rtl/README.md
  arch::u64 cycle = 0;  // of the run
  arch::u64 recorded = 0;
  std::string replayed;  // hexadecimal; with x where the simulator does not know a bit
  bool unknown = false;
};

struct Opinion {
  Simulator simulator = Simulator::icarus;
  std::string version;   // of the simulator
  arch::u64 cycles = 0;  // compared and alike
  arch::u64 first_cycle = 0;
  bool truncated = false;   // the log ended before the run
  bool run_failed = false;  // the recorded run found the DUT wrong
  double seconds = 0;       // of the replay, without building
  std::optional<PinDifference> difference;

  arch::u64 pins() const;
};

// Called a few times a second with the cycles done; may throw to end the replay.
using ReplayProgress = std::function<void(arch::u64 done)>;

// Throws EnvironmentError that names the package if a tool is missing.
void check_simulator(Simulator);
// Builds and replays in `folder`, which exists. Throws UserError for given RTL that the simulator does not accept or
// that has other ports, EnvironmentError.
Opinion replay(Simulator, const PinLog&, const Rtl&, const std::filesystem::path& folder, const ReplayProgress&);

// One or two sentences.
std::string verdict(const Opinion&);

}  // namespace kilburn::tb
