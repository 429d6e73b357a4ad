// SPDX-License-Identifier: Apache-2.0
//
// The request ports: hits under a miss, the wait register, back-pressure, contexts (rtl/README.md, "Side"
// and rules R2 to R5).
#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;

namespace {

constexpr u64 kHot = 0x10'0000;   // in the TLB already
constexpr u64 kCold = 0x20'0000;  // mapped, not in the TLB
constexpr u64 kCold2 = 0x30'0000;

// The pages above map to frame = VA + 1 GB; kHot has been loaded, and the cycle count starts at 0 again.
Rig warm() {
  Rig rig(Format::x86_64);
  for (const u64 va : {kHot, kHot + 0x1000, kCold, kCold2}) {
    rig.memory.set(rig.root, va, 1, (va + 0x4000'0000) | x86::kUserPage);
  }
  rig.load(kHot);
  rig.ticks(3);
  rig.cycle = 0;
  rig.d_responses.clear();
  rig.accesses.clear();
  return rig;
}

}  // namespace

TEST_CASE("mmu port: hits go on under a miss and overtake it") {
  Rig rig = warm();
  CHECK(rig.data(kCold, false, arch::Mode::kernel, 1) == 0);
  CHECK(rig.data(kHot + 8, false, arch::Mode::kernel, 2) == 1);
  CHECK(rig.data(kHot + 16, true, arch::Mode::kernel, 3) == 2);
  rig.ticks(12);
  REQUIRE(rig.d_responses.size() == 3);
  CHECK(rig.d_responses[0].pins.rsp_id == 2);
  CHECK(rig.d_responses[0].cycle == 2);
  CHECK(rig.d_responses[0].pins.rsp_pa == kHot + 8 + 0x4000'0000);
  CHECK(rig.d_responses[1].pins.rsp_id == 3);
  CHECK(rig.d_responses[1].cycle == 3);
  CHECK(rig.d_responses[2].pins.rsp_id == 1);
  CHECK(rig.d_responses[2].cycle == 11);
}

// The result is pushed in cycle 10; nothing may be looked up then.
TEST_CASE("mmu port: the port is not ready in the one cycle in which a miss is done") {
  Rig rig = warm();
  rig.data(kCold);
  for (unsigned cycle = 1; cycle <= 12; ++cycle) {
    INFO("cycle " << cycle);
    CHECK(rig.out().d.req_ready == (cycle != 10));
    CHECK(rig.out().d.rsp_valid == (cycle == 11));
    rig.tick();
  }
}

// One walker. Cycle 9: the first walk's last response. Cycle 10: its miss is DONE, the walker IDLE and takes the other.
// Cycles 11, 13, 15, 17: its reads, the last answered in 18. Cycle 19: DONE; 20: the response.
TEST_CASE("mmu port: a second miss of another page waits for the walker, and the port stays open") {
  Rig rig = warm();
  rig.data(kCold, false, arch::Mode::kernel, 1);
  rig.data(kCold2, false, arch::Mode::kernel, 2);
  for (unsigned cycle = 2; cycle <= 21; ++cycle) {
    INFO("cycle " << cycle);
    CHECK(rig.out().d.req_ready == (cycle != 10 && cycle != 19));
    CHECK(rig.out().d.rsp_valid == (cycle == 11 || cycle == 20));
    rig.tick();
  }
  CHECK(rig.d_responses.at(0).pins.rsp_id == 1);
  CHECK(rig.d_responses.at(1).pins.rsp_id == 2);
  CHECK(rig.d_responses.at(1).pins.rsp_pa == kCold2 + 0x4000'0000);
  CHECK(rig.count(event::D_MISS) == 3);  // kHot's own, kCold, kCold2
}

// The one entry is taken from cycle 1, DONE in 10 and FREE from 11.
TEST_CASE("mmu port: a full miss file closes the port, to hits too") {
  Config config = bare(Format::x86_64);
  config.d_misses = 1;
  Rig rig(config);
  rig.memory.set(rig.root, kCold, 1, 0x9000 | x86::kUserPage);
  rig.data(kCold);
  for (unsigned cycle = 1; cycle <= 12; ++cycle) {
    INFO("cycle " << cycle);
    CHECK(rig.out().d.req_ready == (cycle >= 11));
    CHECK(rig.out().i.req_ready == 1);
    rig.tick();
  }
}

TEST_CASE("mmu port: a second miss of the same page is merged and hits when it is tried again") {
  Rig rig = warm();
  rig.data(kCold, false, arch::Mode::kernel, 1);
  rig.data(kCold + 4, false, arch::Mode::kernel, 2);
  rig.ticks(14);
  REQUIRE(rig.d_responses.size() == 2);
  CHECK(rig.d_responses[0].cycle == 11);
  CHECK(rig.d_responses[1].cycle == 12);
  CHECK(rig.d_responses[1].pins.rsp_pa == kCold + 4 + 0x4000'0000);
  CHECK(rig.accesses.size() == 4);
}

// Cycle 0 and 1 accept hits; the FIFO is full in cycle 2. It pops in cycle 5 and is full no more in cycle 6.
TEST_CASE("mmu port: back-pressure keeps responses and their order, and closes the port") {
  Rig rig = warm();
  rig.in.d.rsp_ready = 0;
  rig.data(kHot + 1, false, arch::Mode::kernel, 1);
  rig.data(kHot + 2, false, arch::Mode::kernel, 2);
  for (unsigned cycle = 2; cycle < 5; ++cycle) {
    CHECK(rig.out().d.req_ready == 0);
    CHECK(rig.out().d.rsp_valid == 1);
    CHECK(rig.out().d.rsp_id == 1);
    rig.tick();
  }
  rig.in.d.rsp_ready = 1;
  CHECK(rig.out().d.req_ready == 0);
  rig.tick();
  CHECK(rig.out().d.req_ready == 1);
  CHECK(rig.out().d.rsp_id == 2);
  rig.tick();
  CHECK(rig.out().d.rsp_valid == 0);
  REQUIRE(rig.d_responses.size() == 2);
  CHECK(rig.d_responses[0].cycle == 5);
  CHECK(rig.d_responses[1].cycle == 6);
}

TEST_CASE("mmu port: a done miss waits for a place in the FIFO") {
  Rig rig = warm();
  rig.in.d.rsp_ready = 0;
  rig.data(kCold, false, arch::Mode::kernel, 1);
  rig.data(kHot + 1, false, arch::Mode::kernel, 2);
  rig.data(kHot + 2, false, arch::Mode::kernel, 3);  // the FIFO is full from cycle 3
  rig.ticks(17);                                     // to cycle 20: DONE since 10
  CHECK(rig.out().d.rsp_id == 2);
  CHECK(rig.d_responses.empty());
  rig.in.d.rsp_ready = 1;
  rig.ticks(5);
  // Popped in cycle 20; pushed in cycle 21, in which another is popped.
  REQUIRE(rig.d_responses.size() == 3);
  CHECK(rig.d_responses[0].cycle == 20);
  CHECK(rig.d_responses[1].cycle == 21);
  CHECK(rig.d_responses[2].cycle == 22);
  CHECK(rig.d_responses[2].pins.rsp_id == 1);
}

TEST_CASE("mmu port: a hit each cycle with the port taken each cycle") {
  Rig rig = warm();
  for (u8 n = 0; n < 10; ++n) CHECK(rig.data(kHot + n, n % 2 != 0, arch::Mode::user, n) == n);
  rig.tick();
  REQUIRE(rig.d_responses.size() == 10);
  for (u8 n = 0; n < 10; ++n) {
    CHECK(rig.d_responses[n].cycle == n + 1u);
    CHECK(rig.d_responses[n].pins.rsp_id == n);
    CHECK(rig.d_responses[n].pins.rsp_pa == kHot + n + 0x4000'0000);
  }
  CHECK(rig.count(event::D_HIT) == 10);
}

TEST_CASE("mmu port: T76 the sides do not see each other's requests, TLBs and responses") {
  Rig rig = warm();
  rig.fetch(kHot, arch::Mode::kernel, 6);  // a miss: only the data TLB holds it
  rig.data(kHot + 4, false, arch::Mode::kernel, 7);
  rig.ticks(12);
  REQUIRE(rig.d_responses.size() == 1);
  CHECK(rig.d_responses[0].pins.rsp_id == 7);
  REQUIRE(rig.i_responses.size() == 1);
  CHECK(rig.i_responses[0].pins.rsp_id == 6);
  CHECK(rig.i_responses[0].cycle == 11);
  CHECK(rig.count(event::I_MISS) == 1);
  CHECK(rig.count(event::D_HIT) == 1);
}

TEST_CASE("mmu port: T104 root, ASID and controls belong to the request from its acceptance") {
  Rig rig(Format::x86_64);
  const u64 other_root = rig.memory.table();
  rig.memory.set(rig.root, kCold, 1, 0x1'0000 | x86::kP | x86::kA);  // read-only, kernel
  rig.memory.set(other_root, kCold, 1, 0x2'0000 | x86::kKernelPage);
  rig.in.ctx_asid = 5;
  rig.in.ctx_ctl = 0;  // WP = 0: the kernel may write
  rig.data(kCold, true, arch::Mode::kernel, 1);
  rig.in.ctx_root = other_root;
  rig.in.ctx_asid = 6;
  rig.in.ctx_ctl = 1;                            // WP = 1
  rig.data(kCold, true, arch::Mode::kernel, 2);  // merges with neither: another ASID
  rig.in.ctx_root = 0;
  rig.in.ctx_asid = 0;
  rig.ticks(40);
  REQUIRE(rig.d_responses.size() == 2);
  CHECK(rig.d_responses[0].pins.rsp_fault == 0);
  CHECK(rig.d_responses[0].pins.rsp_pa == 0x1'0000);
  CHECK(rig.d_responses[1].pins.rsp_pa == 0x2'0000);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).asid == 5);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).pa == 0x1'0000);
  CHECK(rig.mmu->entry(Structure::d_tlb, 1).asid == 6);
  CHECK(rig.mmu->entry(Structure::d_tlb, 1).pa == 0x2'0000);
}

TEST_CASE("mmu port: T29 controls act on the next access without a flush") {
  using namespace x86;
  constexpr u32 kWp = 1u << 0, kNxe = 1u << 1, kSmep = 1u << 2, kSmap = 1u << 3;
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kHot, 1, 0x1'0000 | kP | kUs | kA | kD);  // read-only, user
  CHECK(rig.store(kHot).rsp_fault == 0);                             // kernel, WP = 0
  CHECK(rig.store(kHot).rsp_fault == 0);
  CHECK(rig.count(event::D_HIT) == 1);
  rig.in.ctx_ctl = kWp;
  CHECK(rig.store(kHot).rsp_err == 0x3);  // P W
  rig.in.ctx_ctl = kSmap;
  CHECK(rig.load(kHot).rsp_err == 0x1);
  rig.in.d.ac = 1;
  CHECK(rig.load(kHot).rsp_fault == 0);
  CHECK(rig.load(kHot).rsp_fault == 0);
  rig.in.d.ac = 0;
  CHECK(rig.load(kHot).rsp_err == 0x1);
  rig.in.ctx_ctl = 0;
  CHECK(rig.execute(kHot).rsp_fault == 0);
  rig.in.ctx_ctl = kSmep;
  CHECK(rig.execute(kHot).rsp_err == 0x11);  // P I/D
  rig.in.ctx_ctl = kNxe;
  CHECK(rig.execute(kHot).rsp_fault == 0);
}

TEST_CASE("mmu port: the instruction port does not look at the write and ac pins") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kHot, 1, 0x1'0000 | x86::kP | x86::kUs | x86::kA);  // a write would fault or set D
  rig.in.i.write = 1;
  rig.in.i.ac = 1;
  CHECK(rig.execute(kHot, arch::Mode::user).rsp_fault == 0);
  CHECK(rig.execute(kHot, arch::Mode::user).rsp_fault == 0);
  CHECK(rig.count(event::I_HIT) == 1);
  CHECK(rig.count(event::MEM_CAS) == 0);
}

TEST_CASE("mmu port: reset in the middle of everything starts over") {
  Rig rig = warm();
  rig.data(kCold, false, arch::Mode::kernel, 1);
  rig.data(kCold2, false, arch::Mode::kernel, 2);
  rig.fetch(kHot);
  rig.invalidate(inv::ALL);
  rig.mmu->reset();
  PinsOut expected;
  expected.i.req_ready = expected.d.req_ready = expected.inv_ready = 1;
  CHECK(std::memcmp(&rig.out(), &expected, sizeof expected) == 0);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  rig.in.mem_rsp_valid = 0;
  for (unsigned n = 0; n < 10; ++n) rig.mmu->clock(rig.in);
  CHECK(std::memcmp(&rig.out(), &expected, sizeof expected) == 0);
  CHECK(rig.mmu->describe() ==
        "I: no miss\nI: 0 of 2 responses queued\nD: no miss\nD: 0 of 2 responses queued\n"
        "walkers: idle\ninvalidation: idle\n");
}

TEST_CASE("mmu port: describe() names what is under way") {
  Rig rig = warm();
  rig.data(kCold, true, arch::Mode::user, 1);
  rig.data(kCold2, false, arch::Mode::kernel, 2);
  rig.invalidate(inv::PAGE, kHot, 3);
  const std::string text = rig.mmu->describe();
  INFO(text);
  for (const char* part :
       {"D: miss 0 walks: id 1 write 0x200000 user", "D: miss 1 waits for a walker: id 2 read 0x300000 kernel",
        "walker 0: D miss 0, level 4, waits for the read of 0x100000", "busy, operation 3 VA 0x100000 ASID 3"}) {
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("mmu port: a configuration outside the ranges is refused by name") {
  CHECK_THROWS_WITH(make_mmu({Format::x86_64, {}, 3, 32}), Catch::Contains("i_entries") && Catch::Contains("3"));
  CHECK_THROWS_WITH(make_mmu({Format::x86_64, {}, 16, 128}), Catch::Contains("d_entries"));
  CHECK_THROWS_WITH(make_mmu({Format::x86_64, {}, 0, 32}), Catch::Contains("i_entries"));
  CHECK_THROWS_WITH(make_mmu({Format::x86_64, with_pa_width(53), 16, 32}), Catch::Contains("pa_width"));
  CHECK_THROWS_WITH(make_mmu({Format::x86_64, with_pa_width(31), 16, 32}), Catch::Contains("pa_width"));
  const auto refused = [](auto&& change, const char* name) {
    Config config;
    change(config);
    CHECK_THROWS_WITH(make_mmu(config), Catch::Contains(name));
  };
  refused([](Config& c) { c.i_misses = 0; }, "i_misses");
  refused([](Config& c) { c.d_misses = 9; }, "d_misses");
  refused([](Config& c) { c.l2_sets = 2048; }, "l2_sets");
  refused([](Config& c) { c.l2_large_sets = 0; }, "l2_large_sets");
  refused([](Config& c) { c.l2_ways = 3; }, "l2_ways");
  refused([](Config& c) { c.psc_entries[2] = 128; }, "level 4");
  refused([](Config& c) { c.walkers = 9; }, "walkers");
  refused([](Config& c) { c.policy = static_cast<Policy>(3); }, "policy");
  arch::Settings larger_pages;
  larger_pages.page_shift = 14;
  CHECK_THROWS_WITH(make_mmu({Format::alpha, larger_pages, 16, 32}), Catch::Contains("page_shift"));
  const auto mmu = make_mmu({});
  CHECK_THROWS_WITH(mmu->reset(with_pa_width(64)), Catch::Contains("pa_width"));
  CHECK(mmu->settings() == arch::Settings{});
}
