// SPDX-License-Identifier: Apache-2.0
//
// Debug transport and direct memory: what they give, what they refuse, and that they leave no trace.
#include "tests/unit/tlm/bus.h"

namespace kilburn::tlm::test {
namespace {

constexpr u64 kFrame = 0x800000;
using ::tlm::TLM_READ_COMMAND;
using ::tlm::TLM_WRITE_COMMAND;

// Everything that a debug or DMI request must leave alone.
struct Trace {
  explicit Trace(const BusPlatform& p)
      : counters(p.mmu.counters()), reads(p.bus.reads), writes(p.bus.writes), swaps(p.bus.swaps) {}
  bool operator==(const Trace& other) const {
    return reads == other.reads && writes == other.writes && swaps == other.swaps &&
           counters.walks == other.counters.walks && counters.hits == other.counters.hits &&
           counters.fills == other.counters.fills && counters.updates == other.counters.updates &&
           counters.reads == other.counters.reads && counters.faults == other.counters.faults;
  }
  MmuCounters counters;
  unsigned reads, writes, swaps;
};

unsigned debug(BusPlatform& p, ::tlm::tlm_command command, u64 va, void* data, unsigned length) {
  Payload payload;
  PayloadPool::aim(payload, command, va, static_cast<unsigned char*>(data), length);
  return p.cpu.socket->transport_dbg(payload);
}

}  // namespace

TEST_CASE("debug access reads and writes through the tables without any trace") {
  BusPlatform p;
  const u64 leaf = p.tables.map(0x1000, kFrame, kP | kRW);  // neither accessed nor dirty
  p.tables.map(0x2000, kFrame + 0x5000, kP | kRW);
  p.memory.store64(kFrame, 42);
  const Trace before(p);
  u64 word = 0;
  CHECK(debug(p, TLM_READ_COMMAND, 0x1000, &word, 8) == 8);
  CHECK(word == 42);
  unsigned char text[16] = "fifteen letters";
  CHECK(debug(p, TLM_WRITE_COMMAND, 0x1FF8, text, 16) == 16);
  CHECK(std::memcmp(p.memory.data() + kFrame + 0xFF8, text, 8) == 0);
  CHECK(std::memcmp(p.memory.data() + kFrame + 0x5000, text + 8, 8) == 0);
  CHECK(p.memory.load64(leaf) == (kFrame | kP | kRW));
  // Ends at the page that faults.
  CHECK(debug(p, TLM_READ_COMMAND, 0x2FF8, text, 16) == 8);
  CHECK(debug(p, TLM_READ_COMMAND, 0x3000, text, 16) == 0);
  CHECK(debug(p, TLM_READ_COMMAND, 0x1000, nullptr, 16) == 0);
  CHECK(Trace(p) == before);
  CHECK(p.bus.debugs > 0);
  // The first access after it still walks.
  CHECK(p.read(0x1000, word).ok());
  CHECK(p.mmu.counters().walks == 1);
  CHECK((p.memory.load64(leaf) & kA) != 0);
}

TEST_CASE("debug access sees what an access would see: the translation that is held") {
  BusPlatform p;
  const u64 leaf = p.tables.map(0x1000, kFrame, kUsed | kD);
  p.memory.store64(kFrame, 1);
  p.memory.store64(kFrame + 0x1000, 2);
  u64 word = 0;
  CHECK(p.read(0x1000, word).ok());
  p.memory.store64(leaf, (kFrame + 0x1000) | kUsed | kD);
  CHECK(debug(p, TLM_READ_COMMAND, 0x1000, &word, 8) == 8);
  CHECK(word == 1);
  p.mmu.invalidate(Invalidate::page, 0x1000, 0);
  CHECK(debug(p, TLM_READ_COMMAND, 0x1000, &word, 8) == 8);
  CHECK(word == 2);
}

TEST_CASE("direct memory is granted for the page with the rights of the entry") {
  BusPlatform p;
  p.tables.map(0x1000, kFrame, kUsed | kD);
  p.tables.map(0x2000, kFrame + 0x1000, kUsed);
  p.tables.map(0x3000, kFrame + 0x2000, kP | kUS | kA | kD);
  p.tables.map(0x4000, kFrame + 0x3000, kP | kRW | kUS | kD);
  p.tables.map(0x5000, kFrame + 0x4000, kP | kRW | kA | kD | kNX);
  p.tables.map(0x40000000, 0x1000000, kUsed | kD | kPS, 2);
  const Trace before(p);
  ::tlm::tlm_dmi dmi;

  REQUIRE(p.cpu.direct(TLM_READ_COMMAND, 0x1234, dmi));
  CHECK(dmi.get_start_address() == 0x1000);
  CHECK(dmi.get_end_address() == 0x1FFF);
  CHECK(dmi.get_dmi_ptr() == p.memory.data() + kFrame);
  CHECK(dmi.is_read_write_allowed());
  CHECK(dmi.get_read_latency() == Platform::ns(1 + 10));
  CHECK(dmi.get_write_latency() == Platform::ns(1 + 20));

  // Clean: a store must go through the Mmu to set D.
  CHECK_FALSE(p.cpu.direct(TLM_WRITE_COMMAND, 0x2000, dmi));
  CHECK(dmi.get_start_address() == 0x2000);
  CHECK(dmi.get_end_address() == 0x2FFF);
  REQUIRE(p.cpu.direct(TLM_READ_COMMAND, 0x2000, dmi));
  CHECK_FALSE(dmi.is_write_allowed());
  // Read-only.
  CHECK_FALSE(p.cpu.direct(TLM_WRITE_COMMAND, 0x3000, dmi));
  REQUIRE(p.cpu.direct(TLM_READ_COMMAND, 0x3000, dmi));
  CHECK_FALSE(dmi.is_write_allowed());
  // Not accessed.
  CHECK_FALSE(p.cpu.direct(TLM_READ_COMMAND, 0x4000, dmi));
  // The mode and the kind of access count.
  CHECK_FALSE(p.cpu.direct(TLM_READ_COMMAND, 0x5000, dmi, {Op::read, Mode::user, false}));
  CHECK_FALSE(p.cpu.direct(TLM_READ_COMMAND, 0x5000, dmi, {Op::fetch, Mode::kernel, false}));
  REQUIRE(p.cpu.direct(TLM_READ_COMMAND, 0x1000, dmi, {Op::fetch, Mode::kernel, false}));
  CHECK_FALSE(dmi.is_write_allowed());
  // A large page as a whole; nothing for an absent one.
  REQUIRE(p.cpu.direct(TLM_READ_COMMAND, 0x40012345, dmi));
  CHECK(dmi.get_start_address() == 0x40000000);
  CHECK(dmi.get_end_address() == 0x401FFFFF);
  CHECK(dmi.get_dmi_ptr() == p.memory.data() + 0x1000000);
  CHECK_FALSE(p.cpu.direct(TLM_READ_COMMAND, 0x6000, dmi));
  CHECK(Trace(p) == before);
  // After a write has set D the grant covers writing.
  REQUIRE(p.write(0x2000, 1).ok());
  REQUIRE(p.cpu.direct(TLM_WRITE_COMMAND, 0x2000, dmi));
  CHECK(dmi.is_read_write_allowed());
}

TEST_CASE("a grant never joins two translations of one page") {
  BusPlatform p;
  const u64 leaf = p.tables.map(0x1000, kFrame, kUsed);
  u64 word = 0;
  REQUIRE(p.read(0x1000, word).ok());  // held, clean
  p.memory.store64(leaf, (kFrame + 0x1000) | kUsed | kD);
  ::tlm::tlm_dmi dmi;
  REQUIRE(p.cpu.direct(TLM_READ_COMMAND, 0x1000, dmi));
  CHECK(dmi.get_dmi_ptr() == p.memory.data() + kFrame);
  CHECK_FALSE(dmi.is_write_allowed());  // a write would walk and go to the new frame
}

TEST_CASE("direct memory never exceeds what the physical side grants") {
  BusPlatform p;
  p.tables.map(0x1000, kFrame, kUsed | kD);
  // A large page that reaches over the end of the memory.
  p.tables.map(0x40000000, p.memory.size() - 0x200000, kUsed | kD | kPS, 2);
  p.tables.map(0x80000000, 0, kUsed | kD | kPS, 3);
  ::tlm::tlm_dmi dmi;
  REQUIRE(p.cpu.direct(TLM_READ_COMMAND, 0x80001000, dmi));
  CHECK(dmi.get_start_address() == 0x80000000);
  CHECK(dmi.get_end_address() == 0x80000000 + p.memory.size() - 1);
  p.memory.set_direct(true, false);
  REQUIRE(p.cpu.direct(TLM_READ_COMMAND, 0x1000, dmi));
  CHECK_FALSE(dmi.is_write_allowed());
  CHECK_FALSE(p.cpu.direct(TLM_WRITE_COMMAND, 0x1000, dmi));
  p.bus.direct = false;
  CHECK_FALSE(p.cpu.direct(TLM_READ_COMMAND, 0x1000, dmi));
  u64 word = 0;
  CHECK(p.read(0x1000, word).ok());
  CHECK_FALSE(p.read(0x1000, word).direct_hint);
}

TEST_CASE("page-table reads go by direct memory once it is granted, by transport when it is taken back") {
  BusPlatform p;
  for (u64 n = 1; n < 9; ++n) p.tables.map(n * 0x1000, kFrame + n * 0x1000, kUsed);
  u64 word = 0;
  CHECK(p.read(0x1000, word).ok());
  CHECK(p.bus.reads == 1);  // its hint was taken at once
  CHECK(p.read(0x2000, word).ok());
  CHECK(p.bus.reads == 1);
  p.bus.direct = false;
  p.memory.set_direct(false, false);
  CHECK(p.read(0x3000, word).ok());
  CHECK(p.bus.reads == 1 + 4 + 1);
  CHECK(p.read(0x3000, word).ok());
  CHECK(p.bus.reads == 1 + 4 + 1 + 1);
}

TEST_CASE("a superpage is granted and ends with the controls") {
  BusPlatform p(for_format(Format::alpha));
  const u64 kseg = 0xFFFF'FC00'0000'0000;
  p.mmu.set_context({p.tables.root(), 0, 2 << 8});
  ::tlm::tlm_dmi dmi;
  REQUIRE(p.cpu.direct(TLM_WRITE_COMMAND, kseg + 0x12345, dmi));
  CHECK(dmi.get_start_address() == kseg);
  CHECK(dmi.get_end_address() == kseg + p.memory.size() - 1);
  CHECK(dmi.get_dmi_ptr() == p.memory.data());
  p.mmu.invalidate(Invalidate::all);
  CHECK(p.cpu.invalidated.empty());
  p.mmu.set_context({p.tables.root(), 0, 0});
  REQUIRE(p.cpu.invalidated.size() == 1);
  CHECK_FALSE(p.cpu.direct(TLM_WRITE_COMMAND, kseg + 0x12345, dmi));
}

}  // namespace kilburn::tlm::test
