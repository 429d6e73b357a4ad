// SPDX-License-Identifier: Apache-2.0
//
// A kernel on several CPUs with one memory, and programs written as lists of events.
#pragma once

#include <functional>

#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

namespace kilburn::os::test {

template <class Port = TlbPort>
struct Cluster {
  Cluster(const Config& config, unsigned cpus)
      : ram(u64{config.frames} << arch::info(config.format).page_shift), ports(make(config, cpus)) {
    std::vector<MmuPort*> pointers;
    for (const auto& port : ports) pointers.push_back(port.get());
    kernel = std::make_unique<Kernel>(ram, pointers, *ports[0], config);
  }
  bool access(Process& p, TraceEvent::Kind kind, u64 va) { return kernel->reference(p, kind, va, 8); }
  bool store(Process& p, u64 va) { return access(p, TraceEvent::Kind::write, va); }
  bool load(Process& p, u64 va) { return access(p, TraceEvent::Kind::read, va); }
  u64 page() { return kernel->memory().format().page_size(); }

  RamMem ram;
  std::vector<std::unique_ptr<Port>> ports;
  std::unique_ptr<Kernel> kernel;

 private:
  std::vector<std::unique_ptr<Port>> make(const Config& config, unsigned cpus) {
    std::vector<std::unique_ptr<Port>> out;
    for (unsigned n = 0; n < cpus; ++n) out.push_back(std::make_unique<Port>(config.format, ram));
    return out;
  }
};

// A program: its events, and what is called before the one of that number.
struct Script final : TraceReader {
  bool next(TraceEvent& e) override {
    if (at < events.size() && hook && at == hook_at) hook();
    if (at == events.size()) return false;
    e = events[at++];
    return true;
  }
  u64 line() const override { return at; }
  const std::string& name() const override { return name_; }

  void map(u64 start, u64 length) {
    TraceEvent e;
    e.kind = TraceEvent::Kind::map;
    e.rights = kRead | kWrite;
    e.address = start;
    e.length = length;
    events.push_back(e);
  }
  void touch(TraceEvent::Kind kind, u64 va) {
    TraceEvent e;
    e.kind = kind;
    e.address = va;
    e.size = 8;
    events.push_back(e);
  }
  // Stores to each page, then `rounds` of loads.
  void sweep(u64 start, u64 pages, u64 page, int rounds) {
    map(start, pages * page);
    for (u64 n = 0; n < pages; ++n) touch(TraceEvent::Kind::write, start + n * page + 8 * n);
    for (int round = 0; round < rounds; ++round) {
      for (u64 n = 0; n < pages; ++n) touch(TraceEvent::Kind::modify, start + n * page + 8 * n);
    }
  }

  std::vector<TraceEvent> events;
  std::function<void()> hook;
  size_t hook_at = 0;
  size_t at = 0;
  std::string name_ = "script";
};

// For steps inside tripped(), where an assertion of Catch would swallow the violation.
inline void must(bool ok) {
  if (!ok) throw std::logic_error("a step of the test failed");
}

}  // namespace kilburn::os::test
