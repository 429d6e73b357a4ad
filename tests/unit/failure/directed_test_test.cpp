// SPDX-License-Identifier: Apache-2.0
//
// The text of directed tests.
#include "tb/failure/directed_test.h"

#include <sstream>

#include "tb/errors.h"
#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::tb;

namespace {

const std::string kText =
    "kilburn-test 1\n"
    "# a comment\n"
    "format x86-64\n"
    "config 0x128\n"
    "seed 7\n"
    "memory bytes=0x1000000 latency=2:9 ready=75\n"
    "word 0x100ff8 0x101067\n"
    "word 0x101000 0x1\n"
    "context root=0x100000 asid=12 controls=0x10 pkru=0x3 pkrs=0x0\n"
    "+3 read va=0x7f0000001000 mode=user id=3 ac implicit hold=2\n"
    "write va=0xffff800000000000 mode=kernel id=15\n"
    "+0 fetch va=0x0 mode=supervisor id=0\n"
    "+12 edit 0x101000 0x0\n"
    "+1 context root=0x0 asid=0 controls=0x0 pkru=0x0 pkrs=0x0 waits\n"
    "invalidate PAGE_NONGLOBAL va=0x7f0000001000 asid=4095 pte=0x0\n"
    "invalidate 12 va=0x0 asid=0 pte=0xffffffffffffffff\n";

DirectedTest read(const std::string& text) {
  std::istringstream in(text);
  return read_directed_test(in, "t.kt");
}

std::string message(const std::string& text) {
  try {
    read(text);
  } catch (const UserError& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a directed test says what its text says") {
  const DirectedTest test = read(kText);
  CHECK(test.format == arch::Format::x86_64);
  CHECK(test.settings == arch::settings_of(arch::Format::x86_64, 0x128));
  CHECK(test.seed == 7);
  CHECK(test.memory_bytes == 0x1000000);
  CHECK(test.timing.min_latency == 2);
  CHECK(test.timing.max_latency == 9);
  CHECK(test.timing.ready_percent == 75);
  REQUIRE(test.words.size() == 2);
  CHECK(test.words[0] == std::pair<arch::u64, arch::u64>{0x100ff8, 0x101067});
  REQUIRE(test.operations.size() == 8);
  CHECK(test.operations[0].kind == Operation::Kind::context);
  CHECK(test.operations[0].context == arch::Context{0x100000, 12, 0x10, 3, 0});
  CHECK(test.operations[0].settled);
  const Operation& read_it = test.operations[1];
  CHECK((!read_it.settled && read_it.after == 3));
  CHECK((read_it.side == Side::data && read_it.request.op == arch::Op::read && read_it.id == 3 && read_it.hold == 2));
  CHECK((read_it.request.va == 0x7f0000001000 && read_it.request.mode == arch::Mode::user));
  CHECK((read_it.request.ac && read_it.request.implicit));
  CHECK(test.operations[2].request.op == arch::Op::write);
  CHECK((!test.operations[2].request.ac && test.operations[2].request.mode == arch::Mode::kernel));
  CHECK((test.operations[3].side == Side::instruction && !test.operations[3].settled));
  CHECK((test.operations[4].pa == 0x101000 && test.operations[4].value == 0 && test.operations[4].after == 12));
  CHECK((test.operations[5].waits && !test.operations[0].waits));
  CHECK((test.operations[6].inv == 4 && test.operations[6].inv_asid == 4095));
  CHECK((test.operations[7].inv == 12 && test.operations[7].value == ~arch::u64{0}));
}

TEST_CASE("a directed test is written as it was read") {
  std::ostringstream out;
  write(out, read(kText), {"a comment"});
  CHECK(out.str() == kText);
  std::ostringstream told;
  write(told, read(kText), {"a message\n  of two lines"});
  CHECK_THAT(told.str(), Catch::Matchers::Contains("# a message\n#   of two lines\nformat"));
  CHECK_NOTHROW(read(told.str()));
}

TEST_CASE("what is wrong with a directed test is said with its line") {
  const std::string head = "kilburn-test 1\nformat x86-64\nmemory bytes=4096\n";
  CHECK(message("") == "t.kt:0: a directed test begins with the line \"kilburn-test 1\"");
  CHECK(message("kilburn-test 2\n") == "t.kt:1: a directed test begins with the line \"kilburn-test 1\"");
  CHECK(message("kilburn-test 1\nedit 0 0\n") == "t.kt:2: the test names no format");
  CHECK(message(head) == "t.kt:3: the test has no operation");
  CHECK(message(head + "jump\n") ==
        "t.kt:4: there is no operation \"jump\"; there are: context, read, write, fetch, edit, invalidate");
  CHECK(message(head + "read mode=user\n") == "t.kt:4: va= is missing");
  CHECK(message(head + "read va=1\n") == "t.kt:4: mode= is missing");
  CHECK(message(head + "read va=1 mode=admin\n") == "t.kt:4: there is no mode \"admin\"");
  CHECK(message(head + "read va=1 va=2 mode=user\n") == "t.kt:4: \"va\" is given twice");
  CHECK(message(head + "read va=1 mode=user id=16\n") == "t.kt:4: \"16\" is more than 0xf");
  CHECK(message(head + "fetch va=1 mode=user ac\n") == "t.kt:4: a fetch has no ac and no implicit");
  CHECK(message(head + "edit 0x4 0\n") == "t.kt:4: \"0x4\" is not the address of a word: its low three bits are not 0");
  CHECK(message(head + "edit 0x1000 0\n") == "t.kt:4: the word at 0x1000 is outside the memory");
  CHECK(message(head + "edit 0\n") == "t.kt:4: edit takes 2 values");
  CHECK(message(head + "+\n") == "t.kt:4: \"\" is not a number");
  CHECK(message(head + "+4\n") == "t.kt:4: an operation is missing");
  CHECK(message(head + "invalidate 16\n") == "t.kt:4: \"16\" is more than 0xf");
  CHECK(message(head + "invalidate PAGES\n") == "t.kt:4: \"PAGES\" is not a number");
  CHECK(message(head + "edit 0 0\nword 0 0\n") == "t.kt:5: word belongs before the first operation");
  CHECK(message(head + "word 0 0\nword 0 1\n") == "t.kt:5: the word at 0x0 is given twice");
  CHECK(message(head + "seed 0\n") == "t.kt:4: seed 0 is none");
  CHECK(message("kilburn-test 1\nformat vax\n") ==
        "t.kt:2: there is no format \"vax\"; there are: x86-64, alpha, alpha-x64");
  CHECK(message("kilburn-test 1\nmemory bytes=4096 latency=3:2\n") == "t.kt:2: latency= needs LEAST:MOST, from 1 on");
  CHECK(message("kilburn-test 1\nmemory bytes=4096 ready=0\n") ==
        "t.kt:2: a memory that is never ready answers nothing");
}

TEST_CASE("a directed test that is not there is named") {
  CHECK_THROWS_WITH(read_directed_test(std::filesystem::path("/nowhere/x.kt")),
                    "the directed test /nowhere/x.kt cannot be read");
}
