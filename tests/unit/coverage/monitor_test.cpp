// SPDX-License-Identifier: Apache-2.0
//
// The monitor on pins made by hand, without a twin: negative caching is found by an answer that nobody walked for.
#include "tb/coverage/monitor.h"

#include "sw/hw/ram.h"
#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::coverage;

namespace {

struct Pins {
  os::RamMem memory{1 << 16};
  Counts counts;
  Monitor monitor{arch::Format::x86_64, {}, memory, memory, counts, nullptr};
  u64 cycle = 0;
  kilburn_dut_in in{};
  kilburn_dut_out out{};

  Pins() {
    in.d.rsp_ready = 1;
    monitor.begin(0);
  }
  bool clock() {
    const bool right = monitor.cycle(in, out);
    monitor.begin(++cycle);
    return right;
  }
  void idle(unsigned cycles) {
    for (unsigned n = 0; n < cycles; ++n) REQUIRE(clock());
  }
  void request() {
    in.d.valid = out.d.req_ready = 1;
    REQUIRE(clock());
    in.d.valid = out.d.req_ready = 0;
  }
  bool fault() {
    out.d.rsp_valid = 1;
    out.d.rsp_fault = 1;
    out.d.rsp_err = 0;
    out.d.rsp_level = 1;
    const bool right = clock();
    out.d.rsp_valid = 0;
    return right;
  }
};

}  // namespace

TEST_CASE("a page fault in the next cycle, with no walk before, comes from a cache and is illegal") {
  Pins pins;
  pins.idle(100);
  pins.request();
  REQUIRE_FALSE(pins.fault());
  const auto found = pins.monitor.finding();
  CHECK(found.check == "coverage");
  CHECK(found.message.find("not present, level 1, L1 TLB") != std::string::npos);
}

TEST_CASE("a page fault after a walk is legal") {
  Pins pins;
  pins.idle(100);
  pins.request();
  pins.out.mem_req_valid = pins.in.mem_req_ready = 1;
  REQUIRE(pins.clock());
  pins.out.mem_req_valid = pins.in.mem_req_ready = 0;
  pins.in.mem_rsp_valid = 1;
  REQUIRE(pins.clock());
  pins.in.mem_rsp_valid = 0;
  CHECK(pins.fault());
}

TEST_CASE("a page fault in the next cycle while a walk is under way may be that walk's") {
  Pins pins;
  pins.idle(100);
  pins.out.mem_req_valid = pins.in.mem_req_ready = 1;
  REQUIRE(pins.clock());
  pins.out.mem_req_valid = pins.in.mem_req_ready = 0;
  pins.request();
  CHECK(pins.fault());
}
