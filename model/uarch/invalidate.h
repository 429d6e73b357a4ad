// SPDX-License-Identifier: Apache-2.0
//
// The TLB maintenance port: one operation at a time, an invalidation or a fill by software, then acknowledged
// (rtl/README.md, "TLB maintenance").
#pragma once

#include "model/arch/format.h"
#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "model/uarch/completion.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/l2_tlb.h"
#include "model/uarch/pins.h"
#include "model/uarch/psc.h"
#include "model/uarch/side.h"

namespace kilburn::uarch {

namespace inv = arch::layout::Inv;

// Whose entry an operation is asked about; the L2 TLB serves both sides.
enum class Holder : u8 { i_tlb, d_tlb, l2 };

// Does the operation cover this valid entry? `format` is the form with the most address bits:
// a TLB's entries serve all controls.
inline bool covers(const arch::FormatInfo& format, Holder holder, u8 op, u64 va, u16 asid, const TlbEntry& entry) {
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
      return holder != Holder::d_tlb && page && (entry.global != 0 || own);
    case inv::PAGE_D:
      return holder != Holder::i_tlb && page && (entry.global != 0 || own);
    default:
      return false;
  }
}

// An operation on one page or block.
constexpr bool is_page_operation(u8 op) {
  return op == inv::PAGE || op == inv::PAGE_NONGLOBAL || op == inv::PAGE_I || op == inv::PAGE_D;
}

template <arch::Format F>
class Invalidate {
 public:
  enum class State : u8 { idle, busy, ack };

  Invalidate(const arch::Settings& settings, PinsOut& pins, EventCounters& counters, Side<F, SideName::instruction>& i,
             Side<F, SideName::data>& d, L2Tlb<F>& l2, Psc<F>& psc, Completion<F>& completion)
      : settings_(settings),
        pins_(pins),
        counters_(counters),
        i_(i),
        d_(d),
        l2_(l2),
        psc_(psc),
        completion_(completion) {}

  void reset() {
    state_ = State::idle;
    op_ = 0;
    va_ = 0;
    pte_ = 0;
    asid_ = 0;
    count_ = 0;
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

  // One edge, after the sides' and the walkers' part. `walkers_idle`: all were before the edge; `hold`: no operation is
  // to be taken after it.
  void clock(const PinsIn& in, bool walkers_idle, bool hold) {
    switch (state_) {
      case State::idle:
        if (in.inv_valid == 0 || pins_.inv_ready == 0) break;
        op_ = in.inv_op;
        va_ = in.inv_va;
        pte_ = in.inv_pte;
        asid_ = static_cast<u16>(in.inv_asid);
        count_ = 0;
        counters_.count(event::INVALIDATE);
        state_ = State::busy;
        break;
      case State::busy:
        clear();
        if (walkers_idle && count_ >= scan_length()) {  // an answer of theirs, and a write, is still to come otherwise
          if constexpr (kSoftwareFills) fill();
          pins_.inv_ack = 1;
          state_ = State::ack;
        }
        ++count_;
        break;
      case State::ack:
        pins_.inv_ack = 0;
        state_ = State::idle;
        break;
    }
    pins_.inv_ready = state_ == State::idle && !hold ? 1 : 0;
  }

 private:
  static constexpr arch::FormatInfo kInfo = arch::widest_info(F);
  static constexpr bool kSoftwareFills = F != arch::Format::x86_64;

  bool scans() const { return l2_.present() && (op_ == inv::ASID || op_ == inv::NONGLOBAL); }
  u64 scan_length() const { return scans() ? l2_.most_sets() : 0; }

  // No walk ends and no lookup fills in BUSY, so nothing new comes to be covered after the first of its cycles; the
  // L2 TLB's sets take a cycle each.
  void clear() {
    if (count_ == 0) {
      i_.tlb().invalidate_if(
          [&](const TlbEntry& entry) { return covers(kInfo, Holder::i_tlb, op_, va_, asid_, entry); });
      d_.tlb().invalidate_if(
          [&](const TlbEntry& entry) { return covers(kInfo, Holder::d_tlb, op_, va_, asid_, entry); });
      clear_psc();
      if (op_ == inv::ALL) l2_.invalidate_all();
      // Whatever the ways hold: the set alone says where a translation of the address can be.
      if (is_page_operation(op_) && arch::sign_ok(kInfo, va_)) l2_.invalidate_sets_of(va_);
    } else if (scans()) {
      l2_.invalidate_in_set(count_ - 1,
                            [&](const TlbEntry& entry) { return covers(kInfo, Holder::l2, op_, va_, asid_, entry); });
    }
  }

  // A prefix serves many pages: an operation on one of them drops its address space's (SDM 4.10.4.1).
  void clear_psc() {
    if (op_ == inv::ALL || op_ == inv::NONGLOBAL) {
      psc_.invalidate_all();
    } else if (op_ == inv::ASID || (is_page_operation(op_) && arch::sign_ok(kInfo, va_))) {
      psc_.invalidate_asid(asid_);
    }
  }

  // What the operand maps the address to, whatever its rights: they act at the access.
  void fill() {
    if (op_ != inv::FILL_I && op_ != inv::FILL_D) return;
    if (!arch::layout::AlphaPte::V.test(pte_) || !arch::sign_ok(kInfo, va_)) return;
    const SideName side = op_ == inv::FILL_I ? SideName::instruction : SideName::data;
    const u64 same = op_ == inv::FILL_I ? i_.tlb().matching(va_, asid_) : d_.tlb().matching(va_, asid_);
    // The 21264 leaves alone what it has (trap T98); the older chips replace it.
    if (arch::chip_of(F, settings_) == arch::Chip::ev6 && same != 0) return;
    completion_.fill(side, va_, asid_, arch::leaf_translation(F, settings_, pte_));
  }

  const arch::Settings& settings_;
  PinsOut& pins_;
  EventCounters& counters_;
  Side<F, SideName::instruction>& i_;
  Side<F, SideName::data>& d_;
  L2Tlb<F>& l2_;
  Psc<F>& psc_;
  Completion<F>& completion_;
  State state_ = State::idle;
  u8 op_ = 0;
  u64 va_ = 0;
  u64 pte_ = 0;
  u16 asid_ = 0;
  u64 count_ = 0;  // BUSY cycles before this one
};

}  // namespace kilburn::uarch
