// SPDX-License-Identifier: Apache-2.0
//
// How walks end: faults, bus errors, compare-and-swaps that lose, writes through clean entries, and what a
// page fault leaves in the TLBs (rtl/README.md, "Walker").
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;
using namespace kilburn::uarch::test::x86;

namespace {

constexpr u64 kVa = 0x7f12'3456'7000;

u64 leaf_address(Rig& rig) { return rig.memory.address(rig.root, kVa, 1); }

void check_fault(const ReqOut& response, unsigned fault, unsigned error, unsigned level) {
  CHECK(response.rsp_fault == fault);
  CHECK(response.rsp_err == error);
  CHECK(response.rsp_level == level);
  CHECK(response.rsp_pa == 0);
  CHECK(response.rsp_size == 0);
  CHECK(response.rsp_mt == 0);
  CHECK(response.rsp_global == 0);
}

}  // namespace

TEST_CASE("mmu walk: T60 a fault says level and error code, fills nothing, and the next access walks again") {
  for (unsigned level = 4; level >= 1; --level) {
    INFO("level " << level);
    Rig rig(Format::x86_64);
    rig.memory.set(rig.root, kVa, 1, 0x9000 | kUserPage | kPcd);
    const u64 address = rig.memory.address(rig.root, kVa, level);
    const u64 entry = rig.memory.read(address);
    rig.memory.write(address, entry & ~kP);
    check_fault(rig.store(kVa, arch::Mode::user), 1, 0x6, level);  // W U
    CHECK(rig.accesses.size() == 5 - level);
    rig.memory.write(address, entry | u64{1} << 51);  // above MAXPHYADDR
    check_fault(rig.load(kVa), 1, 0x9, level);        // P RSVD
    CHECK(rig.valid_entries(Structure::d_tlb) == 0);
    rig.memory.write(address, entry);
    CHECK(rig.load(kVa).rsp_pa == 0x9000);
    CHECK(rig.d_responses.back().pins.rsp_mt == 2);
    CHECK(rig.count(event::WALK_FAULT) == 2);
    CHECK(rig.count(event::WALK) == 3);
    CHECK(rig.count(event::FILL) == 1);
  }
}

TEST_CASE("mmu walk: the reserved address bits begin at MAXPHYADDR") {
  for (const unsigned width : {32u, 40u, 52u}) {
    for (unsigned bit = 30; bit < 52; ++bit) {
      INFO("MAXPHYADDR " << width << ", bit " << bit);
      Rig rig(Format::x86_64, 4, 4, with_pa_width(width));
      rig.memory.set(rig.root, kVa, 1, u64{1} << bit | kUserPage);
      const ReqOut response = rig.load(kVa);
      CHECK(response.rsp_err == (bit >= width ? 0x9 : 0));
      CHECK(response.rsp_pa == (bit >= width ? 0 : u64{1} << bit));
    }
  }
}

TEST_CASE("mmu walk: T01 T20 the error code of a fetch") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kVa, 1, 0x9000 | kUserPage | kNx);
  check_fault(rig.execute(kVa), 1, 0x9, 1);  // NX without NXE is reserved, and I/D stays 0
  rig.in.ctx_ctl = 1u << 1;                  // NXE
  check_fault(rig.execute(kVa, arch::Mode::user), 1, 0x15, 1);
}

TEST_CASE("mmu walk: large pages, their memory types and global") {
  Rig rig(Format::x86_64);
  rig.in.ctx_ctl = control::kPge;
  rig.memory.set(rig.root, kVa, 2, 0x4000'0000 | kUserPage | kPs | kG | kPatLarge | kPwt);
  ReqOut response = rig.load(kVa + 0x2'3456);
  const u64 in_2m = (kVa + 0x2'3456) & 0x1f'ffff;
  CHECK(response.rsp_pa == 0x4000'0000 + in_2m);
  CHECK(response.rsp_size == 21);
  CHECK(response.rsp_mt == 5);
  CHECK(response.rsp_global == 1);
  const u64 giant = 0x40'0000'0000;
  rig.memory.set(rig.root, giant, 3, 0x80'0000'0000 | kUserPage | kPs | kPcd);
  response = rig.load(giant + 0x3fff'ffff);
  CHECK(response.rsp_pa == 0x80'3fff'ffff);
  CHECK(response.rsp_size == 30);
  CHECK(response.rsp_mt == 2);
  CHECK(response.rsp_global == 0);
  CHECK(rig.load(giant).rsp_pa == 0x80'0000'0000);
  CHECK(rig.count(event::D_HIT) == 1);
}

TEST_CASE("mmu walk: T15 a bus error ends the walk at its level, is no page fault, and clears no entry") {
  for (unsigned level = 4; level >= 1; --level) {
    Rig rig(Format::x86_64);
    rig.memory.set(rig.root, kVa, 1, 0x9000 | kP | kA);  // clean and read-only for users
    rig.in.ctx_ctl = 1;                                  // WP
    CHECK(rig.load(kVa).rsp_fault == 0);
    rig.memory.bad.insert(rig.memory.address(rig.root, kVa, level));
    check_fault(rig.store(kVa), 3, 0, level);
    CHECK(rig.valid_entries(Structure::d_tlb) == 1);
    CHECK(rig.load(kVa).rsp_fault == 0);  // still cached
    CHECK(rig.count(event::WALK_FAULT) == 1);
  }
}

TEST_CASE("mmu walk: a bus error on a compare-and-swap") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kVa, 1, 0x9000 | kP | kRw);
  rig.before_access = [&](const MemAccess& access) {
    if (access.op == 1) rig.memory.bad.insert(access.address);
  };
  check_fault(rig.store(kVa), 3, 0, 1);
  CHECK(rig.memory.read(leaf_address(rig)) == (0x9000 | kP | kRw));
  CHECK(rig.count(event::MEM_CAS) == 1);
  CHECK(rig.count(event::CAS_FAIL) == 0);
}

TEST_CASE("mmu walk: T41 a write through an entry with D = 0 walks, sets D, and replaces that entry") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kVa, 1, 0x9000 | kP | kRw | kUs);
  CHECK(rig.load(kVa).rsp_fault == 0);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).rights == 0x3);  // W U, not D
  const std::size_t before = rig.accesses.size();
  CHECK(rig.store(kVa).rsp_pa == 0x9000);
  REQUIRE(rig.accesses.size() == before + 5);
  CHECK(rig.accesses.back().op == 1);
  CHECK(rig.accesses.back().compare == (0x9000 | kP | kRw | kUs | kA));
  CHECK(rig.accesses.back().data == (0x9000 | kP | kRw | kUs | kA | kD));
  CHECK(rig.memory.read(leaf_address(rig)) == (0x9000 | kP | kRw | kUs | kA | kD));
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).rights == 0xb);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.store(kVa).rsp_pa == 0x9000);
  CHECK(rig.count(event::D_HIT) == 1);
  CHECK(rig.count(event::D_MISS) == 2);
}

TEST_CASE("mmu walk: T42 T44 a compare-and-swap that loses judges the other writer's word") {
  struct Case {
    const char* what;
    u64 other;       // what the other writer leaves
    unsigned error;  // expected of a user store; 0: translated
    u64 pa;
    unsigned swaps;
    u64 final;
  };
  const std::vector<Case> cases = {
      {"A and D set already: no second write", 0x9000 | kUserPage, 0, 0x9000, 1, 0x9000 | kUserPage},
      {"another frame", 0xc000 | kP | kRw | kUs, 0, 0xc000, 2, 0xc000 | kUserPage},
      {"not present: the old entry is not resurrected", 0x9000 | kRw | kUs, 0x6, 0, 1, 0x9000 | kRw | kUs},
      {"read-only", 0x9000 | kP | kUs, 0x7, 0, 1, 0x9000 | kP | kUs},
      {"reserved bit", 0x9000 | kP | kRw | kUs | u64{1} << 51, 0xf, 0, 1, 0x9000 | kP | kRw | kUs | u64{1} << 51},
      {"only the upper half changed (T43)", u64{1} << 36 | 0x9000 | kP | kRw | kUs, 0, u64{1} << 36 | 0x9000, 2,
       u64{1} << 36 | 0x9000 | kUserPage},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    Rig rig(Format::x86_64);
    rig.memory.set(rig.root, kVa, 1, 0x9000 | kP | kRw | kUs);
    bool once = true;
    rig.before_access = [&](const MemAccess& access) {
      if (access.op == 1 && once) {
        rig.memory.write(access.address, c.other);
        once = false;
      }
    };
    const ReqOut response = rig.store(kVa, arch::Mode::user);
    CHECK(response.rsp_err == c.error);
    CHECK(response.rsp_fault == (c.error != 0 ? 1 : 0));
    CHECK(response.rsp_pa == c.pa);
    CHECK(rig.count(event::CAS_FAIL) == 1);
    CHECK(rig.count(event::MEM_CAS) == c.swaps);
    CHECK(rig.memory.read(leaf_address(rig)) == c.final);
    CHECK(rig.count(event::WALK) == 1);
  }
}

// The rights of level 2 are judged twice, before and after the compare-and-swap; they count once.
TEST_CASE("mmu walk: T12 T44 an upper compare-and-swap that loses takes the other writer's rights") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kVa, 1, 0x9000 | kUserPage);
  const u64 level2 = rig.memory.address(rig.root, kVa, 2);
  const u64 table = rig.memory.read(level2);
  rig.memory.write(level2, table & ~kA & ~kRw);  // as read: read-only
  rig.before_access = [&](const MemAccess& access) {
    if (access.op == 1) rig.memory.write(level2, table);  // made writable and accessed by another
  };
  CHECK(rig.store(kVa, arch::Mode::user).rsp_fault == 0);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).rights == 0xb);
  CHECK(rig.count(event::CAS_FAIL) == 1);
}

TEST_CASE("mmu walk: T70 T71 rights that were added are found without an invalidation and without a fault") {
  Rig rig(Format::x86_64);
  rig.in.ctx_ctl = 1;  // WP
  rig.memory.set(rig.root, kVa, 1, 0x9000 | kP | kA | kD | kUs);
  CHECK(rig.load(kVa).rsp_fault == 0);
  CHECK(rig.execute(kVa).rsp_fault == 0);
  rig.memory.write(leaf_address(rig), 0xb000 | kUserPage);
  CHECK(rig.load(kVa).rsp_pa == 0x9000);   // the old translation may serve until it is invalidated
  CHECK(rig.store(kVa).rsp_pa == 0xb000);  // not granted by it: the walk takes the new one
  CHECK(rig.load(kVa).rsp_pa == 0xb000);
  CHECK(rig.execute(kVa).rsp_pa == 0x9000);  // the other side's is still the old
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
}

TEST_CASE("mmu walk: T71 the page fault of one side clears the other side's entry too") {
  Rig rig(Format::x86_64);
  rig.in.ctx_ctl = 1;  // WP
  rig.in.ctx_asid = 3;
  rig.memory.set(rig.root, kVa, 1, 0x9000 | kP | kA | kD | kUs);
  rig.memory.set(rig.root, kVa + 0x1000, 1, 0xa000 | kUserPage);
  for (const u64 va : {kVa, kVa + 0x1000}) {
    CHECK(rig.load(va).rsp_fault == 0);
    CHECK(rig.execute(va).rsp_fault == 0);
  }
  rig.in.ctx_asid = 4;
  CHECK(rig.load(kVa).rsp_fault == 0);
  rig.in.ctx_asid = 3;
  REQUIRE(rig.valid_entries(Structure::d_tlb) == 3);
  REQUIRE(rig.valid_entries(Structure::i_tlb) == 2);
  check_fault(rig.store(kVa), 1, 0x3, 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 2);  // ASID 4's and the neighbour's stay
  CHECK(rig.valid_entries(Structure::i_tlb) == 1);
  CHECK(rig.mmu->entry(Structure::i_tlb, 0).valid == 0);
  CHECK(rig.mmu->entry(Structure::i_tlb, 1).va == kVa + 0x1000);
}

TEST_CASE("mmu walk: T12 rights are the AND over the levels, NX the OR") {
  Rig rig(Format::x86_64);
  rig.in.ctx_ctl = 1u << 1;  // NXE
  rig.memory.set(rig.root, kVa, 1, 0x9000 | kUserPage);
  const u64 level3 = rig.memory.address(rig.root, kVa, 3);
  rig.memory.write(level3, (rig.memory.read(level3) & ~kRw) | kNx);
  CHECK(rig.load(kVa, arch::Mode::user).rsp_fault == 0);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).rights == 0xe);  // U NX D
  check_fault(rig.store(kVa, arch::Mode::user), 1, 0x7, 1);
  check_fault(rig.execute(kVa, arch::Mode::user), 1, 0x15, 1);
}

TEST_CASE("mmu walk: T81 T82 T83 T84 Alpha faults carry the level and clear nothing") {
  using namespace test::alpha;
  Rig rig(Format::alpha);
  const u64 va = 0x1'2345'6000;
  rig.memory.set(rig.root, va, 1, pfn(0x77) | kPage);
  CHECK(rig.load(va).rsp_pa == 0x77 << 13);
  const u64 leaf = rig.memory.address(rig.root, va, 1);
  rig.memory.write(leaf, pfn(0x77) | (kPage & ~kV));
  check_fault(rig.execute(va), 8, 0, 1);  // TNV; the other side walks
  rig.memory.write(leaf, pfn(0x77) | (kPage & ~kV & ~kKre));
  check_fault(rig.execute(va), 9, 0, 1);  // ACV
  rig.memory.write(leaf, pfn(0x77) | kPage | kFoe);
  check_fault(rig.execute(va), 11, 0, 1);
  for (unsigned level = 3; level >= 2; --level) {
    const u64 address = rig.memory.address(rig.root, va, level);
    const u64 entry = rig.memory.read(address);
    rig.memory.write(address, entry & ~kV);
    check_fault(rig.execute(va, arch::Mode::user), 8, 0, level);
    rig.memory.write(address, entry & ~kV & ~kKre);
    check_fault(rig.execute(va), 9, 0, level);
    rig.memory.write(address, entry);
  }
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.load(va).rsp_pa == 0x77 << 13);  // a fault of the Alpha formats drops no entry
  rig.memory.write(leaf, pfn(0x77) | kPage | kFow | kFor);
  CHECK(rig.store(va + 8).rsp_fault == 0);  // from the entry, which has neither
}

TEST_CASE("mmu walk: Alpha fault-on bits are kept with the entry and send an access to the walker") {
  using namespace test::alpha;
  Rig rig(Format::alpha_x64);
  const u64 va = 0x7'2345'6000;
  rig.memory.set(rig.root, va, 1, pfn(0x77) | kPage | kFow);
  CHECK(rig.load(va).rsp_pa == 0x77 << 12);
  check_fault(rig.store(va), 12, 0, 1);
  CHECK(rig.count(event::D_MISS) == 2);
  rig.memory.write(rig.memory.address(rig.root, va, 1), pfn(0x77) | kPage);
  CHECK(rig.store(va).rsp_fault == 0);  // the walk finds the new entry and replaces the old
  CHECK(rig.store(va).rsp_fault == 0);
  CHECK(rig.count(event::D_HIT) == 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.count(event::MEM_CAS) == 0);
}

TEST_CASE("mmu walk: T92 a granularity-hint block is one entry") {
  using namespace test::alpha;
  Rig rig(Format::alpha);
  const u64 va = 0x1'2340'0000;
  for (u64 page = 0; page < 64; ++page)
    rig.memory.set(rig.root, va + page * 0x2000, 1, pfn(0x1000 + page) | kPage | gh(2));
  const ReqOut response = rig.load(va + 5 * 0x2000 + 0x123);
  CHECK(response.rsp_pa == (0x1005 << 13 | 0x123));
  CHECK(response.rsp_size == 19);
  CHECK(rig.load(va + 63 * 0x2000).rsp_pa == 0x103f << 13);
  CHECK(rig.count(event::D_HIT) == 1);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).va == va);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).pa == 0x1000 << 13);
}
