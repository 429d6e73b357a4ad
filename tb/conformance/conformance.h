// SPDX-License-Identifier: Apache-2.0
//
// The self-test of an adapter: does a DUT library keep the contract of tb/dut/dut.h and the protocol of rtl/README.md,
// whatever it makes of the architecture's rules.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tb/dut/loader.h"

namespace kilburn::tb {

struct ConformanceCheck {
  std::string name;  // "R2 offers stand"
  bool passed = false;
  std::string detail;  // what was compared; of a failure, what was wrong
};

struct ConformanceOptions {
  arch::u64 seed = 1;            // never 0
  arch::u64 responses = 1000;    // of each traffic profile
  std::filesystem::path folder;  // for wave files
};

// Every check in order; where the contract itself is broken, that check alone. A check that had nothing to look at has
// not passed.
std::vector<ConformanceCheck> check_conformance(const DutLibrary&, const ConformanceOptions&);

// The parts.
ConformanceCheck check_contract(const kilburn_dut_api&);
std::vector<ConformanceCheck> check_protocol(const DutLibrary&, const ConformanceOptions&);  // reset, widths, R2 to R10
std::vector<ConformanceCheck> check_replays(const DutLibrary&, const ConformanceOptions&);   // R1, determinism, waves
std::vector<ConformanceCheck> check_instances(const DutLibrary&, const ConformanceOptions&);  // life, contents, bugs

}  // namespace kilburn::tb
