// SPDX-License-Identifier: Apache-2.0
//
// Every seeded bug of our RTL: is what its failure leaves complete, does the window hold cause and effect, how long
// does it take after the mismatch, how small does it get.
//
//   every_failure [--shrink] [--format F] [BUG...]
//
// Prints a table. Exit status 1 if something is missing, the window begins after the failing request or ends before the
// mismatch, more than 10 s pass after the mismatch, or (--shrink) fewer than 90 of 100 come down to 20 operations.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <stdexcept>

#include "tb/dut/loader.h"
#include "tb/failure/wave_time.h"
#include "tests/duts.h"
#include "tests/end_to_end/kilburn.h"

namespace {

using namespace kilburn;
using namespace kilburn::test;
namespace json = boost::json;
using arch::u64;

constexpr double kMostSeconds = 10;
constexpr unsigned kMostOperations = 20;
constexpr const char* kFiles[] = {"result.json", "mismatch.json", "transactions.txt", "page_tables.txt",
                                  "waves.fst",   "waves.gtkw",    "waves.sucl",       "replay.sh"};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Totals {
  unsigned bugs = 0, failed = 0, incomplete = 0, outside = 0, earlier_cause = 0, slow = 0, shrunk = 0;
  double slowest = 0;
};

// Markers of the story that lie before the window: "invalidation at 120, 3401 cycles before".
std::string outside(const Folder& folder, const json::object& mismatch, u64 cycles, bool& effect_is_there) {
  const tb::FstFile file(folder / "r/waves.fst");
  const tb::CycleTimes times(file, tb::time_of_cycle_0(file, cycles, tb::kWavesAfter));
  const u64 failed = mismatch.at("cycle").to_number<u64>();
  std::string list;
  for (const auto& marker : mismatch.at("markers").as_array()) {
    const auto& m = marker.as_object();
    const u64 cycle = m.at("cycle").to_number<u64>();
    if (times(cycle) >= file.begin() && times(cycle) <= file.end()) continue;
    const std::string name(m.at("name").as_string());
    if (name == "mismatch" || name == "request") effect_is_there = false;
    list += (list.empty() ? "" : ", ") + name + " " + std::to_string(failed - cycle) + " cycles before";
  }
  return list;
}

void try_bug(const std::string& format, const std::string& bug, bool shrinks, Totals& totals) {
  const Folder folder;
  ++totals.bugs;
  const auto run = [&] {
    const double start = now();
    const Ran ran = folder.run({"run", "--test", "random", "--count", "200000", "--dut", "mmu-bugs", "--format", format,
                                "--bug", bug, "--seed", "2", "--out", "r"});
    if (ran.status != 1) return -1.0;
    return now() - start - folder.result("r").at("seconds").to_number<double>();
  };
  double after = run();
  if (after < 0) {
    std::printf("| %s | %s | not found by this seed | | | |\n", format.c_str(), bug.c_str());
    return;
  }
  if (after > kMostSeconds / 2) after = std::min(after, run());  // the machine may have been busy
  ++totals.failed;
  std::string missing;
  std::error_code ec;
  for (const char* file : kFiles) {
    const auto size = std::filesystem::file_size(folder / "r" / file, ec);
    if (ec || size < 20) missing += std::string(missing.empty() ? "" : " ") + file;
  }
  totals.incomplete += !missing.empty();
  std::string before, operations;
  bool effect_is_there = missing.empty();
  if (missing.empty()) {
    const auto mismatch = json::parse(contents(folder / "r/mismatch.json")).as_object();
    before = outside(folder, mismatch, folder.result("r").at("cycles").to_number<u64>(), effect_is_there);
  }
  totals.outside += !effect_is_there;
  totals.earlier_cause += effect_is_there && !before.empty();
  totals.slowest = std::max(totals.slowest, after);
  totals.slow += after > kMostSeconds;
  if (shrinks) {
    const Ran shrunk = folder.run({"shrink", "r"});
    std::smatch match;
    const bool small = std::regex_search(shrunk.out, match, std::regex("([0-9]+) operations of"));
    operations = small ? match[1].str() : "no part fails";
    totals.shrunk += small && std::stoul(match[1]) <= kMostOperations;
  }
  std::printf("| %s | %s | %s | %s | %.1f | %s |\n", format.c_str(), bug.c_str(),
              missing.empty() ? "complete" : missing.c_str(), before.empty() ? "in the window" : before.c_str(), after,
              operations.c_str());
  std::fflush(stdout);
}

int go_through(const std::vector<std::string>& words) {
  bool shrinks = false;
  std::vector<std::string> formats = {"x86-64", "alpha", "alpha-x64"}, bugs;
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (words[n] == "--shrink")
      shrinks = true;
    else if (words[n] == "--format" && n + 1 < words.size())
      formats = {words[++n]};
    else
      bugs.push_back(words[n]);
  }
  std::printf(
      "| format | bug | folder | request, PTE write, invalidation, mismatch | s after | operations |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  Totals totals;
  for (const std::string& format : formats) {
    const auto library = tb::DutLibrary::load("mmu-bugs", arch::format_from_name(format).value());
    for (const std::string& bug : tb::bugs_of(library.api())) {
      if (bugs.empty() || std::ranges::find(bugs, bug) != bugs.end()) try_bug(format, bug, shrinks, totals);
    }
  }
  std::printf(
      "\n%u bugs, %u failed, %u folders incomplete, %u windows without the effect, %u with a cause before the window, "
      "%.1f s after the mismatch at most",
      totals.bugs, totals.failed, totals.incomplete, totals.outside, totals.earlier_cause, totals.slowest);
  if (shrinks) std::printf(", %u of %u at most %u operations", totals.shrunk, totals.failed, kMostOperations);
  std::printf("\n");
  const bool small = !shrinks || 10 * totals.shrunk >= 9 * totals.failed;
  return totals.failed == 0 || totals.incomplete + totals.outside + totals.slow != 0 || !small ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    setenv("KILBURN_DUTS", KILBURN_DUTS, 0);  // the program's too
    return go_through({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "every_failure: %s\n", e.what());
    return 2;
  }
}
extern "C" int sc_main(int, char**) { return 0; }
