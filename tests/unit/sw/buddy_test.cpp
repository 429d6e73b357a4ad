// SPDX-License-Identifier: Apache-2.0
//
// The buddy allocator against its rules (P11 to P17).
#include "sw/mm/buddy.h"

#include <algorithm>

#include "sw/core/errors.h"
#include "sw/core/random.h"
#include "tests/catch.h"

namespace kilburn::os {
namespace {

using Blocks = std::vector<std::pair<Pfn, unsigned>>;

TEST_CASE("buddy: the first blocks are the largest aligned ones") {
  MemMap map(29);
  const Buddy buddy(map, 3, 29);
  // By hand: 3 | 4-7 | 8-15 | 16-23 | 24-27 | 28. The pair 8-15, 16-23 is no buddy pair.
  CHECK(buddy.free_blocks() == Blocks{{3, 0}, {4, 2}, {8, 3}, {16, 3}, {24, 2}, {28, 0}});
  CHECK(buddy.free_frames() == 26);
  buddy.check();
}

TEST_CASE("buddy: splitting gives back the upper halves, freeing merges them again") {
  MemMap map(16);
  Buddy buddy(map, 0, 16);
  REQUIRE(buddy.free_blocks() == Blocks{{0, 4}});
  CHECK(buddy.alloc(1) == 0);
  CHECK(buddy.free_blocks() == Blocks{{2, 1}, {4, 2}, {8, 3}});
  CHECK(buddy.alloc(0) == 2);
  CHECK(buddy.free_blocks() == Blocks{{3, 0}, {4, 2}, {8, 3}});
  buddy.check();
  CHECK(buddy.free(0, 1) == Buddy::Error::none);
  CHECK(buddy.free_blocks() == Blocks{{0, 1}, {3, 0}, {4, 2}, {8, 3}});
  CHECK(buddy.free(2, 0) == Buddy::Error::none);
  CHECK(buddy.free_blocks() == Blocks{{0, 4}});
  buddy.check();
}

TEST_CASE("buddy: an order that no block reaches is refused (P16)") {
  MemMap map(8);
  Buddy buddy(map, 0, 8);
  CHECK(buddy.alloc(4) == kNoFrame);
  CHECK(buddy.alloc(3) == 0);
  CHECK(buddy.alloc(0) == kNoFrame);
}

TEST_CASE("buddy: wrong frees are named and change nothing (P17)") {
  MemMap map(16);
  Buddy buddy(map, 2, 16);
  const Pfn one = buddy.alloc(0);
  const Pfn block = buddy.alloc(2);
  const Blocks before = buddy.free_blocks();
  CHECK(buddy.free(1, 0) == Buddy::Error::foreign);
  CHECK(buddy.free(16, 0) == Buddy::Error::foreign);
  CHECK(buddy.free(before.front().first, 0) == Buddy::Error::double_free);
  CHECK(buddy.free(block, 1) == Buddy::Error::wrong_order);
  CHECK(buddy.free(block + 1, 0) == Buddy::Error::wrong_order);  // inside the block
  map[one].count = 1;
  CHECK(buddy.free(one, 0) == Buddy::Error::counted);
  map[one].pins = 1;
  CHECK(buddy.free(one, 0) == Buddy::Error::pinned);
  map[one].count = 0;
  CHECK(buddy.free(one, 0) == Buddy::Error::pinned);
  map[one].pins = 0;
  CHECK(buddy.free_blocks() == before);
  CHECK(buddy.free(one, 0) == Buddy::Error::none);
  CHECK(buddy.free(one, 0) == Buddy::Error::double_free);
  buddy.check();
}

TEST_CASE("buddy: random allocation and release end in the first blocks (P14)") {
  for (u64 seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const u32 frames = static_cast<u32>(40 + random.below(3000));
    MemMap map(frames);
    Buddy buddy(map, 3, frames);
    const Blocks first = buddy.free_blocks();
    Blocks held;
    for (int step = 0; step < 2000; ++step) {
      if (random.below(5) < 3) {
        const unsigned order = static_cast<unsigned>(random.below(5));
        const Pfn pfn = buddy.alloc(order);
        if (pfn == kNoFrame) continue;
        REQUIRE(pfn % (Pfn{1} << order) == 0);
        for (const auto& [other, other_order] : held) {
          REQUIRE((pfn + (Pfn{1} << order) <= other || other + (Pfn{1} << other_order) <= pfn));
        }
        held.emplace_back(pfn, order);
      } else if (!held.empty()) {
        const size_t n = random.below(held.size());
        REQUIRE(buddy.free(held[n].first, held[n].second) == Buddy::Error::none);
        held[n] = held.back();
        held.pop_back();
      }
      if (step % 250 == 0) buddy.check();
    }
    for (const auto& [pfn, order] : held) REQUIRE(buddy.free(pfn, order) == Buddy::Error::none);
    buddy.check();
    REQUIRE(buddy.free_blocks() == first);
  }
}

TEST_CASE("buddy: one frame is taken out of the block that holds it, wherever it lies") {
  for (Pfn wanted = 0; wanted < 16; ++wanted) {
    INFO(wanted);
    MemMap map(16);
    Buddy buddy(map, 0, 16);
    REQUIRE(buddy.take(wanted));
    CHECK_FALSE(buddy.take(wanted));
    CHECK(buddy.free_frames() == 15);
    // What is left of a block of 16 without one frame: one block of each order below.
    const Blocks blocks = buddy.free_blocks();
    REQUIRE(blocks.size() == 4);
    for (unsigned order = 0; order < 4; ++order) {
      CHECK(std::count(blocks.begin(), blocks.end(),
                       std::pair<Pfn, unsigned>((wanted ^ (1u << order)) & ~((1u << order) - 1), order)) == 1);
    }
    buddy.check();
    REQUIRE(buddy.free(wanted, 0) == Buddy::Error::none);
    CHECK(buddy.free_blocks() == Blocks{{0, 4}});
  }
}

TEST_CASE("buddy: the states of a block's frames are its own, of every order") {
  MemMap map(2048);
  Buddy buddy(map, 0, 2048);
  for (unsigned order = 0; order <= Buddy::kMaxOrder; ++order) {
    INFO(order);
    const Pfn pfn = buddy.alloc(order);
    REQUIRE(pfn != kNoFrame);
    for (Pfn n = 0; n < 2048; ++n) {
      const bool mine = n >= pfn && n < pfn + (Pfn{1} << order);
      REQUIRE((map[n].state == FrameState::kernel) == mine);
    }
    REQUIRE(buddy.free(pfn, order) == Buddy::Error::none);
    buddy.check();
  }
}

TEST_CASE("buddy: fragmentation is the part of the free frames that a request cannot use") {
  MemMap map(16);
  Buddy buddy(map, 0, 16);
  CHECK(buddy.fragmentation(4) == 0.0);
  REQUIRE(buddy.take(5));
  // Free: 4 | 6-7 | 0-3 | 8-15. Of 15 frames 7 are in blocks below order 3, all below order 4.
  CHECK(buddy.fragmentation(3) == 7.0 / 15);
  CHECK(buddy.fragmentation(4) == 1.0);
}

TEST_CASE("buddy: check notices blocks that were not merged (M6)") {
  MemMap map(16);
  Buddy buddy(map, 0, 16, Bug::no_coalescing);
  const Pfn pfn = buddy.alloc(0);
  REQUIRE(buddy.free(pfn, 0) == Buddy::Error::none);
  try {
    buddy.check();
    FAIL("not noticed");
  } catch (const Violation& v) {
    CHECK(v.id() == "P12");
  }
}

}  // namespace
}  // namespace kilburn::os
