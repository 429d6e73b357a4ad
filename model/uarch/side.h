// SPDX-License-Identifier: Apache-2.0
//
// One side of the MMU, instruction or data: L1 TLB, response FIFO, its part of the miss file (rtl/README.md, "Side").
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/l1_tlb.h"
#include "model/uarch/miss_file.h"
#include "model/uarch/pins.h"
#include "model/uarch/rsp_fifo.h"

namespace kilburn::uarch {

template <arch::Format F, SideName S>
class Side {
 public:
  // `l2`: there is an L2 TLB to ask after a miss.
  Side(unsigned entries, Policy policy, bool l2, const arch::Settings& settings, MissFile& misses, ReqOut& pins,
       EventCounters& counters)
      : settings_(settings),
        tlb_(entries, policy),
        fifo_(pins),
        misses_(misses),
        missed_(l2 ? Miss::look : Miss::ready),
        pins_(pins),
        counters_(counters) {}

  void reset() {
    tlb_.reset();
    fifo_.reset();
    pins_.req_ready = 1;
  }

  // One edge. The TLB and the miss file are read as they stand, so what the L2 TLB, the walkers and the
  // maintenance write in the same cycle comes after this call.
  [[gnu::always_inline]] void clock(const ReqIn& in, const PinsIn& context) {
    if (in.valid == 0 || pins_.req_ready == 0) return clock_without_accept(in.rsp_ready != 0);
    const Access access = access_of(in, context);
    const int index = tlb_.remembered(in.va, access);
    // What before_tlb() decides, the sign apart, depends on the page and the access only; so a page that
    // once reached the TLB with this access does so again.
    if (index < 0) return accept(in, context, access);
    hit(index, in.va, in.id, in.rsp_ready != 0);
  }

  // req_ready of the next cycle.
  void settle() {
    const bool closed = mine(Miss::free) == 0 || (mine(Miss::retry) | mine(Miss::done)) != 0 || fifo_.count() == 2;
    pins_.req_ready = closed ? 0 : 1;
  }

  L1Tlb<F>& tlb() { return tlb_; }
  const L1Tlb<F>& tlb() const { return tlb_; }
  unsigned responses() const { return fifo_.count(); }

 private:
  using Miss = MissFile::State;

  static constexpr bool kData = S == SideName::data;
  static constexpr bool kSoftwareFills = F != arch::Format::x86_64;
  static constexpr u8 kHit = kData ? event::D_HIT : event::I_HIT;
  static constexpr u8 kMiss = kData ? event::D_MISS : event::I_MISS;
  static constexpr u8 kMulti = kData ? event::D_MULTI : event::I_MULTI;
  static constexpr u8 kDirect = kData ? event::D_DIRECT : event::I_DIRECT;
  static constexpr u8 kMerge = kData ? event::D_MERGE : event::I_MERGE;
  static constexpr u8 kRetry = kData ? event::D_RETRY : event::I_RETRY;
  // The bits of a page number: what two requests must have in common, beside the ASID, to be merged.
  static constexpr u64 kPage = TlbKey<F>::kPageNumber << TlbKey<F>::kInfo.page_shift;

  // This side's places in that state, the lowest-numbered first.
  u32 mine(Miss state) const { return misses_.in(state)&misses_.places(S); }
  static unsigned lowest(u32 places) { return static_cast<unsigned>(std::countr_zero(places)); }

  // The pins as they lie in memory: controls and ASID; PKRU and PKRS; of the word that the request's narrow pins
  // share valid (so never 0), write, mode, ac and implicit.
  using Access = typename L1Tlb<F>::Access;
  static Access access_of(const ReqIn& in, const PinsIn& context) {
    static_assert(offsetof(PinsIn, ctx_asid) == offsetof(PinsIn, ctx_ctl) + 4);
    static_assert(offsetof(PinsIn, ctx_pkrs) == offsetof(PinsIn, ctx_pkru) + 4);
    static_assert(offsetof(ReqIn, id) == 8 && offsetof(ReqIn, valid) == 9 && offsetof(ReqIn, implicit) == 13);
    constexpr u64 kDeciding = std::bit_cast<u64>(std::array<u8, 8>{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0});
    return {word_at(context, offsetof(PinsIn, ctx_ctl)), word_at(context, offsetof(PinsIn, ctx_pkru)),
            word_at(in, offsetof(ReqIn, id)) & kDeciding, kData && in.write != 0};
  }
  template <class Pins>
  static u64 word_at(const Pins& pins, std::size_t offset) {
    u64 word;
    std::memcpy(&word, reinterpret_cast<const unsigned char*>(&pins) + offset, sizeof word);
    return word;
  }

  // The request and the context of this cycle (rule R4, trap T104).
  [[gnu::noinline]] void accept(const ReqIn& in, const PinsIn& context, const Access& access) {
    HeldRequest held;
    held.request.va = in.va;
    held.request.op = !kData ? arch::Op::fetch : in.write != 0 ? arch::Op::write : arch::Op::read;
    held.request.mode = static_cast<arch::Mode>(in.mode);
    held.request.ac = kData && in.ac != 0;
    held.request.implicit = kData && in.implicit != 0;
    held.context.root = context.ctx_root;
    held.context.asid = static_cast<u16>(context.ctx_asid);
    held.context.controls = context.ctx_ctl;
    held.context.pkru = context.ctx_pkru;
    held.context.pkrs = context.ctx_pkrs;
    held.id = in.id;
    const int index = lookup(held, in.rsp_ready != 0);
    if (index >= 0) tlb_.remember(index, access);
    settle();
  }

  [[gnu::noinline]] void clock_without_accept(bool rsp_ready) {
    if (mine(Miss::free) == misses_.places(S)) {  // nothing is under way: the FIFO alone
      fifo_.clock(rsp_ready);
      pins_.req_ready = fifo_.count() != 2 ? 1 : 0;
      return;
    }
    if (fifo_.count() == 2) {
      fifo_.clock(rsp_ready);  // full: no lookup and no push, even if this cycle pops
    } else if (const u32 done = mine(Miss::done); done != 0) {
      const unsigned place = lowest(done);
      fifo_.clock_and_push(rsp_ready) = misses_.entry(place).result;
      misses_.move(place, Miss::free);
    } else if (const u32 again = mine(Miss::retry); again != 0) {
      retry(lowest(again), rsp_ready);
    } else {
      fifo_.clock(rsp_ready);
    }
    settle();
  }

  // The port was ready before a hit, so it is unless the hit fills the FIFO: a hit at the port needs no settle().
  void hit(int index, u64 va, u8 id, bool rsp_ready) {
    counters_.count(kHit);
    tlb_.touch(index);
    ReqOut& response = fifo_.clock_and_push(rsp_ready);
    tlb_.respond(index, va, response);
    response.rsp_id = id;
    if (fifo_.count() == 2) pins_.req_ready = 0;
  }

  // The request at the port. The entry that hit, or a negative number.
  int lookup(const HeldRequest& held, bool rsp_ready) {
    const arch::Request& request = held.request;
    const arch::Context& context = held.context;

    const arch::Direct direct = arch::before_tlb(F, settings_, request, context);
    if (direct.kind != arch::Direct::Kind::none) {
      counters_.count(kDirect);
      fifo_.clock_and_push(rsp_ready) = direct_response(held, direct);
      return L1Tlb<F>::kNone;
    }

    arch::FaultReport denied;
    const int index = tlb_.lookup(request.va, context.asid);
    if (index >= 0 && grants(index, held, denied)) {
      hit(index, request.va, held.id, rsp_ready);
      return index;
    }
    const bool refill = kSoftwareFills && arch::layout::Controls::REFILL.test(context.controls);
    if (refill && index >= 0) {
      counters_.count(kHit);  // the entry answers, so there is nothing to fill (trap T89)
      fifo_.clock_and_push(rsp_ready) = fault_response(held, denied);
      return L1Tlb<F>::kNone;
    }

    count_miss(index);
    if (refill) {
      fifo_.clock_and_push(rsp_ready) = fault_response(held, {arch::Fault::miss, 0, 0, arch::Rule::alpha_refill_miss});
      return L1Tlb<F>::kNone;
    }
    const unsigned place = lowest(mine(Miss::free));  // the port was ready: there is one
    misses_.entry(place).held = held;
    wait(place);
    fifo_.clock(rsp_ready);
    return L1Tlb<F>::kNone;
  }

  // A merged request again, after the walk that it waited for. It reached the TLB before: it is never direct.
  void retry(unsigned place, bool rsp_ready) {
    const HeldRequest& held = misses_.entry(place).held;
    counters_.count(kRetry);
    arch::FaultReport denied;
    const int index = tlb_.lookup(held.request.va, held.context.asid);
    if (index >= 0 && grants(index, held, denied)) {
      hit(index, held.request.va, held.id, rsp_ready);
      misses_.move(place, Miss::free);
      return;
    }
    count_miss(index);
    wait(place);
    fifo_.clock(rsp_ready);
  }

  bool grants(int index, const HeldRequest& held, arch::FaultReport& denied) const {
    denied = arch::check_rights(F, settings_, tlb_.rights(index), held.request, held.context);
    return denied.code == arch::Fault::none && !arch::needs_dirty_walk(F, tlb_.rights(index), held.request);
  }

  void count_miss(int index) {
    counters_.count(kMiss);
    if (index == L1Tlb<F>::kMulti) counters_.count(kMulti);
  }

  // The entry's request waits for a translation: another's of the same page, or its own.
  void wait(unsigned place) {
    MissFile::Entry& entry = misses_.entry(place);
    entry.top = false;
    const u32 under_way = mine(Miss::look) | mine(Miss::looking) | mine(Miss::ready) | mine(Miss::walk);
    for (u32 rest = under_way; rest != 0; rest &= rest - 1) {
      const unsigned other = lowest(rest);
      const HeldRequest& first = misses_.entry(other).held;
      if (((first.request.va ^ entry.held.request.va) & kPage) != 0 || first.context.asid != entry.held.context.asid) {
        continue;
      }
      entry.parent = static_cast<u8>(other);
      misses_.move(place, Miss::merged);
      counters_.count(kMerge);
      return;
    }
    misses_.move(place, missed_);
  }

  // A fault that no walk decided: level 0.
  static ReqOut fault_response(const HeldRequest& held, const arch::FaultReport& fault) {
    ReqOut response;
    response.rsp_valid = 1;
    response.rsp_id = held.id;
    response.rsp_fault = static_cast<u8>(fault.code);
    response.rsp_err = fault.error;
    return response;
  }
  static ReqOut direct_response(const HeldRequest& held, const arch::Direct& direct) {
    if (direct.kind == arch::Direct::Kind::fault) return fault_response(held, direct.fault);
    ReqOut response;
    response.rsp_valid = 1;
    response.rsp_id = held.id;
    response.rsp_pa = direct.pa;
    response.rsp_size = direct.translation.page_log2;
    response.rsp_global = 1;
    return response;
  }

  const arch::Settings& settings_;
  L1Tlb<F> tlb_;
  RspFifo fifo_;
  MissFile& misses_;
  Miss missed_;  // what a request becomes that is not merged
  ReqOut& pins_;
  EventCounters& counters_;
};

}  // namespace kilburn::uarch
