// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --simulator icarus`: agreement, a seeded bug's mismatch, and differences planted in the log, in the
// RTL and in what reset leaves unknown.
#include <boost/algorithm/string/replace.hpp>
#include <cstdlib>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"
#include "tests/unit/second_opinion/planted.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;
using kilburn::arch::u64;

namespace {

boost::json::object opinion(const Folder& folder, const std::string& run) {
  return folder.result(run).at("second_opinion").as_array().at(0).as_object();
}

u64 number(const boost::json::object& object, const char* key) { return object.at(key).to_number<u64>(); }

}  // namespace

TEST_CASE("icarus agrees on every cycle of a passing run") {
  const Folder folder;
  const std::string format = GENERATE("x86-64", "alpha");
  const Ran ran = folder.run({"run", "--test", "random", "--count", "2000", "--seed", "3", "--format", format, "--dut",
                              "mmu-tiny", "--simulator", "icarus", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto o = opinion(folder, "r");
  CHECK(o.at("verdict") == "agrees");
  CHECK(number(o, "from_cycle") + number(o, "cycles") == number(folder.result("r"), "cycles"));
  CHECK(number(o, "cycles") > 2000);
  CHECK(number(o, "pins") == 29 * number(o, "cycles"));
  CHECK_THAT(ran.out, Contains("Second opinion") && Contains("icarus agrees with verilator on"));
  CHECK_FALSE(std::filesystem::exists(folder / "r/pins.klb"));
  CHECK_FALSE(std::filesystem::exists(folder / "r/second_opinion"));
}

TEST_CASE("icarus agrees with a seeded bug, so that the design is to blame, and finds a changed pin in its log") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--test", "random", "--count", "200000", "--seed", "2", "--dut", "mmu-bugs",
                              "--bug", "T61", "--simulator", "icarus", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 1);
  const auto failure = folder.result("r").at("failure").as_object();
  const u64 cycle = number(failure, "cycle");
  const auto o = opinion(folder, "r");
  CHECK(o.at("verdict") == "agrees");
  CHECK(number(o, "from_cycle") + number(o, "cycles") == cycle);
  CHECK_THAT(ran.out, Contains("a design bug or a reference bug), not the simulator"));
  CHECK(std::filesystem::file_size(folder / "r/waves.fst") > 1000);

  const auto pins = folder / "r/pins.klb";
  const Ran again = folder.run({"run", "--pins", "r/pins.klb", "--simulator", "icarus"});
  INFO(again.out << again.err);
  CHECK(again.status == 0);

  // Without the bug in the RTL, Icarus differs where the twin did, and has the value that the twin expected.
  const std::filesystem::path rtl = KILBURN_SOURCE_DIR "/rtl";
  const Ran clean = folder.run({"run", "--pins", "r/pins.klb", "--simulator", "icarus", "--simulator-sources",
                                (rtl / "files.f").string(), "--simulator-top", "mmu"});
  INFO(clean.out << clean.err);
  CHECK(clean.status == 1);
  CHECK_THAT(clean.out, Contains("icarus differs from verilator at cycle " + std::to_string(cycle) + ", pin " +
                                 std::string(failure.at("signal").as_string()) + ": " +
                                 std::string(failure.at("expected").as_string()) + " vs " +
                                 std::string(failure.at("found").as_string()) + ": suspect the simulator"));

  struct Planted {
    u64 record;
    const char* pin;
    void (*change)(kilburn_dut_out&);
  };
  const Planted planted[] = {
      {0, "inv_ready_o", [](kilburn_dut_out& out) { out.inv_ready ^= 1; }},
      {1, "i_req_ready_o", [](kilburn_dut_out& out) { out.i.req_ready ^= 1; }},
      {cycle / 2, "mem_req_data_o", [](kilburn_dut_out& out) { out.mem_req_data ^= u64{1} << 63; }},
      {cycle, "evt_count_o", [](kilburn_dut_out& out) { out.evt_count ^= 1; }},
  };
  for (const auto& p : planted) {
    plant(pins, folder / "planted.klb", p.record, p.change);
    const Ran found = folder.run({"run", "--pins", "planted.klb", "--simulator", "icarus"});
    INFO(found.out << found.err);
    CHECK(found.status == 1);
    CHECK_THAT(found.out, Contains("icarus differs from verilator at cycle " + std::to_string(p.record) + ", pin " +
                                   p.pin + ": "));
  }
}

TEST_CASE("RTL with a bug for icarus alone fails a passing run") {
  const Folder folder;
  const std::string cmake = std::string(KILBURN_CMAKE) +
                            " -DBUG=T61 -DFORMAT=x86-64 -DOUT=" + (folder / "t61").string() +
                            " -P " KILBURN_SOURCE_DIR "/rtl/bugs/apply.cmake";
  REQUIRE(std::system((cmake + " > /dev/null").c_str()) == 0);
  // The run with the bug in Verilator says where it shows.
  REQUIRE(folder
              .run({"run", "--test", "random", "--count", "50", "--seed", "2", "--dut", "mmu-bugs", "--bug", "T61",
                    "--out", "bug"})
              .status == 1);
  const auto failure = folder.result("bug").at("failure").as_object();
  const Ran ran = folder.run({"run", "--test", "random", "--count", "50", "--seed", "2", "--dut", "mmu", "--simulator",
                              "icarus", "--simulator-sources", "t61/files.f", "--simulator-top", "mmu", "--out", "r"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  const auto result = folder.result("r");
  CHECK(result.at("verdict") == "failed");
  CHECK(result.at("failure").as_object().at("check") == "second opinion");
  const auto o = opinion(folder, "r");
  CHECK(o.at("verdict") == "differs");
  CHECK(number(o, "cycle") == number(failure, "cycle"));
  CHECK(o.at("pin") == failure.at("signal"));
  CHECK(o.at("replayed") == failure.at("found"));
  CHECK(o.at("recorded") == failure.at("expected"));
  CHECK(std::filesystem::exists(folder / "r/pins.klb"));
  CHECK(std::filesystem::exists(folder / "r/second_opinion/icarus/replay.vvp"));
}

TEST_CASE("an output that reset leaves unknown is named") {
  const Folder folder;
  std::filesystem::copy(KILBURN_SOURCE_DIR "/rtl", folder / "rtl", std::filesystem::copy_options::recursive);
  std::string text = contents(folder / "rtl/small/small_mmu.sv");
  const std::string reset = "for (int n = 0; n < 32; n++) count_q[n] <= '0;";
  REQUIRE(text.find(reset) != std::string::npos);
  boost::replace_all(text, reset, "");
  std::ofstream(folder / "rtl/small/small_mmu.sv") << text;
  const Ran ran =
      folder.run({"run", "--test", "random", "--count", "100", "--dut", "small", "--simulator", "icarus",
                  "--simulator-sources", "rtl/small/files.f", "--simulator-top", "small_mmu", "--out", "r"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  const auto o = opinion(folder, "r");
  CHECK(o.at("verdict") == "unknown");
  CHECK(o.at("pin") == "evt_count_o");
  CHECK(number(o, "cycle") == number(o, "from_cycle") + 1);  // the counters are shown in the cycle after the reset
  CHECK_THAT(std::string(o.at("message").as_string()), Contains("icarus does not know at cycle"));
}

TEST_CASE("icarus agrees on the small MMU, seeded bug or not") {
  const Folder folder;
  const Ran ran = folder.run(
      {"run", "--test", "random", "--count", "1000", "--dut", "small", "--simulator", "icarus", "--out", "clean"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  CHECK(opinion(folder, "clean").at("verdict") == "agrees");
  const Ran bug = folder.run({"run", "--test", "random", "--count", "4000", "--seed", "3", "--dut", "small-bugs",
                              "--bug", "RSP-DROP", "--simulator", "icarus", "--out", "bug"});
  INFO(bug.out << bug.err);
  CHECK(bug.status == 1);
  CHECK(opinion(folder, "bug").at("verdict") == "agrees");
}
