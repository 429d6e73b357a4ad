// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --program` and `--trace`: the OS shim on a DUT in lockstep or on a model.
#include <chrono>

#include "sw/hw/arch_port.h"
#include "sw/os/kernel.h"
#include "sw/trace/lackey.h"
#include "tb/app/interrupt.h"
#include "tb/app/sources.h"
#include "tb/errors.h"
#include "tb/ports/dut_port.h"
#include "tb/ports/tlm_port.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;

namespace {

constexpr arch::u64 kFewestFrames = 8;
constexpr arch::u32 kSwapSlots = 65536;
constexpr arch::u64 kAuditEvery = 100000;  // references

os::Config os_config(const RunOptions& options) {
  os::Config config;
  config.format = options.format;
  config.frames = static_cast<arch::u32>(options.frames);
  config.swap_slots = kSwapSlots;
  config.swap_path = (options.out / "swap").string();
  config.seed = options.seed;
  config.yield = options.yield == "none"    ? os::YieldPolicy::none
                 : options.yield == "every" ? os::YieldPolicy::every
                                            : os::YieldPolicy::random;
  config.audit_every = kAuditEvery;
  config.max_references = options.references;
  config.strict = options.strict_trace;
  config.check_loads = config.check_order = config.check_translation = options.check_end_to_end;
  if (!options.os_bug.empty()) config.bug = os::bug_from_id(options.os_bug).value();
  return config;
}

arch::u64 memory_bytes(const RunOptions& options) { return options.frames << arch::info(options.format).page_shift; }

// Passes the trace on and looks for Ctrl-C, also where no DUT is clocked.
class WatchedReader final : public os::TraceReader {
 public:
  WatchedReader(os::TraceReader& inner, arch::u64& references) : inner_(inner), references_(references) {}
  bool next(os::TraceEvent& event) override {
    if ((++references_ & 0xfff) == 0 && interrupted()) throw Interrupted();
    return inner_.next(event);
  }
  arch::u64 line() const override { return inner_.line(); }
  const std::string& name() const override { return inner_.name(); }

 private:
  os::TraceReader& inner_;
  arch::u64& references_;
};

// Runs the kernel to its end. An audit or the oracle that trips is a verdict, not an error.
void run_kernel(os::Kernel& kernel, const fs::path& trace, arch::u64& events, const os::Clock& clock) {
  const auto reader = os::LackeyReader::open(trace.string());
  WatchedReader watched(*reader, events);
  const auto children = [&](arch::u32 pid) -> std::unique_ptr<os::TraceReader> {
    const auto child = trace.string() + "." + std::to_string(pid);
    std::error_code ec;
    return fs::exists(child, ec) ? os::LackeyReader::open(child) : nullptr;
  };
  try {
    kernel.run(watched, children);
    if (kernel.statistics().references == 0) {
      throw UserError("the trace " + trace.string() + " holds no memory reference");
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
    std::string name(os::name(static_cast<os::FaultKind>(kind)));
    for (char& c : name) c = c == '_' ? ' ' : c;
    result.faults.emplace_back(name, m.faults[kind]);
  }
  result.os = {{"processes", s.processes},
               {"system calls", s.system_calls},
               {"context switches", s.context_switches},
               {"frames", kernel.config().frames},
               {"frames used at most", m.frames_peak},
               {"pages swapped out", m.swapped_out},
               {"pages swapped in", m.swapped_in},
               {"clean pages evicted", m.evicted_unwritten},
               {"pages dropped", m.dropped},
               {"pages aged", m.aged},
               {"inferred 4 KB regions", s.inferred_granules},
               {"children without a trace", s.children_without_trace},
               {"processes killed", s.killed}};
  result.comparisons.emplace_back("loads and fetches", s.loads_checked);
  result.comparisons.emplace_back("audits", s.audits);
  result.memory_digest = hex(kernel.digest());
}

// On a model: no pins, no waves.
void run_on_model(os::PhysMem& memory, os::MmuPort& port, os::Clock& clock, const RunOptions& options,
                  const fs::path& trace, Result& result) {
  os::Kernel kernel(memory, port, clock, os_config(options));
  arch::u64 events = 0;
  const auto start = std::chrono::steady_clock::now();
  try {
    run_kernel(kernel, trace, events, clock);
  } catch (const DutWrong& wrong) {
    result.verdict = Verdict::failed;
    result.failure.emplace();
    result.failure->check = wrong.check;
    result.failure->message = wrong.what();
    result.failure->cycle = wrong.cycle;
  } catch (const Interrupted&) {
    result.verdict = Verdict::interrupted;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  collect(kernel, result);
}

void run_on_dut(const RunOptions& options, const DutLibrary& library, const fs::path& trace, const Advance& advance,
                Result& result) {
  os::RamMem memory(memory_bytes(options));
  Session session(options, library, memory, advance);
  DutPort port(session.lockstep());
  os::Kernel kernel(session.lockstep().memory(), port, port, os_config(options));
  arch::u64 events = 0;
  session.show([&] { return grouped(events) + " references"; });
  session.run(
      [&] {
        run_kernel(kernel, trace, events, port);
        port.drain();
      },
      result);
  collect(kernel, result);
  for (unsigned code = 1; code < 16; ++code) {
    if (port.faults(code) == 0) continue;
    result.translation.emplace_back("responses " + std::string(arch::name(static_cast<arch::Fault>(code))),
                                    port.faults(code));
  }
}

}  // namespace

void check_os_options(const RunOptions& options) {
  if (!options.os_bug.empty() && !os::bug_from_id(options.os_bug)) {
    throw UserError("the OS shim has no seeded bug \"" + options.os_bug + "\" (kilburn list bugs)");
  }
  if (options.frames < kFewestFrames) {
    throw UserError("--frames " + std::to_string(options.frames) + ": too few frames to run anything; at least " +
                    std::to_string(kFewestFrames));
  }
}

void run_trace(const RunOptions& options, const DutLibrary* library, const fs::path& trace, Result& result) {
  if (options.dut == "arch") {
    os::RamMem memory(memory_bytes(options));
    os::ArchMmuPort port(options.format, memory, options.settings);
    run_on_model(memory, port, port, options, trace, result);
  } else if (options.dut == "tlm") {
    std::unique_ptr<TlmPort> port;
    run_in_systemc(
        [&] { port = std::make_unique<TlmPort>("tlm", options.format, options.settings, memory_bytes(options)); },
        [&](const Advance&) { run_on_model(*port, *port, *port, options, trace, result); });
  } else {
    run_in_systemc({}, [&](const Advance& advance) { run_on_dut(options, *library, trace, advance, result); });
  }
}

}  // namespace kilburn::tb
