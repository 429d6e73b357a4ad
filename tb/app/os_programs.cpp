// SPDX-License-Identifier: Apache-2.0
//
// From the options to the kernel and from the kernel to the result.
#include "tb/app/os_programs.h"

#include <fstream>
#include <memory>

#include "sw/trace/open.h"
#include "sw/workload/calls.h"
#include "sw/workload/workload.h"
#include "tb/errors.h"
#include "tb/lockstep/lockstep.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using arch::u32;
using arch::u64;

namespace {

constexpr u32 kSwapSlots = 65536;
constexpr u32 kSpreadQuantum = 16;  // of a workload, which is short

std::string words(std::string_view code) {
  std::string text(code);
  for (char& c : text) c = c == '_' ? ' ' : c;
  return text;
}

void run_traces(const RunOptions& options, const std::vector<fs::path>& traces, os::Kernel& kernel) {
  os::TraceOptions how;
  how.bug = kernel.config().bug;
  std::vector<std::unique_ptr<os::TraceReader>> own;
  std::vector<os::TraceReader*> readers;
  for (const fs::path& trace : traces) {
    for (u32 n = 0; n < options.os.processes; ++n) {
      readers.push_back(own.emplace_back(os::open_trace(trace.string(), how)).get());
    }
  }
  // Children have numbers of their own, whichever program forked them.
  const auto children = [&](u32 pid) -> std::unique_ptr<os::TraceReader> {
    for (const fs::path& trace : traces) {
      const auto child = trace.string() + "." + std::to_string(pid);
      std::error_code ec;
      if (fs::exists(child, ec)) return os::open_trace(child, how);
    }
    return nullptr;
  };
  kernel.run(readers, children);
  if (kernel.statistics().references == 0) {
    throw UserError("the trace " + traces.front().string() + " holds no memory reference");
  }
}

void run_workload(const RunOptions& options, os::Kernel& kernel) {
  const OsOptions& o = options.os;
  if (!o.calls.empty()) {
    std::ifstream in(o.calls);
    if (!in) throw UserError("the calls " + o.calls + " cannot be read");
    return os::play(os::read_calls(in, o.calls), kernel);
  }
  if (o.save_calls.empty()) {
    os::run_workload(o.workload, kernel, options.seed, o.scale);
    return;
  }
  std::ofstream out(o.save_calls, std::ios::trunc);
  if (!out) throw EnvironmentError("the calls " + o.save_calls + " cannot be written");
  os::CallWriter writer(out);
  struct Listening {
    os::Kernel& kernel;
    ~Listening() { kernel.listen(nullptr); }
  } const listening{kernel};
  kernel.listen(&writer);
  os::run_workload(o.workload, kernel, options.seed, o.scale);
  out.close();
  if (!out) throw EnvironmentError("the calls " + o.save_calls + " cannot be written");
}

}  // namespace

os::Config os_config(const RunOptions& options) {
  os::Config config;
  config.swap_slots = kSwapSlots;
  if (!options.os.workload.empty()) {
    config = os::workload_config(*os::find_workload(options.os.workload), options.format, options.os.scale);
  } else {
    config.format = options.format;
    config.strict = options.strict_trace;
  }
  if (options.os.workload.empty() || options.os.frames_given) config.frames = static_cast<u32>(options.frames);
  config.swap_path = (options.out / "swap").string();
  config.swap_files = options.os.swap_files;
  config.seed = options.seed;
  config.yield = options.yield == "none"    ? os::YieldPolicy::none
                 : options.yield == "every" ? os::YieldPolicy::every
                                            : os::YieldPolicy::random;
  config.switch_policy = options.os.switch_policy;
  config.refill = options.os.refill ? os::RefillMode::software : os::RefillMode::hardware;
  config.prefault = options.os.prefault;
  if (options.os.huge) config.huge = true;
  if (options.os.nodes != 1) config.nodes = options.os.nodes;
  if (options.os.watermarks != os::WatermarkPreset::off) config.watermarks = options.os.watermarks;
  config.spread = options.os.spread;
  if (config.spread && !options.os.workload.empty()) config.quantum = kSpreadQuantum;
  config.costs = options.os.table;
  if (options.os.dma_frames != 0) config.dma_frames = options.os.dma_frames;
  if (options.os.highmem_frames != 0) config.highmem_frames = options.os.highmem_frames;
  config.audit_at = options.os.audit_at;
  config.audit_every = options.os.audit_every;
  config.checks_off = options.os.checks_off;
  config.max_references = options.references;
  config.check_loads = config.check_order = config.check_translation = options.check_end_to_end;
  config.check_contents = config.check_calls = options.check_end_to_end;
  if (!options.os_bug.empty()) config.bug = os::bug_from_id(options.os_bug).value();
  return config;
}

u64 memory_bytes(const RunOptions& options) {
  return u64{os_config(options).frames} << arch::info(options.format).page_shift;
}

void run_programs(const RunOptions& options, const std::vector<fs::path>& traces, os::Kernel& kernel,
                  const os::Clock& clock) {
  try {
    if (options.os.workload.empty()) {
      run_traces(options, traces, kernel);
    } else {
      run_workload(options, kernel);
    }
  } catch (const os::Violation& violation) {
    throw DutWrong("end-to-end", violation.what(), clock.now());
  }
}

void collect(os::Kernel& kernel, Result& result) {
  const os::Statistics& s = kernel.statistics();
  const os::MemoryStatistics& m = s.memory;
  result.translation.insert(result.translation.begin(), {{"references", s.references},
                                                         {"accesses", s.accesses},
                                                         {"page-crossing references", s.straddles},
                                                         {"invalidations", s.invalidations}});
  for (std::size_t kind = 0; kind < os::kFaultKinds; ++kind) {
    const std::string name = words(os::name(static_cast<os::FaultKind>(kind)));
    result.faults.emplace_back(name, m.faults[kind]);
    const os::Latency& latency = s.latency[kind];
    if (latency.count == 0) continue;
    result.latency.emplace_back(name + " mean", latency.sum / latency.count);
    result.latency.emplace_back(name + " longest", latency.largest);
  }
  result.os = {{"CPUs", kernel.memory().cpus().count()},
               {"processes", s.processes},
               {"system calls", s.system_calls},
               {"context switches", s.context_switches},
               {"ASID versions", s.asid_wraps},
               {"frames", kernel.config().frames},
               {"frames used at most", m.frames_peak},
               {"pages swapped out", m.swapped_out},
               {"pages swapped in", m.swapped_in},
               {"pages read from devices", m.paged_in},
               {"pages written to devices", m.paged_out},
               {"pages read ahead", m.read_ahead},
               {"clean pages evicted", m.evicted_unwritten},
               {"pages dropped", m.dropped},
               {"pages aged", m.aged},
               {"pages migrated", m.migrated},
               {"large pages made", m.collapsed},
               {"large pages split", m.split},
               {"direct reclaims", m.direct_reclaims},
               {"kswapd wake-ups", m.kswapd_wakes},
               {"compactions", m.compactions},
               {"TLB fills by software", s.refills},
               {"waits for the disk beside others", s.blocked},
               {"yield points", s.yields},
               {"cycles of the kernel's work", s.charged_cycles},
               {"cycles waited for the disk", s.idle_cycles},
               {"inferred 4 KB regions", s.inferred_granules},
               {"children without a trace", s.children_without_trace},
               {"processes killed", s.killed},
               {"killed for want of memory", s.killed_oom}};
  result.comparisons.emplace_back("loads and fetches", s.loads_checked);
  result.comparisons.emplace_back("audits", s.audits);
  result.memory_digest = hex(kernel.digest());
}

}  // namespace kilburn::tb
