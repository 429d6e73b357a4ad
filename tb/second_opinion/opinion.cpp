// SPDX-License-Identifier: Apache-2.0
//
// Simulators by name, and what an opinion says.
#include "tb/second_opinion/opinion.h"

#include "tb/second_opinion/pins.h"
#include "tb/second_opinion/simulators.h"
#include "tb/second_opinion/tool.h"
#include "tb/text.h"

namespace kilburn::tb {

std::string name(Simulator simulator) { return simulator == Simulator::icarus ? "icarus" : "verilator-O0"; }

std::optional<Simulator> simulator_from_name(const std::string& text) {
  for (auto simulator : {Simulator::icarus, Simulator::verilator_O0}) {
    if (text == name(simulator)) return simulator;
  }
  return std::nullopt;
}

arch::u64 Opinion::pins() const { return cycles * kOutputPins.size(); }

void check_simulator(Simulator simulator) {
  if (simulator == Simulator::icarus) {
    Tool::find("iverilog", "iverilog");
    Tool::find("vvp", "iverilog");
  } else {
    Tool::find("verilator", "verilator");
    Tool::find("make", "make");
    Tool::find("g++", "g++");
  }
}

Opinion replay(Simulator simulator, const PinLog& log, const Rtl& rtl, const std::filesystem::path& folder,
               const ReplayProgress& progress) {
  Opinion opinion;
  opinion.simulator = simulator;
  opinion.first_cycle = log.header.first_cycle;
  opinion.truncated = log.header.truncated;
  opinion.run_failed = log.header.failed;
  if (simulator == Simulator::icarus)
    replay_in_icarus(log, rtl, folder, progress, opinion);
  else
    replay_in_verilator(log, rtl, folder, progress, opinion);
  return opinion;
}

std::string verdict(const Opinion& o) {
  const std::string who = name(o.simulator);
  if (o.difference) {
    const PinDifference& d = *o.difference;
    const std::string place = " at cycle " + std::to_string(d.cycle) + ", pin " + d.pin;
    if (d.unknown) {
      return who + " does not know" + place + ": " + d.replayed + ", where verilator has " + hex(d.recorded) +
             ": suspect a register or memory that is read before it is written";
    }
    return who + " differs from verilator" + place + ": " + d.replayed + " vs " + hex(d.recorded) +
           ": suspect the simulator";
  }
  std::string text = who + " agrees with verilator on " + grouped(o.cycles) + " cycles";
  if (o.truncated) {
    return text + ", all that a pin log holds; the run went on after them" +
           (o.run_failed ? ", so nothing is said of its failure" : "");
  }
  if (o.run_failed) {
    text += ": the design differs from the reference (a design bug or a reference bug), not the simulator";
  }
  return text;
}

}  // namespace kilburn::tb
