// SPDX-License-Identifier: Apache-2.0
//
// The Alpha decisions of `alpha` and `alpha-x64`: sign check, superpages, one entry, access rights, in the
// order of DEC's OSF/1 PALcode. Included by walk_inl.h; everything else reaches these through walk.h.
#pragma once

#include "model/arch/format.h"
#include "model/arch/judgement.h"
#include "model/arch/layout.h"

namespace kilburn::arch::rules::alpha {

namespace pte = layout::AlphaPte;
namespace ctl = layout::Controls;

// An address region that kernel mode reaches without page tables.
struct Superpage {
  u8 enable;     // bit of SPE
  u8 match_lsb;  // VA<va_bits-1:match_lsb> must equal `match`
  u32 match;
  u8 linear_bits;  // PA<linear_bits-1:0> is the VA's, and the bits above ...
  bool extend;     // ... are copies of the highest of those, or 0
  u8 page_log2;    // the largest aligned region that maps linearly
};
inline constexpr u8 kExtendedBits = 44;  // an extended address ends at PA<43>, the width of the 21264

// EV5 5.2 (ICSR and MCSR SPE) and EV6 M_CTL.
inline constexpr Superpage kSuperpagesEv5[] = {
    {1, 41, 0x2, 40, false, 40},
    {0, 30, 0x1FFE, 30, false, 30},
};
inline constexpr Superpage kSuperpagesEv6[] = {
    {2, 46, 0x2, 44, false, 44},
    {1, 41, 0x7E, 41, true, 40},
    {0, 30, 0x3FFFE, 30, false, 30},
};

template <Format kFormat>
struct Rules {
  static constexpr FormatInfo kInfo = info(kFormat);

  // OSF layout: kernel has its own enables and every other mode the user's (trap T87).
  static constexpr bool enabled(u64 entry, const Request& request) {
    const bool kernel = request.mode == Mode::kernel;
    if (request.op == Op::write) return (kernel ? pte::KWE : pte::UWE).test(entry);
    return (kernel ? pte::KRE : pte::URE).test(entry);
  }

  // An access violation outranks the fault-on bits (trap T85), of which each stops one operation only.
  static constexpr FaultReport check_rights(u16 rights, const Request& request, u32 /*controls*/) {
    if (!enabled(rights, request)) return {Fault::acv, 0, 0, "alpha.leaf.acv"};
    switch (request.op) {
      case Op::read:
        if (pte::FOR.test(rights)) return {Fault::on_read, 0, 0, "alpha.leaf.for"};
        break;
      case Op::write:
        if (pte::FOW.test(rights)) return {Fault::on_write, 0, 0, "alpha.leaf.fow"};
        break;
      case Op::fetch:
        if (pte::FOE.test(rights)) return {Fault::on_execute, 0, 0, "alpha.leaf.foe"};
        break;
    }
    return {};
  }

  static constexpr bool needs_dirty_walk(u16 /*rights*/, const Request& /*request*/) { return false; }

  // Every superpage has the highest translated bit set: only such addresses can be decided before the TLB.
  static constexpr bool may_be_direct(u64 va, u32 controls) {
    return !sign_ok(kInfo, va) || (ctl::SPE.test(controls) && (va >> (kInfo.va_bits - 1) & 1) != 0);
  }

  // The sign check comes before superpages and the TLB (EV5 6.4.2, trap T88).
  static constexpr Direct before_tlb(const Request& request, u32 controls) {
    Direct direct;
    if (!sign_ok(kInfo, request.va)) {
      direct.kind = Direct::Kind::fault;
      direct.fault = {Fault::acv, 0, 0, "alpha.sign"};
      return direct;
    }
    const u64 enables = ctl::SPE.get(controls);
    if (enables == 0) [[likely]] {
      return direct;
    }
    const u64 va = request.va & ((u64{1} << kInfo.va_bits) - 1);
    for (const Superpage& region : superpages()) {
      if ((enables >> region.enable & 1) == 0 || va >> region.match_lsb != region.match) continue;
      // Other modes have no access whatever the page tables say (EV6 M_CTL, trap T90).
      if (request.mode != Mode::kernel) {
        direct.kind = Direct::Kind::fault;
        direct.fault = {Fault::acv, 0, 0, "alpha.superpage.mode"};
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
  static constexpr void translate(Translation& out, unsigned /*level*/, u64 entry, u16 rights) {
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

  static constexpr Judgement judge_entry(const Settings& /*settings*/, unsigned level, u64 entry,
                                         const Accumulated& /*above*/, const Request& request, u32 controls) {
    if (level > 1) {
      // PALcode's miss flow: only V counts in a valid entry (trap T82); in an invalid one KRE alone chooses the
      // code, whatever the mode and access (trap T81).
      if (!pte::V.test(entry)) {
        return pte::KRE.test(entry) ? fault({Fault::tnv, 0, 0, "alpha.table.tnv"}, level)
                                    : fault({Fault::acv, 0, 0, "alpha.table.acv"}, level);
      }
      Judgement out;
      out.kind = Judgement::Kind::table;
      out.next = next_table(entry);
      return out;
    }
    // An invalid entry never reports a fault-on bit (trap T84); without the right it is an access violation, so
    // an entry of zero is one too (traps T80, T83).
    if (!pte::V.test(entry)) {
      return enabled(entry, request) ? fault({Fault::tnv, 0, 0, "alpha.leaf.tnv"}, level)
                                     : fault({Fault::acv, 0, 0, "alpha.leaf.invalid_acv"}, level);
    }
    const auto rights = static_cast<u16>(entry);
    const FaultReport denied = check_rights(rights, request, controls);
    if (denied.code != Fault::none) return fault(denied, level);
    Judgement out;
    out.kind = Judgement::Kind::translated;
    translate(out.translation, level, entry, rights);
    return out;
  }

 private:
  static constexpr Judgement fault(FaultReport report, unsigned level) {
    Judgement out;
    out.fault = report;
    out.fault.level = static_cast<u8>(level);
    return out;
  }
  static constexpr const auto& superpages() {
    if constexpr (kFormat == Format::alpha) {
      return kSuperpagesEv5;
    } else {
      return kSuperpagesEv6;
    }
  }
};

}  // namespace kilburn::arch::rules::alpha
