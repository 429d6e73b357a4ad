// SPDX-License-Identifier: Apache-2.0
//
// The second DUT's memory: what it shares with the first one's and what it has for itself.
#include <array>

#include "sw/hw/ram.h"
#include "tb/against/mirrored_memory.h"
#include "tests/catch.h"

using namespace kilburn;
using against::Image;
using against::mirrored_swap;
using arch::u64;

namespace {

// Bits of an x86-64 entry (SDM 4.5, table 4-20).
constexpr u64 kP = 1, kW = 2, kA = 0x20, kD = 0x40;
constexpr u64 kFrame = 0x12345000, kOther = 0x54321000;

struct Both {
  os::RamMem a{4096};
  Image image{a};
  unsigned caught_up = 0;
  against::MirroredMemory software{arch::Format::x86_64, a, image, image, [this] { ++caught_up; }};
};

}  // namespace

TEST_CASE("the image shows the original where it has no word of its own") {
  os::RamMem a(4096);
  Image image(a);
  a.store64(64, 7);
  CHECK(image.load64(64) == 7);
  CHECK(image.cas64(64, 7, 9) == 7);
  CHECK(image.load64(64) == 9);
  CHECK(a.load64(64) == 7);
  CHECK(image.cas64(64, 7, 11) == 9);
  CHECK(image.load64(64) == 9);
  CHECK(image.differing() == 1);
  image.store64(64, 7);
  CHECK(image.differing() == 0);
}

TEST_CASE("a change of the original by its own walkers does not reach the image") {
  os::RamMem a(4096);
  Image image(a);
  a.store64(8, kFrame | kP);
  a.store64(8, kFrame | kP | kA);
  image.keep(8, kFrame | kP);
  CHECK(image.load64(8) == (kFrame | kP));
  // A second change keeps what the image had, not what the original had.
  a.store64(8, kFrame | kP | kA | kD);
  image.keep(8, kFrame | kP | kA);
  CHECK(image.load64(8) == (kFrame | kP));
  // The image's walkers come to the same: nothing is held any more.
  image.store64(8, kFrame | kP | kA | kD);
  CHECK(image.differing() == 0);
}

TEST_CASE("bytes are read and written across words of both kinds") {
  os::RamMem a(4096);
  Image image(a);
  a.store64(0, 0x0706050403020100);
  a.store64(8, 0x0f0e0d0c0b0a0908);
  image.store64(8, 0x1f1e1d1c1b1a1918);
  std::array<std::byte, 6> bytes{};
  image.read(5, bytes);
  const std::array<unsigned, 6> expected = {5, 6, 7, 0x18, 0x19, 0x1a};
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK(std::to_integer<unsigned>(bytes[n]) == expected[n]);
  const std::array<std::byte, 3> in = {std::byte{0xaa}, std::byte{0xbb}, std::byte{0xcc}};
  image.write(7, in);
  CHECK(image.load64(0) == 0xaa06050403020100);
  CHECK(image.load64(8) == 0x1f1e1d1c1b1accbb);
  CHECK(a.load64(0) == 0x0706050403020100);
}

TEST_CASE("software writes to both memories after the second DUT has caught up") {
  Both both;
  both.software.store64(16, 5);
  CHECK(both.a.load64(16) == 5);
  CHECK(both.image.load64(16) == 5);
  CHECK(both.image.differing() == 0);
  CHECK(both.caught_up == 1);
  const std::array<std::byte, 2> in = {std::byte{1}, std::byte{2}};
  both.software.write(19, in);
  CHECK(both.a.load64(16) == 0x0201000005);
  CHECK(both.image.load64(16) == 0x0201000005);
  CHECK(both.image.differing() == 0);
  CHECK(both.caught_up == 2);
  // Where the second memory has a word of its own, the bytes that are not written stay.
  both.image.store64(16, 0x99'0000'0000'0000 | 0x0201000005);
  both.software.write(16, in);
  CHECK(both.a.load64(16) == 0x0201000201);
  CHECK(both.image.load64(16) == (0x99'0000'0000'0000 | 0x0201000201));
}

TEST_CASE("a plain store puts the same word into both, whatever the walkers have set") {
  Both both;
  both.software.store64(0, kFrame | kP | kW);
  both.image.store64(0, kFrame | kP | kW | kA | kD);
  both.software.store64(0, kOther | kP | kW);
  CHECK(both.image.load64(0) == (kOther | kP | kW));
  CHECK(both.image.differing() == 0);
}

TEST_CASE("a compare-and-swap of software compares with the first DUT's word alone") {
  Both both;
  both.software.store64(0, kFrame | kP | kW | kA);
  // The second DUT has done a store there, the first has not yet: ageing (A cleared) does not lose it.
  both.image.store64(0, kFrame | kP | kW | kA | kD);
  CHECK(both.software.cas64(0, kFrame | kP | kW | kA, kFrame | kP | kW) == (kFrame | kP | kW | kA));
  CHECK(both.a.load64(0) == (kFrame | kP | kW));
  CHECK(both.image.load64(0) == (kFrame | kP | kW | kD));
  // One that fails changes neither.
  CHECK(both.software.cas64(0, kFrame | kP | kW | kD, 0) == (kFrame | kP | kW));
  CHECK(both.a.load64(0) == (kFrame | kP | kW));
  CHECK(both.image.load64(0) == (kFrame | kP | kW | kD));
  // Taking the entry away takes it from both.
  CHECK(both.software.cas64(0, kFrame | kP | kW, 0) == (kFrame | kP | kW));
  CHECK(both.a.load64(0) == 0);
  CHECK(both.image.load64(0) == 0);
}

TEST_CASE("what a swap of software means for A and D that only the second DUT has set") {
  const auto x86 = arch::Format::x86_64;
  const u64 entry = kFrame | kP | kW;
  CHECK(mirrored_swap(x86, entry, entry & ~kW, entry | kA | kD) == (kFrame | kP | kA | kD));  // write-protected: kept
  CHECK(mirrored_swap(x86, entry | kA, entry, entry | kA | kD) == (entry | kD));              // aged: D kept
  CHECK(mirrored_swap(x86, entry | kA | kD, entry | kA, entry | kA | kD) == (entry | kA));    // cleaned: D cleared
  CHECK(mirrored_swap(x86, entry, entry | kD, entry) == (entry | kD));                        // set by software
  CHECK(mirrored_swap(x86, entry, entry, entry | kD) == (entry | kD));                        // nothing meant
  CHECK(mirrored_swap(x86, entry, kOther | kP | kW, entry | kA | kD) == (kOther | kP | kW));  // another frame
  CHECK(mirrored_swap(x86, entry, 0, entry | kA | kD) == 0);                                  // taken away
  CHECK(mirrored_swap(x86, entry, entry & ~kP, entry | kD) == (entry & ~kP));                 // not present
  CHECK(mirrored_swap(x86, 0, entry, kA) == entry);                                           // new
  CHECK(mirrored_swap(x86, entry, entry & ~kW, kOther | kP | kD) == (entry & ~kW));           // not the same entry
  // Alpha hardware writes no entry, and these bits mean something else.
  CHECK(mirrored_swap(arch::Format::alpha, 0x1f01, 0x1f01 | kA, 0x1f01 | kD) == (0x1f01 | kA));
}
