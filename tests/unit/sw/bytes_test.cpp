// SPDX-License-Identifier: Apache-2.0
//
// Copies and comparisons of a few bytes, every number of them at every offset: the bytes beside stay.
#include "sw/core/bytes.h"

#include <array>

#include "tests/catch.h"

namespace kilburn::os::test {

TEST_CASE("bytes: few are copied and compared as by memcpy and memcmp") {
  for (size_t n = 0; n <= 40; ++n) {
    for (size_t offset = 0; offset < 9; ++offset) {
      CAPTURE(n, offset);
      std::array<std::byte, 64> from, to, wanted;
      for (size_t at = 0; at < from.size(); ++at) {
        from[at] = static_cast<std::byte>(at * 7 + 1);
        to[at] = wanted[at] = static_cast<std::byte>(at * 5 + 128);
      }
      for (size_t at = 0; at < n; ++at) wanted[offset + at] = from[3 + at];
      copy_few(to.data() + offset, from.data() + 3, n);
      REQUIRE(to == wanted);
      REQUIRE(same_few(to.data() + offset, from.data() + 3, n));
      for (size_t at = 0; at < n; ++at) {
        to[offset + at] ^= std::byte{0x10};
        CAPTURE(at);
        REQUIRE_FALSE(same_few(to.data() + offset, from.data() + 3, n));
        to[offset + at] ^= std::byte{0x10};
      }
    }
  }
}

}  // namespace kilburn::os::test
