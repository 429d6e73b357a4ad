// SPDX-License-Identifier: Apache-2.0
//
// The ring of misses alone: its order, and who is woken by whom (rtl/README.md, "Side" and "L2 TLB").
#include "model/uarch/miss_file.h"

#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::uarch;
using State = MissFile::State;

TEST_CASE("miss_file: the next of the ring looks after a place, and at the place itself last") {
  CHECK(next_in_ring(0b000001, 0) == 0);
  CHECK(next_in_ring(0b000011, 0) == 1);
  CHECK(next_in_ring(0b101001, 0) == 3);
  CHECK(next_in_ring(0b101001, 3) == 5);
  CHECK(next_in_ring(0b101001, 5) == 0);
  CHECK(next_in_ring(0b101001, 4) == 5);
  CHECK(next_in_ring(0x8001, 15) == 0);
  CHECK(next_in_ring(0x8000, 15) == 15);
}

TEST_CASE("miss_file: the D side's places come first") {
  const MissFile misses(2, 4);
  CHECK(misses.places(SideName::data) == 0b001111);
  CHECK(misses.places(SideName::instruction) == 0b110000);
  CHECK(misses.side(3) == SideName::data);
  CHECK(misses.side(4) == SideName::instruction);
  CHECK(misses.number(5) == 1);
  CHECK(misses.in(State::free) == 0b111111);
  CHECK(misses.empty());
}

TEST_CASE("miss_file: a place is in one state at a time") {
  MissFile misses(1, 2);
  misses.move(1, State::look);
  CHECK(misses.in(State::free) == 0b101);
  CHECK(misses.in(State::look) == 0b010);
  CHECK_FALSE(misses.empty());
  misses.move(1, State::looking);
  CHECK(misses.in(State::look) == 0);
  CHECK(misses.in(State::looking) == 0b010);
  misses.move(1, State::free);
  CHECK(misses.empty());
}

TEST_CASE("miss_file: the end of a miss wakes those merged with it and no others") {
  MissFile misses(2, 4);
  misses.entry(0).held.id = 9;
  misses.move(0, State::walk);
  misses.move(1, State::walk);
  misses.move(4, State::walk);
  misses.move(2, State::merged);
  misses.entry(2).parent = 0;
  misses.move(3, State::merged);
  misses.entry(3).parent = 1;
  misses.move(5, State::merged);
  misses.entry(5).parent = 4;
  ReqOut result;
  result.rsp_pa = 0x1234;
  misses.finish(0, result);
  CHECK(misses.in(State::done) == 0b000001);
  CHECK(misses.in(State::retry) == 0b000100);
  CHECK(misses.in(State::merged) == 0b101000);
  CHECK(misses.entry(0).result.rsp_pa == 0x1234);
  CHECK(misses.entry(0).result.rsp_id == 9);
  CHECK(misses.entry(0).result.rsp_valid == 1);
}
