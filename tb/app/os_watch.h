// SPDX-License-Identifier: Apache-2.0
//
// Who looks on while the OS runs: Ctrl-C, the line of progress, the samples of the report.
#pragma once

#include <optional>
#include <string>

#include "sw/report/sampler.h"
#include "tb/app/session.h"

namespace kilburn::tb {

class OsWatch {
 public:
  // `own_line`: shows the progress itself, where no session does.
  OsWatch(const RunOptions&, os::Kernel&, bool own_line, os::Sampler::Tlb tlb = {});

  std::string progress() const;
  // The kernel has ended, or was stopped.
  void finish(Result&);

 private:
  arch::u64 look(arch::u64 references);

  os::Kernel& kernel_;
  ProgressLine line_;
  std::optional<os::Sampler> sampler_;
};

}  // namespace kilburn::tb
