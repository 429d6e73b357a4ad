// SPDX-License-Identifier: Apache-2.0
//
// Slots and checksums of the swap area (P46, P55).
#include "sw/mm/swap.h"

#include "sw/io/faulty_device.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

constexpr size_t kPage = 4096;
std::vector<std::byte> page(int value) { return std::vector<std::byte>(kPage, static_cast<std::byte>(value)); }

// An area without a machine: nothing of its device is kept. Its header is the first write and read.
struct Area {
  Area(BlockDevice& device, u32 slots) : buffers(kPage), swap(buffers, buffers.attach(device), slots, kPage) {}
  BufferCache buffers;
  SwapArea swap;
};

TEST_CASE("swap: slots are given once and come back") {
  MemoryDevice device;
  Area area(device, 3);
  SwapArea& swap = area.swap;
  CHECK(swap.take() == 1);
  CHECK(swap.take() == 2);
  CHECK(swap.take() == 3);
  CHECK(swap.take() == 0);
  swap[2].users = 1;
  swap.release(2);
  CHECK(swap.free_slots() == 0);  // still named by an entry
  swap[2].users = 0;
  swap.release(2);
  CHECK(swap.take() == 2);
  swap.mark_bad(3);
  swap.release(3);
  CHECK(swap.free_slots() == 0);
  CHECK(swap.bad_slots() == 1);
  CHECK_THROWS_AS(swap[0], Violation);
  CHECK_THROWS_AS(swap[4], Violation);
}

TEST_CASE("swap: what was written is read") {
  MemoryDevice device;
  Area area(device, 4);
  SwapArea& swap = area.swap;
  CHECK(swap.write(1, page(1)) == 0);
  CHECK(swap.write(2, page(2)) == 0);
  auto out = page(0);
  CHECK(swap.read(1, out) == SwapArea::ReadError::none);
  CHECK(out == page(1));
}

TEST_CASE("swap: flipped bits, lost writes and misdirected writes are found") {
  MemoryDevice device;
  auto out = page(0);
  SECTION("a flipped bit in the file") {
    Area area(device, 4);
    SwapArea& swap = area.swap;
    REQUIRE(swap.write(2, page(2)) == 0);
    device.bytes()[2 * kPage + 100] ^= std::byte{1};
    CHECK(swap.read(2, out) == SwapArea::ReadError::checksum);
    CHECK(swap.last_error().find("slot 2") != std::string::npos);
  }
  SECTION("a lost write: the slot holds an older generation of the same bytes' place") {
    FaultyDevice faulty(device, {{FaultyDevice::Fault::lost, true, 2, 2}});
    Area area(faulty, 4);
    SwapArea& swap = area.swap;
    REQUIRE(swap.write(2, page(2)) == 0);
    REQUIRE(swap.write(2, page(3)) == 0);
    CHECK(swap.read(2, out) == SwapArea::ReadError::checksum);
  }
  SECTION("a misdirected write destroys its neighbour") {
    FaultyDevice faulty(device, {{FaultyDevice::Fault::misdirect, true, 2, 2}});
    Area area(faulty, 4);
    SwapArea& swap = area.swap;
    REQUIRE(swap.write(2, page(2)) == 0);
    REQUIRE(swap.write(1, page(1)) == 0);
    CHECK(swap.read(2, out) == SwapArea::ReadError::checksum);
    CHECK(swap.read(1, out) == SwapArea::ReadError::checksum);
  }
}

TEST_CASE("swap: a read error is retried, a lasting one is named") {
  MemoryDevice device;
  FaultyDevice faulty(device, {{FaultyDevice::Fault::eio, false, 1, 2}, {FaultyDevice::Fault::eio, false, 4, 9}});
  Area area(faulty, 4);
  SwapArea& swap = area.swap;
  REQUIRE(swap.write(1, page(1)) == 0);
  auto out = page(0);
  CHECK(swap.read(1, out) == SwapArea::ReadError::none);  // third attempt
  CHECK(swap.read(1, out) == SwapArea::ReadError::io);
  CHECK(swap.last_error().find("reading swap slot 1") != std::string::npos);
}

}  // namespace
}  // namespace kilburn::os
