// SPDX-License-Identifier: Apache-2.0
//
// The recorder: pins since the last reset of the instance that was reset last, up to a cycle.
#include "tb/second_opinion/pin_recorder.h"

#include "tests/catch.h"

using namespace kilburn;

namespace {

// A DUT that counts its clocks on one pin and shows an input a cycle later on another.
struct Counting {
  std::uint32_t clocks = 0;
};

kilburn_dut_api counting_api() {
  kilburn_dut_api api{};
  api.name = "counting";
  api.create = [](std::uint64_t) -> void* { return new Counting; };
  api.destroy = [](void* self) { delete static_cast<Counting*>(self); };
  api.reset = [](void* self, std::uint32_t cfg, kilburn_dut_out* out) {
    static_cast<Counting*>(self)->clocks = 0;
    *out = {};
    out->mem_req_addr = cfg;
  };
  api.clock = [](void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
    *out = {};
    out->evt_count = ++static_cast<Counting*>(self)->clocks;
    out->i.rsp_pa = in->i.va;
  };
  return api;
}

struct Bench {
  const kilburn_dut_api api = counting_api();
  const tb::DutLibrary plain = tb::DutLibrary::wrap(api, "counting");
};

void clock(tb::Dut& dut, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t n = from; n < to; ++n) {
    kilburn_dut_in in{};
    in.i.va = n;
    kilburn_dut_out out;
    dut.clock(in, out);
    REQUIRE(out.i.rsp_pa == n);  // passed through
  }
}

}  // namespace

TEST_CASE("the recorder holds the cycles since the last reset") {
  const Bench bench;
  tb::PinRecorder recorder(bench.plain, {});
  tb::Dut dut(recorder.library(), 1), other(recorder.library(), 1);
  kilburn_dut_out out;
  dut.reset(5, out);
  clock(dut, 0, 10);
  dut.reset(6, out);
  clock(dut, 10, 17);
  clock(other, 100, 103);  // never reset: not the one
  REQUIRE(recorder.log().cycles() == 7);
  CHECK(recorder.log().header.first_cycle == 10);
  tb::PinLog::Reader reader(recorder.log());
  tb::PinCycle cycle;
  REQUIRE(reader.next(cycle));
  CHECK(cycle.in.cfg == 6);
  CHECK(cycle.out.mem_req_addr == 6);
  for (std::uint64_t n = 10; n < 17; ++n) {
    REQUIRE(reader.next(cycle));
    CHECK(cycle.in.i.va == n);
    CHECK(cycle.out.i.rsp_pa == n);
    CHECK(cycle.out.evt_count == n - 9);
  }
}

TEST_CASE("the recorder stops at its last cycle, resets after it included") {
  const Bench bench;
  tb::PinRecorder recorder(bench.plain, {}, 12);
  tb::Dut dut(recorder.library(), 1);
  kilburn_dut_out out;
  dut.reset(5, out);
  clock(dut, 0, 4);
  dut.reset(6, out);
  clock(dut, 4, 15);
  dut.reset(7, out);
  clock(dut, 15, 20);
  CHECK(recorder.log().header.first_cycle == 4);
  CHECK(recorder.log().cycles() == 8);  // outputs of cycles 5 to 12
}
