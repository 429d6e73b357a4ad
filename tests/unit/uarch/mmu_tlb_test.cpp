// SPDX-License-Identifier: Apache-2.0
//
// What the whole MMU does with its TLBs: several matches, sizes that overlap, address spaces, replacement.
#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using namespace kilburn::uarch::test::x86;
using arch::Format;

namespace {

constexpr u64 kRegion = 0x4000'0000;  // 2 MB

// A 4 KB page of the region is cached, then the region becomes one 2 MB page without an invalidation and a
// neighbour is loaded: the first page's address now matches both entries.
Rig overlapped() {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kRegion + 0x1000, 1, 0x9000 | kUserPage);
  CHECK(rig.load(kRegion + 0x1000).rsp_pa == 0x9000);
  rig.memory.set(rig.root, kRegion, 2, 0x60'0000 | kUserPage | kPs);
  CHECK(rig.load(kRegion + 0x2000).rsp_pa == 0x60'2000);
  CHECK(rig.valid_entries(Structure::d_tlb) == 2);
  return rig;
}

}  // namespace

TEST_CASE("mmu tlb: T68 several matches are a miss whose fill leaves one entry") {
  Rig rig = overlapped();
  const unsigned accepted = rig.data(kRegion + 0x1234);
  rig.ticks(12);
  // A walk of three levels: the answer is the tables', not either entry's.
  CHECK(rig.d_responses.back().cycle == accepted + 9);
  CHECK(rig.d_responses.back().pins.rsp_pa == 0x60'1234);
  CHECK(rig.d_responses.back().pins.rsp_size == 21);
  CHECK(rig.count(event::D_MULTI) == 1);
  CHECK(rig.count(event::D_MISS) == 3);
  CHECK(rig.count(event::D_HIT) == 0);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).size == 21);  // the lowest that matched
  CHECK(rig.load(kRegion + 0x1000).rsp_pa == 0x60'1000);
  CHECK(rig.count(event::D_HIT) == 1);
}

TEST_CASE("mmu tlb: T68 entries that overlap serve the addresses that only one of them matches") {
  Rig rig = overlapped();
  CHECK(rig.load(kRegion + 0x3000).rsp_pa == 0x60'3000);
  CHECK(rig.load(kRegion + 0x3000).rsp_pa == 0x60'3000);
  CHECK(rig.count(event::D_HIT) == 2);
  CHECK(rig.count(event::D_MULTI) == 0);
}

// The short way to a hit must not outlive an overlap: the hit before it is remembered, the one after may not be.
TEST_CASE("mmu tlb: T68 a page that hit before another entry came to overlap it") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kRegion + 0x1000, 1, 0x9000 | kUserPage);
  for (unsigned n = 0; n < 3; ++n) CHECK(rig.load(kRegion + 0x1000).rsp_pa == 0x9000);
  CHECK(rig.count(event::D_HIT) == 2);
  rig.memory.set(rig.root, kRegion, 2, 0x60'0000 | kUserPage | kPs);
  CHECK(rig.load(kRegion + 0x2000).rsp_pa == 0x60'2000);
  CHECK(rig.load(kRegion + 0x1000).rsp_pa == 0x60'1000);
  CHECK(rig.count(event::D_MULTI) == 1);
  CHECK(rig.count(event::D_HIT) == 2);
}

TEST_CASE("mmu tlb: T72 one invalidation of an address clears both sizes") {
  Rig rig = overlapped();
  rig.invalidated(inv::PAGE, kRegion + 0x1fff);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
}

TEST_CASE("mmu tlb: a page fault on an address with several matches clears them all") {
  Rig rig = overlapped();
  rig.memory.set(rig.root, kRegion, 2, 0);
  CHECK(rig.load(kRegion + 0x1000).rsp_err == 0);  // not present, read, supervisor
  CHECK(rig.d_responses.back().pins.rsp_fault == 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
}

TEST_CASE("mmu tlb: T67 entries of two address spaces live side by side") {
  Rig rig(Format::x86_64);
  const u64 root2 = rig.memory.table();
  const u64 root1 = rig.root;
  rig.memory.set(root1, 0x1000, 1, 0x9000 | kUserPage);
  rig.memory.set(root2, 0x1000, 1, 0xa000 | kUserPage);
  for (unsigned round = 0; round < 3; ++round) {
    rig.in.ctx_root = root1;
    rig.in.ctx_asid = 1;
    CHECK(rig.load(0x1000).rsp_pa == 0x9000);
    rig.in.ctx_root = root2;
    rig.in.ctx_asid = 2;
    CHECK(rig.load(0x1000).rsp_pa == 0xa000);
  }
  CHECK(rig.count(event::D_HIT) == 4);
  CHECK(rig.valid_entries(Structure::d_tlb) == 2);
}

TEST_CASE("mmu tlb: T97 the same ASID with another root goes on using its entries") {
  Rig rig(Format::alpha);
  rig.memory.set(rig.root, 0x2000, 1, test::alpha::pfn(7) | test::alpha::kPage);
  CHECK(rig.load(0x2000).rsp_pa == 7 << 13);
  rig.in.ctx_root = 0;
  CHECK(rig.load(0x2000).rsp_pa == 7 << 13);
}

// Four entries filled in order; then touching 0 makes the tree point to entry 2 (see plru_test.cpp).
TEST_CASE("mmu tlb: the replacement tree decides which page goes") {
  Rig rig(Format::x86_64);
  for (u64 n = 0; n < 6; ++n) rig.memory.set(rig.root, n << 12, 1, (0x10 + n) << 12 | kUserPage);
  for (u64 n = 0; n < 4; ++n) rig.load(n << 12);
  rig.load(0);
  rig.load(u64{4} << 12);
  CHECK(rig.mmu->entry(Structure::d_tlb, 2).va == u64{4} << 12);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).va == 0);
}

// The hit is accepted in the walk's last cycle: the tree is touched for it first, then for the fill, and the
// victim is the one of before. Entries 0 to 3 filled in order: victim 0, although 0 is hit in that cycle.
TEST_CASE("mmu tlb: a hit in the cycle of a fill") {
  Rig rig(Format::x86_64);
  for (u64 n = 0; n < 6; ++n) rig.memory.set(rig.root, n << 12, 1, (0x10 + n) << 12 | kUserPage);
  for (u64 n = 0; n < 4; ++n) rig.load(n << 12);
  rig.tick();
  rig.cycle = 0;
  rig.d_responses.clear();
  rig.data(u64{4} << 12, false, arch::Mode::kernel, 1);
  rig.ticks(8);
  CHECK(rig.data(8, false, arch::Mode::kernel, 2) == 9);  // the fill is at the end of this cycle
  CHECK(rig.out().d.rsp_id == 2);
  CHECK(rig.out().d.rsp_pa == 0x1'0008);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).va == u64{4} << 12);
  rig.ticks(3);
  // Touched last: entry 0. Node 1 points to the upper half, node 3 was left pointing to its lower entry.
  rig.load(u64{5} << 12);
  CHECK(rig.mmu->entry(Structure::d_tlb, 2).va == u64{5} << 12);
}

TEST_CASE("mmu tlb: sides of different sizes fill their own entries") {
  Rig rig(Format::x86_64, 1, 64);
  for (u64 n = 0; n < 64; ++n) {
    rig.memory.set(rig.root, n << 12, 1, (0x100 + n) << 12 | kUserPage);
    CHECK(rig.load(n << 12).rsp_pa == (0x100 + n) << 12);
    CHECK(rig.execute(n << 12).rsp_pa == (0x100 + n) << 12);
  }
  CHECK(rig.valid_entries(Structure::d_tlb) == 64);
  CHECK(rig.valid_entries(Structure::i_tlb) == 1);
  CHECK(rig.mmu->entry(Structure::i_tlb, 0).va == u64{63} << 12);
}
