// SPDX-License-Identifier: Apache-2.0
//
// The x86-64 decisions: canonical check, one paging-structure entry, access rights (SDM 4.5 to 4.8).
// Included by walk_inl.h; everything else reaches these through walk.h.
#pragma once

#include "model/arch/format.h"
#include "model/arch/judgement.h"
#include "model/arch/layout.h"

namespace kilburn::arch::rules::x86_64 {

namespace pte = layout::X86Pte;
namespace ctl = layout::Controls;
namespace err = layout::PageFaultError;
namespace right = layout::X86Rights;

// Entry bits 51:pa_width, and XD while it is not enabled (SDM 4.5); the same at every level (traps T06, T09).
constexpr u64 reserved_everywhere(const Settings& settings, u32 controls) {
  const u64 above_pa = ~u64{0} << settings.pa_width & pte::FRAME.mask();
  return ctl::NXE.test(controls) ? above_pa : above_pa | pte::NX.mask();
}

// What `level` adds: PS where no page can be (traps T02, T05), the frame bits below a large page's size except
// the PAT bit (traps T03, T04, T10), AMD's bit 8.
constexpr u64 reserved_at(const Settings& settings, unsigned level, bool large) {
  if (level >= 4) return pte::PS.mask() | (settings.amd ? pte::G.mask() : 0);
  if (level == 3 && !settings.page_1g) return pte::PS.mask();
  if (!large) return 0;
  const u64 below_page = (u64{1} << (12 + 9 * (level - 1))) - 1;
  return below_page & pte::FRAME.mask() & ~pte::PAT_LARGE.mask();
}

// Whether the access counts as the user's: an implicit one never does (SDM 4.6).
constexpr bool by_user(const Request& request) { return request.mode != Mode::kernel && !request.implicit; }

// SDM 4.6.2: keys guard data accesses only (trap T22); which register applies depends on the page, not on who
// asks (T25); WD does not bind a supervisor without WP (T24). A user access to a supervisor page is refused
// before any key is looked at (T31).
[[gnu::always_inline]] constexpr bool key_denies(u16 rights, const Request& request, const Context& context) {
  const bool user = by_user(request);
  const bool user_page = right::U.test(rights);
  if (request.op == Op::fetch || (user && !user_page)) return false;
  if (!(user_page ? ctl::PKE : ctl::PKS).test(context.controls)) return false;
  const u64 disabled = u64{user_page ? context.pkru : context.pkrs} >> (2 * right::PKEY.get(rights));
  if ((disabled & 1) != 0) return true;
  return (disabled & 2) != 0 && request.op == Op::write && (user || ctl::WP.test(context.controls));
}

template <unsigned kLevels>
struct Rules {
  static constexpr FormatInfo kInfo = x86_64_info(kLevels);

  // SDM 4.7: `cause` is P, RSVD and PK, the other bits describe the access.
  static constexpr FaultReport page_fault(u64 cause, const Request& request, u32 controls, Rule rule) {
    u64 error = cause;
    if (request.op == Op::write) error |= err::W.mask();
    if (by_user(request)) error |= err::U.mask();
    // A processor with neither XD nor SMEP in use does not tell a fetch from a read (trap T20).
    if (request.op == Op::fetch && (ctl::NXE.test(controls) || ctl::SMEP.test(controls))) error |= err::ID.mask();
    return {Fault::page, static_cast<u16>(error), 0, rule};
  }

  // The rule that refuses the access, Rule::none if none does (SDM 4.6.1, 4.6.2). WP, SMEP, SMAP, AC, the keys'
  // registers and the mode act at the access and are never part of `rights` (trap T29).
  [[gnu::always_inline]] static constexpr Rule refusal(u16 rights, const Request& request, const Context& context) {
    const u32 controls = context.controls;
    const bool w = right::W.test(rights);
    const bool u = right::U.test(rights);
    const bool nx = right::NX.test(rights) && ctl::NXE.test(controls);
    if (by_user(request)) {
      if (!u) return Rule::x86_user_supervisor_page;
      if (request.op == Op::write && !w) return Rule::x86_user_read_only;
      if (request.op == Op::fetch && nx) return Rule::x86_user_nx;
    } else if (request.op == Op::fetch) {
      if (nx) return Rule::x86_supervisor_nx;
      if (u && ctl::SMEP.test(controls)) return Rule::x86_smep;
    } else {
      if (u && ctl::SMAP.test(controls) && (request.implicit || !request.ac)) return Rule::x86_smap;
      if (request.op == Op::write && !w && ctl::WP.test(controls)) return Rule::x86_wp;
    }
    if (key_denies(rights, request, context)) return u ? Rule::x86_key_user : Rule::x86_key_supervisor;
    return Rule::none;
  }

  [[gnu::always_inline]] static constexpr bool allows(const Settings& /*settings*/, u16 rights, const Request& request,
                                                      const Context& context) {
    return refusal(rights, request, context) == Rule::none;
  }
  static constexpr FaultReport check_rights(const Settings& /*settings*/, u16 rights, const Request& request,
                                            const Context& context) {
    const Rule rule = refusal(rights, request, context);
    if (rule == Rule::none) [[likely]] {
      return {};
    }
    // PK tells of the key whatever else refuses the access (SDM 4.7, trap T21).
    const u64 cause = err::P.mask() | err::PK.make(key_denies(rights, request, context));
    return page_fault(cause, request, context.controls, rule);
  }

  static constexpr bool needs_dirty_walk(u16 rights, const Request& request) {
    return request.op == Op::write && !right::D.test(rights);
  }

  static constexpr bool may_be_direct(u64 va, u32 controls) { return !sign_ok(kInfo, va) || ctl::PHYS.test(controls); }

  // With translation off the address is physical. A non-canonical one is refused before any walk and leaves CR2
  // alone (SDM volume 1, 3.3.7.1).
  static constexpr Direct before_tlb(const Settings& settings, const Request& request, const Context& context) {
    Direct direct;
    if (ctl::PHYS.test(context.controls)) {
      direct.kind = Direct::Kind::translated;
      direct.pa = request.va & ((u64{1} << settings.pa_width) - 1);
      direct.translation.page_log2 = settings.pa_width;
      direct.translation.global = true;
      direct.translation.rights = static_cast<u16>(right::W.mask() | right::U.mask() | right::D.mask());
    } else if (!sign_ok(kInfo, request.va)) {
      direct.kind = Direct::Kind::fault;
      direct.fault = {Fault::general, 0, 0, Rule::x86_canonical};
    }
    return direct;
  }

  static constexpr u64 next_table(u64 entry) { return entry & pte::FRAME.mask(); }

  // The rights of the levels walked: writable and user only if every level says so, execute-disable if any does
  // (SDM 4.6, traps T11, T12). Kept in the places that the bits have in an entry.
  class Levels {
   public:
    constexpr Levels() = default;
    constexpr explicit Levels(const Accumulated& above)
        : every_(pte::RW.make(above.w) | pte::US.make(above.u)), any_(pte::NX.make(above.nx)) {}
    constexpr void add(u64 entry) {
      every_ &= entry;
      any_ |= entry;
    }
    constexpr Accumulated accumulated() const {
      return {pte::RW.test(every_), pte::US.test(every_), pte::NX.test(any_)};
    }
    // With the leaf added; its dirty bit and key are kept beside them (trap T23).
    constexpr u16 rights(u64 leaf) const {
      return static_cast<u16>(right::W.make(pte::RW.get(every_)) | right::U.make(pte::US.get(every_)) |
                              right::NX.make(pte::NX.get(any_)) | right::D.make(pte::D.get(leaf)) |
                              right::PKEY.make(pte::PKEY.get(leaf)));
    }

   private:
    u64 every_ = pte::RW.mask() | pte::US.mask();
    u64 any_ = 0;
  };

  // SDM 4.8: A, and D for a write, are set before the translation is used.
  static constexpr u64 leaf_due(const Request& request) {
    return request.op == Op::write ? pte::A.mask() | pte::D.mask() : pte::A.mask();
  }

  // Member by member into its place: a copy of the struct would stall the walk.
  static constexpr void translate(Translation& out, unsigned level, u64 entry, u16 rights, u32 controls) {
    out.page_log2 = static_cast<u8>(12 + 9 * (level - 1));
    out.pa = entry & pte::FRAME.mask() & (~u64{0} << out.page_log2);
    out.global = pte::G.test(entry) && ctl::PGE.test(controls);
    const u64 pat = level == 1 ? pte::PS.get(entry) : pte::PAT_LARGE.get(entry);
    out.memory_type = static_cast<u8>(pat << 2 | pte::PCD.get(entry) << 1 | pte::PWT.get(entry));
    out.rights = rights;
  }

  // Picks out the entries that judge_entry() would follow or take as they are but for the rights: one comparison a
  // level is what makes the walk fast. It may miss such an entry and never takes another.
  class Plain {
   public:
    constexpr Plain(const Settings& settings, const Request& request, u32 controls)
        : reserved_(reserved_everywhere(settings, controls)),
          table_(kTable | pte::PS.mask() | reserved_ | (settings.amd ? pte::G.mask() : 0)),
          leaf_(pte::P.mask() | leaf_due(request)) {}
    constexpr bool is_table(u64 entry) const { return (entry & table_) == kTable; }
    constexpr bool is_last_leaf(u64 entry) const { return (entry & (leaf_ | reserved_)) == leaf_; }

   private:
    static constexpr u64 kTable = pte::P.mask() | pte::A.mask();
    u64 reserved_;
    u64 table_;
    u64 leaf_;
  };

  static constexpr Judgement judge_entry(const Settings& settings, unsigned level, u64 entry, const Accumulated& above,
                                         const Request& request, const Context& context) {
    const u32 controls = context.controls;
    const bool large = level > 1 && level < 4 && pte::PS.test(entry);
    // Nothing else in an entry with P = 0 counts (SDM 4.5, trap T07).
    if (!pte::P.test(entry)) return fault(page_fault(0, request, controls, Rule::x86_not_present), level);
    if (entry & (reserved_everywhere(settings, controls) | reserved_at(settings, level, large))) {
      return fault(page_fault(err::P.mask() | err::RSVD.mask(), request, controls, Rule::x86_reserved), level);
    }

    Levels levels(above);
    levels.add(entry);
    if (level > 1 && !large) {
      if (!pte::A.test(entry)) return update(entry | pte::A.mask());
      Judgement out;
      out.kind = Judgement::Kind::table;
      out.next = next_table(entry);
      out.accumulated = levels.accumulated();
      return out;
    }

    const u16 rights = levels.rights(entry);
    const FaultReport denied = check_rights(settings, rights, request, context);
    // The leaf's A stays as it is when the access is refused: of the behaviours that SDM 4.8 leaves open, the one
    // that this project chose (traps T13, T47, T48).
    if (denied.code != Fault::none) return fault(denied, level);
    // No write if the bits are set already (trap T50).
    const u64 due = leaf_due(request);
    if ((entry & due) != due) return update(entry | due);
    Judgement out;
    out.kind = Judgement::Kind::translated;
    out.accumulated = levels.accumulated();
    translate(out.translation, level, entry, rights, controls);
    return out;
  }

 private:
  static constexpr Judgement fault(FaultReport report, unsigned level) {
    Judgement out;
    out.fault = report;
    out.fault.level = static_cast<u8>(level);
    return out;
  }
  static constexpr Judgement update(u64 desired) {
    Judgement out;
    out.kind = Judgement::Kind::update;
    out.desired = desired;
    return out;
  }
};

}  // namespace kilburn::arch::rules::x86_64
