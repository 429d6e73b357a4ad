// SPDX-License-Identifier: Apache-2.0
//
// Every seeded bug of our RTL, of the small MMU and of the random one: is what its failure leaves complete, does the
// window hold cause and effect, is the request the one that the check speaks of, how long does it take after the
// mismatch, how small does it get.
//
//   every_failure [--shrink] [--dut NAME] [--format F] [BUG...]
//
// Prints a table. Exit status 1 if something is missing, another request is told than the check names, the window
// begins after the failing request or ends before the mismatch, more than 10 s pass after the mismatch, or (--shrink)
// fewer than 90 of 100 of a collection come down to 20 operations. A model writes no waves: it has no window.
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
constexpr unsigned kSeeds = 4;  // from 2 on: the random MMU, drawn from its seed, has not always what a bug is in
constexpr const char* kFiles[] = {"result.json", "mismatch.json", "transactions.txt", "page_tables.txt", "replay.sh"};
constexpr const char* kWaveFiles[] = {"waves.fst", "waves.gtkw", "waves.sucl", "transactions.ftr", "transactions.sucl"};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Totals {
  unsigned bugs = 0, failed = 0, incomplete = 0, wrong_request = 0, outside = 0, earlier_cause = 0, slow = 0;
  unsigned shrunk = 0;
  double slowest = 0;
};

struct Collection {
  std::string dut, format;
  bool has_waves = true;
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

// What the check's first sentence says of the request, and the failure's, is one: "accepted in cycle 7033".
bool request_is_named(const json::object& mismatch) {
  const std::string message(mismatch.at("message").as_string());
  std::smatch named;
  const std::string first = message.substr(0, message.find('\n'));
  if (!std::regex_search(first, named, std::regex("accepted in cycle [0-9]+"))) return true;
  const std::string request(mismatch.at("request").as_string());
  return std::regex_search(request, std::regex(named.str() + "\\b"));
}

void try_bug(const Collection& of, const std::string& bug, bool shrinks, Totals& totals) {
  const Folder folder;
  ++totals.bugs;
  const auto run = [&](unsigned seed) {
    const double start = now();
    const Ran ran = folder.run({"run", "--test", "random", "--count", "200000", "--dut", of.dut, "--format", of.format,
                                "--bug", bug, "--seed", std::to_string(seed), "--out", "r"});
    if (ran.status != 1) return -1.0;
    return now() - start - folder.result("r").at("seconds").to_number<double>();
  };
  unsigned seed = 2;
  double after = run(seed);
  while (after < 0 && of.dut != "mmu-bugs" && seed < 1 + kSeeds) after = run(++seed);
  if (after < 0) {
    std::printf("| %s | %s | %s | not found by these seeds | | | | |\n", of.dut.c_str(), of.format.c_str(),
                bug.c_str());
    return;
  }
  if (after > kMostSeconds / 2) after = std::min(after, run(seed));  // the machine may have been busy
  ++totals.failed;
  std::string missing;
  std::error_code ec;
  const auto look_for = [&](const char* file) {
    const auto size = std::filesystem::file_size(folder / "r" / file, ec);
    if (ec || size < 20) missing += std::string(missing.empty() ? "" : " ") + file;
  };
  for (const char* file : kFiles) look_for(file);
  if (of.has_waves) std::ranges::for_each(kWaveFiles, look_for);
  totals.incomplete += !missing.empty();
  std::string before, operations;
  bool effect_is_there = missing.empty(), named = missing.empty();
  if (missing.empty()) {
    const auto mismatch = json::parse(contents(folder / "r/mismatch.json")).as_object();
    named = request_is_named(mismatch);
    if (of.has_waves) {
      before = outside(folder, mismatch, folder.result("r").at("cycles").to_number<u64>(), effect_is_there);
    }
  }
  totals.wrong_request += !named;
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
  std::printf("| %s | %s | %s | %s | %s | %s | %.1f | %s |\n", of.dut.c_str(), of.format.c_str(), bug.c_str(),
              missing.empty() ? "complete" : missing.c_str(), named ? "as named" : "ANOTHER",
              !of.has_waves    ? "no waves"
              : before.empty() ? "in the window"
                               : before.c_str(),
              after, operations.c_str());
  std::fflush(stdout);
}

// One line on a collection. False: something is wanting.
bool judge(const std::string& dut, const Totals& totals, bool shrinks) {
  std::printf(
      "\n%s: %u bugs, %u failed, %u folders incomplete, %u told with another request, %u windows without the effect, "
      "%u with a cause before the window, %.1f s after the mismatch at most",
      dut.c_str(), totals.bugs, totals.failed, totals.incomplete, totals.wrong_request, totals.outside,
      totals.earlier_cause, totals.slowest);
  if (shrinks) std::printf(", %u of %u at most %u operations", totals.shrunk, totals.failed, kMostOperations);
  std::printf("\n");
  const bool small = !shrinks || 10 * totals.shrunk >= 9 * totals.failed;
  return totals.failed != 0 && totals.incomplete + totals.wrong_request + totals.outside + totals.slow == 0 && small;
}

// The small MMU has not every format.
bool is_there(const std::string& dut, const std::string& format) {
  return dut != "small-bugs" || format != "alpha-x64";
}

int go_through(const std::vector<std::string>& words) {
  bool shrinks = false;
  std::vector<std::string> formats = {"x86-64", "alpha", "alpha-x64"}, duts = {"mmu-bugs", "small-bugs", "wild"}, bugs;
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (words[n] == "--shrink")
      shrinks = true;
    else if (words[n] == "--format" && n + 1 < words.size())
      formats = {words[++n]};
    else if (words[n] == "--dut" && n + 1 < words.size())
      duts = {words[++n]};
    else
      bugs.push_back(words[n]);
  }
  std::printf(
      "| DUT | format | bug | folder | request | request, PTE write, invalidation, mismatch | s after | operations |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  std::vector<std::pair<std::string, Totals>> all;
  for (const std::string& dut : duts) {
    Totals& totals = all.emplace_back(dut, Totals{}).second;
    for (const std::string& format : formats) {
      if (!is_there(dut, format)) continue;
      const auto library = tb::DutLibrary::load(dut, arch::format_from_name(format).value());
      const Collection of{dut, format, library.api().waves_open != nullptr};
      for (const std::string& bug : tb::bugs_of(library.api())) {
        if (bugs.empty() || std::ranges::find(bugs, bug) != bugs.end()) try_bug(of, bug, shrinks, totals);
      }
    }
  }
  bool good = true;
  for (const auto& [dut, totals] : all) good &= judge(dut, totals, shrinks);
  return good ? 0 : 1;
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
