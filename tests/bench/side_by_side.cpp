// SPDX-License-Identifier: Apache-2.0
//
// MMUs side by side on one recorded trace: cycles a translation, cycles a miss, walk reads a miss.
//
//   side_by_side [--latency N] [--limit N] [--at-least X] TRACE.lk DUT.so...
//
// A miss is an L1 miss by the MMU's own counters, one that waits for another's not counted; the cycles a miss are
// those beyond what an MMU that never misses takes, which is measured too. With --at-least, exit status 1 if the last
// DUT's cycles a miss are less than X times the first's.
#include <charconv>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/traffic.h"

namespace {

using namespace kilburn;
using arch::u64;
namespace event = arch::layout::Event;

double number(const char* text) {
  double value = 0;
  const std::string_view s = text;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error != std::errc{} || end != s.data() + s.size() || value <= 0) {
    throw std::invalid_argument(std::string(s) + " is not a number above 0");
  }
  return value;
}

int compare(int argc, char** argv) {
  unsigned latency = 20;
  u64 limit = ~u64{0};
  std::optional<double> at_least;
  std::vector<std::string> files;
  for (int n = 1; n < argc; ++n) {
    const std::string_view word = argv[n];
    if (word == "--latency" && n + 1 < argc) {
      latency = static_cast<unsigned>(number(argv[++n]));
    } else if (word == "--limit" && n + 1 < argc) {
      limit = static_cast<u64>(number(argv[++n]));
    } else if (word == "--at-least" && n + 1 < argc) {
      at_least = number(argv[++n]);
    } else {
      files.emplace_back(word);
    }
  }
  if (files.size() < 2) throw std::invalid_argument("give a trace and at least one DUT library");

  bench::Traffic traffic;
  bench::read_traffic(files[0], limit, traffic);
  const bench::Measured ideal = bench::run_traffic(traffic, nullptr, latency);
  std::printf("%zu references, memory answers after %u cycles; without a miss %.3f cycles a translation\n\n",
              traffic.references.size(), latency,
              static_cast<double>(ideal.cycles) / static_cast<double>(ideal.translations));
  std::printf(
      "| MMU | cycles a translation | misses in 1000 | cycles a miss | walk reads a miss | walk reads a walk |\n");
  std::printf("| --- | --- | --- | --- | --- | --- |\n");
  std::vector<double> cycles_a_miss;
  for (std::size_t n = 1; n < files.size(); ++n) {
    const auto library = tb::DutLibrary::load(files[n], arch::Format::x86_64);
    tb::Dut dut(library, 1);
    const bench::Measured m = bench::run_traffic(traffic, &dut, latency);
    if (m.faults != 0 || m.translations != ideal.translations || m.misses() == 0) {
      throw std::runtime_error(files[n] + ": faults, lost responses or no misses");
    }
    const auto misses = static_cast<double>(m.misses());
    cycles_a_miss.push_back(static_cast<double>(m.cycles - ideal.cycles) / misses);
    const auto reads = static_cast<double>(m.events[event::MEM_READ]);
    std::printf("| %s | %.3f | %.2f | %.1f | %.2f | %.2f |\n", library.api().name,
                static_cast<double>(m.cycles) / static_cast<double>(m.translations),
                1000 * misses / static_cast<double>(m.translations), cycles_a_miss.back(), reads / misses,
                reads / static_cast<double>(m.events[event::WALK]));
  }
  if (at_least && cycles_a_miss.back() < *at_least * cycles_a_miss.front()) {
    std::printf("\nthe first is only %.2f times as fast a miss as the last\n",
                cycles_a_miss.back() / cycles_a_miss.front());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return compare(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "side_by_side: %s\n", e.what());
    return 2;
  }
}
extern "C" int sc_main(int, char**) { return 0; }
