// SPDX-License-Identifier: Apache-2.0
//
// Random requests, maintenance and memory timing on one DUT, with page tables that need no knowledge of the format.
//
// Every entry of a table page leads to the page itself, so that any address translates to the page plus its offset,
// whatever the number of levels. Three contexts with root and address space of their own: one leads to page 1 or 2, as
// software edits it; one to page 2; one to page 0, which maps nothing.
#pragma once

#include <vector>

#include "model/arch/format.h"
#include "sw/hw/ram.h"
#include "tb/conformance/pin_watch.h"
#include "tb/dut/loader.h"
#include "tb/lockstep/memory_port.h"
#include "tb/random.h"

namespace kilburn::tb {

// How hard a run is on the ports.
struct TrafficProfile {
  const char* name;
  unsigned request_percent[2];   // instruction, data
  unsigned response_percent[2];  // rsp_ready
  MemoryTiming memory;
  unsigned pages;            // in use; a power of two
  unsigned maintain_one_in;  // cycles
  unsigned edit_one_in;      // operations: those that follow an edit; 0: none
  unsigned stall_one_in;     // cycles between stalls of one port or of the memory; 0: none
};
const std::vector<TrafficProfile>& traffic_profiles();

// The inputs of a cycle and the outputs of the next.
struct RecordedCycle {
  kilburn_dut_in in;
  kilburn_dut_out out;
};

class Traffic {
 public:
  // Resets the DUT.
  Traffic(Dut& dut, const TrafficProfile& profile, arch::u64 seed);
  // Until so many more responses have come. False: the DUT does not take or answer requests any more.
  bool run(arch::u64 responses);
  // Requests, maintenance and walks under way come to their end. False: they do not.
  bool drain();
  const PinWatch& watch() const { return watch_; }
  // The outputs that reset left.
  const kilburn_dut_out& first() const { return first_; }
  // Every cycle from now on.
  void record(std::vector<RecordedCycle>* cycles) { recorded_ = cycles; }

 private:
  static constexpr unsigned kContexts = 3;
  void fill(arch::u64 page, arch::u64 target);
  void choose_context();
  void drive_port(kilburn_req_in& pins, unsigned side);
  void drive_maintenance();
  void stall();
  void cycle();

  Dut& dut_;
  const TrafficProfile profile_;
  const arch::FormatInfo format_;
  const arch::u64 page_;  // bytes
  const arch::u32 features_;
  Random random_;
  os::RamMem memory_;
  MemoryPort memory_port_;
  PinWatch watch_;
  kilburn_dut_in in_{};
  kilburn_dut_out out_{}, first_{};
  std::vector<arch::u64> addresses_;
  unsigned context_ = 0;
  arch::u64 target_ = 1;           // page that the edited tables lead to
  bool edit_unconfirmed_ = false;  // no operation has been acknowledged since the edit
  arch::u64 cycle_ = 0, stalled_until_ = 0;
  bool stalled_[3] = {};  // instruction and data responses, memory
  bool draining_ = false;
  std::vector<RecordedCycle>* recorded_ = nullptr;
};

}  // namespace kilburn::tb
