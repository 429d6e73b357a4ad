// SPDX-License-Identifier: Apache-2.0
//
// What an opinion says in words.
#include "tb/second_opinion/opinion.h"

#include "tests/catch.h"

using namespace kilburn::tb;

TEST_CASE("an opinion names who is to be suspected") {
  Opinion o;
  o.cycles = 1234;
  CHECK(verdict(o) == "icarus agrees with verilator on 1 234 cycles");
  o.run_failed = true;
  CHECK(verdict(o) ==
        "icarus agrees with verilator on 1 234 cycles: the design differs from the reference (a design bug or a "
        "reference bug), not the simulator");
  o.truncated = true;
  CHECK(
      verdict(o) ==
      "icarus agrees with verilator on 1 234 cycles, all that a pin log holds; the run went on after them, so nothing "
      "is said of its failure");
  o.simulator = Simulator::verilator_O0;
  o.difference = PinDifference{"inv_ack_o", 99, 0, "0x1", false};
  CHECK(verdict(o) ==
        "verilator-O0 differs from verilator at cycle 99, pin inv_ack_o: 0x1 vs 0x0: suspect the simulator");
  o.difference = PinDifference{"d_rsp_pa_o", 5, 16, "0x0X0", true};
  CHECK(verdict(o) ==
        "verilator-O0 does not know at cycle 5, pin d_rsp_pa_o: 0x0X0, where verilator has 0x10: suspect a register or "
        "memory that is read before it is written");
}
