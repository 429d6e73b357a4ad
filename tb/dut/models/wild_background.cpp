// SPDX-License-Identifier: Apache-2.0
//
// Maintenance, and what happens without a request: entries that disappear, speculative walks, ports that rest.
#include <algorithm>

#include "model/arch/layout.h"
#include "tb/dut/models/wild_mmu.h"

namespace kilburn::tb::wild {
namespace {

namespace inv = arch::layout::Inv;
namespace ctl = arch::layout::Controls;
namespace event = arch::layout::Event;

constexpr u64 kLate = 64;  // cycles by which ACK-EARLY is early

}  // namespace

void WildMmu::maintenance(const kilburn_dut_in& in) {
  if (perform_late_at_ != 0 && now_ >= perform_late_at_) {
    perform_late_at_ = 0;
    perform();
  }
  const bool taken = in.inv_valid != 0 && out_.inv_ready != 0;
  if (taken) {
    ++events_[event::INVALIDATE];
    operation_ = {static_cast<u8>(in.inv_op & 15), static_cast<u16>(in.inv_asid & 0xFFF), in.inv_va, in.inv_pte};
    if (bug(Bug::cva3307)) std::swap(operation_, before_);
  }
  switch (maintenance_) {
    case Maintenance::idle:
      if (!taken) return;
      maintenance_ = Maintenance::busy;
      perform_at_ = now_ + 1 + rest(config_.acknowledge);
      return;
    case Maintenance::busy: {
      if (now_ < perform_at_ || bug(Bug::noack)) return;
      if (bug(Bug::ackearly)) {
        perform_late_at_ = now_ + kLate;
        maintenance_ = Maintenance::acknowledge;
        return;
      }
      // Memory operations under way end first, so that no update of theirs is still to come (R7, T51).
      draining_ = operation_.op < inv::FILL_I && !bug(Bug::t51) && !bug(Bug::t61) && !bug(Bug::t61b);
      const bool under_way = std::any_of(walks_.begin(), walks_.end(), [](const Walk& w) {
        return w.state == Walk::State::shown || w.state == Walk::State::in_flight;
      });
      if (draining_ && under_way) return;
      perform();
      maintenance_ = Maintenance::acknowledge;
      return;
    }
    case Maintenance::acknowledge:
      maintenance_ = Maintenance::idle;
      return;
  }
}

void WildMmu::perform() {
  const Operation o = operation_;
  if (o.op == inv::FILL_I || o.op == inv::FILL_D) return perform_fill();
  if (o.op > inv::PAGE_D) return;
  const u16 asid = bug(Bug::t66) && o.op == inv::ASID ? last_asid_ : o.asid;
  const bool by_page = o.op >= inv::PAGE;
  // An address that fails the sign check names no page (rtl/README.md, TLB maintenance).
  if (!by_page || arch::sign_ok(widest_, o.va)) {
    const bool exchanged = bug(Bug::t96);
    if (o.op != (exchanged ? inv::PAGE_I : inv::PAGE_D)) tlbs_[0].maintain(o.op, o.va, asid);
    if (o.op != (exchanged ? inv::PAGE_D : inv::PAGE_I)) tlbs_[1].maintain(o.op, o.va, asid);
    tables_.maintain(o.op, o.va, asid);
    absent_.clear();
    if (bug(Bug::root) && o.op == inv::ALL) roots_.clear();
  }
  if (sometimes(config_.excess_one_in)) {
    for (u64 n = random_.below(16); n > 0; --n) {
      tlbs_[n & 1].drop_any(random_);
      tables_.drop_any(random_);
    }
  }
  draining_ = false;
  restart_walks();
}

// Every walk begins again and fills nothing any more; nobody's walks end, and none follows from a context of before.
void WildMmu::restart_walks() {
  recent_.reset();
  const bool as_they_are = bug(Bug::t61) || bug(Bug::t61b) || bug(Bug::t51);
  u64 oldest = 0;
  for (Side& side : sides_) {
    for (Slot& slot : side.slots) {
      if (slot.state != Slot::State::waiting && slot.state != Slot::State::walking) continue;
      slot.old = true;
      if (slot.state == Slot::State::walking && (oldest == 0 || slot.serial < oldest)) oldest = slot.serial;
    }
  }
  hold_ = oldest;
  for (Walk& w : walks_) {
    if (w.state == Walk::State::idle) continue;
    if (as_they_are) {
      if (!bug(Bug::t61)) w.fills = false;
      continue;
    }
    if (w.state != Walk::State::wanting) {  // ACK-EARLY alone: its memory operations have not ended
      w.dead = w.slot == kNone;
      continue;
    }
    if (w.slot == kNone) {
      free_walk(w);
      continue;
    }
    ++events_[event::KILL];
    w.fills = false;
    w.top = false;
    w.ghost = false;
    begin(w);
  }
}

// rtl/README.md, FILL_I and FILL_D: whatever its rights and fault-on bits; V = 0 writes nothing (EV4 4.7.1.1).
void WildMmu::perform_fill() {
  if (judge_.x86() || !arch::sign_ok(widest_, operation_.va)) return;
  if (!arch::layout::AlphaPte::V.test(operation_.pte) && !bug(Bug::fill_invalid)) return;
  const unsigned side = operation_.op == inv::FILL_I && !bug(Bug::fill_side) ? 0 : 1;
  const Tag tag = tag_of({0, operation_.asid, static_cast<u32>(ctl::REFILL.mask()), 0, 0});
  const arch::Translation translation = arch::leaf_translation(format_, judge_.settings(), operation_.pte);
  if (arch::chip_of(format_, judge_.settings()) == arch::Chip::ev6) {
    matches_.clear();
    tlbs_[side].lookup(operation_.va, tag, matches_);
    if (!matches_.empty()) return;  // the 21264 ignores a duplicate (T98)
  }
  tlbs_[side].fill(operation_.va, tag, {translation, 0, 0, true}, translation.page_log2, false, random_);
  ++events_[event::FILL];
}

void WildMmu::background() {
  if (config_.drop_one_in != 0 && now_ >= next_drop_) {
    next_drop_ = now_ + 1 + random_.below(2 * config_.drop_one_in);
    tlbs_[now_ & 1].drop_any(random_);
    tables_.drop_any(random_);
  }
  if (config_.stall_one_in != 0 && now_ >= next_stall_) {
    next_stall_ = now_ + 1 + random_.below(2 * config_.stall_one_in);
    sides_[random_.below(2)].stall_until = now_ + random_.below(16);
  }
  if (config_.speculate_one_in != 0 && now_ >= next_speculation_) {
    next_speculation_ = now_ + 1 + random_.below(2 * config_.speculate_one_in);
    if (recent_) {
      const u64 va = address_nearby(random_.pick(addresses_), recent_->controls);
      speculate(static_cast<unsigned>(random_.below(2)), va, *recent_, tag_of(*recent_));
    }
  }
}

// A page a few away, or one that differs in the index of some level.
u64 WildMmu::address_nearby(u64 va, u32 controls) {
  const arch::FormatInfo form = judge_.form(controls);
  if (bug(Bug::prefetch_a)) return va + (u64{1} << form.page_shift);
  if (random_.one_in(2)) {
    va += random_.between(1, 4) << form.page_shift;
  } else {
    const u64 level = random_.below(form.levels);
    va ^= random_.below(8) << (form.page_shift + form.index_bits * level);
  }
  const unsigned unused = 64U - form.va_bits;
  return static_cast<u64>(static_cast<std::int64_t>(va << unused) >> unused);
}

void WildMmu::speculate(unsigned side, u64 va, const arch::Context& context, Tag tag) {
  if (!judge_.x86() && ctl::REFILL.test(context.controls)) return;
  const arch::Request request{va, side == 0 ? arch::Op::fetch : arch::Op::read, arch::Mode::kernel, true, false};
  if (arch::before_tlb(format_, judge_.settings(), request, context).kind != arch::Direct::Kind::none) return;
  Walk* w = nobodys_walk();
  if (w == nullptr) return;
  w->side = side;
  w->request = request;
  w->context = context;
  w->tag = tag;
  ++active_walks_;
  begin(*w);
}

// The other entries of a sector lie beside the one just read.
void WildMmu::read_neighbours(const Walk& read) {
  if (tlbs_[read.side].empty_by_design() || bug(Bug::t69b)) return;
  const unsigned shift = widest_.page_shift;
  const u64 pages = u64{1} << config_.sector_log2;
  for (unsigned n = 0; n < 2; ++n) {
    const u64 sub = random_.below(pages);
    const u64 va = (read.request.va >> (shift + config_.sector_log2) << (shift + config_.sector_log2)) | sub << shift;
    Walk* w = va >> shift == read.request.va >> shift ? nullptr : nobodys_walk();
    if (w == nullptr) continue;
    *w = read;
    w->slot = kNone;
    w->request.va = va;
    w->pa = arch::entry_address(judge_.form(read.context.controls), read.table, va, 1);
    ++active_walks_;
    want(*w);
  }
}

}  // namespace kilburn::tb::wild
