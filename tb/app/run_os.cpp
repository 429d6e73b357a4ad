// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --program`, `--trace` and `--workload`: the OS shim on a DUT in lockstep, on several, or on a model.
#include <boost/algorithm/string/join.hpp>
#include <chrono>
#include <deque>
#include <memory>

#include "model/arch/layout.h"
#include "sw/hw/arch_port.h"
#include "sw/hw/soft_tlb_port.h"
#include "tb/app/harts_session.h"
#include "tb/app/os_programs.h"
#include "tb/app/os_watch.h"
#include "tb/app/sources.h"
#include "tb/errors.h"
#include "tb/ports/dut_port.h"
#include "tb/ports/tlm_port.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using arch::u64;

namespace {

constexpr u64 kFewestFrames = 8;
using Traces = std::vector<fs::path>;

// Several CPUs of a model work one after the other: their times add up.
class SumClock final : public os::Clock {
 public:
  explicit SumClock(std::vector<const os::Clock*> clocks) : clocks_(std::move(clocks)) {}
  u64 now() const override {
    u64 sum = 0;
    for (const os::Clock* clock : clocks_) sum += clock->now();
    return sum;
  }

 private:
  std::vector<const os::Clock*> clocks_;
};

// On a model: no pins, no waves.
void run_on_model(os::PhysMem& memory, std::span<os::MmuPort* const> ports, os::Clock& clock, const RunOptions& options,
                  const Traces& traces, Result& result, const os::Sampler::Tlb& tlb = {}) {
  os::Kernel kernel(memory, ports, clock, os_config(options));
  OsWatch watch(options, kernel, true, tlb);
  const auto start = std::chrono::steady_clock::now();
  try {
    run_programs(options, traces, kernel, clock);
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
  watch.finish(result);
  collect(kernel, result);
  if (!tlb) return;
  result.translation.emplace_back("TLB hits", tlb().hits);
  result.translation.emplace_back("TLB misses", tlb().misses);
}

// One port a CPU, on one flat memory.
template <class Port, class Make>
void run_on_ports(const RunOptions& options, const Traces& traces, Result& result, Make make,
                  std::function<os::TlbCounts(const Port&)> count = {}) {
  os::RamMem memory(memory_bytes(options));
  std::deque<Port> ports;
  std::vector<os::MmuPort*> cpus;
  std::vector<const os::Clock*> clocks;
  for (unsigned n = 0; n < options.harts; ++n) {
    Port& port = ports.emplace_back(make(memory));
    cpus.push_back(&port);
    clocks.push_back(&port);
  }
  os::Sampler::Tlb tlb;
  if (count) {
    tlb = [&] {
      os::TlbCounts sum;
      for (const Port& port : ports) {
        sum.hits += count(port).hits;
        sum.misses += count(port).misses;
      }
      return sum;
    };
  }
  SumClock clock(clocks);
  run_on_model(memory, cpus, clock, options, traces, result, tlb);
}

void run_on_arch(const RunOptions& options, const Traces& traces, Result& result) {
  if (!options.os.refill) {
    return run_on_ports<os::ArchMmuPort>(options, traces, result, [&](os::RamMem& memory) {
      return os::ArchMmuPort(options.format, memory, options.settings);
    });
  }
  run_on_ports<os::SoftTlbPort>(
      options, traces, result,
      [&](os::RamMem& memory) {
        return os::SoftTlbPort(options.format, memory, os::SoftTlbPort::kEntries, options.settings);
      },
      [](const os::SoftTlbPort& port) {
        return os::TlbCounts{port.hits(), port.misses()};
      });
}

void run_on_tlm(const RunOptions& options, const Traces& traces, Result& result) {
  std::unique_ptr<TlmPort> port;
  run_in_systemc(
      [&] { port = std::make_unique<TlmPort>("tlm", options.format, options.settings, memory_bytes(options)); },
      [&](const Advance&) {
        os::MmuPort* const cpus[] = {port.get()};
        run_on_model(*port, cpus, *port, options, traces, result, [&] {
          return os::TlbCounts{port->counters().hits, port->counters().walks};
        });
      });
}

// Lookups of both L1 TLBs.
os::TlbCounts tlb_counts(const DutPort& port) {
  namespace event = arch::layout::Event;
  return {port.event(event::I_HIT) + port.event(event::D_HIT), port.event(event::I_MISS) + port.event(event::D_MISS)};
}

void collect_ports(const std::deque<DutPort>& ports, Result& result) {
  for (unsigned code = 1; code < 16; ++code) {
    u64 sum = 0;
    for (const DutPort& port : ports) sum += port.faults(code);
    if (sum == 0) continue;
    result.translation.emplace_back("responses " + std::string(arch::name(static_cast<arch::Fault>(code))), sum);
  }
}

// The kernel on DUTs, inside a session of one or of several.
template <class AnySession>
void run_on_ports_of(AnySession& session, os::PhysMem& memory, std::deque<DutPort>& ports, const RunOptions& options,
                     const Traces& traces, Result& result) {
  std::vector<os::MmuPort*> cpus;
  for (DutPort& port : ports) cpus.push_back(&port);
  os::Kernel kernel(memory, cpus, ports.front(), os_config(options));
  OsWatch watch(options, kernel, false, [&] {
    os::TlbCounts sum;
    for (const DutPort& port : ports) {
      sum.hits += tlb_counts(port).hits;
      sum.misses += tlb_counts(port).misses;
    }
    return sum;
  });
  session.show([&] { return watch.progress(); });
  session.run(
      [&] {
        run_programs(options, traces, kernel, ports.front());
        for (DutPort& port : ports) port.drain();
      },
      result);
  watch.finish(result);
  collect(kernel, result);
  collect_ports(ports, result);
}

void run_on_dut(const RunOptions& options, const DutLibrary& library, const Traces& traces, const Advance& advance,
                Result& result) {
  os::RamMem memory(memory_bytes(options));
  std::deque<DutPort> ports;
  if (!options.has_harts()) {
    Session session(options, library, memory, advance);
    ports.emplace_back(session.lockstep());
    return run_on_ports_of(session, session.lockstep().memory(), ports, options, traces, result);
  }
  HartsSession session(options, library, memory, advance, "CPU");
  std::vector<DutPort*> joined;
  for (unsigned n = 0; n < options.harts; ++n) joined.push_back(&ports.emplace_back(session.harts()[n]));
  DutPort::join(joined, [&] { session.harts().clock(); });
  run_on_ports_of(session, session.harts().memory(), ports, options, traces, result);
}

}  // namespace

void check_os_options(const RunOptions& options, const DutLibrary* library) {
  if (!options.os_bug.empty() && !os::bug_from_id(options.os_bug)) {
    throw UserError("the OS shim has no seeded bug \"" + options.os_bug + "\" (kilburn list bugs)");
  }
  if (options.frames < kFewestFrames) {
    throw UserError("--frames " + std::to_string(options.frames) + ": too few frames to run anything; at least " +
                    std::to_string(kFewestFrames));
  }
  if (const auto problems = os_config(options).memory().problems(); !problems.empty()) {
    throw UserError(boost::algorithm::join(problems, "; "));
  }
  if (options.os.refill && library != nullptr && !arch::layout::Feature::REFILL.test(library->api().config.features)) {
    throw UserError("--refill: DUT " + options.dut + " has no TLB that software fills (feature REFILL)");
  }
}

void run_os(const RunOptions& options, const DutLibrary* library, const Traces& traces, Result& result) {
  if (options.dut == "arch") {
    run_on_arch(options, traces, result);
  } else if (options.dut == "tlm") {
    run_on_tlm(options, traces, result);
  } else {
    run_with_dut(options, [&](const Advance& advance) { run_on_dut(options, *library, traces, advance, result); });
  }
}

}  // namespace kilburn::tb
