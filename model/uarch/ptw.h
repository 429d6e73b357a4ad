// SPDX-License-Identifier: Apache-2.0
//
// The page-table walkers on their memory port (rtl/README.md, "Walkers").
#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "model/uarch/completion.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/l2_tlb.h"
#include "model/uarch/miss_file.h"
#include "model/uarch/pins.h"
#include "model/uarch/prefetch.h"
#include "model/uarch/psc.h"

namespace kilburn::uarch {

namespace mem_op = arch::layout::MemOp;

inline constexpr unsigned kMaxWalkers = 8;

template <arch::Format F>
class Ptw {
 public:
  static constexpr u8 kPrefetch = MissFile::kMaxPlaces;  // the owner that is no place
  enum class State : u8 { idle, req, sent };

  struct Walker {
    State state = State::idle;
    u8 owner = 0;  // a place, or kPrefetch
    u8 level = 0;
    u8 reads = 0;  // sent; stays at 7
    u8 op = 0;
    bool mid = false;  // began below the root
    u64 address = 0;
    u64 expect = 0;
    u64 desired = 0;
    arch::Accumulated above;  // rights of the levels above; moves with the level only
  };

  Ptw(unsigned walkers, bool rewalk, bool prefetch, const arch::Settings& settings, PinsOut& pins,
      EventCounters& counters, MissFile& misses, L2Tlb<F>& l2, Psc<F>& psc, Completion<F>& completion)
      : walkers_(walkers),
        rewalk_(rewalk),
        settings_(settings),
        pins_(pins),
        counters_(counters),
        misses_(misses),
        l2_(l2),
        psc_(psc),
        completion_(completion),
        prefetch_(prefetch && l2.present(), settings) {}

  void reset() {
    walker_.fill(Walker{});
    idle_ = (u32{1} << walkers_) - 1;
    requesting_ = 0;
    last_start_ = 0;
    port_ = 0;
    hold_ = false;
    prefetch_.reset();
    hide_request();
  }

  unsigned walkers() const { return walkers_; }
  const Walker& walker(unsigned number) const { return walker_[number]; }
  bool idle() const { return idle_ == (u32{1} << walkers_) - 1; }
  const Prefetch<F>& prefetch() const { return prefetch_; }
  // A walk was killed and none has ended since: the next maintenance operation waits (rule R5).
  bool hold() const { return hold_; }

  // An edge that changes nothing in the walkers, if no place of the miss files is taken either.
  bool resting() const { return prefetch_.state() == Prefetch<F>::State::none; }

  // One edge, after the sides' part. `ready`: the places that were READY before it; `busy`: the maintenance is.
  void clock(const PinsIn& in, u32 ready, bool busy) {
    const unsigned answered = in.mem_rsp_id;
    const bool answer_due = in.mem_rsp_valid != 0 && answered < walkers_ && walker_[answered].state == State::sent;
    // What the response needs of the state before the edge, which a start may touch.
    const unsigned level = walker_[answered % kMaxWalkers].level;
    const unsigned victim = answer_due && level >= Psc<F>::kLowest ? psc_.victim(level) : 0;
    if (busy) {
      prefetch_.maintained();
    } else if (idle_ != 0) {
      start_one(ready);
    }

    const bool taken = pins_.mem_req_valid != 0 && in.mem_req_ready != 0;
    if (taken) sent(walker_[port_]);
    if (answer_due) answer(walker_[answered], in, victim, busy);
    if (taken || pins_.mem_req_valid == 0) next_request();
  }

 private:
  using PrefetchState = typename Prefetch<F>::State;

  static constexpr arch::FormatInfo kInfo = arch::widest_info(F);  // only the levels differ between a format's forms
  // A root below the page size or above 52 bits is no address of a table.
  static constexpr u64 kRootBits = ((u64{1} << 52) - 1) & ~((u64{1} << kInfo.page_shift) - 1);

  u32 bit_of(const Walker& walker) const { return u32{1} << (&walker - walker_.data()); }

  void enter(Walker& walker, State state) {
    const u32 bit = bit_of(walker);
    idle_ = state == State::idle ? idle_ | bit : idle_ & ~bit;
    requesting_ = state == State::req ? requesting_ | bit : requesting_ & ~bit;
    walker.state = state;
  }

  // --- start --------------------------------------------------------------------------------------
  void start_one(u32 ready) {
    if (ready != 0) {
      last_start_ = next_in_ring(ready, last_start_);
      misses_.move(last_start_, MissFile::State::walk);
      const MissFile::Entry& entry = misses_.entry(last_start_);
      start(static_cast<u8>(last_start_), entry.held, entry.top);
    } else if (prefetch_.state() == PrefetchState::ready) {
      prefetch_.start();
      start(kPrefetch, prefetch_.held(), false);
    }
  }

  void start(u8 owner, const HeldRequest& held, bool top) {
    Walker& walker = walker_[static_cast<unsigned>(std::countr_zero(idle_))];
    counters_.count(event::WALK);
    walker.owner = owner;
    walker.reads = 0;
    const u64 va = held.request.va;
    const unsigned levels = arch::info(F, settings_, held.context.controls).levels;
    const auto hit = top ? typename Psc<F>::Hit{} : psc_.lookup(va, held.context.asid, levels);
    walker.mid = hit.level != 0;
    if (!walker.mid) {
      walker.level = static_cast<u8>(levels);
      walker.above = arch::Accumulated{};
      read(walker, held.context.root & kRootBits, va);
      return;
    }
    counters_.count(static_cast<u8>(event::PSC_HIT_2 + hit.level - 2));
    psc_.touch(hit);
    walker.level = static_cast<u8>(hit.level - 1);
    walker.above = psc_.table(hit).above;
    read(walker, psc_.table(hit).pa, va);
  }

  // --- memory port --------------------------------------------------------------------------------
  void read(Walker& walker, u64 table, u64 va) {
    walker.address = arch::entry_address(kInfo, table, va, walker.level);
    walker.op = mem_op::READ;
    walker.expect = 0;
    walker.desired = 0;
    enter(walker, State::req);
  }
  // The entry's own address again.
  void compare_and_swap(Walker& walker, u64 expect, u64 desired) {
    walker.op = mem_op::CAS;
    walker.expect = expect;
    walker.desired = desired;
    enter(walker, State::req);
  }

  void sent(Walker& walker) {
    const bool cas = walker.op == mem_op::CAS;
    counters_.count(cas ? event::MEM_CAS : event::MEM_READ);
    if (!cas && walker.reads < 7) ++walker.reads;
    enter(walker, State::sent);
  }

  void next_request() {
    if (requesting_ == 0) {
      if (pins_.mem_req_valid != 0) hide_request();
      return;
    }
    port_ = next_in_ring(requesting_, port_);
    const Walker& walker = walker_[port_];
    pins_.mem_req_valid = 1;
    pins_.mem_req_id = static_cast<u8>(port_);
    pins_.mem_req_op = walker.op;
    pins_.mem_req_addr = walker.address;
    pins_.mem_req_cmp = walker.expect;
    pins_.mem_req_data = walker.desired;
  }
  void hide_request() {
    pins_.mem_req_valid = 0;
    pins_.mem_req_id = 0;
    pins_.mem_req_op = 0;
    pins_.mem_req_addr = 0;
    pins_.mem_req_cmp = 0;
    pins_.mem_req_data = 0;
  }

  // --- response -----------------------------------------------------------------------------------
  void answer(Walker& walker, const PinsIn& in, unsigned victim, bool busy) {
    if (busy) return kill(walker);
    if (in.mem_rsp_err != 0) {
      arch::FaultReport fault;
      fault.code = arch::Fault::bus;
      return end_with_fault(walker, fault);
    }
    u64 entry = in.mem_rsp_data;
    if (walker.op == mem_op::CAS) {
      if (in.mem_rsp_match != 0) {
        entry = walker.desired;
      } else {
        counters_.count(event::CAS_FAIL);  // another writer was first: its word is judged afresh (trap T44)
      }
    }
    const HeldRequest& held = walker.owner == kPrefetch ? prefetch_.held() : misses_.entry(walker.owner).held;
    const u64 va = held.request.va;
    const arch::Judgement judged =
        arch::judge_entry(F, settings_, walker.level, entry, walker.above, held.request, held.context);
    switch (judged.kind) {
      case arch::Judgement::Kind::fault:
        return end_with_fault(walker, judged.fault);
      case arch::Judgement::Kind::update:
        return compare_and_swap(walker, entry, judged.desired);
      case arch::Judgement::Kind::table:
        psc_.fill(walker.level, va, held.context.asid, {judged.next, judged.accumulated}, victim);
        --walker.level;
        walker.above = judged.accumulated;
        return read(walker, judged.next, va);
      case arch::Judgement::Kind::translated:
        return end_with_translation(walker, judged.translation);
    }
  }

  void kill(Walker& walker) {
    counters_.count(event::KILL);
    enter(walker, State::idle);
    if (walker.owner == kPrefetch) return prefetch_.end();
    misses_.move(walker.owner, MissFile::State::ready);
    hold_ = true;
  }

  void end_with_fault(Walker& walker, const arch::FaultReport& fault) {
    enter(walker, State::idle);
    if (walker.owner == kPrefetch) return prefetch_.end();  // nobody asked for it
    MissFile::Entry& owner = misses_.entry(walker.owner);
    if (walker.mid && rewalk_) {
      // The cached prefix may be older than the tables: only the root's word counts for a fault (SDM 4.10.4.3).
      owner.top = true;
      misses_.move(walker.owner, MissFile::State::ready);
      return;
    }
    counters_.count(event::WALK_FAULT);
    // A page fault drops what is held for its address, so that it is raised at most once for a stale entry
    // (SDM 4.10.4.1, trap T71).
    if (F == arch::Format::x86_64 && fault.code == arch::Fault::page) {
      const u64 va = owner.held.request.va;
      const u64 asid = owner.held.context.asid;
      completion_.drop(va, asid);
      l2_.invalidate_sets_of(va);
      psc_.invalidate(va, asid);
    }
    ReqOut result;
    result.rsp_fault = static_cast<u8>(fault.code);
    result.rsp_err = fault.error;
    result.rsp_level = walker.level;
    misses_.finish(walker.owner, result);
    hold_ = false;
  }

  void end_with_translation(Walker& walker, const arch::Translation& t) {
    enter(walker, State::idle);
    counters_.count(static_cast<u8>(event::WALK_READS_1 + std::min<unsigned>(walker.reads, 5) - 1));
    const bool wanted = walker.owner != kPrefetch;
    const HeldRequest& held = wanted ? misses_.entry(walker.owner).held : prefetch_.held();
    if (l2_.present()) l2_.fill(held.request.va, held.context.asid, t);
    if (!wanted) return prefetch_.end();
    completion_.translated(walker.owner, t);
    prefetch_.follow(held, t);
    hold_ = false;
  }

  unsigned walkers_;
  bool rewalk_;
  const arch::Settings& settings_;
  PinsOut& pins_;
  EventCounters& counters_;
  MissFile& misses_;
  L2Tlb<F>& l2_;
  Psc<F>& psc_;
  Completion<F>& completion_;
  Prefetch<F> prefetch_;
  std::array<Walker, kMaxWalkers> walker_{};
  u32 idle_ = 0;             // a bit a walker
  u32 requesting_ = 0;       // REQ
  unsigned last_start_ = 0;  // a place
  unsigned port_ = 0;        // the walker that the memory port shows or showed last
  bool hold_ = false;
};

}  // namespace kilburn::uarch
