// SPDX-License-Identifier: Apache-2.0
//
// Audits: invariants of the whole kernel, rebuilt from simulated memory and compared with its books.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sw/os/config.h"

namespace kilburn::os {

struct Process;

struct World {
  Memory& memory;
  std::span<const std::unique_ptr<Process>> processes;
  const Statistics& statistics;
  bool ended = false;                     // every process is gone (P60)
  bool roots_only = false;                // M20: nothing below the roots is looked at
  std::span<const std::string> off = {};  // ids that are passed over
};

// The ids of what run_audits() checks by itself.
std::span<const std::string_view> audit_ids();

// Runs them all; throws Violation with the id of the first that fails. P64: an audit that looked at fewer entries
// than are resident is itself wrong.
void run_audits(const World&);

inline bool passed_over(std::span<const std::string> off, std::string_view id) {
  return std::find(off.begin(), off.end(), id) != off.end();
}

}  // namespace kilburn::os
