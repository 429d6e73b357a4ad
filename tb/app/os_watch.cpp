// SPDX-License-Identifier: Apache-2.0
//
// Between two references.
#include "tb/app/os_watch.h"

#include <algorithm>

#include "sw/report/history.h"
#include "tb/app/interrupt.h"
#include "tb/text.h"

namespace kilburn::tb {

namespace {
constexpr arch::u64 kLook = 4096;  // references between looks for Ctrl-C
}

OsWatch::OsWatch(const RunOptions& options, os::Kernel& kernel, bool own_line, os::Sampler::Tlb tlb)
    : kernel_(kernel), line_(own_line && !options.rerun_for_waves) {
  if (options.os.report && !options.rerun_for_waves) sampler_.emplace(kernel, std::move(tlb));
  kernel.observe(1, [this](arch::u64 references) { return look(references); });
}

arch::u64 OsWatch::look(arch::u64 references) {
  if (interrupted()) throw Interrupted();
  line_.show([this] { return progress(); });
  const arch::u64 next = references + kLook;
  if (!sampler_) return next;
  sampler_->look(references);
  return std::min(next, sampler_->due());
}

std::string OsWatch::progress() const {
  const os::Statistics& s = kernel_.statistics();
  os::Memory& memory = kernel_.memory();
  return grouped(s.references) + " references, " + grouped(s.memory.all_faults()) + " faults, " +
         grouped(memory.buddy().free_frames()) + " of " + grouped(kernel_.config().frames) + " frames free, " +
         grouped(memory.swap().slots() - memory.swap().free_slots()) + " pages in swap";
}

void OsWatch::finish(Result& result) {
  line_.clear();
  kernel_.observe(~arch::u64{0}, {});
  if (!sampler_) return;
  sampler_->finish();
  result.charts = os::history_charts(sampler_->samples());
}

}  // namespace kilburn::tb
