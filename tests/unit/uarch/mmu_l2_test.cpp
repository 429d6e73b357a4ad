// SPDX-License-Identifier: Apache-2.0
//
// The way of a miss through L2 TLB, prefixes and walk, in cycles counted on paper from rtl/README.md.
//
// A request accepted in cycle 0 misses: 1 LOOK, selected | 2 LOOKING, result |
//   L2 hit: 3 DONE, pushed | 4 response
//   L2 miss: 3 READY, walker starts | 4 first read taken, 5 answered | ... two cycles a read ...
//   n reads: the last is answered in 3 + 2n | 4 + 2n DONE | 5 + 2n response
#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;

namespace {

constexpr u64 kVa = 0x1234'5000;  // indices 0, 0, 0x91, 0x145

// Every parameter by default, but for L1 TLBs of one entry: what another page evicts, the L2 TLB still has.
Config small_l1() {
  Config config;
  config.i_entries = 1;
  config.d_entries = 1;
  return config;
}

void map(Rig& rig, u64 va) { rig.memory.set(rig.root, va, 1, ((va & 0x3fff'f000) + 0x4000'0000) | x86::kUserPage); }

// Cycles from acceptance to response of a load that nothing disturbs.
unsigned cycles_of(Rig& rig, u64 va) {
  const unsigned from = rig.cycle;
  const ReqOut pins = rig.load(va, arch::Mode::user);
  CHECK(pins.rsp_fault == 0);
  CHECK(pins.rsp_pa == (va & 0x3fff'ffff) + 0x4000'0000);
  return rig.d_responses.back().cycle - from;
}

}  // namespace

TEST_CASE("mmu l2: an L1 hit takes one cycle, an L2 hit four, a walk of four reads thirteen") {
  Rig rig(small_l1());
  map(rig, kVa);
  map(rig, kVa + (u64{1} << 39));
  CHECK(cycles_of(rig, kVa) == 13);
  CHECK(cycles_of(rig, kVa + 8) == 1);
  CHECK(cycles_of(rig, kVa + (u64{1} << 39)) == 13);
  CHECK(cycles_of(rig, kVa) == 4);
  CHECK(cycles_of(rig, kVa) == 1);
  CHECK(rig.accesses.size() == 8);
  CHECK(rig.count(event::L2_HIT) == 1);
  CHECK(rig.count(event::L2_MISS) == 2);
  CHECK(rig.count(event::FILL) == 3);
  CHECK(rig.count(event::WALK) == 2);
  CHECK(rig.count(event::WALK_READS_4) == 2);
  CHECK(rig.valid_entries(Structure::l2) == 2);
}

TEST_CASE("mmu l2: a walk below the longest prefix reads one entry for each level left") {
  struct Case {
    u64 beside;  // distance from kVa
    unsigned reads;
    u8 counter;  // 0: begins at the root
  };
  for (const Case& c : {Case{0x1000, 1, event::PSC_HIT_2}, Case{u64{1} << 21, 2, event::PSC_HIT_3},
                        Case{u64{1} << 30, 3, event::PSC_HIT_4}, Case{u64{1} << 39, 4, 0}}) {
    INFO(c.reads << " reads");
    Rig rig((Config()));
    map(rig, kVa);
    map(rig, kVa + c.beside);
    rig.load(kVa);
    rig.accesses.clear();
    CHECK(cycles_of(rig, kVa + c.beside) == 5 + 2 * c.reads);
    REQUIRE(rig.accesses.size() == c.reads);
    for (unsigned n = 0; n < c.reads; ++n) {
      CHECK(rig.accesses[n].address == rig.memory.address(rig.root, kVa + c.beside, c.reads - n));
    }
    for (u8 code = event::PSC_HIT_2; code <= event::PSC_HIT_5; ++code) CHECK(rig.count(code) == (code == c.counter));
    CHECK(rig.count(static_cast<u8>(event::WALK_READS_1 + c.reads - 1)) == (c.reads == 4 ? 2 : 1));
  }
}

TEST_CASE("mmu l2: five levels: the root's read more, or the prefix of level 5") {
  Rig rig((Config()));
  rig.memory.levels = 5;
  rig.in.ctx_ctl = control::kLa57;
  map(rig, kVa);
  map(rig, kVa + (u64{1} << 39));
  CHECK(cycles_of(rig, kVa) == 15);
  CHECK(cycles_of(rig, kVa + (u64{1} << 39)) == 13);
  CHECK(rig.count(event::PSC_HIT_5) == 1);
  CHECK(rig.count(event::WALK_READS_5) == 1);
  CHECK(rig.count(event::WALK_READS_4) == 1);
}

TEST_CASE("mmu l2: without a prefix cache every walk is from the root, without that of level 2 from level 3's") {
  for (const unsigned level2 : {0u, 4u}) {
    Config config;
    config.psc_entries = {0, level2, 0, 0};
    Rig rig(config);
    map(rig, kVa);
    map(rig, kVa + 0x1000);
    CHECK(cycles_of(rig, kVa) == 13);
    CHECK(cycles_of(rig, kVa + 0x1000) == (level2 == 0 ? 13 : 9));
  }
}

// Places: 0 to 3 D, 4 and 5 I; a side without a miss takes its first. Whichever asked last comes last.
TEST_CASE("mmu l2: both sides ask at once: the ring decides, one lookup a cycle") {
  Rig rig(small_l1());
  map(rig, kVa);
  map(rig, kVa + 0x1000);
  const auto evict = [&](bool data_last) {
    if (data_last) rig.execute(kVa + 0x1000);
    rig.load(kVa + 0x1000);
    if (!data_last) rig.execute(kVa + 0x1000);
    rig.ticks(20);
  };
  const auto both = [&] {
    const unsigned from = rig.cycle;
    rig.in.i.valid = rig.in.d.valid = 1;
    rig.in.i.va = rig.in.d.va = kVa;
    rig.tick();
    rig.in.i.valid = rig.in.d.valid = 0;
    rig.ticks(8);
    return std::pair(rig.i_responses.back().cycle - from, rig.d_responses.back().cycle - from);
  };
  rig.load(kVa);
  evict(true);  // the last place is 0: 4 is next
  CHECK(both() == std::pair(4u, 5u));
  evict(false);  // the last place is 4
  CHECK(both() == std::pair(5u, 4u));
}

// The first walk's reads are answered in cycles 5, 7, 9 and 11. A lookup selected in 4 has its result due in 5, is sent
// back, is selected in 6, and so on; it is selected in 12, has its result in 13 and responds in 15. One that is
// LOOK from 5 is not selected before 6, and fares alike. One that is selected in 3 has its result in 4.
TEST_CASE("mmu l2: a memory response sends a lookup back") {
  for (const unsigned accepted : {2u, 3u, 4u}) {
    Rig rig(small_l1());
    map(rig, kVa);
    map(rig, kVa + (u64{1} << 39));
    rig.in.ctx_asid = 1;
    rig.load(kVa);
    rig.load(kVa + (u64{1} << 39));
    rig.in.ctx_asid = 2;  // the first request walks from the root
    const unsigned from = rig.data(kVa);
    rig.ticks(accepted - 1);
    rig.in.ctx_asid = 1;
    rig.d_responses.clear();
    rig.data(kVa, false, arch::Mode::kernel, 7);
    rig.ticks(30);
    INFO("accepted in cycle " << accepted);
    REQUIRE(rig.d_responses.size() == 2);
    const Response& looked_up = rig.d_responses[accepted == 2 ? 0 : 1];
    CHECK(looked_up.pins.rsp_id == 7);
    CHECK(looked_up.cycle - from == (accepted == 2 ? 6 : 15));
    CHECK(rig.count(event::L2_HIT) == 1);
  }
}

// Each side merges its own only: both walk and write the L2 TLB. The next lookup finds both, drops them and walks.
TEST_CASE("mmu l2: one page walked for by both sides is twice in the L2 TLB, which counts as no hit") {
  Rig rig(small_l1());
  map(rig, kVa);
  map(rig, kVa + 0x1000);
  rig.in.i.valid = rig.in.d.valid = 1;
  rig.in.i.va = rig.in.d.va = kVa;
  rig.tick();
  rig.in.i.valid = rig.in.d.valid = 0;
  rig.ticks(20);
  CHECK(rig.valid_entries(Structure::l2) == 2);
  rig.load(kVa + 0x1000);
  CHECK(cycles_of(rig, kVa) == 7);  // below the prefix of level 2
  CHECK(rig.count(event::L2_MULTI) == 1);
  CHECK(rig.valid_entries(Structure::l2) == 2);
}

TEST_CASE("mmu l2: a way that does not grant, or is clean for a write, is dropped and walked for") {
  Rig rig(small_l1());
  rig.memory.set(rig.root, kVa, 1, 0x9000 | (x86::kUserPage & ~x86::kD));
  map(rig, kVa + 0x1000);
  rig.load(kVa);
  rig.load(kVa + 0x1000);
  rig.accesses.clear();
  CHECK(rig.store(kVa).rsp_fault == 0);
  REQUIRE(rig.accesses.size() == 2);  // the read of the leaf, and D
  CHECK((rig.accesses[1].data ^ rig.accesses[1].compare) == x86::kD);
  CHECK(rig.count(event::L2_MISS) == 3);
  CHECK(rig.valid_entries(Structure::l2) == 2);
  rig.load(kVa + 0x1000);
  CHECK(rig.store(kVa).rsp_fault == 0);  // now it is dirty: an L2 hit
  CHECK(rig.count(event::L2_HIT) == 2);
}

TEST_CASE("mmu l2: T71 a page fault clears the address's sets and its prefixes") {
  Rig rig((Config()));
  map(rig, kVa);
  rig.load(kVa);
  REQUIRE(rig.valid_entries(Structure::l2) == 1);
  REQUIRE(rig.valid_entries(Structure::psc) == 3);
  // Of another address space, which maps nothing, but of the same set.
  const u64 empty = rig.memory.table();
  rig.in.ctx_root = empty;
  rig.in.ctx_asid = 1;
  CHECK(rig.load(kVa).rsp_err == 0);
  CHECK(rig.valid_entries(Structure::l2) == 0);
  CHECK(rig.valid_entries(Structure::psc) == 3);  // those match by address space
  rig.in.ctx_root = rig.root;
  rig.in.ctx_asid = 0;
  rig.memory.write(rig.memory.address(rig.root, kVa, 4), 0);
  CHECK(rig.load(kVa).rsp_fault == 0);  // the L1 TLB still has it
  rig.invalidated(inv::PAGE, kVa);
  CHECK(rig.load(kVa).rsp_fault == 1);
  CHECK(rig.valid_entries(Structure::psc) == 0);
}
