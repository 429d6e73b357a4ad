// SPDX-License-Identifier: Apache-2.0
//
// The page-table walker: one walk, one memory request at a time (rtl/README.md, "Walker").
#pragma once

#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/pins.h"
#include "model/uarch/side.h"

namespace kilburn::uarch {

namespace mem_op = arch::layout::MemOp;

template <arch::Format F>
class Ptw {
 public:
  using ISide = Side<F, SideName::instruction>;
  using DSide = Side<F, SideName::data>;
  enum class State : u8 { idle, req, wait };

  Ptw(const arch::Settings& settings, PinsOut& pins, EventCounters& counters, ISide& i, DSide& d)
      : settings_(settings), pins_(pins), counters_(counters), i_(i), d_(d) {}

  void reset() {
    state_ = State::idle;
    side_ = SideName::instruction;
    level_ = 0;
    above_ = arch::Accumulated{};
    address_ = expect_ = desired_ = 0;
    op_ = 0;
    hide_request();
  }

  State state() const { return state_; }
  bool idle() const { return state_ == State::idle; }
  SideName side() const { return side_; }
  unsigned level() const { return level_; }
  bool cas() const { return op_ == mem_op::CAS; }
  u64 address() const { return address_; }

  // An edge that changes nothing in the walker.
  bool resting() const {
    return idle() && d_.slot().state != Slot::State::pending && i_.slot().state != Slot::State::pending;
  }

  // What the edge needs of the sides' registers before their own part of it.
  struct Before {
    bool d_pending;
    bool i_pending;
    unsigned victim;
  };
  Before before_edge() const {
    Before before{};
    if (state_ == State::idle) {
      before.d_pending = d_.slot().state == Slot::State::pending;
      before.i_pending = i_.slot().state == Slot::State::pending;
    } else if (state_ == State::wait) {
      before.victim = side_ == SideName::data ? d_.tlb().victim() : i_.tlb().victim();
    }
    return before;
  }

  // One edge, after the sides' part. `inv_busy` is the invalidation's state in this cycle.
  void clock(const PinsIn& in, const Before& before, bool inv_busy) {
    switch (state_) {
      case State::idle:
        if (inv_busy || !(before.d_pending || before.i_pending)) return;
        start(before.d_pending ? SideName::data : SideName::instruction);
        return;
      case State::req:
        if (in.mem_req_ready == 0) return;
        counters_.count(cas() ? event::MEM_CAS : event::MEM_READ);
        hide_request();
        state_ = State::wait;
        return;
      case State::wait:
        if (in.mem_rsp_valid != 0) answer(in, before.victim, inv_busy);
        return;
    }
  }

 private:
  // Only the number of levels differs between the forms of a format.
  static constexpr arch::FormatInfo kInfo = arch::widest_info(F);
  // A root below the page size or above 52 bits is no address of a table.
  static constexpr u64 kRootBits = ((u64{1} << 52) - 1) & ~((u64{1} << kInfo.page_shift) - 1);

  Slot& slot() { return side_ == SideName::data ? d_.slot() : i_.slot(); }

  void start(SideName side) {
    side_ = side;
    Slot& s = slot();
    s.state = Slot::State::walk;
    level_ = arch::info(F, settings_, s.held.context.controls).levels;
    above_ = arch::Accumulated{};
    counters_.count(event::WALK);
    read(arch::entry_address(kInfo, s.held.context.root & kRootBits, s.held.request.va, level_));
  }

  void answer(const PinsIn& in, unsigned victim, bool inv_busy) {
    Slot& s = slot();
    if (inv_busy) {
      counters_.count(event::KILL);
      s.state = Slot::State::pending;
      state_ = State::idle;
      return;
    }
    if (in.mem_rsp_err != 0) {
      arch::FaultReport fault;
      fault.code = arch::Fault::bus;
      end_with_fault(s, fault);
      return;
    }
    u64 entry = in.mem_rsp_data;
    if (cas()) {
      if (in.mem_rsp_match != 0) {
        entry = desired_;
      } else {
        counters_.count(event::CAS_FAIL);  // another writer was first: its word is judged afresh (trap T44)
      }
    }
    const arch::Judgement judged =
        arch::judge_entry(F, settings_, level_, entry, above_, s.held.request, s.held.context);
    switch (judged.kind) {
      case arch::Judgement::Kind::fault:
        end_with_fault(s, judged.fault);
        return;
      case arch::Judgement::Kind::update:
        compare_and_swap(entry, judged.desired);
        return;
      case arch::Judgement::Kind::table:
        --level_;
        above_ = judged.accumulated;
        read(arch::entry_address(kInfo, judged.next, s.held.request.va, level_));
        return;
      case arch::Judgement::Kind::translated:
        end_with_translation(s, judged.translation, victim);
        return;
    }
  }

  void end_with_fault(Slot& s, const arch::FaultReport& fault) {
    counters_.count(event::WALK_FAULT);
    // A page fault drops what the TLBs hold for its address, so that it is raised at most once for a stale
    // entry (SDM 4.10.4.1, trap T71).
    if (F == arch::Format::x86_64 && fault.code == arch::Fault::page) {
      const u64 va = s.held.request.va;
      const u64 asid = s.held.context.asid;
      i_.tlb().invalidate(i_.tlb().matching(va, asid));
      d_.tlb().invalidate(d_.tlb().matching(va, asid));
    }
    ReqOut result;
    result.rsp_fault = static_cast<u8>(fault.code);
    result.rsp_err = fault.error;
    result.rsp_level = static_cast<u8>(level_);
    end(s, result);
  }

  void end_with_translation(Slot& s, const arch::Translation& t, unsigned victim) {
    counters_.count(event::FILL);
    const u64 va = s.held.request.va;
    const u64 asid = s.held.context.asid;
    if (side_ == SideName::data) {
      d_.tlb().fill(va, asid, t, victim);
    } else {
      i_.tlb().fill(va, asid, t, victim);
    }
    ReqOut result;
    result.rsp_pa = arch::address_in(t, va);
    result.rsp_size = t.page_log2;
    result.rsp_mt = t.memory_type;
    result.rsp_global = t.global ? 1 : 0;
    end(s, result);
  }

  void end(Slot& s, ReqOut& result) {
    result.rsp_valid = 1;
    result.rsp_id = s.held.id;
    s.result = result;
    s.state = Slot::State::done;
    state_ = State::idle;
  }

  void read(u64 address) {
    address_ = address;
    op_ = mem_op::READ;
    expect_ = 0;
    desired_ = 0;
    request();
  }

  // The entry's own address again.
  void compare_and_swap(u64 expect, u64 desired) {
    op_ = mem_op::CAS;
    expect_ = expect;
    desired_ = desired;
    request();
  }

  void request() {
    state_ = State::req;
    pins_.mem_req_valid = 1;
    pins_.mem_req_op = op_;
    pins_.mem_req_addr = address_;
    pins_.mem_req_cmp = expect_;
    pins_.mem_req_data = desired_;
  }

  // mem_req_id is 0 always: one walker, one request (rule R9).
  void hide_request() {
    pins_.mem_req_valid = 0;
    pins_.mem_req_op = 0;
    pins_.mem_req_addr = 0;
    pins_.mem_req_cmp = 0;
    pins_.mem_req_data = 0;
  }

  const arch::Settings& settings_;
  PinsOut& pins_;
  EventCounters& counters_;
  ISide& i_;
  DSide& d_;
  State state_ = State::idle;
  SideName side_ = SideName::instruction;
  unsigned level_ = 0;
  u64 address_ = 0;
  u8 op_ = 0;
  u64 expect_ = 0;
  u64 desired_ = 0;
  arch::Accumulated above_;  // rights of the levels above; moves with the level only
};

}  // namespace kilburn::uarch
