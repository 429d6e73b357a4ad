// SPDX-License-Identifier: Apache-2.0
//
// The admissibility check against bare RTL: cycles recorded once, with what software and walkers did to memory, are
// replayed on the DUT alone (floor), with the check, and with the check and the twin: the check alone. The whole
// random test with its stimulus, races included, and with the SystemC kernel is set against the same floor.
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/hw/ram.h"
#include "tb/admissible/lockstep_monitor.h"
#include "tb/stimulus/random_test.h"
#include "tests/bench/compare.h"
#include "tests/bench/systemc_state.h"
#include "tests/bench/traffic.h"

namespace kilburn::bench {
namespace {

using arch::u64;

constexpr u64 kResponses = 100000;
constexpr u64 kSeed = 21;
constexpr unsigned kMemoryLatency = 20;

tb::DutLibrary library(arch::Format format) {
  return tb::DutLibrary::load(std::string(KILBURN_DUTS) + "/kilburn_dut_mmu-" + std::string(arch::name(format)) + ".so",
                              format);
}

// What happens to memory in a cycle, before the pins of the cycle are complete.
struct Access {
  enum class Kind { store, read, swap, bus_error } kind;
  unsigned id;
  u64 cycle, pa, value, desired, found;
};
struct Recording {
  std::vector<kilburn_dut_in> inputs;
  std::vector<Access> before, accesses;  // of software before the first cycle; in order
  u64 responses = 0;
};

// Takes down a run; judges nothing.
class Recorder final : public tb::PassiveMonitor, tb::WalkerObserver {
 public:
  Recorder(os::PhysMem& memory, Recording& recording) : memory_(memory, *this), recording_(recording) {}

  os::PhysMem& software_memory() override { return memory_; }
  tb::WalkerObserver& walkers() override { return *this; }
  void reset(const arch::Settings&) override {}
  void begin(u64 cycle) override { cycle_ = cycle; }
  bool cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) override {
    recording_.inputs.push_back(in);
    recording_.responses += (out.i.rsp_valid & in.i.rsp_ready) + (out.d.rsp_valid & in.d.rsp_ready);
    return true;
  }
  bool quantum(u64) override { return true; }
  bool finish(u64) override { return true; }
  Finding finding() const override { return {}; }

  void read(unsigned id, u64 pa, u64 value) override { take({Access::Kind::read, id, cycle_, pa, value, 0, 0}); }
  void swap(unsigned id, u64 pa, u64 expect, u64 desired, u64 found) override {
    take({Access::Kind::swap, id, cycle_, pa, expect, desired, found});
  }
  void bus_error(unsigned id, u64 pa) override { take({Access::Kind::bus_error, id, cycle_, pa, 0, 0, 0}); }
  void stored(u64 pa, u64 value) { take({Access::Kind::store, 0, cycle_, pa, value, 0, 0}); }

 private:
  // Software of the random test writes whole words only.
  class Memory final : public os::PhysMem {
   public:
    Memory(os::PhysMem& memory, Recorder& recorder) : memory_(memory), recorder_(recorder) {}
    u64 size() const override { return memory_.size(); }
    u64 load64(u64 pa) override { return memory_.load64(pa); }
    void store64(u64 pa, u64 value) override { recorder_.stored(pa, value), memory_.store64(pa, value); }
    u64 cas64(u64 pa, u64 expect, u64 desired) override {
      const u64 found = memory_.load64(pa);
      if (found == expect) store64(pa, desired);
      return found;
    }
    void read(u64 pa, std::span<std::byte> out) override { memory_.read(pa, out); }
    void write(u64, std::span<const std::byte>) override { throw std::logic_error("words are what is recorded"); }

   private:
    os::PhysMem& memory_;
    Recorder& recorder_;
  };
  void take(const Access& access) {
    (recording_.inputs.empty() && access.kind == Access::Kind::store ? recording_.before : recording_.accesses)
        .push_back(access);
  }

  Memory memory_;
  Recording& recording_;
  u64 cycle_ = 0;
};

// One random test with races; `monitor`, if given, looks on.
void random_test(const tb::DutLibrary& dut_library, arch::Format format, os::RamMem& memory,
                 tb::PassiveMonitor* monitor, bool exact, bool in_systemc) {
  tb::Dut dut(dut_library, kSeed);
  tb::LockstepConfig config;
  config.seed = kSeed;
  config.exact = exact;
  config.monitor = monitor;
  tb::Lockstep lockstep(dut, memory, config);
  if (in_systemc) lockstep.on_quantum = [] { advance(64); };
  tb::RandomTest test(lockstep, {.format = format, .count = kResponses, .seed = kSeed, .races = true});
  test.run();
}

Recording record_random(const tb::DutLibrary& dut_library, arch::Format format) {
  Recording recording;
  os::RamMem memory(tb::RandomTables::kMemoryBytes);
  Recorder recorder(memory, recording);
  random_test(dut_library, format, memory, &recorder, false, false);
  return recording;
}

// The trace of a program without an OS: mostly hits on both ports; tables that nobody changes.
Recording record_program(const tb::DutLibrary& dut_library, Traffic& traffic) {
  read_traffic(KILBURN_TRACE, ~u64{0}, traffic);
  Recording recording;
  tb::Dut dut(dut_library, kSeed);
  recording.responses = run_traffic(traffic, &dut, kMemoryLatency, [&](const kilburn_dut_in& in) {
                          recording.inputs.push_back(in);
                        }).translations;
  // A read happens when it is taken: without writers it is the same at any time.
  kilburn_dut_out out;
  tb::Dut again(dut_library, kSeed);
  again.reset(recording.inputs.front().cfg, out);
  u64 cycle = 0;
  for (const auto& in : recording.inputs) {
    if (out.mem_req_valid && in.mem_req_ready) {
      recording.accesses.push_back(
          {Access::Kind::read, out.mem_req_id, cycle, out.mem_req_addr, traffic.memory.load64(out.mem_req_addr), 0, 0});
    }
    again.clock(in, out);
    ++cycle;
  }
  return recording;
}

void replay_bare(const tb::DutLibrary& dut_library, const Recording& recording) {
  tb::Dut dut(dut_library, kSeed);
  kilburn_dut_out out;
  dut.reset(recording.inputs.front().cfg, out);
  for (const auto& in : recording.inputs) dut.clock(in, out);
  benchmark::DoNotOptimize(out);
}

// CPU seconds of the cycles; the memory's first contents are not counted.
double replay_checked(benchmark::State& state, const tb::DutLibrary& dut_library, arch::Format format,
                      const Recording& recording, os::RamMem& memory, bool exact) {
  for (const Access& access : recording.before) memory.store64(access.pa, access.value);
  admissible::Checker checker({format, {}, {}, {}, 0, true}, memory);
  admissible::LockstepMonitor monitor(checker, 0, memory);
  os::PhysMem& software = monitor.software_memory();
  tb::WalkerObserver& walkers = monitor.walkers();
  tb::Dut dut(dut_library, kSeed);
  auto twin = tb::ExactCheck::for_dut(dut.api(), {});
  kilburn_dut_out out;

  const double start = cpu_seconds();
  dut.reset(recording.inputs.front().cfg, out);
  twin.reset({});
  auto access = recording.accesses.begin();
  u64 cycle = 0;
  for (const auto& in : recording.inputs) {
    for (; access != recording.accesses.end() && access->cycle == cycle; ++access) {
      switch (access->kind) {
        case Access::Kind::store:
          software.store64(access->pa, access->value);
          break;
        case Access::Kind::read:
          walkers.read(access->id, access->pa, access->value);
          break;
        case Access::Kind::swap:
          memory.cas64(access->pa, access->value, access->desired);
          walkers.swap(access->id, access->pa, access->value, access->desired, access->found);
          break;
        case Access::Kind::bus_error:
          walkers.bus_error(access->id, access->pa);
          break;
      }
    }
    const bool legal = monitor.cycle(in, out);
    monitor.begin(++cycle);
    dut.clock(in, out);
    if (!legal || (exact && !twin.clock(in, out))) {
      state.SkipWithError(legal ? "mismatch" : monitor.finding().message.c_str());
      return 0;
    }
  }
  const double seconds = cpu_seconds() - start;
  if (checker.counts().judged != recording.responses) state.SkipWithError("responses were not judged");
  return seconds;
}

enum class Workload { program, random, whole_random_test };

void checked(benchmark::State& state, arch::Format format, Workload workload, bool exact) {
  const auto dut_library = library(format);
  std::unique_ptr<Traffic> traffic;
  std::unique_ptr<os::RamMem> ram;
  Recording recording;
  if (workload == Workload::program) {
    traffic = std::make_unique<Traffic>();
    recording = record_program(dut_library, *traffic);
  } else {
    recording = record_random(dut_library, format);
    ram = std::make_unique<os::RamMem>(tb::RandomTables::kMemoryBytes);
  }
  os::RamMem& memory = traffic ? traffic->memory : *ram;
  const auto subject = [&]() -> double {
    if (workload != Workload::whole_random_test) {
      return replay_checked(state, dut_library, format, recording, memory, exact);
    }
    os::RamMem fresh(tb::RandomTables::kMemoryBytes);
    admissible::Checker checker({format, {}, {}, {}, 0, true}, fresh);
    admissible::LockstepMonitor monitor(checker, 0, fresh);
    const double start = cpu_seconds();
    random_test(dut_library, format, fresh, &monitor, exact, true);
    return cpu_seconds() - start;
  };
  double best_floor = std::numeric_limits<double>::max(), best_subject = best_floor;
  for (auto _ : state) {
    const double start = cpu_seconds();
    replay_bare(dut_library, recording);
    best_floor = std::min(best_floor, cpu_seconds() - start);
    best_subject = std::min(best_subject, subject());
  }
  const auto cycles = static_cast<double>(recording.inputs.size());
  state.counters["ns"] = 1e9 * best_subject / cycles;
  state.counters["floor_ns"] = 1e9 * best_floor / cycles;
  state.counters["bare_kHz"] = 1e-3 * cycles / best_floor;
  state.counters["fraction_of_bare"] = best_floor / best_subject;
  // Of the check alone; of everything, where the stimulus is in the measured time too.
  state.counters["us_a_response"] = 1e6 * (best_subject - best_floor) / static_cast<double>(recording.responses);
}

constexpr auto kX86 = arch::Format::x86_64;
BENCHMARK_CAPTURE(checked, admissible_check_program, kX86, Workload::program, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(checked, both_checks_program, kX86, Workload::program, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(checked, admissible_check_x86_64, kX86, Workload::random, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(checked, admissible_check_alpha, arch::Format::alpha, Workload::random, false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(checked, admissible_check_alpha_x64, arch::Format::alpha_x64, Workload::random, false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(checked, both_checks_x86_64, kX86, Workload::random, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(checked, admissible_random_test_with_stimulus, kX86, Workload::whole_random_test, false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(checked, both_random_test_with_stimulus, kX86, Workload::whole_random_test, true)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kilburn::bench
