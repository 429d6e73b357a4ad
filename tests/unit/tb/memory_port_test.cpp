// SPDX-License-Identifier: Apache-2.0
//
// The page-table memory: R8 of rtl/README.md, by hand.
#include "tb/lockstep/memory_port.h"

#include "sw/hw/ram.h"
#include "tests/catch.h"

using namespace kilburn;

namespace {
struct Port {
  os::RamMem memory{4096};
  tb::MemoryPort port{memory, 1};
  kilburn_dut_out out{};
  kilburn_dut_in in{};
  void request(bool cas, arch::u64 address, arch::u64 compare = 0, arch::u64 desired = 0) {
    out.mem_req_valid = 1;
    out.mem_req_op = cas;
    out.mem_req_addr = address;
    out.mem_req_cmp = compare;
    out.mem_req_data = desired;
    port.drive(out, in);
    out.mem_req_valid = 0;
  }
  void idle() { port.drive(out, in); }
};
}  // namespace

TEST_CASE("a read is answered in the next cycle at latency 1") {
  Port p;
  p.memory.store64(0x40, 0x1122334455667788);
  p.request(false, 0x40);
  CHECK(p.in.mem_req_ready == 1);
  CHECK(p.in.mem_rsp_valid == 0);
  p.idle();
  CHECK(p.in.mem_rsp_valid == 1);
  CHECK(p.in.mem_rsp_data == 0x1122334455667788);
  CHECK(p.in.mem_rsp_err == 0);
  p.idle();
  CHECK(p.in.mem_rsp_valid == 0);
}

TEST_CASE("a compare-and-swap writes only on a match and returns the old word") {
  Port p;
  p.memory.store64(8, 5);
  p.request(true, 8, 4, 9);
  p.idle();
  CHECK(p.in.mem_rsp_match == 0);
  CHECK(p.in.mem_rsp_data == 5);
  CHECK(p.memory.load64(8) == 5);
  p.request(true, 8, 5, 9);
  p.idle();
  CHECK(p.in.mem_rsp_match == 1);
  CHECK(p.in.mem_rsp_data == 5);
  CHECK(p.memory.load64(8) == 9);
}

TEST_CASE("what is in flight at a reset is neither answered nor written") {
  Port p;
  p.memory.store64(8, 5);
  p.port.set_timing({3, 3, 100});
  p.request(true, 8, 5, 9);
  const arch::u64 after_take = p.memory.load64(8);  // 9 if the access happened at once
  p.port.reset(p.in);
  for (int n = 0; n < 10; ++n) {
    p.idle();
    CHECK(p.in.mem_rsp_valid == 0);
  }
  CHECK(p.memory.load64(8) == after_take);
  p.request(false, 8);  // the same id again
  for (int n = 0; n < 3; ++n) p.idle();
  CHECK(p.in.mem_rsp_valid == 1);
  CHECK(p.in.mem_rsp_data == after_take);
}

TEST_CASE("an address outside the memory is a bus error without data") {
  Port p;
  p.request(false, 4096);
  p.idle();
  CHECK(p.in.mem_rsp_err == 1);
  CHECK(p.in.mem_rsp_data == 0);
}

TEST_CASE("latency is kept within its bounds and ready can be withheld") {
  Port p;
  p.port.set_timing({3, 6, 50});
  unsigned withheld = 0;
  for (int n = 0; n < 200; ++n) {
    do {
      p.request(false, 0);
      withheld += p.in.mem_req_ready == 0;
    } while (!p.in.mem_req_ready);
    unsigned latency = 0;
    do {
      p.idle();
      ++latency;
    } while (!p.in.mem_rsp_valid);
    CHECK(latency >= 3);
    CHECK(latency <= 6);
  }
  CHECK(withheld > 100);
}
