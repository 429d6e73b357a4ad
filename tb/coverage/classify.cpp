// SPDX-License-Identifier: Apache-2.0
//
// Places on the axes. What an entry means is the decision core's to say; here its verdict is given a name.
#include "tb/coverage/classify.h"

#include "model/arch/layout.h"

namespace kilburn::coverage {

namespace ctl = arch::layout::Controls;
namespace pte = arch::layout::X86Pte;
namespace alpha = arch::layout::AlphaPte;
namespace inv = arch::layout::Inv;
using arch::Rule;

namespace {

template <class E>
E step_from(E first, unsigned n) {
  return static_cast<E>(static_cast<unsigned>(first) + n);
}

// The reserved-bit cause of this entry; nothing if there are several or none.
std::optional<X86Outcome> reserved_cause(const arch::Settings& settings, u32 controls, u64 entry, unsigned level) {
  std::optional<X86Outcome> cause;
  unsigned causes = 0;
  const auto is = [&](bool set, X86Outcome outcome) {
    if (set) cause = outcome, ++causes;
  };
  const bool ps = pte::PS.test(entry);
  is((entry & pte::FRAME.mask() & (~u64{0} << settings.pa_width)) != 0, step_from(X86Outcome::address_5, 5 - level));
  is(pte::NX.test(entry) && !ctl::NXE.test(controls), step_from(X86Outcome::xd_5, 5 - level));
  if (level >= 4) {
    is(ps, step_from(X86Outcome::ps_5, 5 - level));
    is(settings.amd && pte::G.test(entry), step_from(X86Outcome::amd_5, 5 - level));
  } else if (level == 3 && ps && !settings.page_1g) {
    is(true, X86Outcome::ps_3);
  } else if (level > 1 && ps) {
    const u64 low = (u64{1} << (12 + 9 * (level - 1))) - 1;
    is((entry & low & pte::FRAME.mask() & ~pte::PAT_LARGE.mask()) != 0,
       level == 3 ? X86Outcome::frame_3 : X86Outcome::frame_2);
  }
  return causes == 1 ? cause : std::nullopt;
}

std::optional<X86Outcome> refused(const arch::Context& context, const arch::Outcome& now) {
  const auto key = [&](u32 rights, X86Outcome ad, X86Outcome wd) {
    const u64 k = now.steps.empty() ? 0 : pte::PKEY.get(now.steps.back().entry);
    return (rights >> (2 * k) & 1) != 0 ? ad : wd;
  };
  switch (now.fault.rule) {
    case Rule::x86_user_supervisor_page:
      return X86Outcome::user_page;
    case Rule::x86_user_read_only:
      return X86Outcome::user_write;
    case Rule::x86_user_nx:
      return X86Outcome::user_xd;
    case Rule::x86_supervisor_nx:
      return X86Outcome::supervisor_xd;
    case Rule::x86_smep:
      return X86Outcome::smep;
    case Rule::x86_smap:
      return X86Outcome::smap;
    case Rule::x86_wp:
      return X86Outcome::wp;
    case Rule::x86_key_user:
      return key(context.pkru, X86Outcome::pku_ad, X86Outcome::pku_wd);
    case Rule::x86_key_supervisor:
      return key(context.pkrs, X86Outcome::pks_ad, X86Outcome::pks_wd);
    default:
      return std::nullopt;
  }
}

}  // namespace

Access access_of(const arch::Request& r) {
  if (r.op == arch::Op::fetch) return Access::fetch;
  const bool write = r.op == arch::Op::write;
  if (r.implicit) return write ? Access::implicit_write : Access::implicit_read;
  return write ? Access::write : Access::read;
}

Privilege privilege_of(const arch::Request& r) {
  return r.mode != arch::Mode::kernel && !r.implicit ? Privilege::user : Privilege::supervisor;
}

Mode mode_of(arch::Format format, const arch::Context& context) {
  if (format == arch::Format::alpha) return Mode::alpha8k;
  if (format == arch::Format::alpha_x64) return Mode::alpha_x64;
  return ctl::LA57.test(context.controls) ? Mode::levels5 : Mode::levels4;
}

bool control_on(Control control, const arch::Request& request, const arch::Context& context) {
  const u32 c = context.controls;
  switch (control) {
    case Control::wp:
      return ctl::WP.test(c);
    case Control::smep:
      return ctl::SMEP.test(c);
    case Control::smap:
      return ctl::SMAP.test(c);
    case Control::ac:
      return request.ac;
    case Control::nxe:
      return ctl::NXE.test(c);
    case Control::pke:
      return ctl::PKE.test(c);
    case Control::pks:
      return ctl::PKS.test(c);
    case Control::pge:
      return ctl::PGE.test(c);
    case Control::la57:
      return ctl::LA57.test(c);
    case Control::phys:
      return ctl::PHYS.test(c);
    default:
      return false;
  }
}

unsigned protection_of(const arch::Request& request, const arch::Context& context) {
  unsigned bits = 0;
  for (unsigned n = 0; n < 6; ++n) bits |= unsigned{control_on(static_cast<Control>(n), request, context)} << n;
  return bits;
}

X86Size x86_size(unsigned log2) {
  return log2 == 12 ? X86Size::k4 : log2 == 21 ? X86Size::m2 : log2 == 30 ? X86Size::g1 : X86Size::none;
}
AlphaSize alpha_size(arch::Format format, unsigned log2) {
  const unsigned smallest = arch::info(format).page_shift;
  if (log2 < smallest || log2 > smallest + 9 || (log2 - smallest) % 3 != 0) return AlphaSize::none;
  return step_from(AlphaSize::gh0, (log2 - smallest) / 3);
}

X86Size x86_leaf(const arch::Outcome& now) {
  if (now.steps.empty()) return X86Size::none;
  const arch::Step& last = now.steps.back();
  if (last.level == 1) return X86Size::k4;
  if (last.level > 3 || !pte::PS.test(last.entry)) return X86Size::none;
  return last.level == 2 ? X86Size::m2 : X86Size::g1;
}
AlphaSize alpha_leaf(const arch::Outcome& now) {
  if (now.steps.empty() || now.steps.back().level != 1) return AlphaSize::none;
  return step_from(AlphaSize::gh0, static_cast<unsigned>(alpha::GH.get(now.steps.back().entry)));
}

std::optional<X86Outcome> x86_outcome(const arch::Settings& settings, const arch::Context& context, const Answered& a,
                                      const arch::Outcome& now) {
  const bool walked = a.level >= 1 && a.level <= 5;
  switch (a.fault) {
    case arch::Fault::none:
      return ctl::PHYS.test(context.controls) ? X86Outcome::direct : X86Outcome::translated;
    case arch::Fault::general:
      return X86Outcome::canonical;
    case arch::Fault::bus:
      if (!walked) return std::nullopt;
      return step_from(X86Outcome::bus_5, 5u - a.level);
    case arch::Fault::page:
      break;
    default:
      return std::nullopt;
  }
  if (!walked) return std::nullopt;
  if ((a.error & 1) == 0) return step_from(X86Outcome::absent_5, 5u - a.level);
  if (now.fault.code != a.fault || now.fault.error != a.error || now.fault.level != a.level || now.steps.empty()) {
    return std::nullopt;
  }
  if ((a.error & 8) != 0) return reserved_cause(settings, context.controls, now.steps.back().entry, a.level);
  return refused(context, now);
}

std::optional<AlphaOutcome> alpha_outcome(const arch::Context& context, const Answered& a, const arch::Outcome& now) {
  using Q = AlphaOutcome;
  const bool agrees = now.fault.code == a.fault && now.fault.level == a.level;
  switch (a.fault) {
    case arch::Fault::none:
      if (ctl::PHYS.test(context.controls)) return Q::direct;
      return now.steps.empty() && now.fault.code == a.fault ? Q::superpage : Q::translated;
    case arch::Fault::miss:
      return Q::miss;
    case arch::Fault::on_read:
      return Q::on_read;
    case arch::Fault::on_write:
      return Q::on_write;
    case arch::Fault::on_execute:
      return Q::on_execute;
    case arch::Fault::bus:
      if (a.level < 1 || a.level > 4) return std::nullopt;
      return step_from(Q::bus_4, 4u - a.level);
    case arch::Fault::tnv:
      if (a.level >= 2 && a.level <= 4) return step_from(Q::table_tnv_4, 4u - a.level);
      return a.level == 1 ? std::optional(Q::leaf_tnv) : std::nullopt;
    case arch::Fault::acv:
      if (a.level >= 2 && a.level <= 4) return step_from(Q::table_acv_4, 4u - a.level);
      if (agrees && now.fault.rule == Rule::alpha_sign) return Q::sign;
      if (agrees && now.fault.rule == Rule::alpha_superpage_mode) return Q::superpage_mode;
      if (a.level == 0) return Q::leaf_acv;  // refused by a TLB entry
      if (!agrees) return std::nullopt;
      return now.fault.rule == Rule::alpha_leaf_invalid_acv ? Q::invalid_acv : Q::leaf_acv;
    default:
      return std::nullopt;
  }
}

std::optional<SoleDenial> sole_denial(const arch::Outcome& now) {
  Denial right;
  switch (now.fault.rule) {
    case Rule::x86_user_supervisor_page:
      right = Denial::user;
      break;
    case Rule::x86_user_read_only:
    case Rule::x86_wp:
      right = Denial::write;
      break;
    case Rule::x86_user_nx:
    case Rule::x86_supervisor_nx:
      right = Denial::execute;
      break;
    default:
      return std::nullopt;
  }
  unsigned level = 0;
  for (const arch::Step& step : now.steps) {
    const bool denies = right == Denial::write  ? !pte::RW.test(step.entry)
                        : right == Denial::user ? !pte::US.test(step.entry)
                                                : pte::NX.test(step.entry);
    if (!denies) continue;
    if (level != 0) return std::nullopt;
    level = step.level;
  }
  if (level == 0) return std::nullopt;
  return SoleDenial{right, static_cast<Level>(level - 1)};
}

std::optional<Corner> corner_of(arch::Format format, const arch::Context& context, u64 va) {
  const arch::FormatInfo info = arch::info(format, {}, context.controls);
  const unsigned shift = info.page_shift;
  const bool x86 = format == arch::Format::x86_64;
  const u64 page = va >> shift;
  const u64 half = u64{1} << (info.va_bits - 1);
  const u64 last = ~u64{0} >> shift;
  if (page == 0) return Corner::zero;
  if (page == last) return Corner::top;
  if (page == (half - 1) >> shift) return Corner::low_end;
  if (page == half >> shift) return Corner::hole_begin;
  if (page == (~half + 1) >> shift) return Corner::high_begin;
  if (page == ((~half + 1) >> shift) - 1) return Corner::hole_end;
  const auto ends = [&](unsigned log2) {
    return (page & ((u64{1} << (log2 - shift)) - 1)) == (u64{1} << (log2 - shift)) - 1;
  };
  if (ends(x86 ? 30 : shift + 9)) return Corner::huge_end;
  if (ends(x86 ? 21 : shift + 3)) return Corner::large_end;
  return std::nullopt;
}

bool maps_itself(arch::Format format, const arch::Outcome& now) {
  const unsigned shift = arch::info(format).page_shift;
  for (std::size_t n = 1; n < now.steps.size(); ++n) {
    for (std::size_t m = 0; m < n; ++m) {
      if (now.steps[n].pa >> shift == now.steps[m].pa >> shift) return true;
    }
  }
  return false;
}

u32 x86_changes(u64 before, u64 after, unsigned level) {
  u32 found = 0;
  const auto is = [&](X86Change change) { found |= u32{1} << static_cast<unsigned>(change); };
  const u64 up = after & ~before, down = before & ~after, any = up | down;
  const auto both = [&](arch::layout::Field bit, X86Change set, X86Change cleared) {
    if (bit.test(up)) is(set);
    if (bit.test(down)) is(cleared);
  };
  both(pte::P, X86Change::p_up, X86Change::p_down);
  both(pte::RW, X86Change::w_up, X86Change::w_down);
  both(pte::US, X86Change::u_up, X86Change::u_down);
  both(pte::NX, X86Change::nx_up, X86Change::nx_down);
  if (pte::A.test(down)) is(X86Change::a_down);
  if (pte::D.test(down)) is(X86Change::d_down);
  if ((any & pte::FRAME.mask()) != 0) is(X86Change::frame);
  if (level > 1 && pte::PS.test(any)) is(X86Change::size);
  if (pte::G.test(any)) is(X86Change::g);
  if ((any & pte::PKEY.mask()) != 0) is(X86Change::key);
  return found;
}

u32 alpha_changes(u64 before, u64 after) {
  u32 found = 0;
  const auto is = [&](AlphaChange change) { found |= u32{1} << static_cast<unsigned>(change); };
  const u64 up = after & ~before, down = before & ~after, any = up | down;
  constexpr u64 kFaultOn = 0xe, kEnables = 0xff00;
  if (alpha::V.test(up)) is(AlphaChange::v_up);
  if (alpha::V.test(down)) is(AlphaChange::v_down);
  if ((up & kFaultOn) != 0) is(AlphaChange::fault_on_up);
  if ((down & kFaultOn) != 0) is(AlphaChange::fault_on_down);
  if ((up & kEnables) != 0) is(AlphaChange::enable_up);
  if ((down & kEnables) != 0) is(AlphaChange::enable_down);
  if (alpha::ASM.test(any)) is(AlphaChange::match);
  if ((any & alpha::GH.mask()) != 0) is(AlphaChange::hint);
  if ((any & alpha::PFN.mask()) != 0) is(AlphaChange::frame);
  return found;
}

Invalidation invalidation_of(arch::Format format, u8 op) {
  if (op <= inv::PAGE_D) return static_cast<Invalidation>(op);
  if (format == arch::Format::x86_64) return Invalidation::no_operation;
  return op == inv::FILL_I   ? Invalidation::fill_i
         : op == inv::FILL_D ? Invalidation::fill_d
                             : Invalidation::no_operation;
}

}  // namespace kilburn::coverage
