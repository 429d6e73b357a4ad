// SPDX-License-Identifier: Apache-2.0
//
// Wave files that Verilator wrote, read back: values against what was driven, damage told, diagrams, viewers' files.
#include <filesystem>
#include <fstream>

#include "tb/dut/loader.h"
#include "tb/errors.h"
#include "tb/failure/folder.h"
#include "tb/failure/timing_diagram.h"
#include "tb/failure/viewer_files.h"
#include "tb/failure/wave_time.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn;
using namespace kilburn::tb;
namespace fs = std::filesystem;

namespace {

constexpr unsigned kCycles = 40;

// Requests whose address is 0x1000 times the cycle, valid in odd cycles; the outputs come back for comparison.
std::vector<kilburn_dut_out> record(const fs::path& file, unsigned wrong_cycle = ~0u, unsigned reset_cycle = ~0u) {
  const auto library =
      DutLibrary::load(std::string(KILBURN_TEST_DUTS) + "/kilburn_dut_mmu-bugs-x86-64.so", arch::Format::x86_64);
  Dut dut(library, 5);
  dut.open_waves(file);
  kilburn_dut_out out{};
  dut.reset(0, out);
  std::vector<kilburn_dut_out> outs;
  for (unsigned cycle = 0; cycle < kCycles; ++cycle) {
    if (cycle == reset_cycle) dut.reset(0, out);
    outs.push_back(out);
    kilburn_dut_in in{};
    in.d.valid = cycle % 2;
    in.d.va = cycle * 0x1000 + (cycle == wrong_cycle);
    in.d.id = static_cast<std::uint8_t>(cycle & 15);
    in.d.rsp_ready = in.i.rsp_ready = 1;
    dut.clock(in, out);
  }
  dut.close_waves();
  return outs;
}

std::string value(arch::u64 number) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

}  // namespace

TEST_CASE("a diagram shows in each cycle what was driven and what came back") {
  const test::ScratchFolder folder;
  const auto outs = record(folder / "w.fst");
  const FstFile file(folder / "w.fst");
  const arch::u64 offset = time_of_cycle_0(file, kCycles, 0);
  CHECK(offset == 40);  // four cycles of reset
  const Diagram diagram =
      sample(file, {"d_req_valid_i", "top.d_req_va_i", "d_req_ready_o", "mem_req_addr_o"}, 3, 30, offset);
  REQUIRE(diagram.traces.size() == 4);
  bool requested = false;
  for (unsigned n = 0; n < 28; ++n) {
    const unsigned cycle = n + 3;
    INFO("cycle " << cycle);
    CHECK(diagram.traces[0].values[n] == (cycle % 2 ? "1" : "0"));
    CHECK(diagram.traces[1].values[n] == value(cycle * 0x1000));
    CHECK(diagram.traces[2].values[n] == (outs[cycle].d.req_ready ? "1" : "0"));
    CHECK(diagram.traces[3].values[n] == value(outs[cycle].mem_req_addr));
    requested = requested || outs[cycle].mem_req_valid;
  }
  CHECK(requested);
}

// A reset takes four clocks that are no cycles.
TEST_CASE("a diagram goes on behind a reset where it was before") {
  const test::ScratchFolder folder;
  const unsigned reset_cycle = 17;
  const auto outs = record(folder / "w.fst", ~0u, reset_cycle);
  const FstFile file(folder / "w.fst");
  const CycleTimes times(file, time_of_cycle_0(file, kCycles, 0));
  CHECK(times(reset_cycle) == times(reset_cycle - 1) + 5 * kTimePerCycle);
  const Diagram diagram = sample(file, {"d_req_va_i", "d_req_ready_o", "mem_req_addr_o"}, 3, 30, times);
  for (unsigned n = 0; n < 28; ++n) {
    const unsigned cycle = n + 3;
    INFO("cycle " << cycle);
    CHECK(diagram.traces[0].values[n] == value(cycle * 0x1000));
    CHECK(diagram.traces[1].values[n] == (outs[cycle].d.req_ready ? "1" : "0"));
    CHECK(diagram.traces[2].values[n] == value(outs[cycle].mem_req_addr));
  }
}

TEST_CASE("text and drawing name signals, cycles, values and markers") {
  Diagram diagram;
  diagram.first = 8;
  diagram.traces = {{"valid", 1, {"0", "1", "1", "0"}}, {"va", 64, {"0x7", "0x7", "0x123456", "0x7"}}};
  diagram.markers = {{"mismatch", 10}, {"elsewhere", 99}};
  CHECK(to_text(diagram) ==
        "cycle  8       10 \n"
        "       |   '   |   '   \n"
        "valid  ____########____\n"
        "va     |0x7    |*1 |0x7\n"
        "               ^ mismatch, cycle 10\n"
        "  *1 0x123456\n");
  const std::string svg = to_svg(diagram);
  for (const char* text : {"<svg ", ">valid<", "va = 0x123456", "mismatch, cycle 10", "</svg>"}) {
    CHECK_THAT(svg, Catch::Matchers::Contains(text));
  }
  CHECK(svg.find("elsewhere") == std::string::npos);
}

TEST_CASE("the first difference of two files is found, and none in equal ones") {
  const test::ScratchFolder folder;
  record(folder / "a.fst");
  record(folder / "b.fst");
  record(folder / "c.fst", 17);
  const FstFile a(folder / "a.fst"), b(folder / "b.fst"), c(folder / "c.fst");
  const WaveComparison same = compare(a, 40, b, 40);
  CHECK_FALSE(same.different);
  CHECK(same.signals > 100);
  CHECK(same.only_in_one.empty());
  const WaveComparison other = compare(a, 40, c, 40);
  REQUIRE(other.different);
  CHECK(other.at.signal == "top.d_req_va_i");
  CHECK(other.at.time == 17 * kTimePerCycle);
  CHECK(other.at.first == "0x11000");
  CHECK(other.at.second == "0x11001");
}

TEST_CASE("files that are foreign, cut off, never closed or not there are told apart") {
  const test::ScratchFolder folder;
  record(folder / "w.fst");
  std::string bytes;
  {
    std::ifstream in(folder / "w.fst", std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto message = [&](const std::string& contents) -> std::string {
    std::ofstream(folder / "x.fst", std::ios::binary) << contents;
    try {
      const FstFile file(folder / "x.fst");
    } catch (const UserError& e) {
      return e.what();
    }
    return "no error";
  };
  using Catch::Matchers::Contains;
  CHECK(message(bytes) == "no error");
  CHECK_THAT(message(""), Contains("never closed"));
  CHECK_THAT(message("$date today $end"), Contains("is not an FST wave file"));
  CHECK_THAT(message(bytes.substr(0, 330)), Contains("never closed"));
  for (std::size_t length = 331; length < bytes.size(); length += bytes.size() / 50) {
    const std::string said = message(bytes.substr(0, length));
    INFO(length << ": " << said);
    CHECK((said.find("cut off") != std::string::npos || said.find("never closed") != std::string::npos));
  }
  CHECK_THROWS_WITH(FstFile(folder / "none.fst"), Contains("there are no waves at"));
  CHECK_THROWS_WITH(FstFile(folder.path()), Contains("there are no waves at"));
  const FstFile file(folder / "w.fst");
  CHECK_THROWS_WITH(sample(file, {"nosuch"}, 0, 3, 40), "the waves have no signal nosuch");
  CHECK_THROWS_WITH(sample(file, {"d_req_va_i"}, 900, 910, 40),
                    Contains("the waves hold cycles 0 to 39, not 900 to 910"));
}

TEST_CASE("the viewers' files name only signals that the file has, and every marker") {
  const test::ScratchFolder folder;
  record(folder / "w.fst");
  const FstFile file(folder / "w.fst");
  const std::string text = gtkwave_save_file(file, {{"request", 3}, {"mismatch", 9}}, 40);
  std::istringstream lines(text);
  unsigned signals = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("top.")) continue;
    ++signals;
    const auto* signal = file.find(line.substr(0, line.find('[')));
    REQUIRE(signal);
    CHECK(line == signal->name + signal->range);
  }
  CHECK(signals >= 58);  // the ports of rtl/README.md
  CHECK_THAT(text, Catch::Matchers::Contains("*-6.000000 130 70 130 -1") &&
                       Catch::Matchers::Contains("[markername] Arequest") &&
                       Catch::Matchers::Contains("[markername] Bmismatch"));
  const std::string surfer = surfer_command_file(file, {{"mismatch", 9}}, 40);
  CHECK_THAT(surfer, Catch::Matchers::Contains("variable_add top.d_req_va_i\n") &&
                         Catch::Matchers::Contains("cursor_set 130\nmarker_set mismatch 130\n"));
}

TEST_CASE("the markers of a failure are its request, page-table write, invalidation and mismatch") {
  Failure failure;
  failure.cycle = 90;
  failure.request = "read 0x1000 in mode user, accepted in cycle 80, root 0x0";
  failure.reference_walk = {"level 4: entry at 0x2000 is 0x3007", "level 3: entry at 0x3000 is 0x0"};
  failure.history = {"cycle 10  software writes 0x3000 = 0x0", "cycle 30  software writes 0x9000 = 0x1",
                     "cycle 20  TLB operation PAGE, va 0x1000, asid 0", "cycle 25  TLB operation acknowledged"};
  const auto found = markers(failure);
  REQUIRE(found.size() == 4);
  CHECK((found[0].name == "PTE write" && found[0].cycle == 10));  // the word that the walk reads, not the later one
  CHECK((found[1].name == "invalidation" && found[1].cycle == 20));
  CHECK((found[2].name == "request" && found[2].cycle == 80));
  CHECK((found[3].name == "mismatch" && found[3].cycle == 90));
}

TEST_CASE("a failure folder has its files, and a full disk is said") {
  const test::ScratchFolder folder;
  Failure failure;
  failure.check = "exact";
  failure.cycle = 9;
  failure.request = "read 0x1000 in mode user, accepted in cycle 3, root 0x2000";
  failure.reference_walk = {"level 1: entry at 0x2000 is 0x3007", "translated to 0x3000, page of 2^12 bytes"};
  failure.dut_walk = {"cycle 4  walker reads 0x2000", "cycle 6  memory answers 0x3007", "cycle 7  walker reads 0x2008"};
  failure.history = failure.dut_walk;
  record(folder / "waves.fst");
  const FailedRun run{"kilburn run", "kilburn run --seed 5", "x86-64", "mmu", 5, kCycles};
  write_failure_folder(folder.path(), failure, run);
  const auto text = [&](const char* name) {
    std::ifstream in(folder / name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(text("mismatch.json"), Contains("\"cycle\":9") && Contains("\"name\":\"request\",\"cycle\":3"));
  CHECK_THAT(text("transactions.txt"), Contains("cycle 6  memory answers 0x3007"));
  CHECK_THAT(text("page_tables.txt"), Contains("entry at 0x2000 is 0x3007\n   DUT: cycle 4  walker reads 0x2000") &&
                                          Contains("Only the DUT asked") && Contains("walker reads 0x2008"));
  CHECK_THAT(text("replay.sh"), Contains("# seed     5") && Contains("run --seed 5 \"$@\"") && Contains("Verilator 5"));
  CHECK_THAT(text("waves.gtkw"), Contains("top.d_req_va_i[63:0]"));
  CHECK_THAT(text("waves.sucl"), Contains("variable_add"));
  CHECK((fs::status(folder / "replay.sh").permissions() & fs::perms::owner_exec) != fs::perms::none);

  fs::remove(folder / "transactions.txt");
  fs::create_symlink("/dev/full", folder / "transactions.txt");
  CHECK_THROWS_AS(write_failure_folder(folder.path(), failure, run), EnvironmentError);
}
