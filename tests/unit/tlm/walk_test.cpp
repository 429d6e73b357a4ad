// SPDX-License-Identifier: Apache-2.0
//
// What walks do to memory: accessed and dirty bits, compare-and-swap and its fallback, bus errors, and
// invalidations that arrive while the physical side waits.
#include "tests/unit/tlm/bus.h"

namespace kilburn::tlm::test {
namespace {

constexpr u64 kVa = 0x1000;
constexpr u64 kPage = 0x805000;

void sets_accessed_and_dirty(BusPlatform& p) {
  for (unsigned level = 4; level > 1; --level) {
    const u64 slot = p.tables.entry(kVa, level);
    p.tables.entry(kVa, level - 1);
    p.memory.store64(slot, p.memory.load64(slot) & ~kA);
  }
  const u64 leaf = p.tables.map(kVa, kPage, kP | kRW);
  u64 word = 0;
  REQUIRE(p.read(kVa, word).ok());
  for (unsigned level = 4; level > 1; --level) CHECK((p.memory.load64(p.tables.entry(kVa, level)) & (kA | kD)) == kA);
  CHECK(p.memory.load64(leaf) == (kPage | kP | kRW | kA));
  CHECK(p.mmu.counters().updates == 4);
  // A write that hits the clean translation must mark the entry first (trap T41).
  REQUIRE(p.write(kVa, 1).ok());
  CHECK(p.memory.load64(leaf) == (kPage | kP | kRW | kA | kD));
  CHECK(p.mmu.counters().updates == 5);
  // No further walk, and no write of bits that are set already (trap T50).
  REQUIRE(p.write(kVa + 8, 2).ok());
  REQUIRE(p.read(kVa, word).ok());
  CHECK(p.mmu.counters().updates == 5);
  CHECK(p.mmu.counters().walks == 2);
  CHECK(p.mmu.counters().failed_updates == 0);
}

}  // namespace

TEST_CASE("accessed and dirty are set through direct memory") {
  BusPlatform p;
  sets_accessed_and_dirty(p);
}

TEST_CASE("accessed and dirty are set by the compare-and-swap extension") {
  BusPlatform p;
  p.bus.direct = false;
  sets_accessed_and_dirty(p);
  CHECK(p.bus.swaps == 5);
  CHECK(p.bus.writes == 2);  // the two stores
}

TEST_CASE("accessed and dirty are set where the bus does not know compare-and-swap") {
  BusPlatform p;
  p.bus.direct = false;
  p.bus.knows_cas = false;
  sets_accessed_and_dirty(p);
  CHECK(p.bus.writes == 5 + 2);
}

TEST_CASE("a fault writes neither A nor D into the leaf") {
  BusPlatform p;
  const u64 leaf = p.tables.map(kVa, kPage, kP | kUS);
  CHECK_FALSE(p.write(kVa, 1, {Op::read, Mode::user, false}).ok());
  CHECK(p.memory.load64(leaf) == (kPage | kP | kUS));
}

TEST_CASE("alpha walks never write") {
  BusPlatform p(for_format(Format::alpha));
  p.tables.map(0x2000, kPage & ~u64{0x1FFF}, kAlphaAll);
  u64 word = 0;
  REQUIRE(p.read(0x2000, word).ok());
  CHECK(p.mmu.counters().updates == 0);
}

namespace {

// Another agent changes the entry between the walker's read and its compare-and-swap: what it wrote is
// judged, and nothing of it is lost (traps T42, T44).
void survives_a_lost_race(BusPlatform& p, bool remove) {
  const u64 leaf = p.tables.map(kVa, kPage, kP | kRW);
  const u64 other = remove ? 0 : (0x809000 | kP | kRW | u64{1} << 60);
  bool done = false;
  p.bus.before = [&](const Payload& trans) {
    if (trans.get_address() != leaf || trans.is_read() || std::exchange(done, true)) return;
    p.memory.store64(leaf, other);
  };
  p.memory.store64(0x809000, 77);
  u64 word = 0;
  const Reply reply = p.read(kVa, word);
  CHECK(done);
  CHECK(p.mmu.counters().failed_updates == 1);
  if (remove) {
    CHECK(reply.fault.code == Fault::page);
    CHECK(p.memory.load64(leaf) == 0);
  } else {
    CHECK(reply.ok());
    CHECK(word == 77);
    CHECK(p.memory.load64(leaf) == (other | kA));
  }
}

}  // namespace

TEST_CASE("a compare-and-swap that lost against a new mapping uses the new one") {
  BusPlatform p;
  p.bus.direct = false;
  survives_a_lost_race(p, false);
}

TEST_CASE("a compare-and-swap that lost against a removal faults") {
  BusPlatform p;
  p.bus.direct = false;
  survives_a_lost_race(p, true);
}

TEST_CASE("the fallback without compare-and-swap loses nothing either when there is a new mapping") {
  BusPlatform p;
  p.bus.direct = p.bus.knows_cas = false;
  survives_a_lost_race(p, false);
}

TEST_CASE("the fallback without compare-and-swap loses nothing either when the mapping is gone") {
  BusPlatform p;
  p.bus.direct = p.bus.knows_cas = false;
  survives_a_lost_race(p, true);
}

TEST_CASE("a self-referencing table is updated once") {
  BusPlatform p;
  // Entry 510 of the top table points to the top table: the same word is read at every level (trap T73).
  const u64 slot = p.tables.root() + 8 * 510;
  p.memory.store64(slot, p.tables.root() | kP | kRW);
  const u64 va = 0xFFFF'0000'0000'0000 | u64{510} << 39 | u64{510} << 30 | u64{510} << 21 | u64{510} << 12;
  u64 word = 0;
  REQUIRE(p.read(va + 8 * 510, word).ok());
  CHECK(word == (p.tables.root() | kP | kRW | kA));
  CHECK(p.mmu.counters().updates == 1);
}

TEST_CASE("a page-table word that cannot be read is a bus fault at its level") {
  BusPlatform p;
  p.bus.direct = false;
  u64 word = 0;
  for (unsigned level = 1; level <= 4; ++level) {
    p.tables.map(kVa, kPage, kUsed);
    p.bus.broken = p.tables.entry(kVa, level);
    const Reply reply = p.read(kVa, word);
    CHECK(reply.status == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(reply.fault.code == Fault::bus);
    CHECK(reply.fault.level == level);
  }
  CHECK(p.mmu.counters().faults[static_cast<unsigned>(Fault::bus)] == 4);
  p.bus.broken.reset();
  CHECK(p.read(kVa, word).ok());  // nothing was kept
}

TEST_CASE("a page-table word that cannot be updated is a bus fault and leaves no translation") {
  BusPlatform p;
  p.bus.direct = false;
  const u64 leaf = p.tables.map(kVa, kPage, kP);
  bool armed = true;
  p.bus.before = [&](const Payload& trans) {
    p.bus.broken.reset();
    if (armed && trans.get_address() == leaf && !trans.is_read()) p.bus.broken = leaf;
  };
  u64 word = 0;
  CHECK(p.read(kVa, word).fault.code == Fault::bus);
  CHECK(p.memory.load64(leaf) == (kPage | kP));
  armed = false;
  CHECK(p.read(kVa, word).ok());
  CHECK(p.mmu.counters().fills == 1);
}

TEST_CASE("an invalidation during a waiting walk makes it start again") {
  BusPlatform p;
  p.bus.direct = false;
  p.bus.waits = true;
  const u64 leaf = p.tables.map(kVa, kPage, kUsed);
  p.memory.store64(kPage, 1);
  p.memory.store64(0x80A000, 2);
  u64 word = 0;
  Reply reply;
  sc_core::sc_time acknowledged;
  p.run({[&] { reply = p.read(kVa, word); },
         [&] {
           // The leaf is read at 4 x (10 + 5) + delays; the invalidation comes just after that read began to
           // count, before the data.
           p.bus.before = [&](const Payload& trans) {
             if (trans.get_address() != leaf || p.mmu.counters().invalidations != 0) return;
             p.memory.store64(leaf, 0x80A000 | kUsed);
             p.memory.store64(leaf, 0x80A000 | kUsed);
             p.mmu.invalidate(Invalidate::page, kVa, 0);
             CHECK(p.mmu.busy());
           };
           sc_core::wait(p.mmu.idle_event());
           acknowledged = sc_core::sc_time_stamp();
         }});
  CHECK(reply.ok());
  CHECK(word == 2);
  CHECK(p.mmu.counters().restarts == 1);
  CHECK(p.mmu.counters().fills == 1);
  CHECK_FALSE(p.mmu.busy());
  CHECK(acknowledged > sc_core::SC_ZERO_TIME);
}

TEST_CASE("no update of a walk that an invalidation overtook is written") {
  BusPlatform p;
  p.bus.direct = false;
  p.bus.waits = true;
  const u64 leaf = p.tables.map(kVa, kPage, kP | kRW);
  u64 word = 0;
  Reply reply;
  // The frame of the table is given away right after the walker has read the leaf (trap T51).
  p.bus.before = [&](const Payload& trans) {
    if (trans.get_address() != leaf || !trans.is_read() || p.mmu.counters().invalidations != 0) return;
    p.mmu.invalidate(Invalidate::all);
    p.memory.store64(p.tables.entry(kVa, 4), 0);
  };
  p.run({[&] { reply = p.read(kVa, word); }});
  CHECK(reply.fault.code == Fault::page);
  CHECK(reply.fault.level == 4);
  CHECK(p.memory.load64(leaf) == (kPage | kP | kRW));
}

TEST_CASE("an invalidation during a waiting compare-and-swap makes the walk start again") {
  BusPlatform p;
  p.bus.direct = false;
  p.bus.waits = true;
  const u64 leaf = p.tables.map(kVa, kPage, kP | kRW);
  const u64 table = p.tables.page();
  p.memory.store64(table + 8 * (kVa >> 12), 0x80A000 | kUsed);
  p.memory.store64(0x80A000, 2);
  p.bus.before = [&](const Payload& trans) {
    if (trans.get_address() != leaf || trans.is_read() || p.mmu.counters().invalidations != 0) return;
    p.memory.store64(p.tables.entry(kVa, 2), table | kUsed);
    p.mmu.invalidate(Invalidate::all);
  };
  u64 word = 0;
  p.run({[&] { CHECK(p.read(kVa, word).ok()); }});
  CHECK(word == 2);
  CHECK(p.mmu.counters().restarts == 1);
}

TEST_CASE("a judgement made under controls that changed meanwhile is not kept") {
  BusPlatform p;
  p.bus.waits = true;  // direct memory is granted after the first transaction
  p.tables.map(kVa, kPage, kUsed);
  u64 word = 0;
  p.bus.before = [&](const Payload&) {
    p.bus.before = nullptr;
    p.mmu.set_context({p.tables.root(), 0, kWP | kNXE | kSMAP});
  };
  p.run({[&] {
    CHECK(p.read(kVa, word).ok());  // began without SMAP (trap T104)
    CHECK(p.read(kVa, word).fault.code == Fault::page);
  }});
}

TEST_CASE("two processes may wait in the physical side at once, each with the context it began with") {
  BusPlatform p;
  p.bus.direct = false;
  p.bus.waits = true;
  p.tables.map(kVa, kPage, kUsed);
  p.memory.store64(kPage, 11);
  Tables second(p.memory, Format::x86_64);
  for (int skip = 0; skip < 64; ++skip) second.page();  // beside the first tables
  const u64 root2 = second.page();
  for (unsigned i = 0; i < 512; ++i) p.memory.store64(root2 + 8 * i, 0);
  u64 one = 0, two = 0;
  Reply first, other;
  p.run({[&] { first = p.read(kVa, one); },
         [&] {
           sc_core::wait(Platform::ns(7));
           p.mmu.set_context({root2, 1, kWP | kNXE});
           other = p.read(kVa, two);
         }});
  CHECK(first.ok());
  CHECK(one == 11);
  CHECK(other.fault.code == Fault::page);
  CHECK(other.fault.level == 4);
}

TEST_CASE("temporal decoupling: a target that waits consumes the delay and nothing is counted twice") {
  MmuConfig config;
  config.hit_time = Platform::ns(2);
  config.walk_time = Platform::ns(3);
  BusPlatform p(config);
  p.bus.direct = false;
  p.bus.waits = true;
  p.tables.map(kVa, kPage, kUsed);
  u64 word = 0;
  Reply reply;
  sc_core::sc_time end;
  p.run({[&] {
    reply = p.read(kVa, word);
    end = sc_core::sc_time_stamp() + reply.delay;
  }});
  // Five transactions of 5 ns on the bus and 10 ns in the memory.
  CHECK(end == Platform::ns(2 + 4 * 3 + 5 * (5 + 10)));
}

TEST_CASE("a compare-and-swap travels through the Mmu") {
  BusPlatform p;
  const u64 leaf = p.tables.map(kVa, kPage, kUsed);
  p.memory.store64(kPage + 16, 5);
  u64 desired = 6;
  CasExtension cas;
  cas.expect = 5;
  Payload payload;
  PayloadPool::aim(payload, ::tlm::TLM_IGNORE_COMMAND, kVa + 16, reinterpret_cast<unsigned char*>(&desired), 8);
  payload.set_extension(&cas);
  CHECK(p.cpu.send(payload, {Op::write, Mode::kernel, false}).ok());
  payload.clear_extension<CasExtension>();
  CHECK(cas.served);
  CHECK(cas.matched);
  CHECK(p.memory.load64(kPage + 16) == 6);
  CHECK((p.memory.load64(leaf) & kD) != 0);
}

}  // namespace kilburn::tlm::test
