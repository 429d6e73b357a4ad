// SPDX-License-Identifier: Apache-2.0
//
// What `kilburn run` was asked to do, validated.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/judgement.h"
#include "tb/admissible/relaxations.h"
#include "tb/app/os_options.h"
#include "tb/failure/breakpoint.h"
#include "tb/second_opinion/opinion.h"

namespace kilburn::tb {

enum class Waves { never, on_fail, always };

struct RunOptions {
  // Exactly one source; programs and traces may be several.
  std::vector<std::string> programs;          // --program: command lines to record and run
  std::vector<std::filesystem::path> traces;  // --trace: recorded programs
  OsOptions os;                               // --workload, and how the OS runs all of these
  std::string test;                           // --test: name of a built-in test
  std::filesystem::path vectors;              // --vectors: recorded accesses with their outcomes
  std::filesystem::path dump;                 // --dump: an ELF guest memory dump

  arch::Format format = arch::Format::x86_64;
  bool format_given = false;
  arch::Settings settings;      // --set
  bool settings_given = false;  // else the random test draws its own, and vectors bring theirs
  std::string dut = "mmu";      // name, path, "arch" or "tlm"
  bool check_all = false;       // --check all: what does not apply to the DUT is left out
  bool check_exact = true;
  bool check_admissible = false;
  bool check_end_to_end = true;          // programs and traces only
  admissible::Relaxations relaxations;   // --relax
  std::vector<std::string> relax_words;  // as given, for the reproduction line
  admissible::Forbidden forbidden{};     // --strict CLASS
  std::string strict_classes;            // as given
  arch::u64 count = 100000;              // random test: responses; dump: mappings
  bool count_given = false;              // else every mapping of a dump
  arch::u64 frames = 0;                  // programs and traces: page frames of simulated memory
  arch::u64 references = 0;              // programs and traces: stop after so many, 0: all
  arch::u64 seed = 1;                    // never 0
  bool seed_given = false;
  std::string yield = "random";  // none, every, random: let the hardware run inside OS sequences
  bool strict_trace = false;     // an access outside every known mapping is a SIGSEGV, not an inferred region
  std::string bug;               // seeded DUT bug
  std::string against;           // --against: a second DUT beside the first; empty: none
  std::string against_bug;       // seeded bug of that one
  unsigned harts = 1;            // MMUs on one memory: --harts of the random test, --cpus of the OS
  std::string os_bug;            // seeded OS bug
  Waves waves = Waves::on_fail;
  arch::u64 waves_from = 0;  // cycles; --waves always records [from, to)
  arch::u64 waves_to = ~arch::u64{0};
  bool rerun_for_waves = false;  // a child that only records the waves of a failure
  unsigned waves_of_hart = 0;
  bool waves_of_against = false;         // of the second DUT, in its own cycles
  arch::u64 until = ~arch::u64{0};       // --until, --goto: the run stops in this cycle
  std::optional<Breakpoint> breakpoint;  // --break
  std::string break_text;
  double snapshot_seconds = 0;  // --snapshots: between copies of the run for the waves of a failure; 0: none
  std::filesystem::path out;    // run folder; empty: runs/SOURCE-FORMAT-SEED
  bool json = false;
  bool keep_trace = false;
  bool coverage = false;  // leave coverage.json

  // A guest memory dump.
  std::optional<arch::u64> root;  // --root: physical address of the top table
  unsigned levels = 0;            // --levels: 4 or 5; 0: as the dump's notes say
  std::optional<unsigned> cpu;    // --cpu: whose notes
  arch::u64 max_mappings = 0;     // --max-mappings
  bool list_mappings = false;     // print them instead of running

  // A second opinion.
  std::vector<Simulator> simulators;     // --simulator
  GivenRtl simulator_rtl;                // --simulator-sources, -top, -parameter
  std::filesystem::path pins;            // --pins: replay this log; nothing is run
  std::optional<arch::u64> record_pins;  // a child that records the pins up to this cycle

  bool has_os() const { return !programs.empty() || !traces.empty() || !os.workload.empty(); }
  bool has_harts() const { return harts > 1; }
  bool has_against() const { return !against.empty(); }
  bool dut_is_model() const { return dut == "arch" || dut == "tlm"; }

  // Not from the command line: called every cycle from this one on, and when the DUT is found wrong.
  arch::u64 watch_from = ~arch::u64{0};
  std::function<void(class Lockstep&)> watch;
  bool watch_against = false;            // the second DUT, in its own cycles
  unsigned watch_hart = 0;               // of several the one
  class Snapshots* snapshots = nullptr;  // not from the command line: of this run

  std::string command;              // as typed, for the reproduction line
  std::string source_name() const;  // "random", "gzip", "trace.lk"
};

// Parses the arguments after `run`. Prints help and returns nullopt if asked to. Throws UserError.
std::optional<RunOptions> parse_run_options(const std::vector<std::string>& arguments);

// --check, --strict CLASS and --relax as words, those that are not the default.
std::vector<std::string> check_words(const RunOptions&);

// A word as a POSIX shell needs it.
std::string shell_quote(const std::string&);

}  // namespace kilburn::tb
