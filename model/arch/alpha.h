// SPDX-License-Identifier: Apache-2.0
//
// The Alpha decisions of `alpha` and `alpha-x64`: sign check, superpages, one entry, access rights, in the
// order of DEC's OSF/1 PALcode. Included by walk_inl.h; everything else reaches these through walk.h.
#pragma once

#include <span>

#include "model/arch/format.h"
#include "model/arch/judgement.h"
#include "model/arch/layout.h"

namespace kilburn::arch::rules::alpha {

namespace pte = layout::AlphaPte;
namespace ctl = layout::Controls;

inline constexpr u16 kEveryRight = 0xFF00;  // every mode's read and write enable

// An address region that kernel mode reaches without page tables.
struct Superpage {
  u8 enable;     // bit of SPE
  u8 match_lsb;  // VA<47:match_lsb> of the sign-extended address must equal `match`
  u32 match;
  u8 linear_bits;  // PA<linear_bits-1:0> is the VA's, and the bits above ...
  bool extend;     // ... are copies of the highest of those, or 0
  u8 page_log2;    // the largest aligned region that maps linearly
};
inline constexpr u8 kMatchBits = 48;     // a match ends at VA<47>
inline constexpr u8 kExtendedBits = 44;  // an extended address ends at PA<43>, the width of the 21264

// EV4 4.8 (ABOX_CTL SPE_2, SPE_1), EV5 5.2 (ICSR and MCSR SPE), EV6 M_CTL. The 43-bit chips' match VA<42:41> = 2
// and VA<42:30> = 0x1FFE, extended by the sign.
inline constexpr Superpage kSuperpagesEv4[] = {
    {1, 41, 0x7E, 34, false, 34},
    {0, 30, 0x3FFFE, 30, false, 30},
};
inline constexpr Superpage kSuperpagesEv5[] = {
    {1, 41, 0x7E, 40, false, 40},
    {0, 30, 0x3FFFE, 30, false, 30},
};
inline constexpr Superpage kSuperpagesEv6[] = {
    {2, 46, 0x2, 44, false, 44},
    {1, 41, 0x7E, 41, true, 40},
    {0, 30, 0x3FFFE, 30, false, 30},
};

// The 21064, 21164 and 21264 have 8 KB pages and up to 48-bit addresses; with larger pages there are no superpages.
template <Format kFormat, unsigned kPageShift = info(kFormat).page_shift>
struct Rules {
  static constexpr FormatInfo kInfo = kFormat == Format::alpha ? alpha_info(kPageShift) : info(kFormat);
  static constexpr bool kHasSuperpages = kInfo.va_bits <= kMatchBits && kPageShift <= 13;

  // OSF layout: kernel has its own enables and every other mode the user's. VMS layout: each mode its own
  // (trap T87).
  static constexpr bool enabled(const Settings& settings, u64 entry, const Request& request) {
    const unsigned mode = settings.vms ? static_cast<unsigned>(request.mode) : request.mode != Mode::kernel ? 1 : 0;
    const unsigned first = request.op == Op::write ? pte::KWE.lsb : pte::KRE.lsb;
    return (entry >> (first + mode) & 1) != 0;
  }

  // An access violation outranks the fault-on bits (trap T85), of which each stops one operation only.
  static constexpr FaultReport check_rights(const Settings& settings, u16 rights, const Request& request,
                                            const Context& /*context*/) {
    if (!enabled(settings, rights, request)) return {Fault::acv, 0, 0, Rule::alpha_leaf_acv};
    switch (request.op) {
      case Op::read:
        if (pte::FOR.test(rights)) return {Fault::on_read, 0, 0, Rule::alpha_leaf_for};
        break;
      case Op::write:
        if (pte::FOW.test(rights)) return {Fault::on_write, 0, 0, Rule::alpha_leaf_fow};
        break;
      case Op::fetch:
        if (pte::FOE.test(rights)) return {Fault::on_execute, 0, 0, Rule::alpha_leaf_foe};
        break;
    }
    return {};
  }

  static constexpr bool allows(const Settings& settings, u16 rights, const Request& request, const Context& context) {
    return check_rights(settings, rights, request, context).code == Fault::none;
  }

  static constexpr bool needs_dirty_walk(u16 /*rights*/, const Request& /*request*/) { return false; }

  // Every superpage has the highest translated bit set: only such addresses can be decided before the TLB.
  static constexpr bool may_be_direct(u64 va, u32 controls) {
    return !sign_ok(kInfo, va) || ctl::PHYS.test(controls) ||
           (ctl::SPE.test(controls) && (va >> (kInfo.va_bits - 1) & 1) != 0);
  }

  // With translation off the address is physical. The sign check comes before superpages and the TLB (EV5 6.4.2,
  // trap T88).
  static constexpr Direct before_tlb(const Settings& settings, const Request& request, const Context& context) {
    Direct direct;
    if (ctl::PHYS.test(context.controls)) {
      direct.kind = Direct::Kind::translated;
      direct.pa = request.va & ((u64{1} << kInfo.pa_bits) - 1);
      direct.translation.page_log2 = kInfo.pa_bits;
      direct.translation.global = true;
      direct.translation.rights = kEveryRight;
      return direct;
    }
    if (!sign_ok(kInfo, request.va)) {
      direct.kind = Direct::Kind::fault;
      direct.fault = {Fault::acv, 0, 0, Rule::alpha_sign};
      return direct;
    }
    const u64 enables = kHasSuperpages ? ctl::SPE.get(context.controls) : 0;
    if (enables == 0) [[likely]] {
      return direct;
    }
    const u64 va = request.va & ((u64{1} << kMatchBits) - 1);
    for (const Superpage& region : superpages(chip_of(kFormat, settings))) {
      if ((enables >> region.enable & 1) == 0 || va >> region.match_lsb != region.match) continue;
      // Other modes have no access whatever the page tables say (EV6 M_CTL, trap T90).
      if (request.mode != Mode::kernel) {
        direct.kind = Direct::Kind::fault;
        direct.fault = {Fault::acv, 0, 0, Rule::alpha_superpage_mode};
        return direct;
      }
      direct.kind = Direct::Kind::translated;
      direct.pa = va & ((u64{1} << region.linear_bits) - 1);
      if (region.extend && (direct.pa >> (region.linear_bits - 1) & 1)) {  // trap T91
        direct.pa |= (u64{1} << kExtendedBits) - (u64{1} << region.linear_bits);
      }
      direct.translation.page_log2 = region.page_log2;
      direct.translation.pa = direct.pa & (~u64{0} << region.page_log2);
      direct.translation.global = true;
      direct.translation.rights = static_cast<u16>(pte::KRE.mask() | pte::KWE.mask());
      return direct;
    }
    return direct;
  }

  static constexpr u64 next_table(u64 entry) { return pte::PFN.get(entry) << kInfo.page_shift; }

  // The leaf alone decides the rights.
  class Levels {
   public:
    constexpr void add(u64 /*entry*/) {}
    constexpr Accumulated accumulated() const { return {}; }
    constexpr u16 rights(u64 leaf) const { return static_cast<u16>(leaf); }
  };

  // A granularity hint joins 8^GH pages; the entry's frame bits inside the block do not count (trap T92).
  static constexpr void translate(Translation& out, unsigned /*level*/, u64 entry, u16 rights, u32 /*controls*/) {
    out.page_log2 = static_cast<u8>(kInfo.page_shift + 3 * pte::GH.get(entry));
    out.pa = next_table(entry) & (~u64{0} << out.page_log2);
    out.global = pte::ASM.test(entry);
    out.memory_type = 0;
    out.rights = rights;
  }

  // Picks out the entries that judge_entry() would follow or take as they are but for the rights.
  class Plain {
   public:
    constexpr Plain(const Settings& /*settings*/, const Request& /*request*/, u32 /*controls*/) {}
    constexpr bool is_table(u64 entry) const { return pte::V.test(entry); }
    constexpr bool is_last_leaf(u64 entry) const { return pte::V.test(entry); }
  };

  static constexpr Judgement judge_entry(const Settings& settings, unsigned level, u64 entry,
                                         const Accumulated& /*above*/, const Request& request, const Context& context) {
    if (level > 1) {
      // PALcode's miss flow: only V counts in a valid entry (trap T82); in an invalid one KRE alone chooses the
      // code, whatever the mode and access (trap T81).
      if (!pte::V.test(entry)) {
        return pte::KRE.test(entry) ? fault({Fault::tnv, 0, 0, Rule::alpha_table_tnv}, level)
                                    : fault({Fault::acv, 0, 0, Rule::alpha_table_acv}, level);
      }
      Judgement out;
      out.kind = Judgement::Kind::table;
      out.next = next_table(entry);
      return out;
    }
    // An invalid entry never reports a fault-on bit (trap T84); without the right it is an access violation, so
    // an entry of zero is one too (traps T80, T83).
    if (!pte::V.test(entry)) {
      return enabled(settings, entry, request) ? fault({Fault::tnv, 0, 0, Rule::alpha_leaf_tnv}, level)
                                               : fault({Fault::acv, 0, 0, Rule::alpha_leaf_invalid_acv}, level);
    }
    const auto rights = static_cast<u16>(entry);
    const FaultReport denied = check_rights(settings, rights, request, context);
    if (denied.code != Fault::none) return fault(denied, level);
    Judgement out;
    out.kind = Judgement::Kind::translated;
    translate(out.translation, level, entry, rights, context.controls);
    return out;
  }

 private:
  static constexpr Judgement fault(FaultReport report, unsigned level) {
    Judgement out;
    out.fault = report;
    out.fault.level = static_cast<u8>(level);
    return out;
  }
  static constexpr std::span<const Superpage> superpages(Chip chip) {
    switch (chip) {
      case Chip::ev5:
        return kSuperpagesEv5;
      case Chip::ev6:
        return kSuperpagesEv6;
      case Chip::ev4:
        break;
    }
    return kSuperpagesEv4;
  }
};

}  // namespace kilburn::arch::rules::alpha
