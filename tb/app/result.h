// SPDX-License-Identifier: Apache-2.0
//
// What came of a run: the figures of the summary and of result.json, which are the same.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tb/failure/failure.h"
#include "tb/second_opinion/opinion.h"

namespace kilburn::tb {

enum class Verdict { passed, failed, interrupted, stopped };

struct Result {
  Verdict verdict = Verdict::passed;
  std::string source, format, dut, dut_description, command, reproduce;
  std::vector<std::string> checks;
  std::vector<std::string> checks_off;  // ids of the OS's properties that were passed over
  std::vector<std::string> settings;    // as --set takes them; empty for the defaults
  arch::u64 seed = 0;

  // A figure is a count with the name that people read; its JSON key is the name with '_' for ' '.
  using Figures = std::vector<std::pair<std::string, arch::u64>>;
  Figures translation;  // requests, hits, walks, invalidations ...
  Figures faults;       // by kind
  Figures os;           // pages swapped and the like; empty without an OS
  Figures latency;      // cycles of the OS's work by kind of fault, waits for the disk included
  Figures comparisons;  // pins, TLB entries, loads
  Figures legality;     // of the admissible check: responses by class, obligations; empty without it
  // --against: a figure of both DUTs; not a number where one does not offer it. `decimals` as people read it.
  struct Beside {
    std::string name;
    double a = 0, b = 0;
    int decimals = 0;
  };
  std::string against, against_description;  // the second DUT; empty without one
  std::vector<Beside> beside;
  unsigned harts = 1;  // MMUs on one memory
  unsigned failed_hart = 0;
  bool against_failed = false;  // the failure is the second DUT's
  std::string charts;           // of the OS over the run, for the report; empty without one
  std::string report;           // report.html in the run folder; empty if there is none
  std::string memory_digest;    // of every byte of every process at the end; empty without an OS
  arch::u64 cycles = 0;
  double seconds = 0;  // wall time of the simulation

  std::vector<std::string> notes;  // lines for a person: a table of what was found
  std::optional<Failure> failure;
  struct Stop {
    arch::u64 cycle;
    std::string what;         // the transfer that --break waited for; empty for --until
    std::string waves;        // file, empty if none
    arch::u64 waves_end = 0;  // cycle
  };
  std::optional<Stop> stop;  // of verdict stopped
  arch::u64 mismatches = 0;  // 0: one if there is a failure

  std::vector<Opinion> opinions;  // of other simulators
  std::string pins;               // the pin log in the run folder; empty if there is none

  arch::u64 compared() const;  // sum of `comparisons`
};

std::string figure_key(std::string name);

// What a verdict has to say beside it: which checks were off; else empty.
std::string verdict_remark(const Result&);
std::string json_text(const Result&);  // one object, indented, ends with a newline
void print_opinions(const std::vector<Opinion>&);
void print_summary(const Result&, const std::filesystem::path& folder);  // for a person, to stdout
// Writes result.json whole or not at all. Throws EnvironmentError.
void write_result(const Result&, const std::filesystem::path& folder);

}  // namespace kilburn::tb
