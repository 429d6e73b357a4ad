// SPDX-License-Identifier: Apache-2.0
//
// Latencies in cycles, counted on paper from rtl/README.md: when a request is accepted, what the memory
// port shows in which cycle, and when the response is there.
//
// A walk with a memory that answers in the next cycle, the request accepted in cycle 0:
//   0 lookup misses | 1 READY, walker IDLE | 2 REQ | 3 SENT, answered | ... two cycles an access ...
//   after the last answer in cycle n: n + 1 DONE, pushed | n + 2 response at the pins
// so four levels answer in cycles 3, 5, 7, 9 and respond in cycle 11; three levels in cycle 9.
#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;

namespace {

constexpr u64 kVa = 0x1234'5678;

// A rig with one mapped user page at kVa, frame 0x4'0000.
Rig mapped(Format format) {
  Rig rig(format);
  const u64 bits = format == Format::x86_64 ? x86::kUserPage : test::alpha::kPage;
  rig.memory.set(rig.root, kVa, 1, rig.memory.pointer(0x4'0000, bits));
  return rig;
}

}  // namespace

TEST_CASE("mmu timing: out of reset both ports and the invalidation are ready and nothing else is shown") {
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    const Rig rig(format);
    PinsOut expected;
    expected.i.req_ready = expected.d.req_ready = expected.inv_ready = 1;
    CHECK(std::memcmp(&rig.out(), &expected, sizeof expected) == 0);
  }
}

// Row 91 of the OS shim's list: translation has no penalty for what is mapped already.
TEST_CASE("mmu timing: a hit costs no more cycles than an access with translation off, on both ports") {
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    INFO(arch::name(format));
    Rig rig = mapped(format);
    rig.load(kVa, arch::Mode::user);
    rig.execute(kVa, arch::Mode::user);
    const auto cycles = [&rig](unsigned accepted, const std::vector<Response>& responses) {
      const std::size_t before = responses.size();
      for (unsigned limit = 0; responses.size() == before; ++limit) {
        REQUIRE(limit < 100);
        rig.tick();
      }
      CHECK(responses.back().pins.rsp_fault == 0);
      return responses.back().cycle - accepted;
    };
    const std::size_t walked = rig.accesses.size();
    const unsigned read = cycles(rig.data(kVa, false, arch::Mode::user), rig.d_responses);
    const unsigned fetched = cycles(rig.fetch(kVa, arch::Mode::user), rig.i_responses);
    rig.in.ctx_ctl = static_cast<u32>(arch::layout::Controls::PHYS.mask());
    const unsigned read_off = cycles(rig.data(0x4'0678, false, arch::Mode::user), rig.d_responses);
    const unsigned fetched_off = cycles(rig.fetch(0x4'0678, arch::Mode::user), rig.i_responses);
    CHECK(rig.accesses.size() == walked);  // these were hits
    CHECK(read == 1);
    CHECK(read == read_off);
    CHECK(fetched == 1);
    CHECK(fetched == fetched_off);
  }
}

TEST_CASE("mmu timing: a walk of n levels responds after 2n + 3 cycles, a hit in the next") {
  struct Case {
    Format format;
    unsigned levels;
    u64 offset;
  };
  for (const Case& c :
       {Case{Format::x86_64, 4, 0x678}, Case{Format::alpha_x64, 4, 0x678}, Case{Format::alpha, 3, 0x1678}}) {
    INFO(arch::name(c.format));
    Rig rig = mapped(c.format);
    REQUIRE(rig.data(kVa, false, arch::Mode::user, 9) == 0);
    rig.ticks(2 * c.levels + 5);
    REQUIRE(rig.d_responses.size() == 1);
    CHECK(rig.d_responses[0].cycle == 2 * c.levels + 3);
    CHECK(rig.d_responses[0].pins.rsp_id == 9);
    CHECK(rig.d_responses[0].pins.rsp_pa == 0x4'0000 + c.offset);
    CHECK(rig.d_responses[0].pins.rsp_fault == 0);
    REQUIRE(rig.accesses.size() == c.levels);
    for (unsigned n = 0; n < c.levels; ++n) {
      CHECK(rig.accesses[n].cycle == 2 + 2 * n);
      CHECK(rig.accesses[n].op == 0);
      CHECK(rig.accesses[n].address == rig.memory.address(rig.root, kVa, c.levels - n));
    }
    const unsigned accepted = rig.data(kVa + 1, true, arch::Mode::user, 3);
    rig.tick();
    REQUIRE(rig.d_responses.size() == 2);
    CHECK(rig.d_responses[1].cycle == accepted + 1);
    CHECK(rig.d_responses[1].pins.rsp_pa == 0x4'0000 + c.offset + 1);
    CHECK(rig.count(event::D_HIT) == 1);
    CHECK(rig.count(event::D_MISS) == 1);
    CHECK(rig.count(event::WALK) == 1);
    CHECK(rig.count(event::MEM_READ) == c.levels);
    CHECK(rig.count(event::FILL) == 1);
  }
}

TEST_CASE("mmu timing: the instruction side takes as long") {
  Rig rig = mapped(Format::x86_64);
  rig.fetch(kVa, arch::Mode::user, 4);
  rig.ticks(12);
  REQUIRE(rig.i_responses.size() == 1);
  CHECK(rig.i_responses[0].cycle == 11);
  CHECK(rig.i_responses[0].pins.rsp_id == 4);
  CHECK(rig.d_responses.empty());
  CHECK(rig.valid_entries(Structure::i_tlb) == 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
}

// Each compare-and-swap is two cycles more: 11 + 4 * 2 for a walk that finds no A bit anywhere.
TEST_CASE("mmu timing: T40 a walk that sets A at every level, and A and D of the leaf at once") {
  using namespace x86;
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kVa, 1, 0x4'0000 | kP | kRw | kUs, kP | kRw | kUs);
  rig.data(kVa, true, arch::Mode::user);
  rig.ticks(25);
  REQUIRE(rig.d_responses.size() == 1);
  CHECK(rig.d_responses[0].cycle == 19);
  CHECK(rig.d_responses[0].pins.rsp_pa == 0x4'0678);
  REQUIRE(rig.accesses.size() == 8);
  for (unsigned n = 0; n < 4; ++n) {
    const MemAccess& read = rig.accesses[2 * n];
    const MemAccess& cas = rig.accesses[2 * n + 1];
    CHECK(read.op == 0);
    CHECK(read.compare == 0);
    CHECK(read.data == 0);
    CHECK(cas.op == 1);
    CHECK(cas.cycle == read.cycle + 2);
    CHECK(cas.address == read.address);
    CHECK((cas.data ^ cas.compare) == (n < 3 ? kA : kA | kD));
    CHECK(rig.memory.read(cas.address) == cas.data);
  }
  CHECK(rig.count(event::MEM_CAS) == 4);
  CHECK(rig.count(event::MEM_READ) == 4);
  CHECK(rig.count(event::CAS_FAIL) == 0);
  CHECK(rig.count(event::WALK_READS_4) == 1);  // compare-and-swaps are no reads
}

TEST_CASE("mmu timing: a read sets A and leaves D") {
  using namespace x86;
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kVa, 1, 0x4'0000 | kP | kRw | kUs);
  rig.load(kVa);
  CHECK(rig.memory.read(rig.memory.address(rig.root, kVa, 1)) == (0x4'0000 | kP | kRw | kUs | kA));
  CHECK(rig.accesses.size() == 5);
}

TEST_CASE("mmu timing: a slow memory and a memory that is not ready stretch the walk cycle by cycle") {
  Rig rig = mapped(Format::x86_64);
  rig.latency = 4;  // three cycles more for each of four reads
  rig.in.mem_req_ready = 0;
  rig.data(kVa);
  rig.ticks(4);  // REQ since cycle 2; cycles 2, 3, 4 refused
  CHECK(rig.out().mem_req_valid == 1);
  CHECK(rig.out().mem_req_addr == rig.memory.address(rig.root, kVa, 4));
  CHECK(rig.accesses.empty());
  rig.in.mem_req_ready = 1;
  rig.ticks(40);
  REQUIRE(rig.d_responses.size() == 1);
  CHECK(rig.d_responses[0].cycle == 11 + 4 * 3 + 3);
}

// Places of the ring: 0 to 3 the D side's, 4 and 5 the I side's. The walkers' last place is 0 after reset, so 4 comes
// before 0; after that the last is the other one's.
TEST_CASE("mmu timing: both sides miss in one cycle: the ring decides who walks first") {
  Rig rig = mapped(Format::x86_64);
  rig.in.i.valid = rig.in.d.valid = 1;
  rig.in.i.va = rig.in.d.va = kVa;
  rig.tick();
  rig.in.i.valid = rig.in.d.valid = 0;
  rig.ticks(30);
  REQUIRE(rig.d_responses.size() == 1);
  REQUIRE(rig.i_responses.size() == 1);
  CHECK(rig.i_responses[0].cycle == 11);
  // The first walk's last answer is in cycle 9, the walker is IDLE in cycle 10 and takes the other miss.
  CHECK(rig.d_responses[0].cycle == 20);
}

TEST_CASE("mmu timing: a walk starts in the cycle after an instruction miss although a data miss comes then") {
  Rig rig = mapped(Format::x86_64);
  rig.fetch(kVa);  // cycle 0
  rig.data(kVa);   // cycle 1: the walker takes the I miss in this very cycle
  rig.ticks(30);
  CHECK(rig.i_responses.at(0).cycle == 11);
  CHECK(rig.d_responses.at(0).cycle == 20);
}
