// SPDX-License-Identifier: Apache-2.0
//
// What the reference adds to a wave file, against the run it was recorded in.
#include "tb/failure/reference_waves.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "sw/hw/ram.h"
#include "tb/failure/pin_codes.h"
#include "tb/failure/timing_diagram.h"
#include "tb/stimulus/random_test.h"
#include "tb/text.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn;
using namespace kilburn::tb;
using arch::u64;

namespace {

// A transfer as the row of its request, walk or operation must show it.
struct Seen {
  u64 cycle;
  std::string row, text;
};
struct Recorded {
  std::optional<u64> failed;  // cycle
  Difference difference;
  u64 cycles = 0;
  u64 restarts = 0;
  u64 requests = 0;
  std::vector<Seen> seen;
};

constexpr u64 kAfter = 20;
const char* const kFile = "w.fst";

std::string row(const Transfer& t) { return (t[Field::side] != 0 ? "d_" : "i_") + std::to_string(t[Field::id]); }

void take_down(const Transfer& t, Recorded& recorded) {
  const u64 cycle = t[Field::cycle];
  switch (t.kind) {
    case Transfer::Kind::request:
      recorded.seen.push_back({cycle + 1, row(t), "#" + std::to_string(++recorded.requests) + " "});
      return recorded.seen.push_back({cycle + 1, row(t), hex(t[Field::va]) + " "});
    case Transfer::Kind::response: {
      const std::string answer = t[Field::fault] == 0
                                     ? "= " + hex(t[Field::pa])
                                     : std::string(arch::name(static_cast<arch::Fault>(t[Field::fault])));
      // Of a twin, so who gave it follows.
      recorded.seen.push_back({cycle, row(t), " " + answer + ", "});
      return recorded.seen.push_back({cycle, row(t), hex(t[Field::va]) + " "});
    }
    case Transfer::Kind::read:
      return recorded.seen.push_back({cycle, "memory_" + std::to_string(t[Field::id]), "reads " + hex(t[Field::pa])});
    case Transfer::Kind::operation:
      return recorded.seen.push_back({cycle, "operation", " va " + hex(t[Field::va])});
    case Transfer::Kind::edit:
    default:
      return;
  }
}

Recorded record(const std::filesystem::path& file, const std::string& bug, bool with_reference, u64 count = 3000) {
  const auto library =
      DutLibrary::load(std::string(KILBURN_TEST_DUTS) + "/kilburn_dut_mmu-bugs-x86-64.so", arch::Format::x86_64);
  Dut dut(library, 5);
  dut.select_bug(bug);
  os::RamMem memory(RandomTables::kMemoryBytes);
  LockstepConfig config;
  config.seed = 5;
  Lockstep lockstep(dut, memory, config);
  Recorded recorded;
  lockstep.history().watch([&](const Transfer& transfer) { take_down(transfer, recorded); });
  dut.open_waves(file);
  std::optional<ReferenceWaves> reference;
  if (with_reference) reference.emplace(lockstep, file, nullptr);
  RandomTestConfig random;
  random.count = count;
  random.seed = 5;
  random.vary_settings = true;
  RandomTest test(lockstep, random);
  try {
    test.run();
  } catch (const DutWrong& wrong) {
    recorded.failed = wrong.cycle;
    recorded.difference = wrong.difference;
    lockstep.run_on(kAfter);
  }
  recorded.restarts = test.result().restarts;
  recorded.cycles = lockstep.cycle();
  dut.close_waves();
  if (reference) reference->finish();
  return recorded;
}

constexpr const char* kPins[] = {
#define KILBURN_PIN(name, field) name,
#include "tb/lockstep/pins.def"
#undef KILBURN_PIN
};

// Values of a signal by cycle.
std::vector<std::string> values(const FstFile& file, const CycleTimes& times, const std::string& name, u64 cycles) {
  return sample(file, {name}, 0, cycles - 1, times).traces[0].values;
}

}  // namespace

TEST_CASE("the expected outputs lie beside the DUT's, before and after resets") {
  const test::ScratchFolder folder;
  const Recorded recorded = record(folder / kFile, "", true, 20000);
  REQUIRE_FALSE(recorded.failed);
  CHECK(recorded.restarts >= 1);
  const FstFile file(folder / kFile);
  const CycleTimes times(file, time_of_cycle_0(file, recorded.cycles, 0));
  for (const std::string pin : kPins) {
    INFO(pin);
    const auto found = values(file, times, pin, recorded.cycles);
    const auto expected = values(file, times, "expected." + pin, recorded.cycles);
    CHECK((found == expected));
    CHECK(std::set<std::string>(found.begin(), found.end()).size() > 1);
  }
  const auto differs = values(file, times, "verdict.differs", recorded.cycles);
  CHECK(std::count(differs.begin(), differs.end(), "0") == static_cast<std::ptrdiff_t>(recorded.cycles));
}

TEST_CASE("requests, walks and operations are told where they are on the ports") {
  const test::ScratchFolder folder;
  const Recorded recorded = record(folder / kFile, "", true);
  const FstFile file(folder / kFile);
  const CycleTimes times(file, time_of_cycle_0(file, recorded.cycles, 0));
  std::map<std::string, std::vector<std::string>> rows;
  std::set<std::string> kinds;
  for (const Seen& seen : recorded.seen) {
    if (seen.cycle >= recorded.cycles) continue;
    auto& of = rows[seen.row];
    if (of.empty()) of = values(file, times, "transactions." + seen.row, recorded.cycles);
    const bool told = of[seen.cycle].find(seen.text) != std::string::npos;
    if (!told) INFO("cycle " << seen.cycle << " row " << seen.row << ": " << of[seen.cycle] << ", not " << seen.text);
    if (!told) FAIL_CHECK("a transfer is not told");
    for (const char* where : {"L1 TLB: ", "L2 TLB: ", "walk: ", "walk level ", "waits for #"}) {
      if (of[seen.cycle].find(where) != std::string::npos) kinds.insert(where);
    }
  }
  CHECK(recorded.seen.size() > 9000);
  CHECK(kinds.size() >= 4);
}

TEST_CASE("the first cycle that differs is marked, with what was expected") {
  const test::ScratchFolder folder;
  const Recorded recorded = record(folder / kFile, "T61b", true);
  REQUIRE(recorded.failed);
  const FstFile file(folder / kFile);
  const CycleTimes times(file, time_of_cycle_0(file, recorded.cycles, kAfter));
  const auto differs = values(file, times, "verdict.differs", recorded.cycles + 5);
  for (u64 cycle = 0; cycle < differs.size(); ++cycle) {
    INFO("cycle " << cycle);
    CHECK(differs[cycle] == (cycle < *recorded.failed ? "0" : cycle == *recorded.failed ? "1" : "x"));
  }
  const auto& pin = recorded.difference.signal;
  const auto number = [&](const std::string& name) {
    return std::stoull(values(file, times, name, recorded.cycles + 1).back(), nullptr, 16);
  };
  CHECK(number("expected." + pin) == recorded.difference.expected);
  CHECK(number("top." + pin) == recorded.difference.found);
  CHECK(values(file, times, "verdict.exact", recorded.cycles + 1).back() ==
        pin + " is " + hex(recorded.difference.found) + ", expected " + hex(recorded.difference.expected));
}

TEST_CASE("the DUT's own signals stay as the DUT wrote them, codes get their names") {
  const test::ScratchFolder folder;
  const Recorded recorded = record(folder / kFile, "", true);
  record(folder / "plain.fst", "", false);
  const FstFile with(folder / kFile), plain(folder / "plain.fst");
  const WaveComparison same = compare(with, 0, plain, 0);
  CHECK_FALSE(same.different);
  CHECK(same.signals == plain.signals().size());
  for (const std::string& name : same.only_in_one) {
    INFO(name);
    CHECK_FALSE(name.starts_with("top."));
  }
  CHECK(with.begin() == plain.begin());
  CHECK(with.end() == plain.end());
  REQUIRE(codes_of_pin("d_rsp_fault_o") != nullptr);
  CHECK(codes_of_pin("d_rsp_pa_o") == nullptr);
  for (const auto& code : codes_of_pin("inv_op_i")->codes) CHECK(invalidation_name(code.value) == code.name);
  for (const auto& code : codes_of_pin("evt_sel_i")->codes) CHECK(event_name(code.value) == code.name);
}

TEST_CASE("signals that cannot be kept or placed are said, and the DUT's file stays") {
  const test::ScratchFolder folder;
  CHECK_THROWS_WITH(AddedSignals(folder / "nowhere/w.fst"),
                    Catch::Matchers::Contains("nowhere/w.fst cannot be written"));
  std::ofstream(folder / kFile) << "not closed";
  AddedSignals signals(folder / kFile);
  signals.set(signals.add_text("twin.walker_0"), "#1");
  signals.clock();
  CHECK_THROWS_WITH(signals.put_into_file(), Catch::Matchers::Contains("w.fst cannot be written"));
  CHECK(test::contents(folder / kFile) == "not closed");
  CHECK_FALSE(std::filesystem::exists(folder / "w.fst.new"));
}
