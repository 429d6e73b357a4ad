// SPDX-License-Identifier: Apache-2.0
//
// Audits: invariants of the whole kernel, rebuilt from simulated memory and compared with its books.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "sw/os/config.h"

namespace kilburn::os {

struct Process;

struct World {
  Memory& memory;
  std::span<const std::unique_ptr<Process>> processes;
  const Statistics& statistics;
  bool ended = false;  // every process is gone (P60)
};

struct AuditName {
  std::string_view id;
  std::string_view text;
};
std::span<const AuditName> audit_names();

// Runs them all; throws Violation with the id of the first that fails.
void run_audits(const World&);

}  // namespace kilburn::os
