// SPDX-License-Identifier: Apache-2.0
//
// The three policies against sequences worked out on paper from rtl/README.md, "Replacement".
#include "model/uarch/replacement.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "tests/catch.h"

using kilburn::uarch::Policy;
using kilburn::uarch::Replacement;

namespace {
Replacement tree(unsigned entries) { return Replacement(entries, Policy::tree); }
}  // namespace

TEST_CASE("replacement: tree: an untouched tree points to entry 0") {
  for (unsigned entries = 1; entries <= 64; entries *= 2) CHECK(tree(entries).victim() == 0);
}

TEST_CASE("replacement: tree: one entry has no bits and is always the victim") {
  Replacement plru = tree(1);
  plru.touch(0);
  CHECK(plru.victim() == 0);
  CHECK(plru.state() == 0);
}

TEST_CASE("replacement: tree: two entries alternate") {
  Replacement plru = tree(2);
  plru.touch(0);
  CHECK(plru.state() == 0b10);  // root (node 1) to the upper half
  CHECK(plru.victim() == 1);
  plru.touch(1);
  CHECK(plru.state() == 0);
  CHECK(plru.victim() == 0);
}

// Four entries: node 1 chooses {0,1} or {2,3}, node 2 entry 0 or 1, node 3 entry 2 or 3.
//   touch 0: node 1 = 1, node 2 = 1             tree 0110, victim: node 3 = 0 -> 2
//   touch 2: node 1 = 0, node 3 = 1             tree 1100, victim: node 2 = 1 -> 1
//   touch 1: node 1 = 1, node 2 = 0             tree 1010, victim: node 3 = 1 -> 3
//   touch 3: node 1 = 0, node 3 = 0             tree 0000, victim: 0
//   touch 3: as before
//   touch 1: node 1 = 1, node 2 = 0             tree 0010, victim: node 3 = 0 -> 2
TEST_CASE("replacement: tree: four entries, a sequence on paper") {
  struct Step {
    unsigned touch;
    unsigned tree;
    unsigned victim;
  };
  const std::vector<Step> steps = {{0, 0b0110, 2}, {2, 0b1100, 1}, {1, 0b1010, 3},
                                   {3, 0b0000, 0}, {3, 0b0000, 0}, {1, 0b0010, 2}};
  Replacement plru = tree(4);
  for (const Step& step : steps) {
    plru.touch(step.touch);
    INFO("touch " << step.touch);
    CHECK(plru.state() == step.tree);
    CHECK(plru.victim() == step.victim);
  }
  plru.reset();
  CHECK(plru.state() == 0);
}

// Filling the victim each time visits the halves in turn at every node: the order of bit-reversed counting.
TEST_CASE("replacement: tree: touching the victim each time visits every entry in bit-reversed order") {
  Replacement plru = tree(8);
  for (const unsigned expected : {0u, 4u, 2u, 6u, 1u, 5u, 3u, 7u, 0u}) {
    CHECK(plru.victim() == expected);
    plru.touch(expected);
  }
}

// Eight entries: entry 5 is under nodes 1 (upper), 3 (lower), 6 (upper).
TEST_CASE("replacement: tree: eight entries, one path") {
  Replacement plru = tree(8);
  plru.touch(5);
  CHECK(plru.state() == 1u << 3);  // nodes 1 and 6 to the lower half (0), node 3 to the upper (1)
  plru.touch(2);                   // nodes 1 and 5 to the upper half, node 2 to the lower
  CHECK(plru.state() == (1u << 1 | 1u << 3 | 1u << 5));
  CHECK(plru.victim() == 6);  // node 1 = 1, node 3 = 1, node 7 = 0
}

// In ascending order every node is touched last from its upper half, so all bits end as 0; stopping one
// entry short leaves the last node (63, over entries 62 and 63) pointing to the upper.
TEST_CASE("replacement: tree: sixty-four entries use all sixty-three nodes") {
  Replacement plru = tree(64);
  for (unsigned entry = 0; entry < 63; ++entry) plru.touch(entry);
  CHECK(plru.state() == std::uint64_t{1} << 63);
  plru.touch(63);
  CHECK(plru.state() == 0);
}

TEST_CASE("replacement: round-robin: the pointer moves by one for each victim taken, and for nothing else") {
  Replacement pointer(4, Policy::round_robin);
  for (const unsigned expected : {0u, 1u, 2u, 3u, 0u, 1u}) {
    CHECK(pointer.victim() == expected);
    pointer.touch(expected);
    pointer.touch(3);
    CHECK(pointer.victim() == expected);
    pointer.victim_taken();
  }
  pointer.reset();
  CHECK(pointer.victim() == 0);
}

TEST_CASE("replacement: a tree is not moved by the taking of a victim, only by the touch after it") {
  Replacement plru = tree(4);
  plru.victim_taken();
  CHECK(plru.state() == 0);
}

// The register shifts right; bit 15 becomes the parity of bits 0, 2, 3 and 5.
//   ACE1 = ...1110'0001: 1, 0, 0, 1 -> 0: 5670      5670 = ...0111'0000: 0, 0, 0, 1 -> 1: AB38
//   AB38 = ...0011'1000: 0, 0, 1, 1 -> 0: 559C      559C = ...1001'1100: 0, 1, 1, 0 -> 0: 2ACE
//   2ACE = ...1100'1110: 0, 1, 1, 0 -> 0: 1567      1567 = ...0110'0111: 1, 1, 0, 1 -> 1: 8AB3
//   8AB3 = ...1011'0011: 1, 0, 0, 1 -> 0: 4559
TEST_CASE("replacement: random: the shift register, step by step") {
  Replacement random(8, Policy::random);
  const std::vector<std::pair<unsigned, unsigned>> steps = {{0xACE1, 1}, {0x5670, 0}, {0xAB38, 0}, {0x559C, 4},
                                                            {0x2ACE, 6}, {0x1567, 7}, {0x8AB3, 3}, {0x4559, 1}};
  for (const auto& [state, victim] : steps) {
    CHECK(random.state() == state);
    CHECK(random.victim() == victim);
    random.touch(victim);  // does nothing
    CHECK(random.state() == state);
    random.victim_taken();
  }
  random.reset();
  CHECK(random.state() == 0xACE1);
}

// x^16 + x^14 + x^13 + x^11 + 1 is primitive: every state but 0 comes once.
TEST_CASE("replacement: random: the period is 65535, and one entry is always the victim") {
  Replacement random(1, Policy::random);
  unsigned period = 0;
  do {
    random.victim_taken();
    ++period;
    REQUIRE(random.victim() == 0);
  } while (random.state() != 0xACE1 && period < 70000);
  CHECK(period == 65535);
}
