// SPDX-License-Identifier: Apache-2.0
//
// What a run of the kernel is given, and what it counts.
#pragma once

#include <string>
#include <vector>

#include "sw/mm/memory.h"

namespace kilburn::os {

// When the audits run besides the end of a run.
enum class AuditAt : u8 {
  end,
  interval,  // every `audit_every` references
  fault,     // and after each fault
};

// A file of the host that is a swap area; it stays, with its image (sw/README.md). Higher priorities are filled first.
struct SwapFile {
  std::string path;
  u32 slots = 0;  // pages
  int priority = 0;
};

struct Config {
  arch::Format format = arch::Format::x86_64;
  u32 frames = 64;                                   // page frames, of the format's page size; the whole of memory
  u32 swap_slots = 4096;                             // pages
  u32 device_frames = 0;                             // of a device, after the frames
  std::vector<FaultyDevice::Plan> file_faults = {};  // of the disk that holds the programs' files
  std::string swap_path;                             // host file for the swap area; empty: host memory
  std::vector<SwapFile> swap_files = {};             // instead of these slots and that file
  u64 seed = 1;                                      // of the yield policy
  YieldPolicy yield = YieldPolicy::none;
  Bug bug = Bug::none;
  unsigned asid_bits = 8;
  SwitchPolicy switch_policy = SwitchPolicy::tagged;
  RefillMode refill = RefillMode::hardware;
  CostTable costs = kDefaultCosts;
  bool prefault = false;       // mappings get all their pages at once
  u64 stack_limit = 8u << 20;  // bytes
  bool spread = false;         // consecutive quanta of a process run on different CPUs
  bool block = true;           // a process waits for the disk while another one runs on its CPU
  u32 quantum = 1000;          // references before another process runs
  AuditAt audit_at = AuditAt::interval;
  u64 audit_every = 0;                       // references between audits; 0: only at the end
  std::vector<std::string> checks_off = {};  // ids that are passed over: Property::can_be_off
  bool roots_only = false;                   // M20 as a mode, beside another bug
  bool probe = false;                        // audits try every entry through the MMU too (P22, P25)
  u64 max_references = 0;                    // the run ends there; 0: no limit
  bool strict = false;                       // an access outside every area is SIGSEGV; else an area is inferred
  bool poison = true;
  AgeInvalidate age_invalidate = AgeInvalidate::page;
  ReclaimConfig reclaim = {};
  bool huge = false;       // large pages and granularity-hint blocks
  u32 nodes = 1;           // of memory (NUMA)
  u32 dma_frames = 0;      // frames of zone DMA
  u32 highmem_frames = 0;  // frames of zone HIGHMEM
  WatermarkPreset watermarks = WatermarkPreset::off;
  bool check_order = true;        // P28, P29, P32, P33 on every event
  bool check_loads = true;        // the oracle
  bool check_contents = true;     // P30, P45, P49, P55 when an entry becomes present
  bool check_calls = true;        // P22, P23, P39 to P41, P43 around faults, munmap, mprotect, signals
  bool check_translation = true;  // P27, P32 on every access

  MemoryConfig memory() const {
    return {.format = format,
            .frames = frames,
            .swap_priority = swap_files.empty() ? 0 : swap_files.front().priority,
            .swap_slots = swap_files.empty() ? swap_slots : swap_files.front().slots,
            .device_frames = device_frames,
            .file_faults = file_faults,
            .asid_bits = asid_bits,
            .switch_policy = switch_policy,
            .refill = refill,
            .costs = costs,
            .prefault = prefault,
            .stack_limit = stack_limit,
            .yield = yield,
            .seed = seed,
            .bug = bug,
            .huge = huge,
            .poison = poison,
            .nodes = nodes,
            .dma_frames = dma_frames,
            .highmem_frames = highmem_frames,
            .watermarks = watermarks,
            .age_invalidate = age_invalidate,
            .reclaim = reclaim};
  }
};

// Time that the faults of one kind took, by the cost table.
struct Latency {
  u64 count = 0, sum = 0, largest = 0;
};

struct Statistics {
  MemoryStatistics memory;
  u64 references = 0;   // of programs
  u64 accesses = 0;     // after the split at page borders
  u64 straddles = 0;    // references that crossed a page
  u64 faults_seen = 0;  // by the processor (P63: equals the sum of memory.faults)
  u64 loads_checked = 0;
  u64 system_calls = 0;
  u64 inferred_granules = 0;  // 4 KB areas made at first touch
  u64 context_switches = 0;
  u64 invalidations = 0;
  u64 asid_wraps = 0;
  u64 refills = 0;         // TLB fills by software
  u64 blocked = 0;         // times that a process waited for the disk while others ran
  u64 idle_cycles = 0;     // waits for the disk with nothing to run
  u64 charged_cycles = 0;  // the kernel's work, by the cost table
  std::array<Latency, kFaultKinds> latency{};
  u64 yields = 0;
  u64 processes = 0;
  u64 children_without_trace = 0;
  u64 killed = 0;
  u64 killed_segv = 0, killed_bus = 0, killed_asked = 0, killed_oom = 0;
  u64 oom_kills = 0;        // chosen to be killed
  u64 lost_granules = 0;    // 4 KB that an I/O error took from a process that never touched them again
  u64 young_untouched = 0;  // pages that ageing found young though no program had been there: hardware walked ahead
  u64 audits = 0;
  u64 cycles = 0;  // of the clock
};

}  // namespace kilburn::os
