// SPDX-License-Identifier: Apache-2.0
//
// What it costs a passing run that it could show waves: tracing compiled in but closed, and snapshots.
//
//   waves_cost KILBURN TRACED.so UNTRACED.so [--seconds S]
//
// Tracing: the same recorded cycles on both libraries in turn, the DUT alone; the fastest of many; and instructions by
// valgrind, if it is installed, which no other load changes. Snapshots: the random test in whole processes in turn,
// their CPU time and page faults with those of the copies: none, the default interval, and as many as are ever made.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/hw/ram.h"
#include "tb/dut/loader.h"
#include "tb/lockstep/lockstep.h"
#include "tb/stimulus/random_test.h"
#include "tests/folder.h"

namespace {

using namespace kilburn;
namespace bp = boost::process;
using arch::u64;

constexpr u64 kSeed = 21;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::vector<kilburn_dut_in>* recording = nullptr;
const kilburn_dut_api* recorded_api = nullptr;
void recording_clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  recording->push_back(*in);
  recorded_api->clock(self, in, out);
}

std::vector<kilburn_dut_in> inputs(const tb::DutLibrary& library, u64 responses) {
  std::vector<kilburn_dut_in> cycles;
  recording = &cycles;
  recorded_api = &library.api();
  kilburn_dut_api wrapped = library.api();
  wrapped.clock = recording_clock;
  const tb::DutLibrary recorder = tb::DutLibrary::wrap(wrapped, library.path());
  tb::Dut dut(recorder, kSeed);
  os::RamMem memory(tb::RandomTables::kMemoryBytes);
  tb::LockstepConfig config;
  config.seed = kSeed;
  config.exact = false;
  tb::Lockstep lockstep(dut, memory, config);
  tb::RandomTestConfig random;
  random.count = responses;
  random.seed = kSeed;
  tb::RandomTest(lockstep, random).run();
  return cycles;
}

double replay(const tb::DutLibrary& library, const std::vector<kilburn_dut_in>& cycles) {
  tb::Dut dut(library, kSeed);
  kilburn_dut_out out{};
  dut.reset(cycles.front().cfg, out);
  const double start = cpu_seconds();
  for (const auto& in : cycles) dut.clock(in, out);
  return cpu_seconds() - start;
}

std::vector<kilburn_dut_in> read_inputs(const std::string& file, u64 count) {
  std::vector<kilburn_dut_in> cycles(count);
  std::ifstream in(file, std::ios::binary);
  in.read(reinterpret_cast<char*>(cycles.data()), static_cast<std::streamsize>(count * sizeof cycles[0]));
  if (!in) throw std::runtime_error(file + " has fewer cycles");
  return cycles;
}

// Of this program replaying the first cycles of a file; 0 without valgrind.
double instructions(const std::string& library, const std::string& file, u64 count) {
  const auto valgrind = bp::search_path("valgrind");
  if (valgrind.empty()) return 0;
  bp::ipstream err;
  bp::child child(valgrind,
                  bp::args({"--tool=callgrind", "--callgrind-out-file=/dev/null",
                            std::filesystem::read_symlink("/proc/self/exe").string(), "--replay", library, file,
                            std::to_string(count)}),
                  bp::std_in<bp::null, bp::std_out> bp::null, bp::std_err > err);
  double counted = 0;
  std::smatch match;
  for (std::string line; std::getline(err, line);) {
    if (std::regex_search(line, match, std::regex("Collected : ([0-9]+)"))) counted = std::stod(match[1]);
  }
  child.wait();
  return child.exit_code() == 0 ? counted : 0;
}

void tracing(const std::string& traced, const std::string& untraced) {
  const auto with = tb::DutLibrary::load(traced, arch::Format::x86_64);
  const auto without = tb::DutLibrary::load(untraced, arch::Format::x86_64);
  if (with.api().waves_open == nullptr || without.api().waves_open != nullptr) {
    throw std::invalid_argument("one library with tracing, then one without");
  }
  const auto cycles = inputs(with, 4000);
  double best_with = std::numeric_limits<double>::max(), best_without = best_with;
  for (unsigned n = 0; n < 30; ++n) {
    best_without = std::min(best_without, replay(without, cycles));
    best_with = std::min(best_with, replay(with, cycles));
  }
  const auto count = static_cast<double>(cycles.size());
  std::printf("| DUT without tracing, the floor | %.0f ns a cycle | |\n", 1e9 * best_without / count);
  std::printf("| tracing compiled in, no file open | %.0f ns a cycle | %+.1f %% |\n", 1e9 * best_with / count,
              100 * (best_with / best_without - 1));
  // Start and loading fall out of the difference of two lengths.
  const test::ScratchFolder folder;
  const std::string file = (folder / "cycles").string();
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(cycles.data()),
             static_cast<std::streamsize>(cycles.size() * sizeof cycles[0]));
  const u64 few = 1000, many = 6000;
  const auto each = [&](const std::string& library) {
    return (instructions(library, file, many) - instructions(library, file, few)) / static_cast<double>(many - few);
  };
  const double floor = each(untraced), found = each(traced);
  if (floor <= 0 || found <= 0) return;
  std::printf("| without tracing | %.0f instructions a cycle | |\n", floor);
  std::printf("| compiled in, no file open | %.0f instructions a cycle | %+.1f %% |\n", found,
              100 * (found / floor - 1));
}

// Of one whole run and its copies.
struct Cost {
  double seconds = std::numeric_limits<double>::max();  // CPU
  long faults = std::numeric_limits<long>::max();       // pages that the kernel had to give or copy
};

Cost run_cost(const std::string& kilburn, const std::string& folder, u64 count, const std::string& interval) {
  rusage before{}, after{};
  getrusage(RUSAGE_CHILDREN, &before);
  bp::child child(kilburn,
                  bp::args({"run", "--test", "random", "--count", std::to_string(count), "--seed", "21", "--snapshots",
                            interval, "--out", folder}),
                  bp::std_in<bp::null, bp::std_out> bp::null, bp::std_err > bp::null);
  child.wait();
  if (child.exit_code() != 0) throw std::runtime_error("a run of " + kilburn + " failed");
  getrusage(RUSAGE_CHILDREN, &after);
  const auto seconds = [](const rusage& u) {
    return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
  };
  return {seconds(after) - seconds(before), after.ru_minflt - before.ru_minflt};
}

void snapshots(const std::string& kilburn, double seconds) {
  const test::ScratchFolder folder;
  const std::string out = (folder / "run").string();
  const u64 some = 200000;
  const auto count = static_cast<u64>(static_cast<double>(some) * seconds / run_cost(kilburn, out, some, "0").seconds);
  struct {
    const char* name;
    const char* interval;
    Cost best = {};
  } kinds[] = {{"lockstep, no snapshots, the floor", "0"},
               {"a snapshot every 2 s, the default", "2"},
               {"as many as are ever made (--snapshots 0.001)", "0.001"}};
  for (unsigned n = 0; n < 5; ++n) {
    for (auto& kind : kinds) {
      const Cost cost = run_cost(kilburn, out, count, kind.interval);
      kind.best = {std::min(kind.best.seconds, cost.seconds), std::min(kind.best.faults, cost.faults)};
    }
  }
  for (const auto& kind : kinds) {
    std::printf("| %s | %.2f s CPU, %ld page faults | ", kind.name, kind.best.seconds, kind.best.faults);
    if (&kind == kinds)
      std::printf("|\n");
    else
      std::printf("%+.1f %% |\n", 100 * (kind.best.seconds / kinds[0].best.seconds - 1));
  }
}

int measure(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 4 && words[0] == "--replay") {
    replay(tb::DutLibrary::load(words[1], arch::Format::x86_64), read_inputs(words[2], std::stoull(words[3])));
    return 0;
  }
  double seconds = 10;
  if (words.size() == 5 && words[3] == "--seconds") {
    seconds = std::stod(words[4]);
    words.resize(3);
  }
  if (words.size() != 3 || !(seconds > 0)) {
    throw std::invalid_argument("waves_cost KILBURN TRACED.so UNTRACED.so [--seconds S]");
  }
  std::printf("| what | measured | cost |\n| --- | --- | --- |\n");
  tracing(words[1], words[2]);
  std::fflush(stdout);
  snapshots(words[0], seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return measure(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "waves_cost: %s\n", e.what());
    return 2;
  }
}
extern "C" int sc_main(int, char**) { return 0; }
