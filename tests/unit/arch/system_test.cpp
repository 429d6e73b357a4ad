// SPDX-License-Identifier: Apache-2.0
//
// x86-64 system registers: what each operation refuses, changes and invalidates (SDM volume 2; volume 3, 2.5, 4.10.4).
// Bits are numbers here.
#include "model/arch/system.h"

#include "model/arch/walk.h"
#include "tests/catch.h"

namespace {

using namespace kilburn::arch;

constexpr u64 kPe = 1, kWp = 1 << 16, kNw = 1 << 29, kCd = 1 << 30, kPg = u64{1} << 31;
constexpr u64 kPae = 1 << 5, kPge = 1 << 7, kLa57 = 1 << 12, kPcide = 1 << 17, kSmep = 1 << 20, kSmap = 1 << 21,
              kPke = 1 << 22, kPks = 1 << 24;
constexpr u64 kLme = 1 << 8, kLma = 1 << 10, kNxe = 1 << 11;
constexpr u64 kNoFlush = u64{1} << 63;

// layout.def Inv
constexpr u8 kAll = 0, kNonglobal = 1, kAsid = 2, kPage = 3, kPageNonglobal = 4;

// IA-32e paging on, PCID 0.
X86State on(u64 cr4 = 0, u64 cr3 = 0x1000) {
  return {.cr0 = kPe | kPg, .cr3 = cr3, .cr4 = kPae | cr4, .efer = kLme | kLma};
}

bool refused(const SystemResult& result, const X86State& before) {
  return result.exception == Exception::general_protection && !result.reason.empty() && result.state == before &&
         result.due.empty();
}
// Done, with exactly this invalidation.
bool invalidates(const SystemResult& result, u8 code, u64 va, u16 asid) {
  return result.exception == Exception::none && result.reason.empty() && result.due.size() == 1 &&
         result.due[0] == Invalidation{code, va, asid};
}
bool invalidates_nothing(const SystemResult& result) {
  return result.exception == Exception::none && result.due.empty();
}

}  // namespace

TEST_CASE("x86-64 context: each control from its register, PCID only with PCIDE") {
  const u32 kPhys = 0x1000;
  CHECK(context_of({}).controls == kPhys);
  CHECK(context_of(on()).controls == 0);
  struct Row {
    u64 cr0, cr4, efer;
    u32 control;
  };
  for (const Row& row : {Row{kWp, 0, 0, 1}, Row{0, 0, kNxe, 2}, Row{0, kSmep, 0, 4}, Row{0, kSmap, 0, 8},
                         Row{0, kPke, 0, 0x10}, Row{0, kPks, 0, 0x20}, Row{0, kPge, 0, 0x40}, Row{0, kLa57, 0, 0x80}}) {
    X86State state = on(row.cr4);
    state.cr0 |= row.cr0;
    state.efer |= row.efer;
    CHECK(context_of(state).controls == row.control);
  }
  X86State state = on(0, 0x000f'1234'5678'9abc);
  CHECK(context_of(state).asid == 0);
  CHECK(context_of(state).root == 0x000f'1234'5678'9000);
  state.cr4 |= kPcide;
  CHECK(context_of(state).asid == 0xabc);
  state.pkru = 0x12345678;
  state.pkrs = 0x9abcdef0;
  CHECK(context_of(state).pkru == 0x12345678);
  CHECK(context_of(state).pkrs == 0x9abcdef0);
}

TEST_CASE("x86-64 request: user at CPL 3, AC from RFLAGS for data") {
  X86State state = on();
  for (unsigned cpl = 0; cpl < 4; ++cpl) {
    CHECK(request_of(state, 8, Op::read, cpl).mode == (cpl == 3 ? Mode::user : Mode::kernel));
  }
  CHECK_FALSE(request_of(state, 8, Op::read, 0).ac);
  state.rflags |= 1 << 18;
  CHECK(request_of(state, 8, Op::write, 0).ac);
  CHECK_FALSE(request_of(state, 8, Op::fetch, 0).ac);
  CHECK(request_of(state, 8, Op::read, 3, true).implicit);
}

TEST_CASE("MOV CR0: what is refused") {
  const X86State off{.cr4 = kPae, .efer = kLme};
  CHECK(refused(mov_cr0(off, u64{1} << 32), off));
  CHECK(refused(mov_cr0(off, kPg), off));
  CHECK(refused(mov_cr0(off, kPe | kNw), off));
  CHECK_FALSE(refused(mov_cr0(off, kPe | kNw | kCd), off));
  CHECK(mov_cr0(off, kPe | kPg).state.efer == (kLme | kLma));
  const X86State no_pae{.efer = kLme};
  CHECK(refused(mov_cr0(no_pae, kPe | kPg), no_pae));
  CHECK(mov_cr0({.cr4 = kPae}, kPe | kPg).exception == Exception::outside);  // legacy paging is not modelled
  const X86State pcide = on(kPcide);
  CHECK(refused(mov_cr0(pcide, kPe), pcide));
}

TEST_CASE("MOV CR0: PG 1 to 0 ends everything, WP and PG 0 to 1 nothing (T29)") {
  const SystemResult result = mov_cr0(on(kPge), kPe);
  CHECK(invalidates(result, kAll, 0, 0));
  CHECK((result.state.efer & kLma) == 0);
  CHECK(context_of(result.state).controls == (0x1000u | 0x40u));
  CHECK(invalidates_nothing(mov_cr0(on(), kPe | kPg | kWp)));
  CHECK(context_of(mov_cr0(on(), kPe | kPg | kWp).state).controls == 1);
  CHECK(invalidates_nothing(mov_cr0({.cr4 = kPae, .efer = kLme}, kPe | kPg)));
}

TEST_CASE("T66 MOV CR3 invalidates the PCID that is loaded, bit 63 keeps all") {
  CHECK(invalidates(mov_cr3(on(), 0x2000, {}), kAsid, 0, 0));
  CHECK(invalidates(mov_cr3(on(), 0x2fff, {}), kAsid, 0, 0));  // without PCIDE the low bits are no PCID
  const X86State pcide = on(kPcide, 0x1005);
  CHECK(invalidates(mov_cr3(pcide, 0x2007, {}), kAsid, 0, 7));
  const SystemResult kept = mov_cr3(pcide, 0x2007 | kNoFlush, {});
  CHECK(invalidates_nothing(kept));
  CHECK(kept.state.cr3 == 0x2007);  // the register never holds bit 63
  CHECK(context_of(kept.state).asid == 7);
  CHECK(context_of(kept.state).root == 0x2000);
}

TEST_CASE("MOV CR3: bits above MAXPHYADDR are refused, never a page fault") {
  for (const unsigned pa_width : {36u, 40u, 52u}) {
    Settings settings;
    settings.pa_width = static_cast<u8>(pa_width);
    for (unsigned bit = 0; bit < 64; ++bit) {
      const X86State state = on(kPcide);
      const SystemResult result = mov_cr3(state, u64{1} << bit, settings);
      CHECK(refused(result, state) == (bit >= pa_width && bit != 63));
    }
    const X86State no_pcide = on();
    CHECK(refused(mov_cr3(no_pcide, kNoFlush, settings), no_pcide));
  }
}

TEST_CASE("MOV CR4: what is refused") {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const bool has = bit <= 12 || bit == 16 || bit == 17 || bit == 18 || (bit >= 20 && bit <= 22) || bit == 24;
    const X86State state{.efer = kLme | kLma};
    const SystemResult result = mov_cr4(state, u64{1} << bit);
    CHECK(refused(result, state) == (!has || bit == 12));  // LA57 changes in IA-32e mode
  }
  const X86State state = on();
  CHECK(refused(mov_cr4(state, 0), state));  // PAE
  CHECK(refused(mov_cr4(state, kPae | kLa57), state));
  const X86State five = on(kLa57);
  CHECK(refused(mov_cr4(five, kPae), five));
  CHECK(mov_cr4({}, kPae | kLa57).state.cr4 == (kPae | kLa57));
  const X86State not_long{};
  CHECK(refused(mov_cr4(not_long, kPcide), not_long));
  const X86State has_pcid = on(0, 0x1001);
  CHECK(refused(mov_cr4(has_pcid, kPae | kPcide), has_pcid));
  CHECK(invalidates_nothing(mov_cr4(on(), kPae | kPcide)));
}

TEST_CASE("T75 MOV CR4: PGE either way and PCIDE 1 to 0 end everything, SMEP 0 to 1 the current PCID") {
  CHECK(invalidates(mov_cr4(on(), kPae | kPge), kAll, 0, 0));
  CHECK(invalidates(mov_cr4(on(kPge), kPae), kAll, 0, 0));
  CHECK(invalidates(mov_cr4(on(kPcide), kPae), kAll, 0, 0));
  CHECK(invalidates(mov_cr4(on(kPcide, 0x1009), kPae | kPcide | kSmep), kAsid, 0, 9));
  CHECK(invalidates(mov_cr4(on(), kPae | kSmep | kPge), kAll, 0, 0));  // the larger covers the smaller
  CHECK(invalidates_nothing(mov_cr4(on(kSmep), kPae)));
  for (const u64 bit : {kSmap, kPke, kPks}) {
    CHECK(invalidates_nothing(mov_cr4(on(), kPae | bit)));
    CHECK(invalidates_nothing(mov_cr4(on(bit), kPae)));
  }
  CHECK(invalidates({mov_cr4({.cr4 = kPae}, 0)}, kAsid, 0, 0));  // PAE, outside IA-32e mode
}

TEST_CASE("WRMSR IA32_EFER, IA32_PKRS and WRPKRU") {
  const X86State state = on();
  CHECK(refused(wrmsr_efer(state, kLma), state));  // LME changes while PG is set
  CHECK(refused(wrmsr_efer(state, kLme | 1 << 12), state));
  const SystemResult nxe = wrmsr_efer(state, kLme | kNxe);
  CHECK(invalidates_nothing(nxe));
  CHECK(nxe.state.efer == (kLme | kLma | kNxe));  // LMA is the processor's
  CHECK(wrmsr_efer({}, kLme | kLma).state.efer == kLme);
  CHECK(refused(wrmsr_pkrs(state, u64{1} << 32), state));
  CHECK(wrmsr_pkrs(state, 0xffffffff).state.pkrs == 0xffffffff);
  CHECK(wrpkru(state, 1).exception == Exception::invalid_opcode);
  const X86State keys = on(kPke);
  CHECK(refused(wrpkru(keys, 1, 1, 0), keys));
  CHECK(refused(wrpkru(keys, 1, 0, 1), keys));
  CHECK(invalidates_nothing(wrpkru(keys, 5)));
  CHECK(wrpkru(keys, 5).state.pkru == 5);
}

TEST_CASE("T64 INVLPG names the page and the current PCID, a non-canonical address is a no-operation") {
  CHECK(invalidates(invlpg(on(), 0x1234'5678), kPage, 0x1234'5678, 0));
  CHECK(invalidates(invlpg(on(kPcide, 0x1003), ~u64{0}), kPage, ~u64{0}, 3));
  CHECK(invalidates_nothing(invlpg(on(), u64{1} << 47)));
  CHECK(invalidates(invlpg(on(kLa57), u64{1} << 47), kPage, u64{1} << 47, 0));
  CHECK(invalidates_nothing(invlpg(on(kLa57), u64{1} << 56)));
}

TEST_CASE("T65 INVPCID: the four types, and what is refused") {
  const X86State state = on(kPcide, 0x1003);
  CHECK(invalidates(invpcid(state, 0, 5, 0x4000), kPageNonglobal, 0x4000, 5));
  CHECK(invalidates(invpcid(state, 1, 5, u64{1} << 47), kAsid, 0, 5));  // the address does not count
  CHECK(invalidates(invpcid(state, 2, 5, u64{1} << 47), kAll, 0, 0));
  CHECK(invalidates(invpcid(state, 3, 5, u64{1} << 47), kNonglobal, 0, 0));
  CHECK(refused(invpcid(state, 4, 0, 0), state));
  CHECK(refused(invpcid(state, ~u64{0}, 0, 0), state));
  for (u64 type = 0; type < 4; ++type) {
    for (unsigned bit = 12; bit < 64; ++bit) CHECK(refused(invpcid(state, type, u64{1} << bit, 0), state));
  }
  CHECK(refused(invpcid(state, 0, 5, u64{1} << 47), state));
  const X86State no_pcide = on();
  CHECK(refused(invpcid(no_pcide, 0, 1, 0), no_pcide));
  CHECK(refused(invpcid(no_pcide, 1, 1, 0), no_pcide));
  CHECK(invalidates(invpcid(no_pcide, 1, 0, 0), kAsid, 0, 0));
  CHECK(invalidates(invpcid(no_pcide, 2, 1, 0), kAll, 0, 0));
  CHECK(invalidates(invpcid(no_pcide, 3, 1, 0), kNonglobal, 0, 0));
}
