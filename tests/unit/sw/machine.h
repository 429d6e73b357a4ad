// SPDX-License-Identifier: Apache-2.0
//
// A kernel on a machine of a few frames, as the tests use it.
#pragma once

#include <concepts>
#include <string>

#include "sw/hw/arch_port.h"
#include "sw/os/kernel.h"
#include "sw/trace/lackey.h"

namespace kilburn::os::test {

inline constexpr arch::Format kFormats[] = {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64};

template <class Port = ArchMmuPort>
struct Machine {
  template <class... PortArguments>
  explicit Machine(const Config& config, PortArguments... arguments)
      : ram(u64{config.frames} << arch::info(config.format).page_shift),
        port(config.format, ram, arguments...),
        kernel(ram, port, port, config) {}
  template <std::derived_from<BlockDevice> Device>
  Machine(const Config& config, Device& device)
      : ram(u64{config.frames} << arch::info(config.format).page_shift),
        port(config.format, ram),
        kernel(ram, port, port, device, config) {}

  bool store(Process& p, u64 va, u16 size = 8) { return kernel.reference(p, TraceEvent::Kind::write, va, size); }
  bool load(Process& p, u64 va, u16 size = 8) { return kernel.reference(p, TraceEvent::Kind::read, va, size); }
  bool fetch(Process& p, u64 va, u16 size = 4) { return kernel.reference(p, TraceEvent::Kind::fetch, va, size); }
  u64 faults(FaultKind kind) { return kernel.statistics().memory.faults[static_cast<size_t>(kind)]; }
  u64 page() { return kernel.memory().format().page_size(); }

  RamMem ram;
  Port port;
  Kernel kernel;
};

inline std::string trace_path(const std::string& pid) {
  return std::string(KILBURN_TEST_DATA) + "/traces/mini." + pid + ".lk";
}

// Runs the recorded program and its two children.
template <class Port>
void run_mini(Machine<Port>& machine) {
  const auto reader = LackeyReader::open(trace_path("28871"));
  machine.kernel.run(*reader, [](u32 pid) { return LackeyReader::open(trace_path(std::to_string(pid))); });
}

// The id of the check that a run trips, "" if none.
template <class Run>
std::string tripped(Run&& run) {
  try {
    run();
  } catch (const Violation& v) {
    return v.id();
  }
  return "";
}

}  // namespace kilburn::os::test
