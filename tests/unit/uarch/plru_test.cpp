// SPDX-License-Identifier: Apache-2.0
//
// The replacement tree against sequences worked out on paper from rtl/README.md, "Replacement".
#include "model/uarch/plru.h"

#include <cstdint>
#include <vector>

#include "tests/catch.h"

using kilburn::uarch::Plru;

TEST_CASE("plru: an untouched tree points to entry 0") {
  for (unsigned entries = 1; entries <= 64; entries *= 2) CHECK(Plru(entries).victim() == 0);
}

TEST_CASE("plru: one entry has no bits and is always the victim") {
  Plru plru(1);
  plru.touch(0);
  CHECK(plru.victim() == 0);
  CHECK(plru.tree() == 0);
}

TEST_CASE("plru: two entries alternate") {
  Plru plru(2);
  plru.touch(0);
  CHECK(plru.tree() == 0b10);  // root (node 1) to the upper half
  CHECK(plru.victim() == 1);
  plru.touch(1);
  CHECK(plru.tree() == 0);
  CHECK(plru.victim() == 0);
}

// Four entries: node 1 chooses {0,1} or {2,3}, node 2 entry 0 or 1, node 3 entry 2 or 3.
//   touch 0: node 1 = 1, node 2 = 1             tree 0110, victim: node 3 = 0 -> 2
//   touch 2: node 1 = 0, node 3 = 1             tree 1100, victim: node 2 = 1 -> 1
//   touch 1: node 1 = 1, node 2 = 0             tree 1010, victim: node 3 = 1 -> 3
//   touch 3: node 1 = 0, node 3 = 0             tree 0000, victim: 0
//   touch 3: as before
//   touch 1: node 1 = 1, node 2 = 0             tree 0010, victim: node 3 = 0 -> 2
TEST_CASE("plru: four entries, a sequence on paper") {
  struct Step {
    unsigned touch;
    unsigned tree;
    unsigned victim;
  };
  const std::vector<Step> steps = {{0, 0b0110, 2}, {2, 0b1100, 1}, {1, 0b1010, 3},
                                   {3, 0b0000, 0}, {3, 0b0000, 0}, {1, 0b0010, 2}};
  Plru plru(4);
  for (const Step& step : steps) {
    plru.touch(step.touch);
    INFO("touch " << step.touch);
    CHECK(plru.tree() == step.tree);
    CHECK(plru.victim() == step.victim);
  }
  plru.reset();
  CHECK(plru.tree() == 0);
}

// Filling the victim each time visits the halves in turn at every node: the order of bit-reversed counting.
TEST_CASE("plru: touching the victim each time visits every entry in bit-reversed order") {
  Plru plru(8);
  for (const unsigned expected : {0u, 4u, 2u, 6u, 1u, 5u, 3u, 7u, 0u}) {
    CHECK(plru.victim() == expected);
    plru.touch(expected);
  }
}

// Eight entries: entry 5 is under nodes 1 (upper), 3 (lower), 6 (upper).
TEST_CASE("plru: eight entries, one path") {
  Plru plru(8);
  plru.touch(5);
  CHECK(plru.tree() == 1u << 3);  // nodes 1 and 6 to the lower half (0), node 3 to the upper (1)
  plru.touch(2);                  // nodes 1 and 5 to the upper half, node 2 to the lower
  CHECK(plru.tree() == (1u << 1 | 1u << 3 | 1u << 5));
  CHECK(plru.victim() == 6);  // node 1 = 1, node 3 = 1, node 7 = 0
}

// In ascending order every node is touched last from its upper half, so all bits end as 0; stopping one
// entry short leaves the last node (63, over entries 62 and 63) pointing to the upper.
TEST_CASE("plru: sixty-four entries use all sixty-three nodes") {
  Plru plru(64);
  for (unsigned entry = 0; entry < 63; ++entry) plru.touch(entry);
  CHECK(plru.tree() == std::uint64_t{1} << 63);
  plru.touch(63);
  CHECK(plru.tree() == 0);
}
