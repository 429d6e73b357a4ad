// SPDX-License-Identifier: Apache-2.0
//
// Invalidations in the whole MMU: their cycles, walks that they kill, and what they leave in the TLBs
// (rtl/README.md, "TLB maintenance" and rules R6, R7). Accepted in cycle c: BUSY from c + 1, acknowledged in the
// cycle after the first BUSY cycle that finds the walker idle, ready again one later.
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using namespace kilburn::uarch::test::x86;
using arch::Format;

namespace {

constexpr u64 kVa = 0x7f12'3456'7000;

Rig mapped(u64 leaf = 0x9000 | kUserPage) {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kVa, 1, leaf);
  return rig;
}

}  // namespace

TEST_CASE("mmu invalidate: acknowledged two cycles after it is accepted, ready again in the third") {
  Rig rig = mapped();
  rig.load(kVa);
  rig.ticks(2);
  const unsigned c = rig.invalidate(inv::ALL);
  CHECK(rig.cycle == c + 1);
  CHECK(rig.out().inv_ready == 0);
  CHECK(rig.out().inv_ack == 0);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  // A request of the BUSY cycle still sees the TLB as it was: it is accepted before the acknowledgement.
  rig.data(kVa);
  CHECK(rig.out().d.rsp_pa == 0x9000);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  CHECK(rig.out().inv_ack == 1);
  CHECK(rig.out().inv_ready == 0);
  rig.tick();
  CHECK(rig.out().inv_ack == 0);
  CHECK(rig.out().inv_ready == 1);
  CHECK(rig.acks == std::vector<unsigned>{c + 2});
  CHECK(rig.count(event::INVALIDATE) == 1);
  CHECK(rig.count(event::D_HIT) == 1);
}

TEST_CASE("mmu invalidate: T77 a second operation waits for the first and keeps its own operands") {
  Rig rig = mapped();
  rig.memory.set(rig.root, kVa + 0x1000, 1, 0xa000 | kUserPage);
  rig.load(kVa);
  rig.load(kVa + 0x1000);
  rig.in.inv_valid = 1;
  rig.in.inv_op = inv::PAGE;
  rig.in.inv_va = kVa;
  rig.tick();
  rig.in.inv_va = kVa + 0x1000;  // offered until it is taken, three cycles later
  rig.ticks(2);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.mmu->entry(Structure::d_tlb, 1).va == kVa + 0x1000);
  rig.ticks(1);
  rig.in.inv_valid = 0;
  rig.in.inv_va = 0;
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  rig.ticks(3);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  CHECK(rig.acks.size() == 2);
  CHECK(rig.acks[1] == rig.acks[0] + 3);
}

// Cycle 0 accepted, 2 REQ, 3 WAIT and answered. The invalidation is accepted in cycle 2 and BUSY in 3: the
// answer kills the walk. Cycle 4: BUSY, walker IDLE, no new walk. Cycle 5: acknowledged, and the walk starts
// again as if cycle 5 were cycle 1 of a walk: the response is in cycle 15.
TEST_CASE("mmu invalidate: T61 a walk that is under way is killed, fills nothing, and starts over") {
  Rig rig = mapped();
  rig.data(kVa);
  rig.tick();
  CHECK(rig.invalidate(inv::PAGE, 0x1000) == 2);  // whatever it covers
  rig.memory.write(rig.memory.address(rig.root, kVa, 1), 0xb000 | kUserPage);
  rig.ticks(20);
  CHECK(rig.acks == std::vector<unsigned>{5});
  REQUIRE(rig.d_responses.size() == 1);
  CHECK(rig.d_responses[0].cycle == 15);
  CHECK(rig.d_responses[0].pins.rsp_pa == 0xb000);
  CHECK(rig.accesses.size() == 5);
  CHECK(rig.accesses[1].cycle == 6);
  CHECK(rig.accesses[1].address == rig.accesses[0].address);  // from the top
  CHECK(rig.count(event::KILL) == 1);
  CHECK(rig.count(event::WALK) == 2);
  CHECK(rig.count(event::FILL) == 1);
}

// In every cycle of a walk: a change of the leaf followed by an invalidation accepted in that cycle. Whatever
// the walk did, an access accepted from the acknowledgement on gets the new translation (R7).
TEST_CASE("mmu invalidate: T61 T51 accepted in each cycle of a walk") {
  for (unsigned when = 1; when <= 22; ++when) {
    INFO("invalidation in cycle " << when);
    Rig rig = mapped(0x9000 | kP | kRw | kUs);  // A and D are set on the way
    rig.data(kVa, true, arch::Mode::user);
    while (rig.cycle <= when) {
      if (rig.cycle == when) {
        rig.memory.write(rig.memory.address(rig.root, kVa, 1), 0xb000 | kUserPage);
        rig.invalidate(inv::ALL);
      } else {
        rig.tick();
      }
    }
    std::size_t writes = 0;
    while (rig.acks.empty()) rig.tick();
    for (const MemAccess& access : rig.accesses) writes += access.op;
    rig.ticks(30);
    REQUIRE(rig.d_responses.size() == 1);
    const u64 first = rig.d_responses[0].pins.rsp_pa;
    CHECK((first == 0x9000 || first == 0xb000));
    CHECK(rig.load(kVa, arch::Mode::user).rsp_pa == 0xb000);
    CHECK(rig.memory.read(rig.memory.address(rig.root, kVa, 1)) == (0xb000 | kUserPage));
    // No compare-and-swap of the old walk came after the acknowledgement: the new leaf needs none.
    std::size_t all = 0;
    for (const MemAccess& access : rig.accesses) all += access.op;
    CHECK(all == writes);
  }
}

// Cycle 9 holds the last answer; the state is still IDLE in it, so the walk ends and fills, and the BUSY cycle
// clears what it filled.
TEST_CASE("mmu invalidate: T61 a fill in the cycle of acceptance is cleared in the next") {
  Rig rig = mapped();
  rig.data(kVa);
  rig.ticks(8);
  CHECK(rig.invalidate(inv::ALL) == 9);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  rig.tick();
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  CHECK(rig.out().inv_ack == 1);
  CHECK(rig.out().d.rsp_valid == 1);
  rig.ticks(2);
  CHECK(rig.count(event::KILL) == 0);
  CHECK(rig.count(event::FILL) == 1);
}

TEST_CASE("mmu invalidate: T51 the acknowledgement waits for a compare-and-swap that is on its way") {
  Rig rig = mapped(0x9000 | kP | kRw | kUs);
  rig.data(kVa);
  rig.ticks(8);  // cycle 9: the leaf's answer
  rig.tick();    // cycle 10: the compare-and-swap is at the port
  REQUIRE(rig.out().mem_req_op == 1);
  rig.in.mem_req_ready = 0;
  rig.invalidate(inv::ALL);
  rig.ticks(5);
  CHECK(rig.out().mem_req_valid == 1);  // kept until taken (R2)
  CHECK(rig.acks.empty());
  rig.in.mem_req_ready = 1;
  rig.latency = 3;
  const unsigned taken = rig.cycle;
  rig.ticks(8);
  CHECK(rig.acks == std::vector<unsigned>{taken + 5});  // answered, killed, walker idle, acknowledged
  CHECK(rig.memory.read(rig.memory.address(rig.root, kVa, 1)) == (0x9000 | kP | kRw | kUs | kA));
  CHECK(rig.count(event::KILL) == 1);
}

TEST_CASE("mmu invalidate: a failed compare-and-swap of a killed walk is not counted") {
  Rig rig = mapped(0x9000 | kP | kRw | kUs);
  rig.before_access = [&](const MemAccess& access) {
    if (access.op == 1) rig.memory.write(access.address, 0xb000 | kUserPage);
  };
  rig.data(kVa);
  rig.ticks(9);
  REQUIRE(rig.out().mem_req_op == 1);
  rig.invalidate(inv::ALL);  // cycle 10, in which the request is taken
  rig.ticks(20);
  CHECK(rig.d_responses.at(0).pins.rsp_pa == 0xb000);
  CHECK(rig.count(event::KILL) == 1);
  CHECK(rig.count(event::CAS_FAIL) == 0);
}

TEST_CASE("mmu invalidate: a bus error of a killed walk is no fault") {
  Rig rig = mapped();
  rig.memory.bad.insert(rig.root + 8 * (kVa >> 39));
  rig.data(kVa);
  rig.tick();
  rig.invalidate(inv::ALL);
  rig.tick();  // cycle 3: the answer is an error
  CHECK(rig.in.mem_rsp_err == 1);
  rig.memory.bad.clear();
  rig.ticks(20);
  CHECK(rig.d_responses.at(0).pins.rsp_fault == 0);
}

TEST_CASE("mmu invalidate: no walk starts while it is busy") {
  Rig rig = mapped();
  rig.invalidate(inv::ALL);  // cycle 0
  rig.data(kVa);             // cycle 1, BUSY
  CHECK(rig.out().inv_ack == 1);
  rig.ticks(12);
  // PENDING in cycle 2, which is ACK: the walk starts there.
  CHECK(rig.accesses.at(0).cycle == 3);
  Rig rig2 = mapped();
  rig2.in.i.valid = rig2.in.inv_valid = 1;  // cycle 0: both
  rig2.in.i.va = kVa;
  rig2.tick();
  rig2.in.i.valid = rig2.in.inv_valid = 0;
  rig2.ticks(20);
  CHECK(rig2.acks == std::vector<unsigned>{2});
  // PENDING in cycle 1, which is BUSY; the walk starts in cycle 2 instead.
  CHECK(rig2.accesses.at(0).cycle == 3);
  CHECK(rig2.i_responses.at(0).cycle == 12);
  CHECK(rig2.count(event::KILL) == 0);
}

TEST_CASE("mmu invalidate: T62 one page inside a cached large page, and T63 a global one") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, 0x4000'0000, 2, 0x60'0000 | kUserPage | kPs);
  rig.memory.set(rig.root, 0x8000'0000, 3, 0x4000'0000 | kUserPage | kPs | kG);
  rig.in.ctx_asid = 5;
  rig.in.ctx_ctl = control::kPge;
  rig.load(0x4000'0000);
  rig.load(0x8000'0000);
  rig.execute(0x8000'0000);
  rig.invalidated(inv::PAGE, 0x4000'3000, 6);  // another address space's
  CHECK(rig.valid_entries(Structure::d_tlb) == 2);
  rig.invalidated(inv::PAGE, 0x401f'f000, 5);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.mmu->entry(Structure::d_tlb, 1).size == 30);
  rig.invalidated(inv::PAGE_NONGLOBAL, 0xbfff'f000, 5);
  rig.invalidated(inv::ASID, 0, 5);
  rig.invalidated(inv::NONGLOBAL);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  rig.invalidated(inv::PAGE, 0xbfff'f000, 6);  // global: whatever the ASID
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  CHECK(rig.valid_entries(Structure::i_tlb) == 0);
}

TEST_CASE("mmu invalidate: T66 one address space, T75 everything, and codes that mean nothing") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, 0x1000, 1, 0x9000 | kUserPage);
  rig.memory.set(rig.root, 0x2000, 1, 0xa000 | kUserPage | kG);
  rig.in.ctx_ctl = control::kPge;
  for (const u32 asid : {1u, 2u}) {
    rig.in.ctx_asid = asid;
    rig.load(0x1000);
    rig.load(0x2000);
  }
  REQUIRE(rig.valid_entries(Structure::d_tlb) == 3);
  // 7 and 8 fill a TLB in the Alpha formats; this operand would be valid in either format.
  for (u8 op = 7; op < 16; ++op) rig.invalidated(op, op < 12 ? 0x1000 : 0x5000, 1, 0x7'0000'1333);
  CHECK(rig.valid_entries(Structure::d_tlb) == 3);
  CHECK(rig.valid_entries(Structure::i_tlb) == 0);
  CHECK(rig.count(event::FILL) == 3);
  CHECK(rig.acks.size() == 9);
  rig.invalidated(inv::ASID, 0, 2);
  CHECK(rig.valid_entries(Structure::d_tlb) == 2);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).asid == 1);
  rig.invalidated(inv::NONGLOBAL);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.mmu->entry(Structure::d_tlb, 1).global == 1);
  rig.invalidated(inv::ALL);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
}

TEST_CASE("mmu invalidate: T93 any address of a granularity-hint block") {
  Rig rig(Format::alpha);
  const u64 va = 0x40'0000;
  const u64 leaf = test::alpha::pfn(0x1000) | test::alpha::kPage | test::alpha::gh(3);
  rig.memory.set(rig.root, va, 1, leaf);
  rig.memory.set(rig.root, va + 0x3f'e000, 1, leaf);
  for (const u64 offset : {u64{0}, u64{0x2000}, u64{0x3f'ffff}}) {
    rig.load(va);
    REQUIRE(rig.mmu->entry(Structure::d_tlb, 0).size == 22);
    rig.invalidated(inv::PAGE, va + offset);
    CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  }
  rig.load(va);
  rig.invalidated(inv::PAGE, va + 0x40'0000);
  rig.invalidated(inv::PAGE, va - 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
}

TEST_CASE("mmu invalidate: T95 one side only, T94 this ASN or ASM only") {
  Rig rig(Format::alpha_x64);
  rig.memory.set(rig.root, 0x1000, 1, test::alpha::pfn(7) | test::alpha::kPage);
  rig.memory.set(rig.root, 0x2000, 1, test::alpha::pfn(8) | test::alpha::kPage | test::alpha::kAsm);
  rig.in.ctx_asid = 9;
  const auto warm = [&] {
    rig.load(0x1000);
    rig.load(0x2000);
    rig.execute(0x1000);
    rig.execute(0x2000);
    REQUIRE(rig.valid_entries(Structure::d_tlb) == 2);
    REQUIRE(rig.valid_entries(Structure::i_tlb) == 2);
  };
  warm();
  rig.invalidated(inv::PAGE_I, 0x1000, 8);
  CHECK(rig.valid_entries(Structure::i_tlb) == 2);
  rig.invalidated(inv::PAGE_I, 0x1000, 9);
  CHECK(rig.valid_entries(Structure::i_tlb) == 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 2);
  warm();
  rig.invalidated(inv::PAGE_D, 0x2000, 8);
  CHECK(rig.valid_entries(Structure::i_tlb) == 2);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  warm();
  rig.invalidated(inv::PAGE, 0x2000, 8);
  CHECK(rig.valid_entries(Structure::i_tlb) == 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
}
