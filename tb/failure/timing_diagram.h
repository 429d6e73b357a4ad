// SPDX-License-Identifier: Apache-2.0
//
// Some signals over some cycles, as text or as a drawing, for where no viewer is.
#pragma once

#include <string>
#include <vector>

#include "tb/failure/fst_file.h"
#include "tb/failure/wave_time.h"

namespace kilburn::tb {

// A signal's value in each cycle, "0x1f", or with x and z where bits are unknown; one letter for one bit.
struct Trace {
  std::string name;
  unsigned bits = 1;
  std::vector<std::string> values;
};

struct Marker {
  std::string name;
  arch::u64 cycle = 0;
};

struct Diagram {
  arch::u64 first = 0;  // cycle
  std::vector<Trace> traces;
  std::vector<Marker> markers;
};

// The signals in cycles [first, last]; clocks of a reset between them are not shown. Throws UserError for a name that
// the file does not have and for cycles outside it.
Diagram sample(const FstFile&, const std::vector<std::string>& names, arch::u64 first, arch::u64 last,
               const CycleTimes&);

std::string to_text(const Diagram&);
std::string to_svg(const Diagram&);

// The first difference of two files, signal by signal, in times from the start of each.
struct WaveDifference {
  arch::u64 time = 0;
  std::string signal, first, second;
  std::vector<std::string> others;  // that differ at the same time
};
struct WaveComparison {
  bool different = false;
  WaveDifference at;
  std::size_t signals = 0;               // compared
  std::vector<std::string> only_in_one;  // not compared
};
WaveComparison compare(const FstFile&, arch::u64 first_offset, const FstFile&, arch::u64 second_offset);

}  // namespace kilburn::tb
