// SPDX-License-Identifier: Apache-2.0
//
// Host cost of one clock of a DUT library: run under callgrind, which counts inside clocked() only.
//
//   valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=clocked
//     clock_cost kilburn_dut_mmu-x86-64.so idle|hits|misses 2000
//
// Without valgrind it prints the rate. `hits`: a hit on each side in every cycle, 8 pages a side.
// `misses`: each data request needs a walk, memory answers in the next cycle.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/unit/rtl/dut_bench.h"

// Named for callgrind's --toggle-collect.
extern "C" __attribute__((noinline)) void clocked(const kilburn_dut_api* api, void* self, const kilburn_dut_in* in,
                                                  kilburn_dut_out* out) {
  api->clock(self, in, out);
}

namespace {

using kilburn::rtl_test::DutBench;

constexpr std::uint64_t kRoot = 0x100000;
constexpr std::uint64_t kPages = 512;

// A table at each level: entry 0 everywhere, and 512 pages at the last level.
void build_tables(DutBench& bench) {
  const bool x86 = bench.api().config.format == 0;
  const unsigned shift = bench.api().config.format == 1 ? 13 : 12;
  const unsigned levels = bench.api().config.format == 1 ? 3 : 4;
  const auto entry = [&](std::uint64_t address) {
    return x86 ? (address | 0x67) : ((address >> shift) << 32 | 0x3301);  // P W U A D; V and every enable
  };
  for (std::uint64_t level = 0; level + 1 < levels; ++level) {
    bench.memory[kRoot + level * 0x10000] = entry(kRoot + (level + 1) * 0x10000);
  }
  for (std::uint64_t page = 0; page < kPages; ++page) {
    bench.memory[kRoot + (levels - 1) * 0x10000 + 8 * page] = entry(0x40000000 + (page << shift));
  }
  bench.in.ctx_root = kRoot;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: clock_cost <library> idle|hits|misses <cycles>\n");
    return 2;
  }
  DutBench bench(argv[1]);
  const std::string_view scenario = argv[2];
  const long cycles = std::atol(argv[3]);
  const unsigned shift = bench.api().config.format == 1 ? 13 : 12;
  build_tables(bench);
  for (std::uint64_t page = 0; page < 8; ++page) {
    bench.translate_i(page << shift, 3);
    bench.translate_d(page << shift, true, 3);
  }
  const unsigned warm_reads = bench.reads;

  const auto start = std::chrono::steady_clock::now();
  std::uint64_t responses = 0;
  const kilburn_dut_api* api = &bench.api();
  if (scenario == "misses") {
    bench.clock_hook = clocked;
    std::uint64_t page = 8;
    bench.in.d.valid = 1;
    for (long i = 0; i < cycles; ++i) {
      bench.in.d.va = page << shift;
      bench.in.d.mode = 3;
      bench.in.d.id = static_cast<std::uint8_t>(page % 16);
      if (bench.out.d.req_ready != 0) page = (page + 1) % kPages;
      responses += bench.out.d.rsp_valid;
      bench.clock();
    }
  } else {
    const std::uint8_t valid = scenario == "hits" ? 1 : 0;
    bench.in.i.valid = valid;
    bench.in.d.valid = valid;
    bench.in.i.mode = 3;
    bench.in.d.mode = 3;
    bench.in.d.write = 1;
    for (long i = 0; i < cycles; ++i) {
      const auto page = static_cast<std::uint64_t>(i) % 8;
      bench.in.i.va = page << shift;
      bench.in.d.va = (7 - page) << shift;
      bench.in.i.id = bench.in.d.id = static_cast<std::uint8_t>(i % 16);
      clocked(api, bench.self(), &bench.in, &bench.out);
      responses += static_cast<std::uint64_t>(bench.out.d.rsp_valid) + bench.out.i.rsp_valid;
    }
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::printf("%s %s: %.0f kcycles/s, %.3f responses a cycle, %u page-table reads\n", api->name, argv[2],
              static_cast<double>(cycles) / elapsed.count() / 1000.0,
              static_cast<double>(responses) / static_cast<double>(cycles), bench.reads - warm_reads);
  return 0;
}
