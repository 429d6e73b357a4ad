// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --simulator verilator-O0`: the RTL built anew without optimisation.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"
#include "tests/unit/second_opinion/planted.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

TEST_CASE("verilator-O0 agrees with a seeded bug, and finds a changed pin in its log") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--test", "random", "--count", "4000", "--seed", "3", "--dut", "small-bugs",
                              "--bug", "RSP-DROP", "--simulator", "verilator-O0", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 1);
  CHECK_THAT(ran.out, Contains("verilator-O0 agrees with verilator on") && Contains("not the simulator"));
  plant(folder / "r/pins.klb", folder / "planted.klb", 1000, [](kilburn_dut_out& out) { out.mem_req_addr ^= 8; });
  const Ran found = folder.run({"run", "--pins", "planted.klb", "--simulator", "verilator-O0"});
  INFO(found.out << found.err);
  CHECK(found.status == 1);
  CHECK_THAT(found.out, Contains("verilator-O0 differs from verilator at cycle 1000, pin mem_req_addr_o: "));
}

TEST_CASE("verilator-O0 agrees on every cycle of a passing run") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--test", "random", "--count", "2000", "--seed", "3", "--dut", "mmu-tiny",
                              "--simulator", "verilator-O0", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto result = folder.result("r");
  const auto& o = result.at("second_opinion").as_array().at(0).as_object();
  CHECK(o.at("verdict") == "agrees");
  const auto number = [](const boost::json::value& value) { return value.to_number<std::uint64_t>(); };
  CHECK(number(o.at("from_cycle")) + number(o.at("cycles")) == number(result.at("cycles")));
  CHECK(number(o.at("cycles")) > 2000);
}
