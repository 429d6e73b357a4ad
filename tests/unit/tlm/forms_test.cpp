// SPDX-License-Identifier: Apache-2.0
//
// The forms that one module takes by controls and settings: five levels, page sizes, chips, layouts, widths,
// translation off, and reset to other settings.
#include "tests/unit/tlm/platform.h"

namespace kilburn::tlm::test {
namespace {

constexpr Who kUser{Op::read, Mode::user};
const MemoryConfig kRam{u64{1} << 26, Platform::ns(10), Platform::ns(20), true, true};

void check_fault(const Reply& reply, Fault code, unsigned level, u64 va, u16 error = 0) {
  CHECK(reply.status == ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  CHECK(reply.fault.code == code);
  CHECK(reply.fault.level == level);
  CHECK(reply.fault.error == error);
  CHECK(reply.fault_va == va);
}

}  // namespace

TEST_CASE("T16, T02: five levels use all 57 bits") {
  Platform p(for_format(Format::x86_64), kRam, true);
  p.use(0, kUsual | kLA57);
  // Indexes 0x1FE, 0x12, 0xAA, 0x155, 0x3C from level 5 down.
  const u64 va =
      0xFF00'0000'0000'0000 | u64{0x1FE} << 48 | u64{0x12} << 39 | u64{0xAA} << 30 | u64{0x155} << 21 | u64{0x3C} << 12;
  p.tables.map(va, 0x800000, kUsed);
  p.memory.store64(p.tables.root() + 8 * 0x12, 0);  // a walk that began at level 4 would look here
  p.memory.store64(0x800010, 77);
  for (int repeat = 0; repeat < 3; ++repeat) CHECK(p.get(va + 0x10) == 77);
  CHECK(p.mmu.counters().reads == 5);
  CHECK(p.mmu.counters().walks == 1);
  u64 word = 0;
  check_fault(p.read(va ^ u64{1} << 48, word), Fault::page, 5, va ^ u64{1} << 48);
  check_fault(p.read(va ^ u64{1} << 57, word), Fault::general, 0, va ^ u64{1} << 57);
  p.memory.store64(p.tables.entry(va, 5), p.memory.load64(p.tables.entry(va, 5)) | kPS);
  p.mmu.invalidate(Invalidate::page, va, 0);
  check_fault(p.read(va, word), Fault::page, 5, va, 9);
}

TEST_CASE("T33: the hole of 57-bit addresses, and of 48-bit ones") {
  Platform p(for_format(Format::x86_64), kRam, true);
  const u64 low_end = 0x00FF'FFFF'FFFF'F000, high = 0xFFFF'FFFF'FFFF'F000;
  p.tables.map(low_end, 0x800000, kUsed);
  p.tables.map(high, 0x802000, kUsed);
  p.tables.map(0, 0x805000, kUsed);
  p.tables.map(0x7FFF'FFFF'F000, 0x806000, kUsed);
  p.tables.map(0x8000'0000'0000, 0x807000, kUsed);
  unsigned char data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  p.use(0, kUsual | kLA57);
  check_fault(p.cpu.access(::tlm::TLM_WRITE_COMMAND, low_end + 0xFFC, data, 8, {}), Fault::general, 0,
              0x0100'0000'0000'0000);
  CHECK(p.memory.load64(0x800FF8) == 0);  // nothing is stored
  // From the last page to the first: addresses wrap.
  CHECK(p.cpu.access(::tlm::TLM_WRITE_COMMAND, high + 0xFFC, data, 8, {}).ok());
  CHECK(std::memcmp(p.memory.data() + 0x802FFC, data, 4) == 0);
  CHECK(std::memcmp(p.memory.data() + 0x805000, data + 4, 4) == 0);
  // What is inside with five levels is the hole with four, held or not.
  CHECK(p.cpu.access(::tlm::TLM_READ_COMMAND, 0x7FFF'FFFF'FFFC, data, 8, {}).ok());
  p.use(0, kUsual);
  u64 word = 0;
  check_fault(p.read(0x8000'0000'0000, word), Fault::general, 0, 0x8000'0000'0000);
  check_fault(p.read(low_end, word), Fault::general, 0, low_end);
  p.use(0, kUsual | kLA57);
  CHECK(p.read(0x8000'0000'0000, word).ok());
}

TEST_CASE("an invalidation takes 57-bit addresses whatever LA57 says") {
  Platform p(for_format(Format::x86_64), kRam, true);
  const u64 va = 0x0012'3456'789A'B000;
  const u64 leaf = p.tables.map(va, 0x800000, kUsed);
  p.memory.store64(0x900000, 2);
  p.use(0, kUsual | kLA57);
  CHECK(p.get(va) == 0);
  p.memory.store64(leaf, 0x900000 | kUsed);
  p.mmu.invalidate(Invalidate::page, va | u64{1} << 60, 0);  // not canonical: covers nothing
  CHECK(p.get(va) == 0);
  p.use(0, kUsual);
  p.mmu.invalidate(Invalidate::page, va, 0);
  p.use(0, kUsual | kLA57);
  CHECK(p.get(va) == 2);
}

TEST_CASE("T75: G is honoured only with PGE") {
  Platform p;
  const u64 leaf = p.tables.map(0x1000, 0x800000, kUsed | kG);
  p.memory.store64(0x900000, 2);
  for (const bool pge : {false, true}) {
    p.memory.store64(leaf, 0x800000 | kUsed | kG);
    p.mmu.invalidate(Invalidate::all);
    p.use(1, kWP | kNXE | (pge ? kPGE : 0));
    CHECK(p.get(0x1000) == 0);
    p.memory.store64(leaf, 0x900000 | kUsed | kG);
    p.use(2, kWP | kNXE | (pge ? kPGE : 0));
    CHECK(p.get(0x1000) == (pge ? 0U : 2U));
  }
}

namespace {

void check_page_size(unsigned shift) {
  arch::Settings settings;
  settings.page_shift = static_cast<u8>(shift);
  Platform p(for_format(Format::alpha, settings), {u64{1} << 28, Platform::ns(1), Platform::ns(1), true, true});
  p.use(0, 0);
  const u64 page = u64{1} << shift;
  const u64 top = shift + 3 * (shift - 3) - 1;  // 47, 51, 55 bits of address
  const u64 va = ~u64{0} << top | 5 * page;
  p.tables.map(va, 0x400'0000, kAlphaAll);
  p.tables.map(va + page, 0x500'0000, kAlphaAll);
  p.tables.map(0x4'0000'0000 + 7 * page, 0x600'0000 + 7 * page, kAlphaAll | kGH1);
  p.memory.store64(0x400'0000 + page - 16, 3);
  for (int twice = 0; twice < 2; ++twice) CHECK(p.get(va + page - 16) == 3);
  CHECK(p.mmu.counters().reads == 3);
  unsigned char data[32];
  for (unsigned n = 0; n < sizeof data; ++n) data[n] = static_cast<unsigned char>(n + 1);
  CHECK(p.cpu.access(::tlm::TLM_WRITE_COMMAND, va + page - 5, data, 32, {}).ok());
  CHECK(std::memcmp(p.memory.data() + 0x400'0000 + page - 5, data, 5) == 0);
  CHECK(std::memcmp(p.memory.data() + 0x500'0000, data + 5, 27) == 0);
  p.get(0x4'0000'0000 + 7 * page);
  p.memory.store64(0x600'0000, 8);
  CHECK(p.get(0x4'0000'0000) == 8);  // the block's first page, by the entry of its last
  u64 word = 0;
  check_fault(p.read(va & ~(u64{1} << 63), word), Fault::acv, 0, va & ~(u64{1} << 63));
  check_fault(p.cpu.access(::tlm::TLM_WRITE_COMMAND, va + 2 * page - 5, data, 32, {}), Fault::acv, 1, va + 2 * page);
  p.mmu.invalidate(Invalidate::fill_d, va + 2 * page, 0, u64{0x700'0000} >> shift << 32 | kAlphaAll);
  CHECK(p.read(va + 2 * page, word).ok());
}

}  // namespace

TEST_CASE("alpha pages of 16 KB") { check_page_size(14); }
TEST_CASE("alpha pages of 32 KB") { check_page_size(15); }
TEST_CASE("alpha pages of 64 KB") { check_page_size(16); }

TEST_CASE("superpages of three chips (T90, T91)") {
  Platform p(for_format(Format::alpha_x64), {u64{1} << 31, Platform::ns(1), Platform::ns(1), true, true});
  const auto chip = [&p](arch::Chip which) {
    arch::Settings settings;
    settings.chip = which;
    p.mmu.reset(settings);
    p.use(0, 7 << 8);
  };
  const auto pa = [&p](u64 va) { return p.mmu.peek({va, Op::read, Mode::kernel}); };
  const u64 kseg = 0xFFFF'FC00'0000'0000, kseg1 = 0xFFFF'FFFF'8000'0000;  // VA<47:41> = 7E, VA<47:30> = 3FFFE
  chip(arch::Chip::ev4);
  CHECK(pa(kseg | 0x1FF'8765'4321).pa == 0x3'8765'4321);
  CHECK(pa(kseg).translation.page_log2 == 34);
  chip(arch::Chip::ev5);
  CHECK(pa(kseg | 0x1FF'8765'4321).pa == 0xFF'8765'4321);
  CHECK(pa(kseg1 | 0x3FFF'FFFF).pa == 0x3FFF'FFFF);
  CHECK(pa(kseg1).translation.page_log2 == 30);
  chip(arch::Chip::ev6);
  CHECK(pa(kseg | 0x1FF'8765'4321).pa == 0xFFF'8765'4321);
  CHECK(pa(kseg | 0x0FF'8765'4321).pa == 0x0FF'8765'4321);
  CHECK(pa(0xFFFF'8000'0000'0000 | 0xABC'1234'5678).pa == 0xABC'1234'5678);  // VA<47:46> = 2
  p.memory.store64(0x123450, 42);
  CHECK(p.get(kseg + 0x123450) == 42);
  u64 word = 0;
  check_fault(p.read(kseg + 0x123450, word, kUser), Fault::acv, 0, kseg + 0x123450);
  // A page invalidation has nothing to do with them.
  p.mmu.invalidate(Invalidate::page, kseg + 0x123450, 0);
  CHECK(p.get(kseg + 0x123450) == 42);
  p.use(0, 0);
  CHECK_FALSE(p.read(kseg + 0x123450, word).ok());
}

TEST_CASE("T87: the VMS layout gives each mode its own bits") {
  arch::Settings settings;
  settings.vms = true;
  Platform p(for_format(Format::alpha, settings));
  p.use(0, 0);
  p.tables.map(0x2000, 0x800000, kV | u64{1} << 11 | u64{1} << 14 | u64{1} << 9);  // URE, SWE, ERE
  u64 word = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    CHECK(p.read(0x2000, word, {Op::read, Mode::user}).ok());
    CHECK(p.read(0x2000, word, {Op::read, Mode::executive}).ok());
    CHECK(p.read(0x2000, word, {Op::read, Mode::supervisor}).fault.code == Fault::acv);
    CHECK(p.read(0x2000, word, {Op::read, Mode::kernel}).fault.code == Fault::acv);
    CHECK(p.write(0x2000, 1, {Op::read, Mode::supervisor}).ok());
    CHECK(p.write(0x2000, 1, {Op::read, Mode::user}).fault.code == Fault::acv);
  }
}

TEST_CASE("translation off: the address is physical, before any check") {
  arch::Settings settings;
  settings.pa_width = 36;
  Platform p(for_format(Format::x86_64, settings));
  p.memory.store64(0x123450, 42);
  p.use(0, kPhys);
  u64 word = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    CHECK(p.get(0x123450) == 42);
    CHECK(p.get(0x123450, kUser) == 42);
    CHECK(p.get(0xABCD'EFF0'0012'3450) == 42);  // not canonical; bits above MAXPHYADDR do not count
    CHECK(p.get(0x123450, {Op::fetch, Mode::user}) == 42);
  }
  CHECK(p.mmu.counters().walks == 0);
  unsigned char data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(p.cpu.access(::tlm::TLM_WRITE_COMMAND, 0x1FFC, data, 8, {}).ok());
  CHECK(std::memcmp(p.memory.data() + 0x1FFC, data, 8) == 0);
  // On again: what was reached without tables is not reached by habit.
  p.use(0);
  check_fault(p.read(0x123450, word), Fault::page, 4, 0x123450);
  p.use(0, kPhys);
  CHECK(p.get(0x123450) == 42);
  ::tlm::tlm_dmi dmi;
  REQUIRE(p.cpu.direct(::tlm::TLM_READ_COMMAND, 0x123450, dmi));
  p.cpu.invalidated.clear();
  p.use(0);
  CHECK(p.cpu.invalidated.size() == 1);
}

TEST_CASE("settings decide what is reserved, and reset() takes others and forgets everything") {
  arch::Settings narrow;
  narrow.pa_width = 36;
  narrow.page_1g = false;
  Platform p(for_format(Format::x86_64, narrow));
  p.tables.map(0x1000, u64{1} << 37, kUsed);
  p.tables.map(0x4000'0000, 0, kUsed | kPS, 3);
  p.tables.map(0x80'0000'0000, 0x800000, kUsed);
  p.memory.store64(p.tables.entry(0x80'0000'0000, 4), p.memory.load64(p.tables.entry(0x80'0000'0000, 4)) | kG);
  const u64 leaf = p.tables.map(0x2000, 0x801000, kUsed);
  u64 word = 0;
  check_fault(p.read(0x1000, word), Fault::page, 1, 0x1000, 9);
  check_fault(p.read(0x4000'0000, word), Fault::page, 3, 0x4000'0000, 9);  // T05
  CHECK(p.read(0x80'0000'0000, word).ok());
  CHECK(p.read(0x2000, word).ok());
  ::tlm::tlm_dmi dmi;
  REQUIRE(p.cpu.direct(::tlm::TLM_READ_COMMAND, 0x2000, dmi));
  p.memory.store64(leaf, 0);
  arch::Settings wide;
  wide.pa_width = 52;
  wide.amd = true;
  p.mmu.reset(wide);
  CHECK(p.cpu.invalidated.size() == 1);
  CHECK(p.mmu.counters().walks == 0);
  CHECK(p.mmu.context() == arch::Context{});
  p.use(0);
  CHECK(p.mmu.peek({0x1000, Op::read, Mode::kernel}).pa == u64{1} << 37);
  CHECK(p.get(0x4000'0000 + 0x801000) == 0);
  check_fault(p.read(0x80'0000'0000, word), Fault::page, 4, 0x80'0000'0000, 9);
  check_fault(p.read(0x2000, word), Fault::page, 1, 0x2000, 0);
}

}  // namespace kilburn::tlm::test
