// SPDX-License-Identifier: Apache-2.0
//
// The oracle: it accepts what was stored last and nothing else.
#include "sw/check/oracle.h"

#include <cstring>

#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}
bool accepts(OracleSpace& o, u64 va, const std::vector<std::byte>& b) {
  return test::tripped([&] { o.check_load(va, b); }).empty();
}

TEST_CASE("oracle: zero, then the last store, across granules") {
  OracleSpace o;
  CHECK(accepts(o, 0x1ffe, bytes({0, 0, 0, 0})));
  o.store(0x1ffe, bytes({1, 2, 3, 4}));
  CHECK(accepts(o, 0x1ffe, bytes({1, 2, 3, 4})));
  CHECK_FALSE(accepts(o, 0x1ffe, bytes({1, 2, 3, 5})));
  CHECK_FALSE(accepts(o, 0x1ffd, bytes({1})));
  o.store(0x1fff, bytes({9}));
  CHECK(accepts(o, 0x1ffe, bytes({1, 9, 3, 4})));
}

TEST_CASE("oracle: a fork copies, later stores stay on their side") {
  OracleSpace parent, child;
  parent.store(0x1000, bytes({1, 2}));
  child.fork_from(parent);
  parent.store(0x1000, bytes({7}));
  CHECK(accepts(parent, 0x1000, bytes({7, 2})));
  CHECK(accepts(child, 0x1000, bytes({1, 2})));
  child.store(0x1001, bytes({8}));
  CHECK(accepts(parent, 0x1000, bytes({7, 2})));
  CHECK(accepts(child, 0x1000, bytes({1, 8})));
}

TEST_CASE("oracle: mappings start anew, files have their bytes") {
  OracleSpace o;
  o.store(0x5000, bytes({1}));
  o.map(0x5000, 0x7000, {});
  CHECK(accepts(o, 0x5000, bytes({0})));
  o.map(0x8000, 0xb000, {3, 0x2000});
  std::vector<std::byte> expected(8);
  u64 word = file_word(3, 0x3008);
  std::memcpy(expected.data(), &word, 8);
  CHECK(accepts(o, 0x9008, expected));
  o.unmap(0x9000, 0xa000);
  CHECK(accepts(o, 0x9008, bytes({0})));
  word = file_word(3, 0x4000);
  std::memcpy(expected.data(), &word, 8);
  CHECK(accepts(o, 0xa000, expected));
  o.move(0xa000, 0xb000, 0x20000, 0x22000);
  CHECK(accepts(o, 0x20000, expected));
  CHECK(accepts(o, 0xa000, bytes({0})));
  word = file_word(3, 0x5000);  // the part that it grew by
  std::memcpy(expected.data(), &word, 8);
  CHECK(accepts(o, 0x21000, expected));
}

TEST_CASE("oracle: the message names the byte and both values") {
  OracleSpace o;
  o.store(0x1000, bytes({1, 2}));
  try {
    o.check_load(0x1000, bytes({1, 0xab}));
    FAIL("accepted");
  } catch (const Violation& v) {
    CHECK(v.id() == "oracle");
    CHECK(v.text() == "byte 0x1001 reads 0xab, last stored 0x2");
  }
}

}  // namespace
}  // namespace kilburn::os
