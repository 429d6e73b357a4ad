// SPDX-License-Identifier: Apache-2.0
//
// Several walks at once, merged misses, restarts and the prefetch, in cycles counted on paper from rtl/README.md.
#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;

namespace {

constexpr u64 kVa = 0x1234'5000;

void map(Rig& rig, u64 va, u64 pa = 0) {
  rig.memory.set(rig.root, va, 1, (pa != 0 ? pa : (va & 0x3fff'f000) + 0x4000'0000) | x86::kUserPage);
}

Config walkers(unsigned count) {
  Config config = bare(Format::x86_64, 4, 8);
  config.walkers = count;
  return config;
}

Config with_prefixes(bool rewalk) {
  Config config = bare(Format::x86_64);
  config.psc_entries = {4, 4, 4, 0};
  config.rewalk = rewalk;
  return config;
}

Config prefetching() {
  Config config;
  config.prefetch = true;
  return config;
}

}  // namespace

// Miss n is accepted in cycle n, READY in n + 1, its walker REQ in n + 2; the port shows walker n in that very cycle.
// Walker 0's first answer is in cycle 3 and its next read after walkers 1, 2, 3: the port is never idle. Read k is
// taken in cycle 2 + k by walker k mod 4; walker n's last answer is in 15 + n, and the response in 17 + n.
TEST_CASE("mmu parallel: four walks at once keep the memory port busy in turn") {
  Rig rig(walkers(4));
  for (u64 n = 0; n < 4; ++n) map(rig, kVa + (n << 12));
  for (u8 n = 0; n < 4; ++n) CHECK(rig.data(kVa + (u64{n} << 12), false, arch::Mode::user, n) == n);
  rig.ticks(20);
  REQUIRE(rig.accesses.size() == 16);
  for (unsigned k = 0; k < 16; ++k) {
    CHECK(rig.accesses[k].cycle == 2 + k);
    CHECK(rig.accesses[k].id == k % 4);
    CHECK(rig.accesses[k].address == rig.memory.address(rig.root, kVa + (u64{k % 4} << 12), 4 - k / 4));
  }
  REQUIRE(rig.d_responses.size() == 4);
  for (unsigned n = 0; n < 4; ++n) {
    CHECK(rig.d_responses[n].cycle == 17 + n);
    CHECK(rig.d_responses[n].pins.rsp_id == n);
  }
}

// Two walkers, memory closed until cycle 9: walker 0 stands at the port, 1 waits. After 0 the port takes 1.
TEST_CASE("mmu parallel: a request at the port stays until it is taken") {
  Rig rig(walkers(2));
  map(rig, kVa);
  map(rig, kVa + 0x1000);
  rig.in.mem_req_ready = 0;
  rig.data(kVa);
  rig.data(kVa + 0x1000);
  for (unsigned cycle = 2; cycle < 9; ++cycle, rig.tick()) {
    CHECK(rig.out().mem_req_valid == 1);
    CHECK(rig.out().mem_req_id == 0);
  }
  rig.in.mem_req_ready = 1;
  rig.ticks(2);
  REQUIRE(rig.accesses.size() == 2);
  CHECK(rig.accesses[0].cycle == 9);
  CHECK(rig.accesses[1].cycle == 10);
  CHECK(rig.accesses[1].id == 1);
}

// The slow answers come in another order than the reads were sent: each goes to its walker.
TEST_CASE("mmu parallel: responses in any order") {
  Rig rig(walkers(2));
  map(rig, kVa, 0x9000);
  map(rig, kVa + 0x1000, 0xa000);
  rig.latency = 9;
  rig.data(kVa, false, arch::Mode::kernel, 1);
  rig.data(kVa + 0x1000, false, arch::Mode::kernel, 2);
  rig.tick();
  rig.latency = 1;
  rig.ticks(40);
  REQUIRE(rig.d_responses.size() == 2);
  CHECK(rig.d_responses[0].pins.rsp_id == 2);
  CHECK(rig.d_responses[0].pins.rsp_pa == 0xa000);
  CHECK(rig.d_responses[1].pins.rsp_id == 1);
  CHECK(rig.d_responses[1].pins.rsp_pa == 0x9000);
}

// The walk's last answer is in cycle 9; DONE in 10, and the merged two RETRY. Pushed in 10, tried again in 11 and 12.
TEST_CASE("mmu parallel: misses of one page are merged and answered by one walk") {
  Rig rig(walkers(4));
  map(rig, kVa);
  rig.data(kVa, false, arch::Mode::user, 1);
  rig.data(kVa + 8, false, arch::Mode::user, 2);
  rig.data(kVa + 16, true, arch::Mode::user, 3);
  for (unsigned cycle = 3; cycle <= 13; ++cycle, rig.tick()) {
    INFO("cycle " << cycle);
    CHECK(rig.out().d.req_ready == (cycle < 10 || cycle == 13));
  }
  REQUIRE(rig.d_responses.size() == 3);
  for (unsigned n = 0; n < 3; ++n) {
    CHECK(rig.d_responses[n].cycle == 11 + n);
    CHECK(rig.d_responses[n].pins.rsp_id == n + 1);
    CHECK(rig.d_responses[n].pins.rsp_pa == (kVa & 0x3fff'f000) + 0x4000'0000 + 8 * n);
  }
  CHECK(rig.accesses.size() == 4);
  CHECK(rig.count(event::D_MERGE) == 2);
  CHECK(rig.count(event::D_RETRY) == 2);
  CHECK(rig.count(event::D_MISS) == 3);
  CHECK(rig.count(event::D_HIT) == 2);
}

TEST_CASE("mmu parallel: a request merged in the cycle of the last answer tries again at once") {
  Rig rig(walkers(4));
  map(rig, kVa);
  rig.data(kVa, false, arch::Mode::user, 1);
  rig.ticks(8);
  CHECK(rig.data(kVa + 8, false, arch::Mode::user, 2) == 9);
  rig.ticks(6);
  REQUIRE(rig.d_responses.size() == 2);
  CHECK(rig.d_responses[1].cycle == 12);
  CHECK(rig.count(event::D_MERGE) == 1);
}

// The first walk ends in a fault in cycle 9 for a user; the merged kernel access is looked up in 11, misses, is READY
// in 12 and walks for itself: 13 + 2 * 3 is its last read, 20 the answer, 22 the response.
TEST_CASE("mmu parallel: a merged request has rights of its own") {
  Rig rig(walkers(4));
  rig.memory.set(rig.root, kVa, 1, 0x9000 | x86::kKernelPage);
  rig.data(kVa, false, arch::Mode::user, 1);
  rig.data(kVa, false, arch::Mode::kernel, 2);
  rig.ticks(30);
  REQUIRE(rig.d_responses.size() == 2);
  CHECK(rig.d_responses[0].pins.rsp_fault == 1);
  CHECK(rig.d_responses[0].cycle == 11);
  CHECK(rig.d_responses[1].pins.rsp_fault == 0);
  CHECK(rig.d_responses[1].cycle == 22);
  CHECK(rig.count(event::D_MISS) == 3);
}

// Accepted in 0, the read is taken in 2 and due in 3. The operation is taken in 2: BUSY in 3, where the walk is killed,
// and 4, where every walker is IDLE; ACK in 5. In 5 the walk begins again: reads in 6, 8, 10, 12, the last answered in
// 13, the response in 15. Until then the next operation waits.
TEST_CASE("mmu parallel: R5 a killed walk begins again, and holds off the next operation until it has ended") {
  Rig rig(walkers(4));
  map(rig, kVa);
  rig.data(kVa);
  rig.tick();
  CHECK(rig.invalidate(inv::ALL) == 2);
  rig.in.inv_valid = 1;
  rig.in.inv_op = inv::ALL;
  for (unsigned cycle = 3; cycle <= 20; ++cycle, rig.tick()) {
    INFO("cycle " << cycle);
    CHECK(rig.out().inv_ready == (cycle == 14 || cycle == 17 || cycle == 20));
    CHECK(rig.out().inv_ack == (cycle == 5 || cycle == 16 || cycle == 19));
  }
  REQUIRE(rig.d_responses.size() == 1);
  CHECK(rig.d_responses[0].cycle == 15);
  CHECK(rig.count(event::KILL) == 1);
  CHECK(rig.count(event::WALK) == 2);
}

// BUSY cycles: one for the set of an address; as many as the largest bank has sets, and one, for a scan.
TEST_CASE("mmu parallel: the L2 TLB's scan takes a cycle a set") {
  Config config;
  config.l2_sets = 4;
  config.l2_large_sets = 8;
  for (const u8 op : {inv::ALL, inv::NONGLOBAL, inv::ASID, inv::PAGE, inv::PAGE_NONGLOBAL, inv::PAGE_D, inv::FILL_D}) {
    Rig rig(config);
    const unsigned taken = rig.invalidate(op);
    rig.ticks(20);
    INFO("operation " << int{op});
    REQUIRE(rig.acks.size() == 1);
    CHECK(rig.acks[0] - taken == (op == inv::NONGLOBAL || op == inv::ASID ? 10u : 2u));
  }
}

TEST_CASE("mmu parallel: the scan clears set after set what the operation covers") {
  Config config;
  config.l2_sets = 4;
  config.l2_ways = 1;
  Rig rig(config);
  for (u64 n = 0; n < 4; ++n) {
    map(rig, kVa + (n << 12));
    rig.in.ctx_asid = n == 2 ? 2 : 1;
    rig.load(kVa + (n << 12));
  }
  REQUIRE(rig.valid_entries(Structure::l2) == 4);
  rig.invalidate(inv::ASID, 0, 1);  // BUSY from here; sets 0, 1, ... from the second cycle
  const auto valid = [&](unsigned set) { return rig.mmu->entry(Structure::l2, set).valid == 1; };
  rig.tick();
  CHECK(rig.valid_entries(Structure::l2) == 4);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.valid_entries(Structure::psc) == 3);  // of the other address space
  for (unsigned set = 0; set < 4; ++set) {
    rig.tick();
    const unsigned held = static_cast<unsigned>((kVa >> 12) + 2) % 4;
    for (unsigned other = 0; other < 4; ++other) CHECK(valid(other) == (other > set || other == held));
  }
}

// The tables moved under a cached prefix. READY in 1; the stale entry is read in 2 and answered in 3; READY again in 4,
// and from the root: reads in 5, 7, 9, 11, the last answered in 12, the response in 14.
TEST_CASE("mmu parallel: a fault from the middle of the tables is confirmed from the root") {
  for (const bool rewalk : {true, false}) {
    INFO("rewalk " << rewalk);
    Rig rig(with_prefixes(rewalk));
    map(rig, kVa);
    rig.load(kVa);
    const u64 moved = rig.memory.table();
    rig.memory.write(rig.memory.address(rig.root, kVa, 2), moved | x86::kTable);
    rig.memory.write(moved + 8 * 0x146, 0x9000 | x86::kUserPage);  // kVa + 0x1000
    rig.accesses.clear();
    const unsigned from = rig.cycle;
    const ReqOut pins = rig.load(kVa + 0x1000);
    CHECK(pins.rsp_fault == (rewalk ? 0 : 1));
    CHECK(rig.d_responses.back().cycle - from == (rewalk ? 14 : 5));
    CHECK(rig.accesses.size() == (rewalk ? 5 : 1));
    CHECK(rig.count(event::WALK_FAULT) == (rewalk ? 0 : 1));
    CHECK(rig.count(event::WALK_READS_4) == (rewalk ? 2 : 1));
    CHECK(rig.count(event::WALK) == (rewalk ? 3 : 2));
    // Now from the new table either way: the walk from the root replaced the prefix, the fault dropped it.
    CHECK(rig.load(kVa + 0x1000).rsp_pa == 0x9000);
  }
}

TEST_CASE("mmu parallel: a fault that is real is walked for twice and reported once") {
  Rig rig(with_prefixes(true));
  map(rig, kVa);
  rig.load(kVa);
  rig.accesses.clear();
  const ReqOut pins = rig.load(kVa + 0x1000);
  CHECK(pins.rsp_fault == 1);
  CHECK(pins.rsp_level == 1);
  CHECK(rig.accesses.size() == 5);
  CHECK(rig.count(event::WALK_FAULT) == 1);
}

// The load's last answer is in cycle 11. The prefetch is READY in 12 and walks below the prefix of level 2: its read is
// taken in 13 and answered in 14.
TEST_CASE("mmu parallel: the prefetch puts the next page into the L2 TLB, once") {
  Rig rig(prefetching());
  for (u64 n = 0; n < 3; ++n) map(rig, kVa + (n << 12));
  rig.memory.write(rig.memory.address(rig.root, kVa + 0x1000, 1), 0x9000 | (x86::kUserPage & ~x86::kD));
  rig.store(kVa + 8);
  rig.ticks(20);
  REQUIRE(rig.accesses.size() == 5);
  CHECK(rig.accesses[4].cycle == 13);
  CHECK(rig.accesses[4].address == rig.memory.address(rig.root, kVa + 0x1000, 1));
  CHECK(rig.accesses[4].op == 0);  // a read: D is not set
  CHECK(rig.valid_entries(Structure::l2) == 2);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.d_responses.size() == 1);
  const unsigned from = rig.cycle;
  CHECK(rig.load(kVa + 0x1000).rsp_pa == 0x9000);
  CHECK(rig.d_responses.back().cycle - from == 4);
  rig.ticks(20);
  CHECK(rig.accesses.size() == 5);  // an L2 hit is no walk: nothing is fetched after it
  CHECK(rig.count(event::WALK) == 2);
  CHECK(rig.count(event::FILL) == 2);
}

TEST_CASE("mmu parallel: a prefetch that faults, is killed or would leave the addresses tells nobody") {
  Rig rig(prefetching());
  map(rig, kVa);
  map(rig, 0x7fff'ffff'f000);
  rig.load(kVa);
  rig.ticks(20);
  CHECK(rig.accesses.size() == 5);  // the next page is not present
  CHECK(rig.count(event::WALK_FAULT) == 0);
  CHECK(rig.valid_entries(Structure::l2) == 1);
  CHECK(rig.valid_entries(Structure::psc) == 3);
  rig.accesses.clear();
  rig.load(0x7fff'ffff'f000);  // the next is not canonical
  rig.ticks(20);
  CHECK(rig.accesses.size() == 4);
  CHECK(rig.count(event::WALK) == 3);

  Rig killed(prefetching());
  map(killed, kVa);
  map(killed, kVa + 0x1000);
  killed.data(kVa);
  killed.ticks(12);  // cycle 13 takes the prefetch's read
  CHECK(killed.invalidate(inv::PAGE, 0x5000) == 13);
  killed.ticks(20);
  CHECK(killed.acks == std::vector<unsigned>{16});  // killed in 14, all IDLE in 15; nothing is held
  CHECK(killed.out().inv_ready == 1);
  CHECK(killed.count(event::KILL) == 1);
  CHECK(killed.accesses.size() == 5);
}
