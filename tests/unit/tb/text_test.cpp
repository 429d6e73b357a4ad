// SPDX-License-Identifier: Apache-2.0
//
// Numbers and codes as people read them.
#include "tb/text.h"

#include "tests/catch.h"

using namespace kilburn::tb;

TEST_CASE("numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1 000");
  CHECK(grouped(1234567) == "1 234 567");
}

TEST_CASE("codes are named as in layout.def") {
  CHECK(hex(0x1f000) == "0x1f000");
  CHECK(invalidation_name(0) == "ALL");
  CHECK(invalidation_name(6) == "PAGE_D");
  CHECK(invalidation_name(7) == "FILL_I");
  CHECK(invalidation_name(9) == "reserved");
  CHECK(event_name(0) == "I_HIT");
  CHECK(event_name(15) == "D_DIRECT");
}
