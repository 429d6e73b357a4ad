// SPDX-License-Identifier: Apache-2.0
//
// The TLB maintenance port: one operation at a time, an invalidation or a fill by software, then acknowledged
// (rtl/README.md, "TLB maintenance").
#pragma once

#include "model/arch/format.h"
#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/pins.h"
#include "model/uarch/side.h"

namespace kilburn::uarch {

namespace inv = arch::layout::Inv;

// Does the operation cover this valid entry of that side's TLB? `format` is the form with the most address bits:
// a TLB's entries serve all controls.
inline bool covers(const arch::FormatInfo& format, SideName side, u8 op, u64 va, u16 asid, const TlbEntry& entry) {
  // A page that no address of the format reaches holds no translation (SDM INVLPG: no operation).
  const u64 translated = (u64{1} << format.va_bits) - 1;
  const bool page = arch::sign_ok(format, va) && ((va & translated) ^ entry.va) >> entry.size == 0;
  const bool own = entry.asid == asid;
  switch (op) {
    case inv::ALL:
      return true;
    case inv::NONGLOBAL:
      return entry.global == 0;
    case inv::ASID:
      return entry.global == 0 && own;
    case inv::PAGE:
      return page && (entry.global != 0 || own);
    case inv::PAGE_NONGLOBAL:
      return page && entry.global == 0 && own;
    case inv::PAGE_I:
      return side == SideName::instruction && page && (entry.global != 0 || own);
    case inv::PAGE_D:
      return side == SideName::data && page && (entry.global != 0 || own);
    default:
      return false;
  }
}

template <arch::Format F>
class Invalidate {
 public:
  enum class State : u8 { idle, busy, ack };

  Invalidate(const arch::Settings& settings, PinsOut& pins, EventCounters& counters)
      : settings_(settings), pins_(pins), counters_(counters) {}

  void reset() {
    state_ = State::idle;
    op_ = 0;
    va_ = 0;
    pte_ = 0;
    asid_ = 0;
    pins_.inv_ready = 1;
    pins_.inv_ack = 0;
  }

  bool busy() const { return state_ == State::busy; }
  // An edge that changes nothing here.
  bool resting(const PinsIn& in) const { return state_ == State::idle && in.inv_valid == 0; }
  State state() const { return state_; }
  u8 op() const { return op_; }
  u64 va() const { return va_; }
  u64 pte() const { return pte_; }
  u16 asid() const { return asid_; }

  // What a fill of this edge needs of its side's replacement tree before the side's part of the edge.
  template <class ISide, class DSide>
  unsigned victim_before_edge(const ISide& i, const DSide& d) const {
    if (!kSoftwareFills || !busy()) return 0;
    return op_ == inv::FILL_I ? i.tlb().victim() : op_ == inv::FILL_D ? d.tlb().victim() : 0;
  }

  // One edge, after the sides' part. `walker_idle` is the walker's state in this cycle, before the edge.
  template <class ISide, class DSide>
  void clock(const PinsIn& in, bool walker_idle, unsigned fill_victim, ISide& i, DSide& d) {
    switch (state_) {
      case State::idle:
        if (in.inv_valid == 0) return;
        op_ = in.inv_op;
        va_ = in.inv_va;
        pte_ = in.inv_pte;
        asid_ = static_cast<u16>(in.inv_asid);
        swept_ = false;
        pins_.inv_ready = 0;
        counters_.count(event::INVALIDATE);
        state_ = State::busy;
        return;
      case State::busy:
        // A walk never ends in BUSY, so no fill falls here and later sweeps would find nothing.
        if (!swept_) {
          sweep(SideName::instruction, i.tlb());
          sweep(SideName::data, d.tlb());
          swept_ = true;
        }
        if (!walker_idle) return;  // its answer is still to come, and a write of its own before that
        if constexpr (kSoftwareFills) {
          if (op_ == inv::FILL_I) fill(i.tlb(), fill_victim);
          if (op_ == inv::FILL_D) fill(d.tlb(), fill_victim);
        }
        pins_.inv_ack = 1;
        state_ = State::ack;
        return;
      case State::ack:
        pins_.inv_ack = 0;
        pins_.inv_ready = 1;
        state_ = State::idle;
        return;
    }
  }

 private:
  static constexpr arch::FormatInfo kInfo = arch::widest_info(F);
  static constexpr bool kSoftwareFills = F != arch::Format::x86_64;

  template <class Tlb>
  void sweep(SideName side, Tlb& tlb) const {
    tlb.invalidate_if([&](const TlbEntry& entry) { return covers(kInfo, side, op_, va_, asid_, entry); });
  }

  // What the operand maps the address to, whatever its rights: they act at the access.
  template <class Tlb>
  void fill(Tlb& tlb, unsigned victim) {
    if (!arch::layout::AlphaPte::V.test(pte_) || !arch::sign_ok(kInfo, va_)) return;
    // The 21264 leaves alone what it has (trap T98); the older chips replace it.
    if (arch::chip_of(F, settings_) == arch::Chip::ev6 && tlb.matching(va_, asid_) != 0) return;
    tlb.fill(va_, asid_, arch::leaf_translation(F, settings_, pte_), victim);
    counters_.count(event::FILL);
  }

  const arch::Settings& settings_;
  PinsOut& pins_;
  EventCounters& counters_;
  State state_ = State::idle;
  u8 op_ = 0;
  u64 va_ = 0;
  u64 pte_ = 0;
  u16 asid_ = 0;
  bool swept_ = false;
};

}  // namespace kilburn::uarch
