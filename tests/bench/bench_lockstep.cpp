// SPDX-License-Identifier: Apache-2.0
//
// Lockstep against bare RTL: the same cycles, recorded once, replayed on the DUT alone (floor), on DUT
// and twin with every pin compared, and produced anew by the whole random test in SystemC. The cycles are those of a
// program (mostly hits on both ports) or of the random test (mostly misses, with edits and invalidations).
#include <optional>
#include <string>
#include <vector>

#include "sw/hw/ram.h"
#include "tb/stimulus/random_test.h"
#include "tests/bench/compare.h"
#include "tests/bench/systemc_state.h"
#include "tests/bench/traffic.h"

namespace kilburn::bench {
namespace {

constexpr arch::u64 kResponses = 100000;
constexpr arch::u64 kSeed = 21;
constexpr unsigned kMemoryLatency = 20;
constexpr std::size_t kProgramCycles = 200000;

tb::DutLibrary library(arch::Format format) {
  return tb::DutLibrary::load(std::string(KILBURN_DUTS) + "/kilburn_dut_mmu-" + std::string(arch::name(format)) + ".so",
                              format);
}

// One random test from reset to its end; `watch` sees the inputs of each cycle.
arch::u64 random_test(const tb::DutLibrary& dut_library, arch::Format format, bool in_systemc) {
  tb::Dut dut(dut_library, kSeed);
  os::RamMem memory(tb::RandomTables::kMemoryBytes);
  tb::LockstepConfig config;
  config.seed = kSeed;
  tb::Lockstep lockstep(dut, memory, config);
  if (in_systemc) lockstep.on_quantum = [] { advance(64); };
  tb::RandomTest test(lockstep, {.format = format, .count = kResponses, .seed = kSeed});
  test.run();
  return lockstep.cycle();
}

// The library with its clock function wrapped, to take down every cycle's inputs.
std::vector<kilburn_dut_in>* recording = nullptr;
const kilburn_dut_api* recorded_api = nullptr;
void recording_clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  recording->push_back(*in);
  recorded_api->clock(self, in, out);
}

std::vector<kilburn_dut_in> record(const tb::DutLibrary& dut_library, arch::Format format) {
  std::vector<kilburn_dut_in> cycles;
  recording = &cycles;
  recorded_api = &dut_library.api();
  kilburn_dut_api wrapped = dut_library.api();
  wrapped.clock = recording_clock;
  random_test(tb::DutLibrary::wrap(wrapped, dut_library.path()), format, false);
  return cycles;
}

std::vector<kilburn_dut_in> record_program(const tb::DutLibrary& dut_library) {
  Traffic traffic;
  read_traffic(KILBURN_TRACE, ~arch::u64{0}, traffic);
  std::vector<kilburn_dut_in> cycles;
  tb::Dut dut(dut_library, kSeed);
  run_traffic(traffic, &dut, kMemoryLatency, [&](const kilburn_dut_in& in) { cycles.push_back(in); });
  std::vector<kilburn_dut_in> repeated;
  while (repeated.size() < kProgramCycles) repeated.insert(repeated.end(), cycles.begin(), cycles.end());
  return repeated;
}

enum class Workload { program, random, whole_random_test };

void lockstep(benchmark::State& state, arch::Format format, Workload workload) {
  const auto dut_library = library(format);
  const auto inputs = workload == Workload::program ? record_program(dut_library) : record(dut_library, format);
  const auto cycles = static_cast<double>(inputs.size());
  auto bare = [&] {
    tb::Dut dut(dut_library, kSeed);
    kilburn_dut_out out;
    dut.reset(inputs.front().cfg, out);
    for (const auto& in : inputs) dut.clock(in, out);
    benchmark::DoNotOptimize(out);
  };
  auto checked = [&] {
    tb::Dut dut(dut_library, kSeed);
    auto check = tb::ExactCheck::for_dut(dut.api(), {});
    kilburn_dut_out out;
    dut.reset(inputs.front().cfg, out);
    check.reset({});
    for (const auto& in : inputs) {
      dut.clock(in, out);
      if (!check.clock(in, out)) state.SkipWithError("mismatch");
    }
  };
  auto whole = [&] { benchmark::DoNotOptimize(random_test(dut_library, format, true)); };
  if (workload == Workload::whole_random_test)
    against_floor(state, cycles, bare, whole);
  else
    against_floor(state, cycles, bare, checked);
  state.counters["bare_kHz"] = 1e6 / state.counters["floor_ns"];
  state.counters["fraction_of_bare"] = 1 / state.counters["ratio"];
}

BENCHMARK_CAPTURE(lockstep, exact_check_program, arch::Format::x86_64, Workload::program)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lockstep, exact_check_x86_64, arch::Format::x86_64, Workload::random)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lockstep, exact_check_alpha, arch::Format::alpha, Workload::random)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lockstep, exact_check_alpha_x64, arch::Format::alpha_x64, Workload::random)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lockstep, random_test_x86_64, arch::Format::x86_64, Workload::whole_random_test)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lockstep, random_test_alpha, arch::Format::alpha, Workload::whole_random_test)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lockstep, random_test_alpha_x64, arch::Format::alpha_x64, Workload::whole_random_test)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kilburn::bench
