// SPDX-License-Identifier: Apache-2.0
//
// What each invalidation operation covers and what it leaves, in the TLBs and in direct-memory grants.
// Both checks are run against planted failures too: an operation that is lost, and one that does too much.
#include <algorithm>

#include "tests/unit/tlm/platform.h"

namespace kilburn::tlm::test {
namespace {

constexpr u64 kA4 = 0x1000, kB4 = 0x2000, kLarge = 0x40000000;
constexpr u64 kOld = 0x800000, kNew = 0xC00000;

// Translations that the Mmu holds before the operation; each is used once before and once after.
struct Held {
  const char* name;
  u16 asid;
  u64 va;
  Op op;
};
const Held kHeld[] = {
    {"page A of space 1", 1, kA4, Op::read},
    {"global page B of space 1", 1, kB4, Op::read},
    {"page A of space 2", 2, kA4, Op::read},
    {"large page of space 1", 1, kLarge + 0x5000, Op::read},
    {"another part of the large page", 1, kLarge + 0x107000, Op::read},
    {"page A of space 1, instruction side", 1, kA4, Op::fetch},
};
constexpr unsigned kAll = 0x3F;

struct Operation {
  Invalidate op;
  u64 va;
  u16 asid;
  unsigned covers;  // bit n: kHeld[n]; from rtl/README.md, Invalidation
};
const Operation kOperations[] = {
    {Invalidate::all, 0, 0, kAll},
    {Invalidate::nonglobal, 0, 0, kAll & ~2U},
    {Invalidate::asid, 0, 1, 0x39},
    {Invalidate::asid, 0, 2, 0x04},
    {Invalidate::asid, 0, 3, 0},
    {Invalidate::page, kA4, 1, 0x21},
    {Invalidate::page, kA4 + 0xFFF, 2, 0x04},
    {Invalidate::page, kB4, 1, 0x02},
    {Invalidate::page, kB4, 2, 0x02},
    {Invalidate::page, kLarge + 0x1FF000, 1, 0x18},  // trap T62
    {Invalidate::page, kLarge + 0x1FF000, 2, 0},
    {Invalidate::page_nonglobal, kA4, 1, 0x21},
    {Invalidate::page_nonglobal, kB4, 1, 0},
    {Invalidate::page_nonglobal, kLarge, 1, 0x18},
    {Invalidate::page_i, kA4, 1, 0x20},  // trap T95
    {Invalidate::page_d, kA4, 1, 0x01},
    {Invalidate::page, kA4 | u64{1} << 47, 1, 0},
    {static_cast<Invalidate>(15), kA4, 1, 0},
};

template <class P>
void map_all(P& p, u64 frames) {
  p.tables.map(kA4, frames + 0x1000, kUsed | kD);
  p.tables.map(kB4, frames + 0x2000, kUsed | kD | kG);
  p.tables.map(kLarge, frames, kUsed | kD | kPS, 2);
}

u64 look(Platform& p, const Held& held) {
  p.use(held.asid);
  return p.get(held.va, {held.op, Mode::kernel, false});
}

// Which of kHeld are answered from the changed tables after `performed`.
unsigned refreshed(Platform& p, const Operation& performed) {
  map_all(p, kOld);
  p.mmu.invalidate(Invalidate::all);
  for (int twice = 0; twice < 2; ++twice) {
    for (const Held& held : kHeld) CHECK(look(p, held) == 1);
  }
  map_all(p, kNew);
  p.mmu.invalidate(performed.op, performed.va, performed.asid);
  unsigned fresh = 0;
  for (unsigned n = 0; n < std::size(kHeld); ++n) {
    if (look(p, kHeld[n]) == 2) fresh |= 1U << n;
  }
  return fresh;
}

void fill_frames(Memory& memory) {
  for (u64 offset = 0; offset < 0x200000; offset += 0x1000) {
    memory.store64(kOld + offset, 1);
    memory.store64(kNew + offset, 2);
  }
}

}  // namespace

TEST_CASE("each invalidation covers what it should and leaves the rest") {
  Platform p;
  fill_frames(p.memory);
  for (const Operation& operation : kOperations) {
    INFO("operation " << unsigned(operation.op) << " va " << std::hex << operation.va << " asid " << operation.asid);
    CHECK(refreshed(p, operation) == operation.covers);
  }
}

TEST_CASE("the invalidation check bites: a lost operation and one that does too much are seen") {
  Platform p;
  fill_frames(p.memory);
  for (const Operation& operation : kOperations) {
    if (operation.covers != 0) {
      CHECK(refreshed(p, {static_cast<Invalidate>(15), 0, 0, 0}) != operation.covers);
    }
    if (operation.covers != kAll) CHECK(refreshed(p, {Invalidate::all, 0, 0, 0}) != operation.covers);
  }
}

TEST_CASE("a page fault invalidates its own translation and no other") {
  Platform p;
  const u64 leaf = p.tables.map(kA4, kOld, kP | kUS | kA);
  p.tables.map(kB4, kOld + 0x1000, kUsed);
  p.get(kA4);
  p.get(kB4);
  p.get(kA4, {Op::fetch, Mode::kernel, false});
  p.memory.store64(kNew, 2);
  p.memory.store64(leaf, kNew | kP | kUS | kA);
  CHECK(p.get(kA4) == 0);  // still the old page
  CHECK_FALSE(p.write(kA4, 1).ok());
  CHECK(p.get(kA4) == 2);
  CHECK(p.get(kA4, {Op::fetch, Mode::kernel, false}) == 2);
  const u64 walks = p.mmu.counters().walks;
  p.get(kB4);
  CHECK(p.mmu.counters().walks == walks);
}

TEST_CASE("alpha faults leave the translation") {
  Platform p(for_format(Format::alpha));
  const u64 leaf = p.tables.map(0x2000, kOld, kAlphaAll | kFOW);
  p.get(0x2000);
  p.memory.store64(kNew, 2);
  p.memory.store64(leaf, p.tables.leaf(kNew, kAlphaAll | kFOW));
  CHECK(p.write(0x2000, 1).fault.code == Fault::on_write);
  CHECK(p.get(0x2000) == 0);
  // Any address of a granularity-hint block takes it all along (trap T93), ASM whatever the ASN.
  p.tables.map(0x40000000, kOld, kAlphaAll | kGH1 | kASM);
  p.get(0x40000000);
  p.get(0x40000000 + 0x6000);
  p.memory.store64(kNew + 0x6000, 2);
  for (u64 page = 0; page < 8; ++page) {
    p.tables.map(0x40000000 + page * 0x2000, kNew + page * 0x2000, kAlphaAll | kGH1 | kASM);
  }
  p.use(9);
  CHECK(p.get(0x40000000 + 0x6000) == 0);
  p.mmu.invalidate(Invalidate::page, 0x40000000 + 0xE000, 9);
  CHECK(p.get(0x40000000 + 0x6000) == 2);
}

TEST_CASE("a right that was taken away comes back after a walk, and one given is found by it") {
  Platform p;
  const u64 leaf = p.tables.map(kA4, kOld, kP | kUS | kA);
  p.get(kA4);
  p.memory.store64(leaf, kOld | kUsed);  // read-only to writable, no invalidation (SDM 4.10.4.3)
  CHECK(p.write(kA4, 5).ok());
  CHECK(p.memory.load64(kOld) == 5);
}

TEST_CASE("a new translation of a page inherits no judgement from the old one") {
  Platform p;
  p.use(0, kWP | kNXE | kSMAP);
  const u64 leaf = p.tables.map(kA4, kOld, kP | kRW | kA);
  p.memory.store64(kNew, 2);
  for (int twice = 0; twice < 2; ++twice) CHECK(p.get(kA4) == 0);
  p.memory.store64(leaf, kNew | kUsed);  // no invalidation: the user's access walks and replaces what is held
  for (int twice = 0; twice < 2; ++twice) CHECK(p.get(kA4, {Op::read, Mode::user, false}) == 2);
  u64 word = 0;
  CHECK(p.read(kA4, word).fault.code == Fault::page);
}

TEST_CASE("translations are replaced without harm when there are more pages than entries") {
  MmuConfig config;
  config.tlb_entries = 16;
  Platform p(config);
  constexpr u64 kPages = 600;
  for (u64 n = 0; n < kPages; ++n) {
    p.tables.map(0x10000000 + n * 0x1000, kOld + n * 0x1000, kUsed);
    p.memory.store64(kOld + n * 0x1000, n);
  }
  for (int round = 0; round < 3; ++round) {
    for (u64 n = 0; n < kPages; ++n) CHECK(p.get(0x10000000 + n * 0x1000) == n);
  }
  CHECK(p.mmu.counters().walks > kPages);
}

namespace {

// An Mmu that forgets to take its grants back.
class ForgetfulMmu : public Mmu {
 public:
  using Mmu::Mmu;

 protected:
  void revoke(const VirtualGrants::Ranges&) override {}
};

// The pages of space 1 as direct memory: A, B and the large one.
constexpr u64 kDirect[] = {kA4, kB4, kLarge + 0x5000};
constexpr unsigned kDirectHeld[] = {0, 1, 3};  // their index in kHeld

// Takes the three grants, changes the tables, performs the operation; returns which pointers the initiator
// still holds (bit n: kDirect[n]).
template <class P>
unsigned kept(P& p, const std::function<void()>& perform) {
  map_all(p, kOld);
  p.use(1);
  p.mmu.invalidate(Invalidate::all);
  ::tlm::tlm_dmi dmi[std::size(kDirect)];
  for (unsigned n = 0; n < std::size(kDirect); ++n) {
    REQUIRE(p.cpu.direct(::tlm::TLM_READ_COMMAND, kDirect[n], dmi[n]));
    CHECK(dmi[n].is_read_write_allowed());
    u64 word = 0;
    std::memcpy(&word, dmi[n].get_dmi_ptr() + ((kDirect[n] - dmi[n].get_start_address()) & ~u64{0xFFF}), 8);
    CHECK(word == 1);
  }
  map_all(p, kNew);
  p.cpu.invalidated.clear();
  perform();
  unsigned left = 0;
  for (unsigned n = 0; n < std::size(kDirect); ++n) {
    const bool gone = std::ranges::any_of(p.cpu.invalidated, [&](const auto& range) {
      return range.first <= dmi[n].get_start_address() && range.second >= dmi[n].get_end_address();
    });
    if (!gone) left |= 1U << n;
  }
  return left;
}

unsigned should_keep(const Operation& operation) {
  unsigned left = 0;
  for (unsigned n = 0; n < std::size(kDirect); ++n) {
    if ((operation.covers >> kDirectHeld[n] & 1) == 0) left |= 1U << n;
  }
  return left;
}

// Those that must be gone and are not.
template <class P>
unsigned stale_after(P& p, const Operation& operation) {
  const unsigned left = kept(p, [&] { p.mmu.invalidate(operation.op, operation.va, operation.asid); });
  return left & ~should_keep(operation);
}

}  // namespace

TEST_CASE("each invalidation takes back the direct memory that it covers") {
  Platform p;
  fill_frames(p.memory);
  for (const Operation& operation : kOperations) {
    if (operation.op == Invalidate::page_i) continue;  // may take a data grant along: it covers the page
    INFO("operation " << unsigned(operation.op) << " va " << std::hex << operation.va << " asid " << operation.asid);
    CHECK(stale_after(p, operation) == 0);
    CHECK(kept(p, [&] { p.mmu.invalidate(operation.op, operation.va, operation.asid); }) == should_keep(operation));
  }
}

TEST_CASE("the direct-memory check bites: an Mmu that forgets to take grants back is seen") {
  PlatformOf<ForgetfulMmu> p;
  fill_frames(p.memory);
  for (const Operation& operation : kOperations) {
    CHECK((stale_after(p, operation) != 0) == (should_keep(operation) != 7));
  }
}

TEST_CASE("a change of context, of the physical side, or a page fault takes direct memory back") {
  Platform p;
  fill_frames(p.memory);
  CHECK(kept(p, [] {}) == 7);
  CHECK(kept(p, [&] { p.use(1); }) == 7);
  CHECK(kept(p, [&] { p.use(2); }) == 2);  // the global one stays
  CHECK(kept(p, [&] { p.use(1, kWP); }) == 0);
  CHECK(kept(p, [&] { p.memory.set_direct(true, true); }) == 0);
  CHECK(kept(p, [&] { p.mmu.invalidate_direct_mem_ptr(kOld + 0x2000, kOld + 0x2000); }) == 1);
  CHECK(kept(p, [&] {
          u64 word = 0;
          p.memory.store64(p.tables.entry(kA4), 0);
          // The grant was made by a peek, so the Mmu walks, finds nothing, and faults.
          CHECK_FALSE(p.read(kA4, word).ok());
        }) == 6);
}

TEST_CASE("the physical side takes its pointers back from the hit path") {
  Platform p;
  p.tables.map(kA4, kOld, kUsed | kD);
  p.memory.store64(kOld, 1);
  u64 word = 0;
  CHECK_FALSE(p.read(kA4, word, {}).delay == sc_core::SC_ZERO_TIME);
  CHECK(p.read(kA4, word).direct_hint);
  p.memory.set_direct(false, false);
  for (int repeat = 0; repeat < 3; ++repeat) {
    CHECK(p.get(kA4) == 1);
    CHECK_FALSE(p.read(kA4, word).direct_hint);
  }
  p.memory.set_direct(true, false);
  for (int repeat = 0; repeat < 3; ++repeat) {
    CHECK(p.get(kA4) == 1);
    CHECK_FALSE(p.write(kA4, 1).direct_hint);
  }
  CHECK(p.read(kA4, word).direct_hint);
}

}  // namespace kilburn::tlm::test
