// SPDX-License-Identifier: Apache-2.0
//
// Breakpoints: what each form says of transfers with known parts, and what is refused.
#include "tb/failure/breakpoint.h"

#include "tb/errors.h"
#include "tests/catch.h"

using namespace kilburn;
using tb::Breakpoint;
using tb::Field;
using tb::Transfer;

namespace {

Transfer response() {
  Transfer t;
  t.kind = Transfer::Kind::response;
  t.set(Field::cycle, 100);
  t.set(Field::side, 1);
  t.set(Field::id, 3);
  t.set(Field::va, 0x7fff1000);
  t.set(Field::mode, 3);
  t.set(Field::fault, 1);
  t.set(Field::error, 6);
  t.set(Field::write, 1);
  t.set(Field::fetch, 0);
  return t;
}

Transfer operation() {
  Transfer t;
  t.kind = Transfer::Kind::operation;
  t.set(Field::cycle, 90);
  t.set(Field::op, 3);
  t.set(Field::va, 0x1000);
  t.set(Field::asid, 9);
  return t;
}

void refused(const std::string& text, const std::string& reason) {
  INFO(text);
  CHECK_THROWS_AS(Breakpoint(text), tb::UserError);
  CHECK_THROWS_WITH(Breakpoint(text), Catch::Contains("--break: ") && Catch::Contains(reason));
}

}  // namespace

TEST_CASE("a breakpoint holds for what it says") {
  struct Row {
    const char* text;
    bool of_response, of_operation;
  };
  for (const Row& row : {Row{"response", true, false},
                         {"operation", false, true},
                         {"fault", true, false},
                         {"fetch", false, false},
                         {"write", true, false},
                         {"fault && va == 0x7fff1000", true, false},
                         {"fault&&va==0x7FFF1000", true, false},
                         {"fault && va == 0x7fff1001", false, false},
                         {"va", true, true},
                         {"va < 0x2000", false, true},
                         {"va <= 4096", false, true},
                         {"va > 4096", true, false},
                         {"va >= 4096", true, true},
                         {"va != 4096", true, false},
                         {"asid != 8", false, true},
                         {"asid != 9", false, false},
                         {"!asid", true, false},
                         {"!(va == 4096)", true, false},
                         {"! response", false, true},
                         {"fault == #PF", true, false},
                         {"fault == #GP", false, false},
                         {"fault != none", true, false},
                         {"mode == user", true, false},
                         {"mode == kernel", false, false},
                         {"side == d", true, false},
                         {"side == i", false, false},
                         {"op == PAGE", false, true},
                         {"op == PAGE_I", false, false},
                         {"op != PAGE_I", false, true},
                         {"response || operation", true, true},
                         {"request || va == 4096 && asid == 9", false, true},
                         {"(request || va == 4096) && asid == 8", false, false},
                         {"response && cycle > 99 || operation && cycle < 90", true, false},
                         {"error == 6 && id == 3", true, false}}) {
    INFO(row.text);
    const Breakpoint breakpoint(row.text);
    CHECK(breakpoint(response()) == row.of_response);
    CHECK(breakpoint(operation()) == row.of_operation);
  }
}

TEST_CASE("a breakpoint that says nothing is refused with the place") {
  refused("", "no condition can be read from \"\"");
  refused("colour == 3", "colour == 3");
  refused("fault &&", "is missing at the end");
  refused("fault && && va", "is missing before \"&& va\"");
  refused("(fault", "is missing at the end");
  refused("fault)", "\")\"");
  refused("va ==", "is missing at the end");
  refused("va == 0x", "missing");
  refused("va == there", "\"there\" is no number");
  refused("va == 12ab", "\"12ab\" is no number");
  refused("fault == #XF", "none of the names none, #PF");
  refused("faults", "faults");
  refused("va = 3", "= 3");
  refused("va == 99999999999999999999999", "is no number");
}
