// SPDX-License-Identifier: Apache-2.0
//
// Zones, nodes, watermarks: which frame a request gets, and which it does not (P5, P16, P18).
#include <algorithm>

#include "sw/core/random.h"
#include "sw/mm/frame_allocator.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

using Blocks = std::vector<std::pair<Pfn, unsigned>>;

// Frames 0-15 DMA, 16-47 NORMAL, 48-63 HIGHMEM.
constexpr PhysicalLayout kThree{.frames = 64, .dma_frames = 16, .highmem_frames = 16};

TEST_CASE("zones: the ranges are those of the addresses, in every node") {
  MemMap map(100);
  const FrameAllocator frames(map, {.frames = 100, .nodes = 3, .dma_frames = 40, .highmem_frames = 10}, 3);
  // By hand: nodes 0-32, 33-65, 66-99; DMA 0-39, HIGHMEM 90-99.
  struct Row {
    ZoneKind kind;
    u32 node;
    Pfn first, end;
  };
  const Row rows[] = {{ZoneKind::dma, 0, 3, 33},
                      {ZoneKind::dma, 1, 33, 40},
                      {ZoneKind::normal, 1, 40, 66},
                      {ZoneKind::normal, 2, 66, 90},
                      {ZoneKind::highmem, 2, 90, 100}};
  REQUIRE(frames.zones().size() == std::size(rows));
  for (size_t n = 0; n < std::size(rows); ++n) {
    INFO(n);
    const Zone& zone = frames.zones()[n];
    CHECK(zone.kind == rows[n].kind);
    CHECK(zone.node == rows[n].node);
    CHECK(zone.buddy.first() == rows[n].first);
    CHECK(zone.buddy.end() == rows[n].end);
  }
  CHECK(frames.node_of(32) == 0);
  CHECK(frames.node_of(33) == 1);
  CHECK(frames.node_of(99) == 2);
  CHECK(frames.distance(1, 40) == 10);
  CHECK(frames.distance(0, 40) == 20);
  CHECK(frames.frames() == 97);
  frames.check();
}

TEST_CASE("zones: a request falls back HIGHMEM, NORMAL, DMA, and never upwards (P18)") {
  MemMap map(64);
  FrameAllocator frames(map, kThree, 0);
  const auto kind_of = [&](Pfn pfn) { return frames.zone_of(pfn)->kind; };
  for (int n = 0; n < 16; ++n) REQUIRE(kind_of(frames.alloc({})) == ZoneKind::highmem);
  for (int n = 0; n < 32; ++n) REQUIRE(kind_of(frames.alloc({})) == ZoneKind::normal);
  const Pfn dma = frames.alloc({.highest = ZoneKind::dma});
  REQUIRE(dma < 16);
  for (int n = 0; n < 15; ++n) REQUIRE(kind_of(frames.alloc({.highest = ZoneKind::normal})) == ZoneKind::dma);
  CHECK(frames.alloc({}) == kNoFrame);
  CHECK(frames.failed() == 1);
  CHECK(frames.zones()[0].counters.fallback == 15);
  CHECK(frames.zones()[1].counters.fallback == 32);
  CHECK(frames.zones()[2].counters.fallback == 0);
  frames.check();
  REQUIRE(frames.free(60, 0) == Buddy::Error::none);
  CHECK(frames.alloc({.highest = ZoneKind::normal}) == kNoFrame);
  CHECK(frames.alloc({.highest = ZoneKind::dma}) == kNoFrame);
  CHECK(frames.alloc({}) == 60);
}

TEST_CASE("nodes: local zones first, all of them, then the next node's") {
  MemMap map(64);
  FrameAllocator frames(map, {.frames = 64, .nodes = 2}, 0);
  for (int n = 0; n < 32; ++n) REQUIRE(frames.alloc({.node = 1}) >= 32);
  for (int n = 0; n < 32; ++n) REQUIRE(frames.alloc({.node = 1}) < 32);
  CHECK(frames.alloc({.node = 1}) == kNoFrame);
  CHECK(frames.zones()[1].counters.local == 32);
  CHECK(frames.zones()[0].counters.local == 0);
  CHECK(frames.zones()[0].counters.remote == 32);
  frames.check();
}

TEST_CASE("zones: watermarks of both presets") {
  using W = WatermarkPreset;
  // L20: 1/128 of memory and 24 more; low 3/2, high 2. 65536 frames: 536, 804, 1072.
  CHECK(watermarks(W::classic20, ZoneKind::normal, 65536, 65536) == Watermarks{536, 804, 1072});
  CHECK(watermarks(W::classic20, ZoneKind::normal, 2048, 2048) == Watermarks{48, 72, 96});  // the least
  // L24: 1/128, DMA 1/32, within 10 and 255; low 2, high 3.
  CHECK(watermarks(W::zoned24, ZoneKind::normal, 12800, 65536) == Watermarks{100, 200, 300});
  CHECK(watermarks(W::zoned24, ZoneKind::dma, 4096, 65536) == Watermarks{128, 256, 384});
  CHECK(watermarks(W::zoned24, ZoneKind::highmem, 65536, 65536) == Watermarks{255, 510, 765});
  CHECK(watermarks(W::zoned24, ZoneKind::normal, 640, 65536) == Watermarks{10, 20, 30});
  // A small zone gives at most a sixteenth of itself.
  CHECK(watermarks(W::zoned24, ZoneKind::normal, 64, 64) == Watermarks{4, 8, 12});
  CHECK(watermarks(W::classic20, ZoneKind::normal, 64, 64) == Watermarks{4, 6, 8});
  CHECK(watermarks(W::off, ZoneKind::normal, 64, 64) == Watermarks{});
}

TEST_CASE("zones: marks for all of memory are shared out by size, and one zone has them as they are") {
  MemMap map(100);
  const Watermarks marks{10, 20, 40};
  const FrameAllocator one(map, {.frames = 100, .marks = marks}, 3);
  CHECK(one.zones()[0].marks == marks);
  MemMap map2(103);
  const FrameAllocator three(map2, {.frames = 103, .dma_frames = 23, .highmem_frames = 50, .marks = marks}, 3);
  REQUIRE(three.zones().size() == 3);
  CHECK(three.zones()[0].marks == Watermarks{2, 4, 8});  // 20, 30 and 50 of 100 frames
  CHECK(three.zones()[1].marks == Watermarks{3, 6, 12});
  CHECK(three.zones()[2].marks == Watermarks{5, 10, 20});
  MemMap map3(64);
  const FrameAllocator preset(map3, {.frames = 64, .watermarks = WatermarkPreset::zoned24, .marks = marks}, 0);
  CHECK(preset.zones()[0].marks == Watermarks{4, 8, 12});
}

TEST_CASE("zones: below min only the reserve is served") {
  MemMap map(64);
  FrameAllocator frames(map, {.frames = 64, .watermarks = WatermarkPreset::zoned24}, 0);  // 4, 8, 12
  std::vector<Pfn> got;
  const auto take = [&](FrameRequest request) {
    const Pfn pfn = frames.alloc(request);
    if (pfn != kNoFrame) got.push_back(pfn);
    return pfn != kNoFrame;
  };
  while (frames.free_frames() > 8) REQUIRE(take({}));
  const Zone& zone = frames.zones()[0];
  while (frames.free_frames() > 4) REQUIRE(take({}));
  CHECK_FALSE(take({}));
  CHECK(zone.counters.held_back == 1);
  CHECK(frames.short_of_min(ZoneKind::highmem) == 0);
  CHECK(frames.free_frames() == 4);
  while (frames.free_frames() > 0) REQUIRE(take({.reserve = true}));
  CHECK(frames.short_of_min(ZoneKind::highmem) == 4);
  CHECK(frames.short_of_min(ZoneKind::dma) == 0);  // there is none
  CHECK_FALSE(take({.reserve = true}));
  for (const Pfn pfn : got) REQUIRE(frames.free(pfn, 0) == Buddy::Error::none);
  CHECK(zone.counters.freed == 64);
  frames.check();
}

// P16: alloc fails exactly if no allowed zone has a block of the order. The free frames are kept here, by hand.
TEST_CASE("zones: a request fails exactly if no allowed zone holds a block that large (P16)") {
  for (u64 seed = 1; seed <= 6; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const PhysicalLayout layout{.frames = static_cast<u32>(80 + random.below(200)),
                                .nodes = static_cast<u32>(1 + random.below(4)),
                                .dma_frames = static_cast<u32>(random.below(40)),
                                .highmem_frames = static_cast<u32>(random.below(40))};
    MemMap map(layout.frames);
    FrameAllocator frames(map, layout, 3);
    const Blocks first = frames.free_blocks();
    std::vector<bool> free(layout.frames, true);
    free[0] = free[1] = free[2] = false;
    const auto limit_of = [&](ZoneKind kind) {
      return kind == ZoneKind::dma      ? layout.dma_frames
             : kind == ZoneKind::normal ? layout.frames - layout.highmem_frames
                                        : layout.frames;
    };
    // An aligned run of free frames that crosses no border of zone or node.
    const auto exists = [&](unsigned order, ZoneKind highest) {
      const Pfn size = Pfn{1} << order;
      for (Pfn at = 0; at + size <= limit_of(highest); at += size) {
        bool all = true;
        for (Pfn n = at; n < at + size; ++n) {
          all = all && free[n] && frames.node_of(n) == frames.node_of(at) &&
                (n < layout.dma_frames) == (at < layout.dma_frames) &&
                (n < limit_of(ZoneKind::normal)) == (at < limit_of(ZoneKind::normal));
        }
        if (all) return true;
      }
      return false;
    };
    Blocks held;
    unsigned refused = 0;
    for (int step = 0; step < 1500; ++step) {
      if (random.below(8) < 5) {
        const unsigned order = static_cast<unsigned>(random.below(5));
        const auto highest = static_cast<ZoneKind>(random.below(3));
        const bool expected = exists(order, highest);
        const Pfn pfn = frames.alloc({.order = order, .highest = highest, .node = static_cast<u32>(random.below(4))});
        REQUIRE((pfn != kNoFrame) == expected);
        refused += !expected;
        if (pfn == kNoFrame) continue;
        REQUIRE(pfn + (Pfn{1} << order) <= limit_of(highest));
        for (Pfn n = pfn; n < pfn + (Pfn{1} << order); ++n) {
          REQUIRE(free[n]);
          free[n] = false;
        }
        held.emplace_back(pfn, order);
      } else if (!held.empty()) {
        const size_t n = random.below(held.size());
        REQUIRE(frames.free(held[n].first, held[n].second) == Buddy::Error::none);
        for (Pfn at = held[n].first; at < held[n].first + (Pfn{1} << held[n].second); ++at) free[at] = true;
        held[n] = held.back();
        held.pop_back();
      }
      if (step % 200 == 0) frames.check();
    }
    CHECK(refused > 0);
    for (const auto& [pfn, order] : held) REQUIRE(frames.free(pfn, order) == Buddy::Error::none);
    frames.check();
    CHECK(frames.free_blocks() == first);
  }
}

TEST_CASE("frames: a refused free is told with the life of the frame (P17)") {
  MemMap map(64);
  FrameAllocator frames(map, kThree, 3);
  const Pfn block = frames.alloc({.order = 2});
  REQUIRE(frames.free(block, 2) == Buddy::Error::none);
  const Blocks before = frames.free_blocks();
  CHECK(frames.free(block, 2) == Buddy::Error::double_free);
  CHECK(frames.free(2, 0) == Buddy::Error::foreign);
  CHECK(frames.free(64, 0) == Buddy::Error::foreign);
  CHECK(frames.free_blocks() == before);
  frames.check();
  // A frame inside the block has the block's history; numbers count every event.
  CHECK(frames.report(block + 1, 0, Buddy::Error::double_free) ==
        "freeing frame 0x31 (order 0): frame is free already\nits history:\n"
        "#0 allocated, block 0x30 of order 2\n#1 freed, block 0x30 of order 2\n"
        "#2 free refused, block 0x30 of order 2\n");
  CHECK(frames.history().text(20) == "nothing is known of it\n");
}

TEST_CASE("frames: of a long life the last 64 events are told") {
  MemMap map(64);
  FrameAllocator frames(map, kThree, 3);
  for (int n = 0; n < 100; ++n) REQUIRE(frames.free(frames.alloc({}), 0) == Buddy::Error::none);
  const std::string text = frames.history().text(48);
  CHECK(std::count(text.begin(), text.end(), '\n') == 64);
  CHECK(text.starts_with("#136 allocated"));
}

Config config(arch::Format format) {
  Config c;
  c.format = format;
  c.audit_every = 500;
  return c;
}

TEST_CASE("zones: a recorded program ends with the same bytes whatever the zones and watermarks are (P47)") {
  for (const arch::Format format : test::kFormats) {
    INFO(arch::name(format));
    const auto digest = [](const Config& c) {
      test::Machine<> m(c);
      test::run_mini(m);
      return m.kernel.digest();
    };
    const u64 plain = digest(config(format));
    Config c = config(format);
    c.frames = 48;
    c.nodes = 2;
    c.dma_frames = 12;
    c.highmem_frames = 12;
    for (const auto preset : {WatermarkPreset::off, WatermarkPreset::classic20, WatermarkPreset::zoned24}) {
      c.watermarks = preset;
      CHECK(digest(c) == plain);
    }
  }
}

TEST_CASE("zones: everything that is wrong with a layout is told at once") {
  Config c;
  c.frames = 4;
  c.nodes = 9;
  c.dma_frames = 3;
  c.highmem_frames = 4;
  c.asid_bits = 0;
  try {
    test::Machine<> m(c);
    FAIL("taken");
  } catch (const UserError& e) {
    CHECK(std::string(e.what()) ==
          "4 frames are too few: a process needs at least 8\n9 nodes: there can be 1 to 4\n"
          "zones DMA and HIGHMEM of 3 and 4 frames do not fit in 4 frames\nASID bits must be 1 to 12");
  }
  CHECK(PhysicalLayout{.frames = 10, .dma_frames = 4, .highmem_frames = 6}.problems() ==
        std::vector<std::string>{"zones DMA and HIGHMEM leave no frame for NORMAL"});
  CHECK(PhysicalLayout{.frames = 10, .dma_frames = 10}.problems().empty());
  CHECK(PhysicalLayout{.frames = 5, .nodes = 4}.problems() ==
        std::vector<std::string>{"5 frames are too few for 4 nodes"});
}

}  // namespace
}  // namespace kilburn::os
