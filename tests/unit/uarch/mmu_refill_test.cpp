// SPDX-License-Identifier: Apache-2.0
//
// The software-refilled TLB of the Alpha formats: misses that are reported, fills through the maintenance port,
// accesses that an entry refuses (rtl/README.md, "Side" and "TLB maintenance"; EV5 6.4.2).
//
// A fill accepted in cycle c is BUSY from c + 1; with the walker idle it is written at the end of c + 1 and
// acknowledged in c + 2, as any operation of the port.
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using namespace kilburn::uarch::test::alpha;
using namespace kilburn::uarch::test::control;
using arch::Format;
using arch::Mode;

namespace {

constexpr u64 kVa = 0x12'0000;

Rig refilled(Format format = Format::alpha, const arch::Settings& settings = {}) {
  Rig rig(format, 4, 4, settings);
  rig.in.ctx_ctl = kRefill;
  return rig;
}

// `n` pages from address 0, each filled once: entries 0 to n - 1. Frame 0x10 and up.
void fill_pages(Rig& rig, u64 n, unsigned page_shift) {
  for (u64 page = 0; page < n; ++page) rig.filled(SideName::data, page << page_shift, pfn(0x10 + page) | kPage);
}

void check_fault(const ReqOut& response, unsigned fault) {
  ReqOut expected;  // nothing but these; level 0
  expected.req_ready = response.req_ready;
  expected.rsp_valid = 1;
  expected.rsp_id = response.rsp_id;
  expected.rsp_fault = static_cast<u8>(fault);
  CHECK(unsigned{response.rsp_fault} == fault);
  CHECK(std::memcmp(&response, &expected, sizeof expected) == 0);
}

}  // namespace

TEST_CASE("mmu refill: T89 a miss is reported in the next cycle, each cycle one, and nothing walks") {
  for (const Format format : {Format::alpha, Format::alpha_x64}) {
    Rig rig = refilled(format);
    rig.memory.set(rig.root, kVa, 1, pfn(7) | kPage);  // a walk would find it
    for (u8 n = 0; n < 5; ++n) CHECK(rig.data(kVa, n % 2 != 0, Mode::user, n) == n);
    rig.fetch(kVa, Mode::kernel, 9);
    rig.ticks(20);
    REQUIRE(rig.d_responses.size() == 5);
    for (u8 n = 0; n < 5; ++n) {
      CHECK(rig.d_responses[n].cycle == n + 1u);
      CHECK(rig.d_responses[n].pins.rsp_id == n);
      check_fault(rig.d_responses[n].pins, 4);
    }
    REQUIRE(rig.i_responses.size() == 1);
    CHECK(rig.i_responses[0].cycle == 6);
    check_fault(rig.i_responses[0].pins, 4);
    CHECK(rig.accesses.empty());
    CHECK(rig.count(event::D_MISS) == 5);
    CHECK(rig.count(event::I_MISS) == 1);
    CHECK(rig.count(event::D_HIT) == 0);
    CHECK(rig.count(event::D_MULTI) == 0);
    CHECK(rig.count(event::WALK) == 0);
    CHECK(rig.count(event::WALK_FAULT) == 0);
  }
}

TEST_CASE("mmu refill: T89 what is decided before the TLB is not a miss") {
  Rig rig = refilled();
  rig.in.ctx_ctl = kRefill | spe(2);
  check_fault(rig.load(0x0000'0400'0000'0000), 9);
  CHECK(rig.load(0xffff'fc00'0000'1234).rsp_pa == 0x1234);
  check_fault(rig.load(0xffff'fc00'0000'1234, Mode::user), 9);
  rig.in.ctx_ctl = kRefill | kPhys;
  CHECK(rig.load(0x5678).rsp_pa == 0x5678);
  CHECK(rig.count(event::D_DIRECT) == 4);
  CHECK(rig.count(event::D_MISS) == 0);
}

TEST_CASE("mmu refill: the cycles of a fill") {
  Rig rig = refilled();
  const unsigned c = rig.invalidate(inv::FILL_D, kVa, 0, pfn(7) | kPage);
  CHECK(rig.mmu->describe().find("operation 8 VA 0x120000 ASID 0 entry 0x700003301") != std::string::npos);
  CHECK(rig.out().inv_ready == 0);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  rig.data(kVa, false, Mode::kernel, 1);  // BUSY: the TLB as it was
  CHECK(rig.out().inv_ack == 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.out().d.rsp_fault == 4);
  rig.data(kVa + 0x123, true, Mode::user, 2);  // ACK
  CHECK(rig.out().d.rsp_fault == 0);
  CHECK(rig.out().d.rsp_pa == (7 << 13) + 0x123);
  CHECK(rig.out().inv_ready == 1);
  rig.tick();
  CHECK(rig.acks == std::vector<unsigned>{c + 2});
  CHECK(rig.count(event::FILL) == 1);
  CHECK(rig.count(event::INVALIDATE) == 1);
  CHECK(rig.count(event::D_HIT) == 1);
  CHECK(rig.count(event::D_MISS) == 1);
}

TEST_CASE("mmu refill: T92 an entry is what the operand maps the address to") {
  Rig rig = refilled();
  const u64 pte = pfn(0x1'2345) | kV | kKre | kUwe | kFow | kAsm | gh(2) | 1u << 17;
  rig.filled(SideName::data, 0xffff'fe00'0014'6789, pte, 0x801);  // page 0xa3, in the block of 64 from page 0x80
  TlbEntry entry = rig.mmu->entry(Structure::d_tlb, 0);
  CHECK(entry.va == 0x0000'0600'0010'0000);  // 43 bits
  CHECK(entry.pa == u64{0x1'2340} << 13);
  CHECK(entry.size == 19);
  CHECK(entry.asid == 0x801);
  CHECK(entry.global == 1);
  CHECK(entry.rights == (pte & 0xffff));
  CHECK(entry.mt == 0);
  const ReqOut response = rig.load(0xffff'fe00'0014'6789);
  CHECK(response.rsp_pa == (u64{0x1'2340} << 13) + 0x4'6789);
  CHECK(response.rsp_size == 19);
  CHECK(response.rsp_global == 1);
  CHECK(response.rsp_mt == 0);
  CHECK(rig.valid_entries(Structure::i_tlb) == 0);
  rig.filled(SideName::instruction, 0x2000, pfn(9) | kPage, 3);
  CHECK(rig.valid_entries(Structure::i_tlb) == 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  entry = rig.mmu->entry(Structure::i_tlb, 0);
  CHECK(entry.asid == 3);
  CHECK(entry.global == 0);
  CHECK(entry.size == 13);
  rig.in.ctx_asid = 3;
  CHECK(rig.execute(0x2000).rsp_pa == 9 << 13);
  rig.in.ctx_asid = 4;
  check_fault(rig.execute(0x2000), 4);
}

TEST_CASE("mmu refill: nothing is filled by an entry that is not valid or at an address of a wrong sign") {
  struct Case {
    Format format;
    u64 va;
  };
  for (const Case& c : {Case{Format::alpha, 0x0000'0400'0000'2000}, Case{Format::alpha, 0xffff'fbff'ffff'e000},
                        Case{Format::alpha_x64, 0x0000'8000'0000'2000}}) {
    Rig rig = refilled(c.format);
    rig.filled(SideName::data, c.va, pfn(7) | kPage);
    rig.filled(SideName::instruction, c.va, pfn(7) | kPage);
    rig.filled(SideName::data, kVa, pfn(7) | (kPage & ~kV));
    CHECK(rig.acks.size() == 3);
    CHECK(rig.valid_entries(Structure::d_tlb) == 0);
    CHECK(rig.valid_entries(Structure::i_tlb) == 0);
    CHECK(rig.count(event::FILL) == 0);
    CHECK(rig.count(event::INVALIDATE) == 3);
  }
}

TEST_CASE("mmu refill: T85 a refused access gets its fault from the entry: a hit, in the next cycle, at level 0") {
  Rig rig = refilled();
  rig.filled(SideName::data, kVa, pfn(7) | kPage | kFow | kFor);
  rig.filled(SideName::instruction, kVa, pfn(7) | kPage | kFoe);
  const unsigned accepted = rig.data(kVa, true, Mode::user, 5);
  rig.ticks(2);
  REQUIRE(rig.d_responses.size() == 1);
  CHECK(rig.d_responses[0].cycle == accepted + 1);
  CHECK(rig.d_responses[0].pins.rsp_id == 5);
  check_fault(rig.d_responses[0].pins, 12);  // FOW
  check_fault(rig.load(kVa), 10);            // FOR
  check_fault(rig.execute(kVa), 11);         // FOE
  CHECK(rig.count(event::D_HIT) == 2);
  CHECK(rig.count(event::I_HIT) == 1);
  CHECK(rig.count(event::D_MISS) == 0);
  // An access violation outranks the fault-on bits; an entry without any right is still written.
  rig.filled(SideName::data, kVa + 0x2000, pfn(8) | kV | kKre | kFow | kFor);
  rig.filled(SideName::data, kVa + 0x4000, pfn(9) | kV);
  check_fault(rig.load(kVa + 0x2000, Mode::user), 9);
  check_fault(rig.store(kVa + 0x2000), 9);
  check_fault(rig.load(kVa + 0x2000), 10);
  check_fault(rig.load(kVa + 0x4000), 9);
  CHECK(rig.count(event::D_HIT) == 6);
  CHECK(rig.count(event::WALK) == 0);
  CHECK(rig.count(event::FILL) == 4);
  CHECK(rig.valid_entries(Structure::d_tlb) == 3);
}

TEST_CASE("mmu refill: without the control a refused access is walked") {
  Rig rig = refilled();
  rig.memory.set(rig.root, kVa, 1, pfn(9) | kPage);
  rig.filled(SideName::data, kVa, pfn(7) | kPage | kFow);
  check_fault(rig.store(kVa), 12);
  rig.in.ctx_ctl = 0;
  CHECK(rig.load(kVa).rsp_pa == 7 << 13);
  CHECK(rig.store(kVa).rsp_pa == 9 << 13);
  CHECK(rig.count(event::D_MISS) == 1);
  rig.in.ctx_ctl = kRefill;
  CHECK(rig.store(kVa).rsp_pa == 9 << 13);  // what the walker has filled serves both
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
}

// A hit and then a refused access of one page, which differ in the control alone or in nothing but write.
TEST_CASE("mmu refill: a granted access is not taken for a refused one") {
  Rig rig = refilled();
  rig.filled(SideName::data, kVa, pfn(7) | (kPage & ~kUwe));
  for (unsigned n = 0; n < 3; ++n) {
    CHECK(rig.load(kVa, Mode::user).rsp_fault == 0);
    check_fault(rig.store(kVa, Mode::user), 9);
    CHECK(rig.store(kVa).rsp_fault == 0);
  }
  CHECK(rig.count(event::D_HIT) == 9);
}

// Touched 0 1 2 3, every node points down: victim 0; touching 0 turns nodes 1 and 2 up: victim 2; touching 2 turns
// node 1 down and node 3 up: victim 1; touching 1 turns node 1 up: victim 3.
TEST_CASE("mmu refill: software fills take invalid entries, then the tree's victims") {
  Rig rig = refilled();
  fill_pages(rig, 8, 13);
  const u64 expected[] = {4, 6, 5, 7};
  for (unsigned n = 0; n < 4; ++n) CHECK(rig.mmu->entry(Structure::d_tlb, n).va == expected[n] << 13);
  rig.invalidated(inv::PAGE_D, u64{6} << 13);
  rig.filled(SideName::data, u64{20} << 13, pfn(0x99) | kPage);
  CHECK(rig.mmu->entry(Structure::d_tlb, 1).va == u64{20} << 13);
  CHECK(rig.count(event::FILL) == 9);
}

TEST_CASE("mmu refill: a hit touches the tree, a refused access does not") {
  for (const bool refused : {false, true}) {
    Rig rig = refilled();
    for (u64 page = 0; page < 4; ++page) rig.filled(SideName::data, page << 13, pfn(0x10 + page) | kPage | kFow);
    CHECK((refused ? rig.store(0) : rig.load(0)).rsp_fault == (refused ? 12 : 0));
    rig.filled(SideName::data, u64{9} << 13, pfn(9) | kPage);
    CHECK(rig.mmu->entry(Structure::d_tlb, refused ? 0 : 2).va == u64{9} << 13);
  }
}

// Entries 0 to 3 filled: victim 0. In the BUSY cycle a hit. The victim is the one of before, and the fill's touch
// comes after the hit's: touching 3 and then 0 leaves node 1 up, node 3 down: victim 2 next. (0 and then 3 would
// leave node 1 down, node 2 up: victim 1.)
TEST_CASE("mmu refill: a hit in the cycle of a software fill") {
  for (const u64 hit : {u64{0}, u64{3}}) {
    INFO("entry " << hit << " is hit");
    Rig rig = refilled();
    fill_pages(rig, 4, 13);
    rig.tick();
    rig.invalidate(inv::FILL_D, u64{9} << 13, 0, pfn(0x99) | kPage);
    rig.data(hit << 13);
    CHECK(rig.out().d.rsp_pa == (0x10 + hit) << 13);
    CHECK(rig.mmu->entry(Structure::d_tlb, 0).va == u64{9} << 13);
    rig.ticks(3);
    rig.filled(SideName::data, u64{10} << 13, pfn(0x9a) | kPage);
    CHECK(rig.mmu->entry(Structure::d_tlb, 2).va == u64{10} << 13);
  }
}

// A page, then a block of eight around it that is filled at another of its pages: the page's address matches both.
TEST_CASE("mmu refill: T68 several matches are a miss") {
  Rig rig = refilled();
  rig.filled(SideName::data, kVa, pfn(7) | kPage);
  for (unsigned n = 0; n < 2; ++n) CHECK(rig.load(kVa).rsp_pa == 7 << 13);
  rig.filled(SideName::data, kVa + 0x2000, pfn(0x20) | kPage | gh(1));
  REQUIRE(rig.valid_entries(Structure::d_tlb) == 2);
  check_fault(rig.load(kVa), 4);
  check_fault(rig.store(kVa, Mode::user), 4);
  CHECK(rig.count(event::D_MISS) == 2);
  CHECK(rig.count(event::D_MULTI) == 2);
  CHECK(rig.count(event::D_HIT) == 2);
  CHECK(rig.load(kVa + 0x2000).rsp_pa == 0x21 << 13);
  // The 21164 writes over the lowest match and drops the others.
  rig.filled(SideName::data, kVa, pfn(8) | kPage);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.load(kVa).rsp_pa == 8 << 13);
  check_fault(rig.load(kVa + 0x2000), 4);
}

TEST_CASE("mmu refill: T98 the 21264 ignores a fill over an entry that matches, the older chips replace it") {
  for (const Format format : {Format::alpha, Format::alpha_x64}) {
    const unsigned shift = format == Format::alpha ? 13 : 12;
    for (const arch::Chip chip : {arch::Chip::ev4, arch::Chip::ev5, arch::Chip::ev6}) {
      const bool ev6 = chip == arch::Chip::ev6;
      INFO(arch::name(format) << ", chip " << int(chip));
      Rig rig = refilled(format, with_chip(chip));
      fill_pages(rig, 4, shift);
      rig.filled(SideName::data, 0, pfn(0x50) | kPage);
      CHECK(rig.mmu->entry(Structure::d_tlb, 0).pa == u64{ev6 ? 0x10u : 0x50u} << shift);
      CHECK(rig.valid_entries(Structure::d_tlb) == 4);
      CHECK(rig.count(event::FILL) == (ev6 ? 4 : 5));
      // Not touched, the tree still points to entry 0.
      rig.filled(SideName::data, u64{9} << shift, pfn(0x51) | kPage);
      CHECK(rig.mmu->entry(Structure::d_tlb, ev6 ? 0 : 2).va == u64{9} << shift);
      CHECK(rig.count(event::FILL) == (ev6 ? 5 : 6));
    }
  }
  CHECK(arch::chip_of(Format::alpha, {}) == arch::Chip::ev5);
  CHECK(arch::chip_of(Format::alpha_x64, {}) == arch::Chip::ev6);
}

TEST_CASE("mmu refill: T98 what matches is asked with the operation's address space") {
  Rig rig = refilled(Format::alpha_x64);
  rig.filled(SideName::data, kVa, pfn(7) | kPage, 1);
  rig.filled(SideName::data, kVa, pfn(8) | kPage, 2);  // another space's: no duplicate
  CHECK(rig.valid_entries(Structure::d_tlb) == 2);
  rig.filled(SideName::instruction, kVa, pfn(9) | kPage, 1);  // nor another side's
  CHECK(rig.valid_entries(Structure::i_tlb) == 1);
  rig.filled(SideName::data, kVa + 0x1000, pfn(10) | kPage | kAsm, 1);
  rig.filled(SideName::data, kVa + 0x1000, pfn(11) | kPage, 2);  // the ASM entry matches every space
  CHECK(rig.valid_entries(Structure::d_tlb) == 3);
  rig.in.ctx_asid = 2;
  CHECK(rig.load(kVa).rsp_pa == 8 << 12);
  CHECK(rig.load(kVa + 0x1000).rsp_pa == 10 << 12);
  CHECK(rig.count(event::FILL) == 4);
}

TEST_CASE("mmu refill: T98 several matches on the 21264 stay until they are invalidated") {
  Rig rig = refilled(Format::alpha_x64);
  rig.filled(SideName::data, kVa, pfn(7) | kPage);
  rig.filled(SideName::data, kVa + 0x1000, pfn(0x20) | kPage | gh(1));
  rig.filled(SideName::data, kVa, pfn(8) | kPage);
  check_fault(rig.load(kVa), 4);
  CHECK(rig.count(event::FILL) == 2);
  rig.invalidated(inv::PAGE_D, kVa);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
  rig.filled(SideName::data, kVa, pfn(8) | kPage);
  CHECK(rig.load(kVa).rsp_pa == 8 << 12);
}

// Cycle 0 accepted, 2 REQ, 3 WAIT and answered. The fill is accepted in cycle 2 and BUSY in 3: the answer kills the
// walk, nothing is filled. Cycle 4: BUSY, walker IDLE: the fill. Cycle 5: acknowledged; the walk starts again as if
// this were cycle 1: three levels respond in cycle 4 + 9, four in 4 + 11.
TEST_CASE("mmu refill: T61 a fill kills the walk under way, and is written when the walker is idle") {
  for (const Format format : {Format::alpha, Format::alpha_x64}) {
    const unsigned shift = format == Format::alpha ? 13 : 12;
    Rig rig(format);  // EV5 and EV6
    rig.memory.set(rig.root, kVa, 1, pfn(9) | kPage);
    rig.data(kVa);
    rig.tick();
    CHECK(rig.invalidate(inv::FILL_D, kVa, 0, pfn(7) | kPage) == 2);
    rig.tick();
    CHECK(rig.cycle == 4);
    CHECK(rig.valid_entries(Structure::d_tlb) == 0);
    rig.tick();
    CHECK(rig.valid_entries(Structure::d_tlb) == 1);
    CHECK(rig.mmu->entry(Structure::d_tlb, 0).pa == u64{7} << shift);
    CHECK(rig.out().inv_ack == 1);
    rig.ticks(12);
    CHECK(rig.acks == std::vector<unsigned>{5});
    REQUIRE(rig.d_responses.size() == 1);
    CHECK(rig.d_responses[0].cycle == (format == Format::alpha ? 13 : 15));
    CHECK(rig.d_responses[0].pins.rsp_pa == u64{9} << shift);
    // The walker's fill replaces the duplicate on every chip.
    CHECK(rig.valid_entries(Structure::d_tlb) == 1);
    CHECK(rig.mmu->entry(Structure::d_tlb, 0).pa == u64{9} << shift);
    CHECK(rig.count(event::KILL) == 1);
    CHECK(rig.count(event::WALK) == 2);
    CHECK(rig.count(event::FILL) == 2);
  }
}

TEST_CASE("mmu refill: a fill waits for a slow memory's answer and is written once") {
  Rig rig(Format::alpha);
  rig.memory.set(rig.root, kVa, 1, pfn(9) | kPage);
  rig.latency = 7;
  rig.fetch(kVa);  // the read is taken in cycle 2 and answered in 9
  rig.tick();
  rig.invalidate(inv::FILL_D, kVa, 0, pfn(7) | kPage);
  for (unsigned cycle = 3; cycle <= 10; ++cycle) {
    CHECK(rig.valid_entries(Structure::d_tlb) == 0);
    CHECK(rig.out().inv_ack == 0);
    rig.tick();
  }
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.out().inv_ack == 1);
  rig.ticks(40);
  CHECK(rig.count(event::KILL) == 1);
  CHECK(rig.count(event::FILL) == 2);  // this one and the instruction side's walk
  CHECK(rig.valid_entries(Structure::i_tlb) == 1);
}

TEST_CASE("mmu refill: T104 the control belongs to the request: a held one walks, later ones miss at once") {
  Rig rig(Format::alpha);
  rig.memory.set(rig.root, kVa, 1, pfn(7) | kPage);
  rig.memory.set(rig.root, kVa + 0x2000, 1, pfn(8) | kPage);
  rig.data(kVa, false, Mode::kernel, 1);  // cycle 0: walks
  rig.in.ctx_ctl = kRefill;
  rig.data(kVa + 0x2000, false, Mode::kernel, 2);  // cycle 1: reported, although a walk is under way
  CHECK(rig.out().d.req_ready == 1);
  check_fault(rig.out().d, 4);
  rig.in.ctx_ctl = 0;
  rig.data(kVa + 0x2000, false, Mode::kernel, 3);  // cycle 2: held
  rig.in.ctx_ctl = kRefill;
  rig.ticks(40);
  REQUIRE(rig.d_responses.size() == 3);
  CHECK(rig.d_responses[1].pins.rsp_pa == 7 << 13);
  CHECK(rig.d_responses[2].pins.rsp_pa == 8 << 13);
  CHECK(rig.d_responses[2].pins.rsp_id == 3);
}

TEST_CASE("mmu refill: back-pressure closes the port as for any response") {
  Rig rig = refilled();
  rig.in.d.rsp_ready = 0;
  rig.data(kVa, false, Mode::kernel, 1);
  rig.data(kVa, false, Mode::kernel, 2);
  rig.tick();
  CHECK(rig.out().d.req_ready == 0);
  CHECK(rig.out().d.rsp_id == 1);
  rig.in.d.rsp_ready = 1;
  rig.tick();
  CHECK(rig.out().d.req_ready == 1);
  check_fault(rig.out().d, 4);
  CHECK(rig.out().d.rsp_id == 2);
}

TEST_CASE("mmu refill: the control means nothing in x86-64") {
  Rig rig(Format::x86_64);
  rig.in.ctx_ctl = kRefill;
  rig.memory.set(rig.root, kVa, 1, 0x9000 | x86::kKernelPage);
  CHECK(rig.load(kVa).rsp_pa == 0x9000);
  CHECK(rig.load(kVa, Mode::user).rsp_err == 0x5);
  CHECK(rig.count(event::WALK) == 2);
}
