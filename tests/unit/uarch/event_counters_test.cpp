// SPDX-License-Identifier: Apache-2.0
//
// The event counters' read port and wrap (rtl/README.md, "Counters").
#include "model/uarch/event_counters.h"

#include "tests/catch.h"
#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;

TEST_CASE("event_counters: each code has its own counter") {
  EventCounters counters;
  for (arch::u8 code = 0; code < 32; ++code) {
    for (unsigned n = 0; n <= code; ++n) counters.count(code);
  }
  for (arch::u8 code = 0; code < 32; ++code) CHECK(counters.selected(code) == code + 1u);
  counters.reset();
  CHECK(counters.selected(31) == 0);
}

TEST_CASE("event_counters: evt_count is the selected counter before that cycle's own events") {
  Rig rig(arch::Format::x86_64);
  const arch::u64 bad_sign = arch::u64{1} << 63;
  rig.in.evt_sel = event::D_DIRECT;
  rig.data(bad_sign);  // cycle 0 selects the counter and counts the event
  CHECK(rig.out().evt_count == 0);
  rig.in.evt_sel = event::I_DIRECT;
  rig.tick();
  CHECK(rig.out().evt_count == 0);  // the other counter
  rig.in.evt_sel = event::D_DIRECT;
  rig.tick();
  CHECK(rig.out().evt_count == 1);
}
