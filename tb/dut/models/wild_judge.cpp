// SPDX-License-Identifier: Apache-2.0
//
// Legal decisions are model/arch's as they are; every departure stands behind its bug.
#include "tb/dut/models/wild_judge.h"

#include "model/arch/layout.h"

namespace kilburn::tb::wild {
namespace {

namespace pte = arch::layout::X86Pte;
namespace apte = arch::layout::AlphaPte;
namespace ctl = arch::layout::Controls;
namespace err = arch::layout::PageFaultError;
using arch::FaultReport;
using arch::Judgement;
using arch::Op;
using arch::Rule;

constexpr u64 kAd = pte::A.mask() | pte::D.mask();

u64 bits(unsigned msb, unsigned lsb) { return arch::layout::Field{msb, lsb}.mask(); }

// Refused by nothing: a supervisor's explicit read with AC, and no keys.
arch::Request nobodys(const arch::Request& request) { return {request.va, Op::read, arch::Mode::kernel, true, false}; }
arch::Context without_keys(arch::Context context) {
  context.controls &= ~static_cast<u32>(ctl::PKE.mask() | ctl::PKS.mask());
  return context;
}

void set_fault(Judgement& j, arch::Fault code, Rule rule, unsigned level) {
  j.kind = Judgement::Kind::fault;
  j.fault = {code, 0, static_cast<u8>(level), rule};
}

}  // namespace

arch::Direct Judge::direct(const arch::Request& request, const arch::Context& context) const {
  arch::Request r = request;
  arch::Context c = context;
  if (bug(Bug::t33) || bug(Bug::t88)) {
    const unsigned unused = 64U - form(context.controls).va_bits;
    r.va = static_cast<u64>(static_cast<std::int64_t>(r.va << unused) >> unused);
  }
  if (bug(Bug::t33b)) c.controls &= ~static_cast<u32>(ctl::LA57.mask());
  arch::Direct d = arch::before_tlb(format_, settings_, r, c);
  if (bug(Bug::t90) && d.fault.rule == Rule::alpha_superpage_mode) return {};
  if (bug(Bug::t91) && d.kind == arch::Direct::Kind::translated && d.translation.page_log2 == 40) {
    d.pa &= ~bits(43, 41);
  }
  return d;
}

// The entry as a careless walker sees it.
u64 Judge::seen(unsigned level, u64 value, u64 parent, const arch::Request& request, u32 controls) const {
  const bool large = pte::PS.test(value) && level > 1;
  const u64 above_pa = settings_.pa_width < 52 ? bits(51, settings_.pa_width) : 0;
  const u64 nx = ctl::NXE.test(controls) ? 0 : pte::NX.mask();
  const u64 low = level == 3 ? bits(29, 13) : bits(20, 13);
  switch (bug_) {
    case Bug::t02:
      return level >= 4 ? value & ~pte::PS.mask() : value;
    case Bug::t03:
      return level == 3 && large ? value & ~low : value;
    case Bug::t04:
      return level == 2 && large ? value & ~low : value;
    case Bug::t05:
      return level == 3 && !settings_.page_1g ? value & ~pte::PS.mask() : value;
    case Bug::t06:
      return value & ~nx;
    case Bug::t09:
      return level > 1 && !large ? value & ~above_pa : value;
    case Bug::t14:
      if (request.op != Op::fetch) return value;
      [[fallthrough]];
    case Bug::norsvd:
      value &= ~(above_pa | nx);
      if (level >= 4) return value & ~pte::PS.mask();
      return large ? value & ~low : value;
    case Bug::t23:
      return level == 1 || large ? pte::PKEY.set(value, pte::PKEY.get(parent)) : value;
    default:
      return value;
  }
}

bool Judge::other_rights() const {
  switch (bug_) {
    case Bug::t21:
    case Bug::t22:
    case Bug::t24:
    case Bug::t25:
    case Bug::t26:
    case Bug::t27:
      return true;
    default:
      return false;
  }
}

FaultReport Judge::rights(u16 rights, arch::Request request, arch::Context context) const {
  const auto check = [&](const arch::Request& r, const arch::Context& c) {
    return arch::check_rights(format_, settings_, rights, r, c);
  };
  const bool wp = ctl::WP.test(context.controls);
  if (bug(Bug::t25)) {
    context.pkrs = context.pkru;
    context.controls = static_cast<u32>(ctl::PKS.set(context.controls, ctl::PKE.get(context.controls)));
  }
  if (bug(Bug::t26) && request.implicit && request.ac) {
    request.implicit = false;
    request.mode = arch::Mode::kernel;
  }
  if (bug(Bug::t27) && request.op == Op::write && !wp) request.ac = true;
  FaultReport f = check(request, context);
  if (bug(Bug::t21) && (f.rule == Rule::x86_wp || f.rule == Rule::x86_user_read_only)) {
    f.error &= static_cast<u16>(~err::PK.mask());
  }
  if (f.code == arch::Fault::none && (bug(Bug::t22) || bug(Bug::t24))) {
    arch::Request as = request;
    arch::Context with = context;
    if (bug(Bug::t22) && request.op == Op::fetch) as.op = Op::read;
    if (bug(Bug::t24)) with.controls |= static_cast<u32>(ctl::WP.mask());
    as.ac = true;
    const FaultReport by_key = check(as, with);
    if (err::PK.test(by_key.error)) {
      f = by_key;
      if (request.op == Op::fetch) f.error |= static_cast<u16>(err::ID.mask());
    }
  }
  return f;
}

Judgement Judge::by_rights(unsigned level, u64 seen, const arch::Accumulated& above, const arch::Request& request,
                           const arch::Context& context) const {
  const arch::Request anyone = nobodys(request);
  const arch::Context open = without_keys(context);
  Judgement j = arch::judge_entry(format_, settings_, level, seen | pte::A.mask(), above, anyone, open);
  if (j.kind != Judgement::Kind::translated) {
    return arch::judge_entry(format_, settings_, level, seen, above, request, context);
  }
  const FaultReport denied = rights(j.translation.rights, request, context);
  if (denied.code != arch::Fault::none) {
    j.kind = Judgement::Kind::fault;
    j.fault = denied;
    j.fault.level = static_cast<u8>(level);
    return j;
  }
  const u64 due = request.op == Op::write ? kAd : pte::A.mask();
  if ((seen & due) != due) {
    j.kind = Judgement::Kind::update;
    j.desired = seen | due;
  }
  return j;
}

void Judge::spoil_x86(FaultReport& fault, u64 value, const arch::Request& request) {
  if (fault.code != arch::Fault::page) return;
  u64 error = fault.error;
  const bool reserved = err::RSVD.test(error);
  if (bug(Bug::t01) && reserved) error &= ~err::P.mask();
  if (bug(Bug::t07) && fault.rule == Rule::x86_not_present && settings_.pa_width < 52 &&
      (value & bits(51, settings_.pa_width)) != 0) {
    error |= err::P.mask() | err::RSVD.mask();
  }
  if (bug(Bug::t20) && request.op == Op::fetch) error |= err::ID.mask();
  if (bug(Bug::ibex2314) && request.op == Op::fetch) error &= ~err::ID.mask();
  if (bug(Bug::t31) && fault.rule == Rule::x86_user_supervisor_page) error &= ~err::P.mask();
  if (bug(Bug::cvw1538)) {
    error |= last_error_ & (err::W.mask() | err::U.mask());
    last_error_ = fault.error;
  }
  fault.error = static_cast<u16>(error);
}

void Judge::spoil_alpha(Judgement& j, unsigned level, u64 value, const arch::Request& request) const {
  using arch::Fault;
  const bool invalid = !apte::V.test(value);
  if (level > 1) {
    if (bug(Bug::t81) && invalid) set_fault(j, Fault::tnv, Rule::alpha_table_tnv, level);
    if (bug(Bug::t82) && !invalid && !apte::KRE.test(value)) set_fault(j, Fault::acv, Rule::alpha_table_acv, level);
    return;
  }
  const bool fault_on = (request.op == Op::read && apte::FOR.test(value)) ||
                        (request.op == Op::write && apte::FOW.test(value)) ||
                        (request.op == Op::fetch && apte::FOE.test(value));
  const Fault by_bit = request.op == Op::read    ? Fault::on_read
                       : request.op == Op::write ? Fault::on_write
                                                 : Fault::on_execute;
  if (bug(Bug::t80) && value == 0) set_fault(j, Fault::tnv, Rule::alpha_leaf_tnv, level);
  if (bug(Bug::t83) && invalid) set_fault(j, Fault::tnv, Rule::alpha_leaf_tnv, level);
  if (bug(Bug::t84) && invalid && fault_on) set_fault(j, by_bit, Rule::alpha_leaf_for, level);
  if (bug(Bug::t85) && !invalid && request.op == Op::write && fault_on) {
    set_fault(j, by_bit, Rule::alpha_leaf_fow, level);
  }
  if (bug(Bug::t102) && j.kind == Judgement::Kind::fault && j.fault.code == Fault::on_write) {
    j.fault.code = Fault::on_read;
  }
}

Judgement Judge::entry(unsigned level, u64 value, u64 parent, const arch::Accumulated& above,
                       const arch::Request& request, const arch::Context& context) {
  if (bug_ == Bug::none) return arch::judge_entry(format_, settings_, level, value, above, request, context);
  if (!x86()) {
    arch::Settings settings = settings_;
    if (bug(Bug::t87)) settings.vms = !settings.vms;
    const u64 looked_at = bug(Bug::t86) ? value & ~apte::FOE.mask() : value;
    Judgement j = arch::judge_entry(format_, settings, level, looked_at, above, request, context);
    spoil_alpha(j, level, value, request);
    return j;
  }
  const u64 at = seen(level, value, parent, request, context.controls);
  arch::Accumulated rights_above = above;
  if (bug(Bug::t11)) rights_above.nx = false;
  if (bug(Bug::t12w)) rights_above.w = true;
  if (bug(Bug::t12u)) rights_above.u = true;
  const bool leaf = level == 1 || (level < 4 && pte::PS.test(at));
  Judgement j = leaf && other_rights()
                    ? by_rights(level, at, rights_above, request, context)
                    : arch::judge_entry(format_, settings_, level, at, rights_above, request, context);
  if (j.kind == Judgement::Kind::update) {
    // What was not seen is written back as it was.
    u64 due = j.desired & ~at & kAd;
    if (bug(Bug::t45) && !leaf) due |= pte::D.mask();
    j.desired = value | due;
  }
  if (j.kind == Judgement::Kind::fault) spoil_x86(j.fault, value, request);
  if (j.kind == Judgement::Kind::translated) {
    if (bug(Bug::t16)) j.translation.pa &= bits(35, 0);
    if (bug(Bug::t10) && level == 1) {
      j.translation.memory_type = static_cast<u8>((j.translation.memory_type & 3) | pte::PAT_LARGE.get(value) << 2);
    }
  }
  return j;
}

Judgement Judge::held(unsigned level, u64 value, const arch::Accumulated& above, const arch::Request& request,
                      const arch::Context& context) const {
  if (x86()) {
    return arch::judge_entry(format_, settings_, level, value, above, nobodys(request), without_keys(context));
  }
  if (level > 1 || !apte::V.test(value)) {
    return arch::judge_entry(format_, settings_, level, value, above, nobodys(request), context);
  }
  Judgement j;
  j.kind = Judgement::Kind::translated;
  j.translation = arch::leaf_translation(format_, settings_, value);
  return j;
}

FaultReport Judge::hit(u16 entry_rights, u32 filled, const arch::Request& request, const arch::Context& context) {
  if (bug_ == Bug::none) return arch::check_rights(format_, settings_, entry_rights, request, context);
  if (bug(Bug::refill_rights) && ctl::REFILL.test(context.controls)) return {};
  arch::Context c = context;
  if (bug(Bug::t28)) c.controls &= ~static_cast<u32>(ctl::SMEP.mask());
  if (bug(Bug::t29)) c.controls = static_cast<u32>(ctl::WP.set(c.controls, ctl::WP.get(filled)));
  if (bug(Bug::t86)) entry_rights = static_cast<u16>(entry_rights & ~apte::FOE.mask());
  arch::Settings settings = settings_;
  if (bug(Bug::t87)) settings.vms = !settings.vms;
  FaultReport f =
      x86() ? rights(entry_rights, request, c) : arch::check_rights(format_, settings, entry_rights, request, c);
  if (bug(Bug::cva3426)) f.error &= static_cast<u16>(~err::W.mask());
  if (x86()) {
    spoil_x86(f, 0, request);
  } else if (bug(Bug::t102) && f.code == arch::Fault::on_write) {
    f.code = arch::Fault::on_read;
  } else if (bug(Bug::t85) && request.op == Op::write && apte::FOW.test(entry_rights)) {
    f = {arch::Fault::on_write, 0, 0, Rule::alpha_leaf_fow};
  }
  return f;
}

}  // namespace kilburn::tb::wild
