// SPDX-License-Identifier: Apache-2.0
//
// What GTKWave and Surfer need to show a failure at once: the signals in groups, a marker at each event of it.
#pragma once

#include <string>
#include <vector>

#include "tb/failure/timing_diagram.h"

namespace kilburn::tb {

// Groups of signals that a wave file of an MMU with the ports of rtl/README.md has; only those that it has.
struct SignalGroup {
  std::string name;
  std::vector<const FstFile::Signal*> signals;
  bool folded = false;  // there, but not in sight at first
};
std::vector<SignalGroup> signal_groups(const FstFile&);

// A GTKWave save file, and a Surfer command file. `offset`: time of cycle 0.
std::string gtkwave_save_file(const FstFile&, const std::vector<Marker>&, arch::u64 offset);
std::string surfer_command_file(const FstFile&, const std::vector<Marker>&, arch::u64 offset);
// For the transactions of the same run, which have the times of its waves.
std::string surfer_command_file_of_transactions(const FstFile& waves, const std::vector<Marker>&, arch::u64 offset);

}  // namespace kilburn::tb
