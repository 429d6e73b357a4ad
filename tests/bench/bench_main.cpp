// SPDX-License-Identifier: Apache-2.0
//
// Runs all benchmarks inside one SystemC process, which those of the TLM model and of the batched
// lockstep need.
#include <benchmark/benchmark.h>

#include "tests/bench/systemc_state.h"

extern "C" int sc_main(int, char**) { return 1; }

namespace kilburn::bench {
tb::Advance advance;
}

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  kilburn::tb::run_in_systemc(kilburn::bench::elaborate_tlm, [](const kilburn::tb::Advance& a) {
    kilburn::bench::advance = a;
    benchmark::RunSpecifiedBenchmarks();
  });
  return 0;
}
