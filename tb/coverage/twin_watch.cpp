// SPDX-License-Identifier: Apache-2.0
//
// States before and after an edge, turned into what happened at it.
#include "tb/coverage/twin_watch.h"

#include <algorithm>

#include "model/arch/layout.h"

namespace kilburn::coverage {

namespace pte = arch::layout::X86Pte;
namespace alpha = arch::layout::AlphaPte;
using uarch::Structure;
using uarch::TlbEntry;

namespace {

constexpr unsigned kFaultsBetweenLooks = 8;  // a page fault's own invalidation is looked at so often

u64 address_bits(arch::Format format) { return (u64{1} << arch::widest_info(format).va_bits) - 1; }

}  // namespace

TwinWatch::TwinWatch(const uarch::Mmu& twin, const kilburn_dut_config& built, Counts& counts, Responses& responses)
    : twin_(twin),
      format_(static_cast<arch::Format>(built.format)),
      x86_(format_ == arch::Format::x86_64),
      rewalk_(built.rewalk != 0),
      ways_(built.l2_sets == 0 ? 0 : std::min(built.l2_ways, 8u)),
      counts_(counts),
      responses_(responses) {
  page_bits_ = address_bits(format_) >> arch::info(format_).page_shift << arch::info(format_).page_shift;
  for (unsigned bank = 0, first = 0; bank < 4 && ways_ != 0; ++bank) {
    bank_sets_[bank] = bank == 0 ? built.l2_sets : built.l2_large_sets;
    bank_first_[bank] = first;
    first += bank_sets_[bank] * built.l2_ways;
  }
}

void TwinWatch::reset(const arch::Settings& settings) {
  settings_ = settings;
  quiet_ = true;
  states_.fill(State::free);
  walked_.fill({});
  pending_.fill({});
  filled_.due = false;
  prefetched_.fill(0);
}

void TwinWatch::read(unsigned walker, u64 value) { pending_[walker & 15] = {true, value}; }

// --- the miss files -------------------------------------------------------------------------------
void TwinWatch::follow() {
  const uarch::MissFile& misses = twin_.misses();
  quiet_ = misses.empty();
  for (unsigned place = 0; place < states_.size(); ++place) {
    const State now = misses.entry(place).state;
    if (now == states_[place]) continue;
    const State before = states_[place];
    states_[place] = now;
    moved(place, before, now);
  }
}

void TwinWatch::moved(unsigned place, State from, State to) {
  const uarch::MissFile::Entry& entry = twin_.misses().entry(place);
  Walked& walked = walked_[place];
  if (from == State::free || (from == State::retry && to != State::free)) return missed(place, entry);
  if (from == State::retry) return responses_.from(side_of(place), entry.held.id, Source::merged);
  if (from == State::looking && to == State::done) {
    const u64 page = (entry.held.request.va & page_bits_) | 1;
    const bool prefetched = std::find(prefetched_.begin(), prefetched_.end(), page) != prefetched_.end();
    return responses_.from(side_of(place), entry.held.id, prefetched ? Source::prefetched : Source::l2);
  }
  if (to == State::walk) {
    for (unsigned n = 0; n < twin_.walkers(); ++n) {
      const Walk walk = twin_.walk(n);
      if (walk.state == Walk::State::idle || walk.owner != place) continue;
      pending_[n].done = false;
      walked.actions = 0;
      walked.lost = 0;
      walked.start = walk.level;
      walked.cached = walk.mid ? static_cast<u8>(walk.level + 1) : 0;
      walked.again = entry.top;
      return;
    }
  }
  if (from == State::walk && to == State::done) ended(place, entry);
}

void TwinWatch::missed(unsigned place, const uarch::MissFile::Entry& entry) {
  Walked& walked = walked_[place] = {};
  const arch::Request& request = entry.held.request;
  // Not by the L1 TLB; from where, the end says.
  responses_.from(side_of(place), entry.held.id, Source::root);
  unsigned walks = 0;
  for (unsigned n = 0; n < twin_.walkers(); ++n) walks += twin_.walk(n).state != Walk::State::idle;
  if (walks == 0) counts_.hit<ItemId::concurrency>(Concurrency::idle);
  if (!x86_ || request.op != arch::Op::write) return;
  for (unsigned n = 0; n < twin_.entries(Structure::d_tlb); ++n) {
    const TlbEntry e = twin_.entry(Structure::d_tlb, n);
    if (!e.valid || ((e.va ^ request.va) & address_bits(format_)) >> e.size != 0) continue;
    if ((e.global || e.asid == entry.held.context.asid) && arch::needs_dirty_walk(format_, e.rights, request) &&
        arch::grants(format_, settings_, e.rights, request, entry.held.context)) {
      walked.dirty_miss = true;
    }
  }
}

void TwinWatch::ended(unsigned place, const uarch::MissFile::Entry& entry) {
  Walked& walked = walked_[place];
  const bool fault = entry.result.rsp_fault != 0;
  Source source = Source::root;
  if (walked.again) {
    source = Source::again;
  } else if (walked.cached != 0) {
    source = static_cast<Source>(static_cast<unsigned>(Source::psc2) + walked.cached - 2u);
  }
  responses_.from(side_of(place), entry.held.id, source);
  boost::container::static_vector<Concurrency, 8> found;
  beside(found, place, walked);
  for (const Concurrency c : found) counts_.hit<ItemId::concurrency>(c);
  if (!x86_) return;
  if (entry.result.rsp_fault == static_cast<u8>(arch::Fault::page)) {
    counts_.hit<ItemId::invalidation>(Invalidation::page_fault);
  }
  const auto act = [&](AdAction action) {
    walked.actions = static_cast<u16>(walked.actions | 1u << static_cast<unsigned>(action));
  };
  if (walked.actions == 0) act(AdAction::none);
  if (walked.lost != 0) act(fault ? AdAction::lost_then_fault : AdAction::lost_then_translated);
  if (walked.lost >= 2) act(AdAction::lost_twice);
  const unsigned d = 1u << static_cast<unsigned>(AdAction::d);
  if (walked.dirty_miss && (walked.actions & d) != 0) act(AdAction::dirty_miss);
  for (u32 rest = walked.actions; rest != 0; rest &= rest - 1) {
    const auto action = static_cast<AdAction>(__builtin_ctz(rest));
    counts_.hit<ItemId::ad_action>(action);
    for (const Concurrency c : found) {
      counts_.hit<ItemId::ad_size_concurrency>(action, fault ? X86Size::none : x86_size(entry.result.rsp_size), c);
    }
  }
}

// The walks that go on when this one ends, and what they share with it.
void TwinWatch::beside(boost::container::static_vector<Concurrency, 8>& found, unsigned place,
                       const Walked& ended) const {
  unsigned walks = 1;
  bool entry = false, line = false, table = false, sides = false;
  for (unsigned n = 0; n < twin_.walkers(); ++n) {
    const Walk walk = twin_.walk(n);
    if (walk.state == Walk::State::idle || walk.owner == place) continue;
    ++walks;
    entry |= walk.address == ended.address;
    line |= walk.address != ended.address && walk.address >> 6 == ended.address >> 6;
    table |= walk.address >> 6 != ended.address >> 6 && walk.address >> 12 == ended.address >> 12;
  }
  const uarch::MissFile& misses = twin_.misses();
  const uarch::HeldRequest& own = misses.entry(place).held;
  for (unsigned other = 0; other < states_.size(); ++other) {
    if (misses.entry(other).state == State::free || side_of(other) == side_of(place)) continue;
    const uarch::HeldRequest& theirs = misses.entry(other).held;
    sides |= same_page(own.request.va, theirs.request.va) && own.context.asid == theirs.context.asid;
  }
  found.push_back(static_cast<Concurrency>(std::min(walks, 4u)));
  if (entry) found.push_back(Concurrency::same_entry);
  if (line) found.push_back(Concurrency::same_line);
  if (table) found.push_back(Concurrency::same_table);
  if (sides) found.push_back(Concurrency::both_sides);
}

// --- a walker's response --------------------------------------------------------------------------
void TwinWatch::answer(const kilburn_dut_in& in) {
  if (in.mem_rsp_id >= twin_.walkers()) return;
  const Walk walk = twin_.walk(in.mem_rsp_id);
  pending_[in.mem_rsp_id & 15].done = false;
  if (walk.state != Walk::State::sent || in.mem_rsp_err != 0 || twin_.maintaining()) return;
  Walked& walked = walked_[walk.owner];
  walked.address = walk.address;
  u64 entry = in.mem_rsp_data;
  if (walk.swaps && in.mem_rsp_match != 0) {
    const u64 set = walk.desired ^ entry;
    const bool a = pte::A.test(set), d = pte::D.test(set);
    const AdAction action = a && d ? AdAction::both
                            : d    ? AdAction::d
                                   : static_cast<AdAction>(static_cast<unsigned>(AdAction::a_5) + 5u - walk.level);
    walked.actions = static_cast<u16>(walked.actions | 1u << static_cast<unsigned>(action));
    entry = walk.desired;
  } else if (walk.swaps) {
    ++walked.lost;
  }
  entry_bits(walk.level, entry);
  const uarch::HeldRequest& request = held(walk);
  const arch::Judgement judged =
      arch::judge_entry(format_, settings_, walk.level, entry, walk.above, request.request, request.context);
  const bool prefetch = walk.owner == uarch::Mmu::kPrefetch;
  const u64 va = request.request.va;
  const u16 asid = request.context.asid;
  if (judged.kind == arch::Judgement::Kind::translated) {
    expect_fill(!prefetch, !prefetch && side_of(walk.owner) == tb::Side::data, true, va, asid,
                judged.translation.page_log2);
    if (prefetch) {
      prefetched_[next_prefetched_++ % prefetched_.size()] = (va & page_bits_) | 1;
      counts_.hit<ItemId::access>(Access::prefetch);
    }
  } else if (judged.kind == arch::Judgement::Kind::fault && x86_ && !prefetch && !(walk.mid && rewalk_)) {
    if (faults_++ % kFaultsBetweenLooks == 0) target(Invalidation::page_fault, va, asid);
  }
}

void TwinWatch::entry_bits(unsigned level, u64 entry) {
  if (level < 1 || level > 5) return;
  const auto at = static_cast<Level>(level - 1);
  if (x86_) {
    const auto is = [&](X86Bit bit, bool set) { counts_.hit<ItemId::x86_bits>(at, bit, static_cast<Value>(set)); };
    is(X86Bit::p, pte::P.test(entry));
    is(X86Bit::rw, pte::RW.test(entry));
    is(X86Bit::us, pte::US.test(entry));
    is(X86Bit::a, pte::A.test(entry));
    is(X86Bit::d, pte::D.test(entry));
    is(X86Bit::g, pte::G.test(entry));
    is(X86Bit::nx, pte::NX.test(entry));
    is(X86Bit::key, pte::PKEY.test(entry));
    if (level == 1) return is(X86Bit::pat, pte::PS.test(entry));
    is(X86Bit::ps, pte::PS.test(entry));
    if (level <= 3 && pte::PS.test(entry)) is(X86Bit::pat, pte::PAT_LARGE.test(entry));
    return;
  }
  const auto is = [&](AlphaBit bit, bool set) { counts_.hit<ItemId::alpha_bits>(at, bit, static_cast<Value>(set)); };
  is(AlphaBit::v, alpha::V.test(entry));
  is(AlphaBit::fault_read, alpha::FOR.test(entry));
  is(AlphaBit::fault_write, alpha::FOW.test(entry));
  is(AlphaBit::fault_execute, alpha::FOE.test(entry));
  is(AlphaBit::match, alpha::ASM.test(entry));
  is(AlphaBit::hint, alpha::GH.test(entry));
  is(AlphaBit::kre, alpha::KRE.test(entry));
  is(AlphaBit::ure, alpha::URE.test(entry));
  is(AlphaBit::kwe, alpha::KWE.test(entry));
  is(AlphaBit::uwe, alpha::UWE.test(entry));
}

// --- fills ----------------------------------------------------------------------------------------
void TwinWatch::expect_fill(bool l1, bool data, bool l2, u64 va, u16 asid, u8 size) {
  filled_.due = true;
  filled_.l1 = l1;
  filled_.data = data;
  filled_.l2 = l2 && ways_ != 0;
  filled_.va = va & address_bits(format_);
  filled_.asid = asid;
  filled_.size = size;
  const Structure side = data ? Structure::d_tlb : Structure::i_tlb;
  for (unsigned n = 0; l1 && n < twin_.entries(side); ++n) filled_.before[n] = twin_.entry(side, n);
  if (!filled_.l2) return;
  const unsigned smallest = arch::info(format_).page_shift;
  const unsigned bank = (size - smallest) / (x86_ ? 9 : 3) % 4;
  const auto set = static_cast<unsigned>((filled_.va >> size) & (bank_sets_[bank] - 1));
  filled_.set_first = bank_first_[bank] + set * ways_;
  for (unsigned way = 0; way < ways_; ++way) filled_.set[way] = twin_.entry(Structure::l2, filled_.set_first + way);
}

void TwinWatch::look_at_fill() {
  filled_.due = false;
  if (filled_.l1) {
    const Structure side = filled_.data ? Structure::d_tlb : Structure::i_tlb;
    replaced(side, filled_.before.data(), 0, twin_.entries(side), true);
  }
  if (filled_.l2) replaced(Structure::l2, filled_.set.data(), filled_.set_first, ways_, false);
}

// The entry that is another now, and what it was.
void TwinWatch::replaced(Structure structure, const TlbEntry* before, unsigned first, unsigned count, bool mixes) {
  const auto same = [](const TlbEntry& a, const TlbEntry& b) {
    return a.va == b.va && a.asid == b.asid && a.size == b.size;
  };
  for (unsigned n = 0; n < count; ++n) {
    const TlbEntry now = twin_.entry(structure, first + n);
    const TlbEntry& was = before[n];
    if (!now.valid || (now.va ^ filled_.va) >> now.size != 0 || now.size != filled_.size) continue;
    const bool changed = !was.valid || !same(now, was) || now.rights != was.rights || now.pa != was.pa;
    if (!changed && count > 1) continue;
    const auto covered = (was.va ^ filled_.va) >> was.size == 0 && (was.global || was.asid == filled_.asid);
    Replacement what = Replacement::victim;
    if (!was.valid) {
      what = Replacement::free;
    } else if (covered && mixes) {
      what = Replacement::same;
    } else if (was.global) {
      what = Replacement::global;
    }
    const auto where = structure == Structure::i_tlb   ? Holder::i_tlb
                       : structure == Structure::d_tlb ? Holder::d_tlb
                                                       : Holder::l2;
    const auto count_it = [&](Replacement which) {
      counts_.hit<ItemId::replacement>(where, which);
      x86_ ? counts_.hit<ItemId::x86_replacement>(where, which, x86_size(filled_.size))
           : counts_.hit<ItemId::alpha_replacement>(where, which, alpha_size(format_, filled_.size));
    };
    count_it(what);
    if (!mixes || what == Replacement::free || what == Replacement::same) return;
    u32 sizes = 0;
    for (unsigned m = 0; m < count; ++m) sizes |= u32{before[m].valid} << (before[m].size % 32);
    if (static_cast<unsigned>(__builtin_popcount(sizes)) == (x86_ ? 3u : 4u)) count_it(Replacement::mixed);
    return;
  }
}

// --- invalidations --------------------------------------------------------------------------------
void TwinWatch::invalidation(const kilburn_dut_in& in) {
  const Invalidation op = invalidation_of(format_, in.inv_op);
  const u16 asid = static_cast<u16>(in.inv_asid);
  if (op <= Invalidation::page_d) target(op, in.inv_va, asid);
  bool alone = true;
  for (unsigned n = 0; n < twin_.walkers(); ++n) {
    const Walk walk = twin_.walk(n);
    if (walk.state == Walk::State::idle || walk.owner == uarch::Mmu::kPrefetch) continue;
    if (!concerns(op, in.inv_va, asid, held(walk))) continue;
    alone = false;
    const Timing when = timing(n, walk, in);
    counts_.hit<ItemId::timing>(when);
    counts_.hit<ItemId::invalidation_timing>(op, when);
  }
  if (!alone) return;
  counts_.hit<ItemId::timing>(Timing::idle);
  counts_.hit<ItemId::invalidation_timing>(op, Timing::idle);
}

bool TwinWatch::concerns(Invalidation op, u64 va, u16 asid, const uarch::HeldRequest& request) const {
  if (op == Invalidation::all || op == Invalidation::nonglobal) return true;
  if (op == Invalidation::asid) return request.context.asid == asid;
  return same_page(va, request.request.va);
}

Timing TwinWatch::timing(unsigned walker, const Walk& walk, const kilburn_dut_in& in) const {
  const auto leaf = [&](u64 entry) {
    const uarch::HeldRequest& request = held(walk);
    return arch::judge_entry(format_, settings_, walk.level, entry, walk.above, request.request, request.context).kind;
  };
  using Kind = arch::Judgement::Kind;
  if (in.mem_rsp_valid && in.mem_rsp_id == walker && walk.state == Walk::State::sent && !in.mem_rsp_err) {
    if (leaf(walk.swaps && in.mem_rsp_match ? walk.desired : in.mem_rsp_data) == Kind::translated) return Timing::fill;
  }
  if (walk.swaps) return Timing::swap;
  const Pending& pending = pending_[walker & 15];
  if (walk.state == Walk::State::sent && pending.done) {
    const bool last = walk.level == 1 || (x86_ && walk.level <= 3 && pte::PS.test(pending.value));
    return last && leaf(pending.value) != Kind::fault ? Timing::leaf_read : Timing::between;
  }
  return walk.level == walked_[walk.owner].start ? Timing::before_read : Timing::between;
}

void TwinWatch::target(Invalidation op, u64 va, u16 asid) {
  const u64 at = va & address_bits(format_);
  const bool by_page = op >= Invalidation::page;
  const auto count = [&](Target target, unsigned size, Residence where) {
    x86_ ? counts_.hit<ItemId::x86_target>(op, target, x86_size(size), where)
         : counts_.hit<ItemId::alpha_target>(op, target, alpha_size(format_, size), where);
    counts_.hit<ItemId::target>(target);
  };
  bool held = false;
  const auto look = [&](Structure structure, Residence where) {
    bool any = false;
    for (unsigned n = 0; n < twin_.entries(structure); ++n) {
      const TlbEntry e = twin_.entry(structure, n);
      if (!e.valid || (by_page && (e.va ^ at) >> e.size != 0)) continue;
      any = true;
      const bool psc = structure == Structure::psc;
      const bool first_page = same_page(e.va, at);
      const Target found = e.global                        ? Target::global
                           : e.asid != asid                ? Target::other_asid
                           : psc || !by_page || first_page ? Target::exact
                                                           : Target::other_part;
      count(found, psc ? 0 : e.size, where);
      if (psc && by_page && !held && found == Target::exact) count(Target::psc_only, 0, where);
    }
    return any;
  };
  const bool i = look(Structure::i_tlb, Residence::l1), d = look(Structure::d_tlb, Residence::l1);
  if (!i && !d) count(Target::miss, 0, Residence::l1);
  const bool l2 = look(Structure::l2, Residence::l2);
  if (!l2) count(Target::miss, 0, Residence::l2);
  held = i || d || l2;
  if (!look(Structure::psc, Residence::psc)) count(Target::miss, 0, Residence::psc);
}

}  // namespace kilburn::coverage
