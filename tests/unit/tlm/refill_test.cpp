// SPDX-License-Identifier: Apache-2.0
//
// The Alpha TLB that software fills (control REFILL; EV5 6.4.2, EV6 ITB_PTE and DTB_PTE).
#include "tests/unit/tlm/bus.h"

namespace kilburn::tlm::test {
namespace {

constexpr u64 kVa = 0x2000;
constexpr Who kFetch{Op::fetch, Mode::kernel};

MmuConfig chip(arch::Chip which, Format format = Format::alpha) {
  arch::Settings settings;
  settings.chip = which;
  return for_format(format, settings);
}

u64 entry(u64 pa, u64 bits) { return (pa >> 13) << 32 | bits; }

void check_miss(const Reply& reply, u64 va) {
  CHECK(reply.fault.code == Fault::miss);
  CHECK(arch::id(reply.fault.rule) == "alpha.refill.miss");
  CHECK(reply.fault.level == 0);
  CHECK(reply.fault_va == va);
}

}  // namespace

TEST_CASE("a miss is reported, a fill answers it, and memory is never read for it") {
  BusPlatform p(chip(arch::Chip::ev5));
  p.bus.direct = false;
  p.tables.map(kVa, 0x800000, kAlphaAll);  // not looked at
  p.mmu.set_context({p.tables.root(), 7, kRefill});
  p.memory.store64(0x900008, 42);
  u64 word = 0;
  check_miss(p.read(kVa + 8, word), kVa + 8);
  p.mmu.invalidate(Invalidate::fill_d, kVa + 100, 7, entry(0x900000, kAlphaAll));
  CHECK(p.read(kVa + 8, word).ok());
  CHECK(word == 42);
  check_miss(p.read(kVa, word, kFetch), kVa);
  p.mmu.invalidate(Invalidate::fill_i, kVa, 7, entry(0x900000, kAlphaAll));
  CHECK(p.read(kVa, word, kFetch).ok());
  p.mmu.set_context({p.tables.root(), 8, kRefill});
  check_miss(p.read(kVa + 8, word), kVa + 8);
  CHECK(p.mmu.counters().walks == 0);
  CHECK(p.mmu.counters().fills == 2);
  CHECK(p.mmu.counters().faults[static_cast<unsigned>(Fault::miss)] == 3);
  CHECK(p.bus.reads == 2);  // the two loads
}

TEST_CASE("a held entry that refuses is its fault and no miss (T84, T85)") {
  Platform p(chip(arch::Chip::ev5));
  u64 word = 0;
  p.use(0, kRefill);
  p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x800000, kV | kKRE | kFOR | kFOW));
  for (int repeat = 0; repeat < 2; ++repeat) {
    CHECK(p.read(kVa, word).fault.code == Fault::on_read);
    CHECK(p.write(kVa, 1).fault.code == Fault::acv);
    CHECK(p.read(kVa, word, {Op::read, Mode::user}).fault.code == Fault::acv);
  }
  // T86: setting FOE in memory later does not reach an entry that is held.
  p.mmu.invalidate(Invalidate::fill_i, kVa, 0, entry(0x800000, kAlphaAll));
  CHECK(p.read(kVa, word, kFetch).ok());
  p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x800000, kAlphaAll | kFOE));
  CHECK(p.read(kVa, word, kFetch).ok());
  p.mmu.invalidate(Invalidate::page_i, kVa, 0);  // T95
  CHECK(p.read(kVa, word, kFetch).fault.code == Fault::miss);
  CHECK(p.read(kVa, word).ok());
}

TEST_CASE("T98: the 21264 keeps the old entry of a tag, the others take the new one") {
  Platform p(chip(arch::Chip::ev5));
  for (const auto which : {arch::Chip::ev4, arch::Chip::ev5, arch::Chip::ev6}) {
    arch::Settings settings;
    settings.chip = which;
    p.mmu.reset(settings);
    p.use(0, kRefill);
    p.memory.store64(0x800000, 1);
    p.memory.store64(0x900000, 2);
    p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x800000, kAlphaAll));
    for (int twice = 0; twice < 2; ++twice) CHECK(p.get(kVa) == 1);
    p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x900000, kAlphaAll));
    for (int twice = 0; twice < 2; ++twice) CHECK(p.get(kVa) == (which == arch::Chip::ev6 ? 1 : 2));
    p.mmu.invalidate(Invalidate::page, kVa, 0);
    p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x900000, kAlphaAll));
    CHECK(p.get(kVa) == 2);
  }
}

TEST_CASE("what is no entry is not filled: V = 0, an address that is no sign extension, x86-64") {
  Platform p(chip(arch::Chip::ev5));
  u64 word = 0;
  p.use(0, kRefill);
  p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x800000, kAlphaAll & ~kV));
  p.mmu.invalidate(Invalidate::fill_d, kVa | u64{1} << 43, 0, entry(0x800000, kAlphaAll));
  CHECK(p.mmu.counters().fills == 0);
  CHECK(p.read(kVa, word).fault.code == Fault::miss);
  CHECK(p.read(kVa | u64{1} << 43, word).fault.code == Fault::acv);  // T88
}

TEST_CASE("in x86-64 the fills and the control REFILL do nothing") {
  Platform p;
  p.tables.map(kVa, 0x800000, kUsed);
  p.memory.store64(0x800000, 5);
  p.use(0, kUsual | kRefill);
  p.mmu.invalidate(Invalidate::fill_d, kVa, 0, 0x900000 | kUsed | kD);
  CHECK(p.get(kVa) == 5);
  CHECK(p.mmu.counters().walks == 1);
}

TEST_CASE("T92, T93: a filled block serves every page of it and goes as a whole, and overlap is a miss") {
  Platform p(chip(arch::Chip::ev5));
  u64 word = 0;
  p.use(3, kRefill);
  // The frame number's low bits inside the block do not count.
  p.mmu.invalidate(Invalidate::fill_d, 0x4000'0000, 3, entry(0x900000 + 0x6000, kAlphaAll | kGH1 | kASM));
  p.memory.store64(0x90C000, 6);
  for (int twice = 0; twice < 2; ++twice) CHECK(p.get(0x4000'C000) == 6);
  p.use(4, kRefill);
  CHECK(p.get(0x4000'C000) == 6);  // ASM
  // A smaller page elsewhere in the block, then the block again: both match there.
  p.mmu.invalidate(Invalidate::all);
  p.mmu.invalidate(Invalidate::fill_d, 0x4000'C000, 4, entry(0x800000, kAlphaAll));
  for (int twice = 0; twice < 2; ++twice) CHECK(p.get(0x4000'C000) == 0);
  p.mmu.invalidate(Invalidate::fill_d, 0x4000'0000, 4, entry(0x900000, kAlphaAll | kGH1));
  CHECK(p.get(0x4000'0000) == 0);
  check_miss(p.read(0x4000'C000, word), 0x4000'C000);
  p.mmu.invalidate(Invalidate::page, 0x4000'C000, 4);
  check_miss(p.read(0x4000'0000, word), 0x4000'0000);
}

TEST_CASE("superpages need no entry under REFILL, and debug and direct memory see what is held") {
  Platform p(chip(arch::Chip::ev5));
  p.use(0, kRefill | 2 << 8);
  p.memory.store64(0x700000, 9);
  CHECK(p.get(0xFFFF'FC00'0070'0000) == 9);
  ::tlm::tlm_dmi dmi;
  CHECK_FALSE(p.cpu.direct(::tlm::TLM_READ_COMMAND, kVa, dmi));
  CHECK(p.mmu.peek({kVa, Op::read, Mode::kernel}).fault.code == Fault::miss);
  p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x700000, kAlphaAll));
  CHECK(p.mmu.peek({kVa, Op::read, Mode::kernel}).pa == 0x700000);
  REQUIRE(p.cpu.direct(::tlm::TLM_READ_COMMAND, kVa, dmi));
  CHECK(dmi.get_dmi_ptr() == p.memory.data() + 0x700000);
  p.cpu.invalidated.clear();
  p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x800000, kAlphaAll));  // replaces what was granted
  REQUIRE(p.cpu.invalidated.size() == 1);
  CHECK(p.cpu.invalidated[0] == std::pair<u64, u64>(kVa, kVa + 0x1FFF));
}

TEST_CASE("a walk and a fill share one TLB") {
  Platform p(chip(arch::Chip::ev5));
  p.tables.map(kVa, 0x800000, kAlphaAll);
  p.memory.store64(0x800000, 1);
  p.memory.store64(0x900000, 2);
  p.use(0, 0);
  CHECK(p.get(kVa) == 1);
  p.use(0, kRefill);
  for (int twice = 0; twice < 2; ++twice) CHECK(p.get(kVa) == 1);
  p.mmu.invalidate(Invalidate::fill_d, kVa, 0, entry(0x900000, kAlphaAll));
  for (int twice = 0; twice < 2; ++twice) CHECK(p.get(kVa) == 2);
  p.use(0, 0);
  CHECK(p.get(kVa) == 2);
  p.mmu.invalidate(Invalidate::all);
  CHECK(p.get(kVa) == 1);
}

}  // namespace kilburn::tlm::test
