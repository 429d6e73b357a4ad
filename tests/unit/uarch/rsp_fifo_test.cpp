// SPDX-License-Identifier: Apache-2.0
//
// The response FIFO's push and pop in every state (rtl/README.md, "Response FIFO").
#include "model/uarch/rsp_fifo.h"

#include "tests/catch.h"

using kilburn::arch::u8;
using kilburn::uarch::ReqOut;
using kilburn::uarch::RspFifo;

namespace {
ReqOut response(u8 id) {
  ReqOut r;
  r.rsp_valid = 1;
  r.rsp_id = id;
  r.rsp_pa = 0x1000u * id;
  return r;
}
}  // namespace

TEST_CASE("rsp_fifo: empty shows nothing, with or without rsp_ready") {
  ReqOut pins;
  RspFifo fifo(pins);
  fifo.clock(true);
  CHECK(fifo.count() == 0);
  CHECK(pins.rsp_valid == 0);
}

TEST_CASE("rsp_fifo: a response pushed in one cycle is at the pins in the next, and gone once popped") {
  ReqOut pins;
  RspFifo fifo(pins);
  fifo.clock_and_push(true) = response(3);  // rsp_ready of an empty FIFO pops nothing
  CHECK(fifo.count() == 1);
  CHECK(pins.rsp_id == 3);
  fifo.clock(false);
  CHECK(pins.rsp_id == 3);
  CHECK(pins.rsp_pa == 0x3000);
  fifo.clock(true);
  CHECK(fifo.count() == 0);
  CHECK(pins.rsp_valid == 0);
  CHECK(pins.rsp_id == 0);
  CHECK(pins.rsp_pa == 0);
}

TEST_CASE("rsp_fifo: the older response stays at the pins while a second one is queued") {
  ReqOut pins;
  RspFifo fifo(pins);
  fifo.clock_and_push(false) = response(1);
  fifo.clock_and_push(false) = response(2);
  CHECK(fifo.count() == 2);
  CHECK(pins.rsp_id == 1);
  fifo.clock(true);
  CHECK(fifo.count() == 1);
  CHECK(pins.rsp_id == 2);
  fifo.clock(true);
  CHECK(fifo.count() == 0);
}

TEST_CASE("rsp_fifo: a pop and a push in one cycle leave one response, the new one") {
  ReqOut pins;
  RspFifo fifo(pins);
  fifo.clock_and_push(false) = response(1);
  fifo.clock_and_push(true) = response(2);
  CHECK(fifo.count() == 1);
  CHECK(pins.rsp_id == 2);
}

TEST_CASE("rsp_fifo: reset empties it") {
  ReqOut pins;
  RspFifo fifo(pins);
  fifo.clock_and_push(false) = response(1);
  fifo.clock_and_push(false) = response(2);
  fifo.reset();
  CHECK(fifo.count() == 0);
  CHECK(pins.rsp_valid == 0);
}
