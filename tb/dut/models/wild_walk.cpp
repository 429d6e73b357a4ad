// SPDX-License-Identifier: Apache-2.0
//
// Walks: from what is held or from the root, with rests, updates by compare-and-swap, and an end in a response, in
// entries, or in nothing.
#include <utility>

#include "model/arch/layout.h"
#include "tb/dut/models/wild_mmu.h"

namespace kilburn::tb::wild {
namespace {

namespace pte = arch::layout::X86Pte;
namespace err = arch::layout::PageFaultError;
namespace event = arch::layout::Event;
using arch::Fault;
using arch::Judgement;

constexpr u64 kA = pte::A.mask(), kD = pte::D.mask();

}  // namespace

void WildMmu::memory_reply(const kilburn_dut_in& in) {
  if (in.mem_rsp_valid != 0) {
    unsigned id = in.mem_rsp_id & 15U;
    if (bug(Bug::memid)) {
      for (id = 0; id + 1 < kMostWalks && walks_[id].state != Walk::State::in_flight;) ++id;
    }
    if (id < kMostWalks && walks_[id].state == Walk::State::in_flight) {
      Walk& w = walks_[id];
      w.state = Walk::State::wanting;
      bool error = in.mem_rsp_err != 0, match = in.mem_rsp_match != 0;
      u64 data = in.mem_rsp_data;
      if (error && bug(Bug::t15)) {
        error = false;
        match = true;
        data = 0;
      }
      if (w.dead) {
        free_walk(w);
      } else if (w.ghost) {
        const arch::FaultReport fault = *w.kept;
        end_fault(w, 0, fault);
      } else if (error) {
        end_fault(w, 0, {Fault::bus, 0, static_cast<u8>(w.level), arch::Rule::walk_bus});
      } else if (!w.swap) {
        judge(w, data);
      } else if (match) {
        judge(w, std::exchange(w.believed, std::nullopt).value_or(w.desired));
      } else {
        swap_failed(w, data);
      }
    }
  }
  if (shown_walk_ != kNone && in.mem_req_ready != 0) {
    Walk& w = walks_[static_cast<unsigned>(shown_walk_)];
    w.state = Walk::State::in_flight;
    ++events_[w.swap ? event::MEM_CAS : event::MEM_READ];
    shown_walk_ = kNone;
  }
}

// The oldest first, so that each gets its turn (R5).
void WildMmu::start_walks() {
  for (unsigned n = 0; n < config_.walkers && waiting_ != 0; ++n) {
    Walk& w = walks_[n];
    if (w.state != Walk::State::idle) continue;
    int of_side = kNone, of_slot = kNone;
    for (unsigned side = 0; side < 2; ++side) {
      for (unsigned s = 0; s < config_.misses; ++s) {
        const Slot& slot = sides_[side].slots[s];
        if (slot.state != Slot::State::waiting || slot.late_check) continue;
        if (of_slot != kNone &&
            sides_[static_cast<unsigned>(of_side)].slots[static_cast<unsigned>(of_slot)].serial < slot.serial) {
          continue;
        }
        of_side = static_cast<int>(side);
        of_slot = static_cast<int>(s);
      }
    }
    if (of_slot == kNone) return;
    Slot& slot = sides_[static_cast<unsigned>(of_side)].slots[static_cast<unsigned>(of_slot)];
    slot.state = Slot::State::walking;
    --waiting_;
    w.side = static_cast<unsigned>(of_side);
    w.slot = of_slot;
    w.request = slot.request;
    w.context = slot.context;
    w.tag = slot.tag;
    w.fills = !slot.old;
    ++active_walks_;
    begin(w);
  }
}

void WildMmu::begin(Walk& w) {
  ++events_[event::WALK];
  const arch::FormatInfo form = judge_.form(w.context.controls);
  u64 root = w.context.root;
  if (bug(Bug::root)) root = roots_.try_emplace(w.context.asid, root).first->second;
  w.level = bug(Bug::t16b) ? 4 : form.levels;
  w.table = root >> form.page_shift << form.page_shift;
  w.above = {};
  w.parent = 0;
  w.cached = false;
  w.believed.reset();
  w.kept.reset();
  if (!w.top) {
    const auto start = tables_.start(w.request.va, w.tag, random_);
    if (start && start->level < form.levels) {
      w.level = start->level;
      w.table = start->table;
      w.parent = start->parent;
      w.above = start->above;
      w.cached = true;
      ++events_[event::PSC_HIT_2 + start->level - 1];
    }
  }
  enter(w);
}

// At the table of w.level: its entry from the walk cache, or from memory.
void WildMmu::enter(Walk& w) {
  w.pa = arch::entry_address(judge_.form(w.context.controls), w.table, w.request.va, w.level);
  if (w.level > 1 && !w.top) {
    if (const auto held = tables_.word(w.pa, w.tag)) {
      // An entry may be a table at the level where it was read and something else here (T73).
      const Judgement j = judge_.held(w.level, *held, w.above, w.request, w.context);
      if (j.kind == Judgement::Kind::table) {
        w.cached = true;
        judge(w, *held);
        return;
      }
    }
  }
  want(w);
}

void WildMmu::want(Walk& w) {
  w.swap = false;
  w.state = Walk::State::wanting;
  w.at = now_ + rest(config_.pause);
  if (bug(Bug::t104)) w.at += 8;
}

void WildMmu::want_swap(Walk& w, u64 expect, u64 desired) {
  w.swap = true;
  w.expect = expect;
  w.desired = desired;
  w.state = Walk::State::wanting;
  w.at = now_ + rest(config_.pause);
}

// An illegal variant that holds an update for done.
bool WildMmu::skips_update(const Walk& w, u64& value, u64 desired, bool leaf) const {
  u64 due = desired & ~value;
  if (bug(Bug::noa)) due &= ~kA;
  if (bug(Bug::nod)) due &= ~kD;
  if ((bug(Bug::t40) && leaf) || (bug(Bug::prefetch_a) && leaf && w.slot == kNone)) due = 0;
  if (due == (desired & ~value)) return false;
  value = due == 0 ? desired : value | (desired & ~value & ~due);
  return true;
}

// Updates that come before the fault of a refused access: legally A of the leaf (SDM 4.8), illegally more.
bool WildMmu::update_before_fault(Walk& w, u64 value, const arch::FaultReport& fault) {
  if (w.slot == kNone || fault.code != Fault::page || !pte::P.test(value)) return false;
  const bool leaf = w.level == 1 || pte::PS.test(value);
  if (err::RSVD.test(fault.error)) {
    if (!bug(Bug::t13) || !leaf || pte::A.test(value)) return false;
    want_swap(w, value, value | kA);
    return true;
  }
  if (!leaf) return false;
  if (bug(Bug::t48) && w.request.op == arch::Op::write && !pte::D.test(value)) {
    want_swap(w, value, value | kA | kD);
    return true;
  }
  if (!config_.early_a || pte::A.test(value)) return false;
  want_swap(w, value, value | kA);
  return true;
}

void WildMmu::judge(Walk& w, u64 value) {
  for (;;) {
    const Judgement j = w.slot == kNone ? judge_.held(w.level, value, w.above, w.request, w.context)
                                        : judge_.entry(w.level, value, w.parent, w.above, w.request, w.context);
    const bool leaf = w.level == 1 || (judge_.x86() && w.level < 4 && pte::PS.test(value));
    switch (j.kind) {
      case Judgement::Kind::fault:
        if (bug(Bug::t08) && !leaf && err::RSVD.test(j.fault.error) && !w.kept) {
          w.kept = j.fault;
          w.table = value & pte::FRAME.mask() & ((u64{1} << judge_.settings().pa_width) - 1);
          --w.level;
          enter(w);
          return;
        }
        if (judge_.x86() && update_before_fault(w, value, j.fault)) return;
        if (bug(Bug::ghost) && w.level > 1 && w.slot != kNone) {
          w.ghost = true;
          w.kept = j.fault;
          const u64 table =
              judge_.x86() ? value & pte::FRAME.mask() : arch::layout::AlphaPte::PFN.get(value) << widest_.page_shift;
          w.pa = arch::entry_address(judge_.form(w.context.controls), table, w.request.va, w.level - 1);
          want(w);
          return;
        }
        end_fault(w, value, w.kept && j.fault.rule != arch::Rule::x86_not_present ? *w.kept : j.fault);
        return;
      case Judgement::Kind::update: {
        u64 now = value;
        if (skips_update(w, now, j.desired, leaf)) {
          if (now != value) {
            value = now;
            continue;
          }
        }
        want_swap(w, value, j.desired);
        return;
      }
      case Judgement::Kind::table:
        if (w.fills || bug(Bug::t61b)) {
          tables_.fill(w.level, w.request.va, w.tag, {w.level - 1, j.next, value, j.accumulated}, random_);
          tables_.fill_word(w.pa, value, w.tag, random_);
        }
        w.table = j.next;
        w.parent = value;
        w.above = j.accumulated;
        --w.level;
        enter(w);
        return;
      case Judgement::Kind::translated:
        if (w.kept) {
          end_fault(w, value, *w.kept);
          return;
        }
        if (judge_.x86() && w.slot != kNone) {
          if (bug(Bug::read_d) && !pte::D.test(value)) return want_swap(w, value, value | kD);
          if (bug(Bug::t50) && !std::exchange(w.rewritten, true)) return want_swap(w, value, value);
        }
        end_translated(w, j.translation);
        return;
    }
  }
}

// Somebody wrote the entry since it was read: it is judged anew, here or from the start (T42, T44).
void WildMmu::swap_failed(Walk& w, u64 now) {
  ++events_[event::CAS_FAIL];
  const u64 due = w.desired & ~w.expect;
  if (bug(Bug::casloop)) return want_swap(w, w.expect, w.desired);
  if (bug(Bug::t42)) return judge(w, w.desired);
  if (bug(Bug::plainwrite) || (bug(Bug::t43) && static_cast<u32>(now) == static_cast<u32>(w.expect))) {
    w.believed = w.desired;
    return want_swap(w, now, now | due);
  }
  if (bug(Bug::t44)) {
    if ((now & due) == due) return judge(w, now | pte::P.mask());
    w.believed = now | due | pte::P.mask();
    return want_swap(w, now, now | due);
  }
  if (random_.one_in(2)) {
    begin(w);
  } else {
    judge(w, now);
  }
}

void WildMmu::end_fault(Walk& w, u64 value, arch::FaultReport fault) {
  if (w.slot == kNone) {
    free_walk(w);
    return;
  }
  if (w.cached && config_.confirm) {
    w.top = true;
    begin(w);
    return;
  }
  ++events_[event::WALK_FAULT];
  // A valid Alpha entry may be held whatever it refuses (EV4 4.7.1.1).
  if (!judge_.x86() && fault.level == 1 && fault.code != Fault::bus && random_.one_in(2)) {
    const Judgement j = judge_.held(1, value, w.above, w.request, w.context);
    if (j.kind == Judgement::Kind::translated) install(w, j.translation);
  }
  const Walk ended = w;
  Slot& slot = sides_[w.side].slots[static_cast<unsigned>(w.slot)];
  free_walk(w);
  answer(ended.side, slot, fault);
  const bool absent = fault.rule == arch::Rule::x86_not_present;
  if (absent && ((bug(Bug::t60) && ended.level == 1) || (bug(Bug::t74) && ended.level > 1))) {
    const arch::FormatInfo form = judge_.form(ended.context.controls);
    absent_.push_back({ended.request.va, form.page_shift + form.index_bits * (ended.level - 1U), ended.context.asid,
                       static_cast<u8>(ended.level)});
  }
  if (bug(Bug::t13b) && err::RSVD.test(fault.error) && ended.level == 1) {
    const u64 plain = value & ((u64{1} << judge_.settings().pa_width) - 1);
    const Judgement j = judge_.held(1, plain | kA, ended.above, ended.request, ended.context);
    if (j.kind == Judgement::Kind::translated) install(ended, j.translation);
  }
}

void WildMmu::end_translated(Walk& w, const arch::Translation& translation) {
  install(w, translation);
  const Walk ended = w;
  free_walk(w);
  if (ended.slot == kNone) return;
  answer_from(ended.side, sides_[ended.side].slots[static_cast<unsigned>(ended.slot)], translation);
  if (!ended.fills) return;
  if (sometimes(config_.prefetch_one_in)) {
    speculate(ended.side, address_nearby(ended.request.va, ended.context.controls), ended.context, ended.tag);
  }
  if (config_.sector_log2 != 0 && ended.level == 1 && translation.page_log2 == widest_.page_shift) {
    read_neighbours(ended);
  }
}

void WildMmu::install(const Walk& w, const arch::Translation& translation) {
  if (!w.fills || tlbs_[w.side].empty_by_design()) return;
  unsigned cover = translation.page_log2;
  if (config_.pieces && cover > widest_.page_shift && !random_.one_in(4)) {
    const unsigned step = judge_.x86() ? widest_.index_bits : 3;
    const unsigned classes = (cover - widest_.page_shift) / step;
    cover = widest_.page_shift + step * static_cast<unsigned>(random_.below(classes));
  }
  Tag tag = w.tag;
  if (bug(Bug::t104b)) tag.asid = pins_asid_;
  // Older entries for the address may stay beside it (SDM 4.10.2.3); mostly they go.
  const bool several = config_.several && (bug_ != Bug::none || random_.one_in(4));
  tlbs_[w.side].fill(w.request.va, tag, {translation, w.context.controls, static_cast<u8>(w.level), true}, cover,
                     several, random_);
  ++events_[event::FILL];
}

void WildMmu::free_walk(Walk& w) {
  w = {};
  --active_walks_;
}

void WildMmu::show_memory() {
  if (shown_walk_ != kNone || active_walks_ == 0 || draining_) return;
  const auto first = static_cast<unsigned>(now_ % kMostWalks);
  for (unsigned i = 0; i < kMostWalks; ++i) {
    const unsigned n = (first + i) % kMostWalks;
    Walk& w = walks_[n];
    if (w.state != Walk::State::wanting || w.at > now_) continue;
    if (bug(Bug::t104) && !w.swap) {
      const arch::FormatInfo form = judge_.form(w.context.controls);
      if (w.level == form.levels) w.pa = arch::entry_address(form, pins_root_, w.request.va, w.level);
    }
    w.state = Walk::State::shown;
    shown_walk_ = static_cast<int>(n);
    return;
  }
}

WildMmu::Walk* WildMmu::nobodys_walk() {
  for (unsigned n = kMostWalks - kNobodys; n < kMostWalks; ++n) {
    if (walks_[n].state == Walk::State::idle) return &walks_[n];
  }
  return nullptr;
}

// A page fault drops what could make it recur (SDM 4.10.4.1): the page's entries, the table entries that lead to it,
// and whatever walks under way would put in their place.
void WildMmu::page_fault(u64 va, u16 asid) {
  if (!judge_.x86()) return;
  if (!bug(Bug::t71) && !bug(Bug::t13b)) {
    tlbs_[0].drop_address(va, asid);
    tlbs_[1].drop_address(va, asid);
  }
  if (bug(Bug::t71b)) return;
  tables_.page_fault(va, asid);
  if (active_walks_ == 0) return;
  for (Walk& w : walks_) {
    if (w.state == Walk::State::idle) continue;
    const arch::FormatInfo form = judge_.form(w.context.controls);
    const unsigned top = form.page_shift + form.index_bits * (form.levels - 1U);
    if ((w.request.va ^ va) >> top != 0 && !tables_.holds_words()) continue;
    w.fills = false;
    if (w.slot != kNone) continue;
    if (w.state == Walk::State::wanting) {
      free_walk(w);
    } else {
      w.dead = true;
    }
  }
}

}  // namespace kilburn::tb::wild
