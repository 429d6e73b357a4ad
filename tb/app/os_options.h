// SPDX-License-Identifier: Apache-2.0
//
// The part of `kilburn run`'s options that is about the OS shim: workloads, processes, CPUs, its choices.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "sw/mm/asid.h"
#include "sw/mm/cost.h"
#include "sw/mm/zone.h"
#include "sw/os/config.h"

namespace kilburn::tb {

struct RunOptions;

struct OsOptions {
  std::string workload;       // --workload: a program of sw/workload; empty: none
  arch::u32 scale = 1;        // of that
  std::string calls;          // --calls: those that it makes, in place of its program
  std::string save_calls;     // --save-calls: where they are written down
  arch::u32 processes = 1;    // readers of each trace at once
  bool frames_given = false;  // else a workload has as few as make it do what it is about
  bool spread = false;        // a process goes from CPU to CPU
  os::SwitchPolicy switch_policy = os::SwitchPolicy::tagged;
  bool refill = false;    // software fills the TLBs
  bool prefault = false;  // mappings get their pages at once
  bool huge = false;      // large pages and granularity-hint blocks
  arch::u32 nodes = 1;    // of memory
  os::WatermarkPreset watermarks = os::WatermarkPreset::off;
  std::vector<std::string> costs;  // --cost, as given
  os::CostTable table = os::kDefaultCosts;
  bool report = false;  // write report.html
  os::AuditAt audit_at = os::AuditAt::interval;
  arch::u64 audit_every = kAuditEvery;  // references
  std::vector<std::string> checks_off;  // ids of properties that are passed over
  arch::u32 dma_frames = 0;             // 0: as the workload has it, else no such zone
  arch::u32 highmem_frames = 0;
  std::vector<os::SwapFile> swap_files;  // --swap-file; none: 65 536 slots in the run folder

  static constexpr arch::u64 kAuditEvery = 100'000;
};

boost::program_options::options_description os_option_descriptions();

// Called when everything but these is in the options. Throws UserError.
void parse_os_options(const boost::program_options::variables_map&, RunOptions&);

// The options as words, those that are not the default.
std::vector<std::string> os_option_words(const RunOptions&);

}  // namespace kilburn::tb
