// SPDX-License-Identifier: Apache-2.0
//
// The x86-64 system registers: what each write is checked for, and which translations it ends.
#include "model/arch/system.h"

#include "model/arch/format.h"

namespace kilburn::arch {
namespace {

namespace inv = layout::Inv;

SystemResult refuse(const X86State& state, std::string_view reason,
                    Exception exception = Exception::general_protection) {
  return {exception, reason, state, {}};
}
SystemResult done(const X86State& state) { return {Exception::none, "", state, {}}; }

u16 pcid(const X86State& state) { return static_cast<u16>(cr4::PCIDE.test(state.cr4) ? cr3::PCID.get(state.cr3) : 0); }

bool canonical(const X86State& state, u64 va) { return sign_ok(x86_64_info(cr4::LA57.test(state.cr4) ? 5 : 4), va); }

// CR4 bits that this processor has (SDM 2.5): VME to UMIP, LA57, FSGSBASE, PCIDE, OSXSAVE, SMEP, SMAP, PKE, PKS. It has
// no VMX, SMX, Key Locker, CET or later features.
constexpr u64 kCr4Bits = 0xFFF | cr4::LA57.mask() | u64{1} << 16 | cr4::PCIDE.mask() | u64{1} << 18 | cr4::SMEP.mask() |
                         cr4::SMAP.mask() | cr4::PKE.mask() | cr4::PKS.mask();
constexpr u64 kEferBits = efer::SCE.mask() | efer::LME.mask() | efer::LMA.mask() | efer::NXE.mask();

}  // namespace

Context context_of(const X86State& state) {
  namespace ctl = layout::Controls;
  const u64 controls = ctl::WP.make(cr0::WP.get(state.cr0)) | ctl::NXE.make(efer::NXE.get(state.efer)) |
                       ctl::SMEP.make(cr4::SMEP.get(state.cr4)) | ctl::SMAP.make(cr4::SMAP.get(state.cr4)) |
                       ctl::PKE.make(cr4::PKE.get(state.cr4)) | ctl::PKS.make(cr4::PKS.get(state.cr4)) |
                       ctl::PGE.make(cr4::PGE.get(state.cr4)) | ctl::LA57.make(cr4::LA57.get(state.cr4)) |
                       ctl::PHYS.make(!cr0::PG.test(state.cr0));
  return {.root = state.cr3 & cr3::FRAME.mask(),
          .asid = pcid(state),
          .controls = static_cast<u32>(controls),
          .pkru = state.pkru,
          .pkrs = state.pkrs};
}

Request request_of(const X86State& state, u64 va, Op op, unsigned cpl, bool implicit) {
  return {.va = va,
          .op = op,
          .mode = cpl == 3 ? Mode::user : Mode::kernel,
          .ac = op != Op::fetch && rflags::AC.test(state.rflags),
          .implicit = implicit};
}

SystemResult mov_cr0(const X86State& state, u64 value) {
  if ((value >> 32) != 0) return refuse(state, "CR0 bits 63:32 are reserved");
  if (cr0::PG.test(value) && !cr0::PE.test(value)) return refuse(state, "CR0.PG without CR0.PE");
  if (cr0::NW.test(value) && !cr0::CD.test(value)) return refuse(state, "CR0.NW without CR0.CD");
  const bool was_on = cr0::PG.test(state.cr0);
  const bool on = cr0::PG.test(value);
  if (was_on && !on && cr4::PCIDE.test(state.cr4)) return refuse(state, "CR0.PG cleared while CR4.PCIDE is set");
  if (!was_on && on) {
    if (!efer::LME.test(state.efer)) return refuse(state, "paging without IA32_EFER.LME", Exception::outside);
    if (!cr4::PAE.test(state.cr4)) return refuse(state, "IA-32e paging needs CR4.PAE");
  }
  SystemResult result = done(state);
  result.state.cr0 = value;
  // SDM 4.1.1: LMA follows LME and PG.
  result.state.efer = efer::LMA.set(state.efer, on && efer::LME.test(state.efer));
  // WP acts at the access and ends nothing (trap T29).
  if (was_on && !on) result.due.push_back({inv::ALL, 0, 0});
  return result;
}

SystemResult mov_cr3(const X86State& state, u64 value, const Settings& settings) {
  const bool pcide = cr4::PCIDE.test(state.cr4);
  const bool keep = cr3::NO_FLUSH.test(value);
  if (keep && !pcide) return refuse(state, "CR3 bit 63 without CR4.PCIDE");
  const u64 loaded = cr3::NO_FLUSH.set(value, 0);  // the bit is of the operand, never of the register
  if (loaded >> settings.pa_width != 0) return refuse(state, "CR3 bits above MAXPHYADDR are reserved");
  SystemResult result = done(state);
  result.state.cr3 = loaded;
  // The PCID that is being loaded, not the one that is left (trap T66).
  if (!keep) result.due.push_back({inv::ASID, 0, pcid(result.state)});
  return result;
}

SystemResult mov_cr4(const X86State& state, u64 value) {
  if ((value & ~kCr4Bits) != 0) return refuse(state, "a CR4 bit that the processor does not have");
  const u64 changed = state.cr4 ^ value;
  const u64 set = changed & value;
  const u64 cleared = changed & ~value;
  const bool ia32e = efer::LMA.test(state.efer);
  if (ia32e && cr4::PAE.test(cleared)) return refuse(state, "CR4.PAE cleared in IA-32e mode");
  if (ia32e && cr4::LA57.test(changed)) return refuse(state, "CR4.LA57 changed in IA-32e mode");
  if (cr4::PCIDE.test(set)) {
    if (!ia32e) return refuse(state, "CR4.PCIDE outside IA-32e mode");
    if (cr3::PCID.test(state.cr3)) return refuse(state, "CR4.PCIDE set while CR3<11:0> is not 0");
  }
  SystemResult result = done(state);
  result.state.cr4 = value;
  // SDM 4.10.4.1. With both, the first covers the second.
  if (cr4::PGE.test(changed) || cr4::PCIDE.test(cleared)) {
    result.due.push_back({inv::ALL, 0, 0});
  } else if (cr4::PAE.test(changed) || cr4::SMEP.test(set)) {
    result.due.push_back({inv::ASID, 0, pcid(state)});
  }
  return result;
}

SystemResult wrmsr_efer(const X86State& state, u64 value) {
  if ((value & ~kEferBits) != 0) return refuse(state, "a reserved bit of IA32_EFER");
  if (cr0::PG.test(state.cr0) && efer::LME.test(state.efer ^ value)) {
    return refuse(state, "IA32_EFER.LME changed while CR0.PG is set");
  }
  SystemResult result = done(state);
  result.state.efer = efer::LMA.set(value, efer::LMA.get(state.efer));  // only the processor writes LMA
  return result;
}

SystemResult wrmsr_pkrs(const X86State& state, u64 value) {
  if ((value >> 32) != 0) return refuse(state, "IA32_PKRS bits 63:32 are reserved");
  SystemResult result = done(state);
  result.state.pkrs = static_cast<u32>(value);
  return result;
}

SystemResult wrpkru(const X86State& state, u32 value, u32 ecx, u32 edx) {
  if (!cr4::PKE.test(state.cr4)) return refuse(state, "WRPKRU without CR4.PKE", Exception::invalid_opcode);
  if (ecx != 0) return refuse(state, "WRPKRU with ECX not 0");
  if (edx != 0) return refuse(state, "WRPKRU with EDX not 0");
  SystemResult result = done(state);
  result.state.pkru = value;
  return result;
}

SystemResult invlpg(const X86State& state, u64 va) {
  SystemResult result = done(state);
  // SDM volume 2: a non-canonical address makes it a no-operation.
  if (canonical(state, va)) result.due.push_back({inv::PAGE, va, pcid(state)});
  return result;
}

SystemResult invpcid(const X86State& state, u64 type, u64 descriptor, u64 va) {
  if (type > 3) return refuse(state, "INVPCID type above 3");
  if (descriptor >> 12 != 0) return refuse(state, "INVPCID descriptor bits 63:12 are reserved");
  const auto named = static_cast<u16>(descriptor);
  if (type < 2 && named != 0 && !cr4::PCIDE.test(state.cr4)) {
    return refuse(state, "INVPCID of a PCID without CR4.PCIDE");
  }
  if (type == 0 && !canonical(state, va)) return refuse(state, "INVPCID of a non-canonical address");
  SystemResult result = done(state);
  switch (type) {
    case 0:
      result.due.push_back({inv::PAGE_NONGLOBAL, va, named});
      break;
    case 1:
      result.due.push_back({inv::ASID, 0, named});
      break;
    case 2:
      result.due.push_back({inv::ALL, 0, 0});
      break;
    default:
      result.due.push_back({inv::NONGLOBAL, 0, 0});
      break;
  }
  return result;
}

}  // namespace kilburn::arch
