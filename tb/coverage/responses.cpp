// SPDX-License-Identifier: Apache-2.0
//
// One walk of now a response, and only where the response alone does not say enough.
#include "tb/coverage/responses.h"

#include <algorithm>

#include "model/arch/layout.h"

namespace kilburn::coverage {

namespace pte = arch::layout::AlphaPte;

namespace {
constexpr std::size_t kMostEntries = std::size_t{1} << 20;  // forgotten together beyond that
}  // namespace

void Responses::reset(const arch::Settings& settings) {
  settings_ = settings;
  for (Open& open : open_) open.open = false;
  changes_.clear();
}

arch::Outcome Responses::walk(const Open& open) const {
  const u64 size = memory_.size();
  return arch::walk(format_, settings_, open.context, open.request, [&](u64 pa) -> std::optional<u64> {
    if (size < 8 || pa > size - 8) return std::nullopt;
    return memory_.load64(pa);
  });
}

void Responses::request(tb::Side side, unsigned id, const arch::Request& request, const arch::Context& context,
                        bool told) {
  Open& open = open_[place(side, id)];
  open = {true, request, context, std::nullopt};
  if (told) open.source = Source::l1;
  counts_.hit<ItemId::mode>(mode_of(format_, context));
  counts_.hit<ItemId::access>(access_of(request));
  if (x86_) {
    counts_.hit<ItemId::privilege>(privilege_of(request));
    controls(open);
  } else {
    counts_.hit<ItemId::alpha_mode>(static_cast<AlphaMode>(request.mode));
  }
}

void Responses::controls(const Open& open) {
  for (std::size_t n = 0; n + 1 < kBinsOf<Control>; ++n) {
    const auto control = static_cast<Control>(n);
    counts_.hit<ItemId::controls>(control, static_cast<Value>(control_on(control, open.request, open.context)));
  }
}

void Responses::response(tb::Side side, unsigned id, const Answered& answered) {
  Open& open = open_[place(side, id)];
  if (!open.open) return;  // a broken protocol is others' to tell
  open.open = false;
  const bool hit = open.source == Source::l1 && answered.fault == arch::Fault::none;
  arch::Outcome now;
  if (!hit || !changes_.empty() || !x86_) now = walk(open);
  if (arch::before_tlb(format_, settings_, open.request, open.context).kind != arch::Direct::Kind::none) {
    if (open.source) open.source = Source::direct;
  } else if (!hit) {
    if (entries_.size() > kMostEntries) entries_.clear();
    for (const arch::Step& step : now.steps) entries_.try_emplace(step.pa, step.level);
    if (maps_itself(format_, now)) {
      counts_.hit<ItemId::staleness>(Staleness::self_map);
      counts_.hit<ItemId::corner>(Corner::self_map, static_cast<Answer>(answered.fault != arch::Fault::none));
    }
  }
  if (open.source) counts_.hit<ItemId::source>(*open.source);
  const auto answer = static_cast<Answer>(answered.fault != arch::Fault::none);
  const bool physical = arch::layout::Controls::PHYS.test(open.context.controls);
  if (!physical && at_page_end(format_, open.request.va)) counts_.hit<ItemId::corner>(Corner::page_end, answer);
  if (const auto corner = corner_of(format_, open.context, open.request.va); corner && !physical) {
    counts_.hit<ItemId::corner>(*corner, answer);
  }
  const bool spurious =
      answered.fault != arch::Fault::none && answered.fault != arch::Fault::miss && now.fault.code == arch::Fault::none;
  counts_.hit<ItemId::spurious>(static_cast<Spurious>(spurious));
  if (!changes_.empty()) used(open, answered, now);
  x86_ ? x86(open, answered, now) : alpha(open, answered, now);
}

void Responses::x86(const Open& open, const Answered& a, const arch::Outcome& now) {
  if (a.fault == arch::Fault::page) {
    // Bits above the six are as illegal as all six together.
    counts_.judge<ItemId::error_code>(static_cast<ErrorCode>(a.error > 63 ? 63 : a.error));
  }
  const auto outcome = x86_outcome(settings_, open.context, a, now);
  if (!outcome) return;
  const bool translated = *outcome == X86Outcome::translated;
  const bool refused = *outcome >= X86Outcome::user_page && *outcome <= X86Outcome::pks_wd;
  const X86Size size = translated ? x86_size(a.size) : refused ? x86_leaf(now) : X86Size::none;
  counts_.hit<ItemId::x86_outcome>(*outcome);
  counts_.hit<ItemId::x86_size>(size);
  counts_.hit<ItemId::x86_decision>(access_of(open.request), privilege_of(open.request), size, *outcome);
  for (std::size_t n = 0; n + 1 < kBinsOf<Control>; ++n) {
    const auto control = static_cast<Control>(n);
    counts_.hit<ItemId::outcome_control>(*outcome, control,
                                         static_cast<Value>(control_on(control, open.request, open.context)));
  }
  counts_.hit<ItemId::outcome_protection>(*outcome, static_cast<Protection>(protection_of(open.request, open.context)));
  if (!open.source) return;
  counts_.judge<ItemId::x86_outcome_source>(*outcome, *open.source);
  if (!refused) return;
  if (const auto denial = sole_denial(now)) {
    counts_.hit<ItemId::denial_source>(denial->right, denial->level, *open.source);
  }
}

void Responses::alpha(const Open& open, const Answered& a, const arch::Outcome& now) {
  const auto outcome = alpha_outcome(open.context, a, now);
  if (!outcome) return;
  const bool translated = *outcome == AlphaOutcome::translated;
  const bool refused = *outcome >= AlphaOutcome::leaf_acv && *outcome <= AlphaOutcome::on_execute;
  const AlphaSize size = translated ? alpha_size(format_, a.size) : refused ? alpha_leaf(now) : AlphaSize::none;
  counts_.hit<ItemId::alpha_outcome>(*outcome);
  // An L1 entry refuses by rights that the tables of now may no longer have.
  const bool gone = refused && size == AlphaSize::none;
  if (!gone) counts_.hit<ItemId::alpha_size>(size);
  const auto operation = static_cast<Operation>(open.request.op);
  const auto mode = static_cast<AlphaMode>(open.request.mode);
  if (!gone) counts_.hit<ItemId::alpha_decision>(operation, mode, size, *outcome);
  if (open.source) counts_.hit<ItemId::alpha_outcome_source>(*outcome, *open.source);
  const bool walked = open.source != Source::l1 && now.fault.code == a.fault && now.fault.level == a.level;
  if (walked) alpha_entries(open, now);
}

void Responses::alpha_entries(const Open& open, const arch::Outcome& now) {
  const auto operation = static_cast<Operation>(open.request.op);
  const auto mode = static_cast<AlphaMode>(open.request.mode);
  for (const arch::Step& step : now.steps) {
    if (step.level > 1) {
      const auto image = pte::V.get(step.entry) | pte::KRE.get(step.entry) << 1;
      counts_.hit<ItemId::table_image>(static_cast<Level>(step.level - 1), static_cast<TableImage>(image), mode,
                                       operation);
      continue;
    }
    const unsigned which = settings_.vms ? static_cast<unsigned>(open.request.mode)
                                         : static_cast<unsigned>(open.request.mode != arch::Mode::kernel);
    const unsigned first = open.request.op == arch::Op::write ? pte::KWE.lsb : pte::KRE.lsb;
    const u64 image = (step.entry & 0xf) | (step.entry >> (first + which) & 1) << 4;
    counts_.hit<ItemId::leaf_image>(static_cast<LeafImage>(image), mode, operation,
                                    settings_.vms ? Layout::vms : Layout::osf);
  }
}

void Responses::written(u64 pa, u64 before, u64 after) {
  if (before == after) return;
  const auto known = entries_.find(pa & ~u64{7});
  if (known == entries_.end()) return;
  const u32 changes = x86_ ? x86_changes(before, after, known->second) : alpha_changes(before, after);
  if (changes == 0) return;
  const auto same =
      std::find_if(changes_.begin(), changes_.end(), [&](const Change& c) { return c.pa == (pa & ~u64{7}); });
  if (same != changes_.end()) {
    same->since.clear();  // what was invalidated before is owed again
  } else {
    if (changes_.size() == kMostChanges) changes_.erase(changes_.begin());
    changes_.push_back({pa & ~u64{7}, before, known->second, {}});
  }
  for (u32 rest = changes; rest != 0; rest &= rest - 1) {
    const auto which = static_cast<unsigned>(__builtin_ctz(rest));
    x86_ ? counts_.hit<ItemId::x86_change>(static_cast<X86Change>(which))
         : counts_.hit<ItemId::alpha_change>(static_cast<AlphaChange>(which));
  }
}

void Responses::invalidated(Invalidation op, u64 va, u16 asid) {
  for (Change& change : changes_) {
    if (change.since.size() == change.since.capacity()) change.since.erase(change.since.begin());
    change.since.push_back({op, va, asid});
  }
}

bool Responses::covers(const Done& o, const Open& open) const {
  const unsigned shift = arch::info(format_).page_shift;
  const bool page = o.va >> shift == open.request.va >> shift && o.asid == open.context.asid;
  const bool fetch = open.request.op == arch::Op::fetch;
  switch (o.op) {
    case Invalidation::all:
    case Invalidation::nonglobal:
      return true;
    case Invalidation::asid:
      return o.asid == open.context.asid;
    case Invalidation::page:
    case Invalidation::page_nonglobal:
      return page;
    case Invalidation::page_i:
      return page && fetch;
    case Invalidation::page_d:
      return page && !fetch;
    default:
      return false;
  }
}

// The first answer taken after a change that the walk of now leads through.
void Responses::used(const Open& open, const Answered& answered, const arch::Outcome& now) {
  const bool spurious =
      answered.fault != arch::Fault::none && answered.fault != arch::Fault::miss && now.fault.code == arch::Fault::none;
  for (const arch::Step& step : now.steps) {
    for (auto change = changes_.begin(); change != changes_.end();) {
      if (change->pa != step.pa) {
        ++change;
        continue;
      }
      Invalidated invalidated = Invalidated::no;
      for (const Done& operation : change->since) {
        if (covers(operation, open)) invalidated = Invalidated::yes;
      }
      const u64 value = memory_.load64(change->pa);
      const u32 changed =
          x86_ ? x86_changes(change->before, value, change->level) : alpha_changes(change->before, value);
      for (u32 rest = open.source ? changed : 0; rest != 0; rest &= rest - 1) {
        const auto which = static_cast<unsigned>(__builtin_ctz(rest));
        const auto fault = static_cast<Spurious>(spurious);
        x86_ ? counts_.hit<ItemId::x86_change_use>(static_cast<X86Change>(which), invalidated, fault, *open.source)
             : counts_.hit<ItemId::alpha_change_use>(static_cast<AlphaChange>(which), invalidated, fault, *open.source);
      }
      change = changes_.erase(change);
    }
  }
}

}  // namespace kilburn::coverage
