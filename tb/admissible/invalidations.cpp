// SPDX-License-Identifier: Apache-2.0
//
// Coverage of invalidations.
#include "tb/admissible/invalidations.h"

#include <algorithm>

#include "model/arch/layout.h"

namespace kilburn::admissible {

namespace inv = arch::layout::Inv;

namespace {

// Operations on one page that are remembered a page, and pages a side whose faults are.
constexpr std::size_t kPerPage = 64;
constexpr std::size_t kFaults = 1 << 16;

// The last one that binds a request accepted at `bound`; lists are in order of time.
template <class List, class Covers>
Time last_begin(const List& list, Time bound, Covers&& covers) {
  for (auto event = list.rbegin(); event != list.rend(); ++event) {
    if (event->end <= bound && covers(*event)) return event->begin;
  }
  return kAlways;
}
template <class List>
Time last_begin(const List& list, Time bound) {
  return last_begin(list, bound, [](const Invalidation&) { return true; });
}

// One of the list lies between the two moments, apart from both.
bool between(const std::vector<Invalidation>& list, Time before, Time after, Time bound) {
  if (list.empty() || list.back().begin <= before) return false;
  const auto first =
      std::upper_bound(list.begin(), list.end(), before, [](Time t, const Invalidation& e) { return t < e.begin; });
  return first != list.end() && first->end <= bound && first->end < after;
}

void drop(std::vector<Invalidation>& list, Time oldest) {
  const auto keep = std::find_if(list.begin(), list.end(), [&](const Invalidation& e) { return e.end >= oldest; });
  list.erase(list.begin(), keep);
}

}  // namespace

Invalidations::Invalidations(arch::Format format, const arch::Settings& settings, const Relaxations& relaxations)
    : format_(format),
      relaxations_(relaxations),
      widest_(arch::widest_info(format, settings)),
      usual_(arch::info(format, settings, 0)),
      va_mask_((u64{1} << widest_.va_bits) - 1),
      page_shift_(widest_.page_shift) {
  const bool x86 = format == arch::Format::x86_64;
  for (unsigned n = 0; n < (x86 ? 3u : 4u); ++n) sizes_.push_back(static_cast<u8>(page_shift_ + n * (x86 ? 9 : 3)));
}

// Whether an operation on one page ends all paging-structure-cache entries of its address space.
bool Invalidations::ends_tables(u8 op, u64 va) const {
  if (!arch::sign_ok(usual_, va)) return false;  // an address of five levels alone: INVLPG of four does nothing
  switch (relaxations_.psc_scope) {
    case PscScope::architecture:
      return format_ == arch::Format::x86_64 && op == inv::PAGE;
    case PscScope::context:
      return true;
    case PscScope::prefix:
    case PscScope::bulk:
      break;
  }
  return false;
}

void Invalidations::accepted(Time time, u8 op, u64 va, u16 asid) {
  pending_ = true;
  last_ = {time, kForever, op, va, asid};
}

void Invalidations::enter_table_end(List& list, const Invalidation& event) {
  list.push_back(event);
  ++table_ends_;
  last_table_end_ = event.end;
}

// Entered in the lists when it is complete: before that it binds nobody.
void Invalidations::completed(Time time) {
  pending_ = false;
  last_.end = time;
  const Invalidation& event = last_;
  switch (event.op) {
    case inv::ALL:
      all_.push_back(event);
      enter_table_end(tables_of_all_, event);
      return;
    case inv::NONGLOBAL:
      nonglobal_.push_back(event);
      enter_table_end(tables_of_all_, event);
      return;
    case inv::ASID: {
      Space& space = spaces_[event.asid];
      space.leaves.push_back(event);
      enter_table_end(space.tables, event);
      return;
    }
    case inv::PAGE:
    case inv::PAGE_NONGLOBAL:
    case inv::PAGE_I:
    case inv::PAGE_D:
      break;
    default:
      return;
  }
  // Of an address that the sign check refuses it does nothing (SDM, INVLPG).
  if (!arch::sign_ok(widest_, event.va)) return;
  for (const u8 size : sizes_) {
    Pages& pages = pages_[page_key(event.va, size)];
    if (pages.size() == kPerPage) pages.erase(pages.begin(), pages.begin() + kPerPage / 2);
    pages.push_back(event);
  }
  if (ends_tables(event.op, event.va)) enter_table_end(spaces_[event.asid].tables, event);
}

void Invalidations::faulted(Time begin, Time end, u64 va, u16 asid, bool alone) {
  if (faults_.size() >= kFaults) faults_.clear();  // forgetting them only widens what is legal
  faults_[fault_key(va, asid)] = {begin, end, alone};
}

Starts Invalidations::starts(const LeafTag& tag, bool own, Time bound, bool faults_count) const {
  Starts starts;
  starts.table = starts.leaf = last_begin(all_, bound);
  const auto leaf = [&](Time begin, bool tables) {
    starts.leaf = std::max(starts.leaf, begin);
    if (tables) starts.table = std::max(starts.table, begin);
  };
  if (!tag.global) {
    leaf(last_begin(nonglobal_, bound), own);
    if (const auto space = spaces_.find(tag.asid); space != spaces_.end()) {
      leaf(last_begin(space->second.leaves, bound), own);
    }
  }
  if (const auto pages = pages_.find(page_key(tag.va, tag.size)); pages != pages_.end()) {
    // The last that covers the leaf, and the last that also covers the tables above it.
    for (const bool tables : {false, true}) {
      const Time begin = last_begin(pages->second, bound, [&](const Invalidation& e) {
        const bool space = e.asid == tag.asid;
        if (e.op == inv::PAGE_NONGLOBAL ? tag.global || !space : !tag.global && !space) return false;
        if (e.op == inv::PAGE_I && tag.side != Side::instruction) return false;
        if (e.op == inv::PAGE_D && tag.side != Side::data) return false;
        if (!tables) return true;
        if (!own || !space || relaxations_.psc_scope == PscScope::bulk) return false;
        if (relaxations_.psc_scope != PscScope::architecture) return true;
        return format_ == arch::Format::x86_64 && e.op != inv::PAGE_I && e.op != inv::PAGE_D;
      });
      leaf(begin, tables);
    }
  }
  if (faults_count && own) {
    const auto fault = faults_.find(fault_key(tag.va, tag.asid));
    if (fault != faults_.end() && fault->second.end <= bound) leaf(fault->second.begin, fault->second.alone);
  }
  return starts;
}

bool Invalidations::separated(Time before, Time after, std::optional<u16> asid, Time bound) const {
  if (before >= after) return false;
  if (between(tables_of_all_, before, after, bound)) return true;
  if (!asid) return false;
  const auto space = spaces_.find(*asid);
  return space != spaces_.end() && between(space->second.tables, before, after, bound);
}

Time Invalidations::tables_start(std::optional<u16> asid, Time after, Time bound) const {
  const Time latest = std::min(bound, after - 1);  // `after` itself is not before it
  const Time of_all = last_begin(tables_of_all_, latest);
  if (!asid) return of_all;
  const auto space = spaces_.find(*asid);
  return space == spaces_.end() ? of_all : std::max(of_all, last_begin(space->second.tables, latest));
}

Time Invalidations::horizon(Time bound) const { return last_begin(all_, bound); }

void Invalidations::collect(Time oldest) {
  drop(all_, oldest);
  drop(nonglobal_, oldest);
  drop(tables_of_all_, oldest);
  for (auto space = spaces_.begin(); space != spaces_.end();) {
    drop(space->second.leaves, oldest);
    drop(space->second.tables, oldest);
    if (space->second.leaves.empty() && space->second.tables.empty()) {
      spaces_.erase(space++);
    } else {
      ++space;
    }
  }
  for (auto page = pages_.begin(); page != pages_.end();) {
    auto& events = page->second;
    events.erase(std::remove_if(events.begin(), events.end(), [&](const Invalidation& e) { return e.end < oldest; }),
                 events.end());
    if (events.empty()) {
      pages_.erase(page++);
    } else {
      ++page;
    }
  }
  boost::unordered::erase_if(faults_, [&](const auto& fault) { return fault.second.end < oldest; });
}

void Invalidations::clear() {
  pending_ = false;
  all_.clear();
  nonglobal_.clear();
  tables_of_all_.clear();
  spaces_.clear();
  pages_.clear();
  faults_.clear();
}

}  // namespace kilburn::admissible
