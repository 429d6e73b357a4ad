// SPDX-License-Identifier: Apache-2.0
//
// Measures the readers: references a second and peak memory, on a trace file or on a made-up program of a loop over
// an array with calls.
//   kilburn_trace_bench [TRACE]
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "sw/core/random.h"
#include "sw/trace/compact.h"
#include "sw/trace/open.h"

using namespace kilburn;
using os::TraceEvent;
using os::u64;

namespace {

void write_program(const std::string& path, u64 references) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) std::exit(3);
  os::CompactWriter writer(file);
  os::Random random(1);
  const auto add = [&](TraceEvent::Kind kind, u64 address, os::u16 size) {
    TraceEvent e;
    e.kind = kind;
    e.address = address;
    e.size = size;
    writer.add(e);
  };
  u64 sp = 0x1fff000700;
  for (u64 n = 0; writer.events() < references; ++n) {
    const u64 pc = 0x401000 + (n % 7) * 0x40;
    add(TraceEvent::Kind::fetch, pc, 4);
    add(TraceEvent::Kind::read, 0x4800000 + n % 65536 * 8, 8);
    add(TraceEvent::Kind::fetch, pc + 4, 5);
    add(TraceEvent::Kind::fetch, pc + 9, 2);
    add(TraceEvent::Kind::write, sp - 8 * (n % 32), 8);
    add(TraceEvent::Kind::fetch, pc + 11, 3);
    if (n % 5 == 0) add(TraceEvent::Kind::modify, 0x601000 + random.below(1 << 20), 4);
  }
  writer.finish();
  std::fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string made = "/tmp/kilburn_trace_bench." + std::to_string(std::rand()) + ".kbt";
  const std::string path = argc > 1 ? argv[1] : made;
  if (argc < 2) write_program(made, 50'000'000);
  double best = 1e9;
  u64 references = 0, sum = 0;
  for (int round = 0; round < 3; ++round) {
    const std::clock_t start = std::clock();  // of the processor: the machine may be shared
    const auto reader = os::open_trace(path);
    references = 0;
    for (TraceEvent e; reader->next(e);) {
      references += e.reference();
      sum += e.address;
    }
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%s  %.1f M references, %.1f M/s of processor time, peak %ld KB (sum %llx)\n", path.c_str(),
              static_cast<double>(references) / 1e6, static_cast<double>(references) / best / 1e6, usage.ru_maxrss,
              static_cast<unsigned long long>(sum));
  if (argc < 2) std::remove(made.c_str());
}
