// SPDX-License-Identifier: Apache-2.0
//
// The search, level by level, newest versions first.
#include "tb/admissible/witness.h"

#include <algorithm>
#include <utility>

namespace kilburn::admissible {

namespace ctl = arch::layout::Controls;
using Kind = arch::Judgement::Kind;

Response response_of(const arch::Verdict& verdict) {
  Response r;
  r.fault = verdict.fault.code;
  r.error = verdict.fault.error;
  r.level = verdict.fault.level;
  if (r.fault == arch::Fault::none) {
    r.pa = verdict.pa;
    r.size = verdict.translation.page_log2;
    r.memory_type = verdict.translation.memory_type;
    r.global = verdict.translation.global;
  }
  return r;
}

bool same(const Response& a, const Response& b) {
  return a.fault == b.fault && a.error == b.error && a.level == b.level && a.pa == b.pa && a.size == b.size &&
         a.memory_type == b.memory_type && a.global == b.global;
}

static bool same(const arch::Translation& a, const arch::Translation& b) {
  return a.pa == b.pa && a.page_log2 == b.page_log2 && a.global == b.global && a.memory_type == b.memory_type &&
         a.rights == b.rights;
}

WitnessSearch::WitnessSearch(const MmuView& view, const Asked& asked, const Response& response)
    : view_(view),
      asked_(asked),
      response_(response),
      x86_(view.format == arch::Format::x86_64),
      refill_(!x86_ && ctl::REFILL.test(asked.context.controls)) {}

bool WitnessSearch::separated(Time before, Time after) const {
  // Any that would separate has begun before the last that binds the request.
  if (before >= after || before >= tables_start_ || without_.invalidations) return false;
  return view_.invalidations.separated(before, after, own_ ? std::optional<u16>(asked_.context.asid) : std::nullopt,
                                       asked_.accepted);
}

// Nothing was written since the request came: its only fresh way is the walk of now. That answers a granted access with
// its own address alone, if at all; what kind of answer it is (page size, A and D) is left to the search. An Alpha
// entry may answer for its neighbours, and a refusal may come without a level.
bool WitnessSearch::is_not_fresh(const arch::Verdict& now) const {
  return x86_ && response_.fault == arch::Fault::none && view_.versions.last_write() < asked_.accepted &&
         (now.fault.code != arch::Fault::none || now.pa != response_.pa);
}

bool WitnessSearch::cut(Time before, Time after) {
  const bool cut = separated(before, after);
  for_window_ = for_window_ || cut;
  return cut;
}

WitnessSearch::Found WitnessSearch::run(const Without& without, const WitnessPath* guide, bool not_fresh) {
  without_ = without;
  unknown_ = refused_from_cache_ = false;
  looked_at_ = 0;
  floor_ = without.invalidations ? kAlways : view_.invalidations.horizon(asked_.accepted);
  Found found;
  const auto tried = [&](Pass windows, bool own_space, const WitnessPath* only = nullptr) {
    guide_ = only;
    return pass(windows, own_space, !own_space) && looked_at_ <= view_.relaxations.search_limit;
  };
  if (!not_fresh && tried(Pass::fresh, true)) {
    found = {true, Legality::fresh, 0, false, path_};
  } else if ((guide != nullptr && (tried(Pass::any, true, guide) || tried(Pass::any, false, guide))) ||
             tried(Pass::any, true) || tried(Pass::any, false)) {
    unsigned age = 0;
    for (const WitnessStep& step : path_) {
      if (step.version.to < asked_.accepted) age = std::max(age, step.age);
    }
    found = {true, legality(), age, false, path_};
  } else if (!x86_ && filled()) {
    found = {true, Legality::filled, 0, false, {}};
  } else {
    found.unknown = unknown_ || view_.fills.forgotten();
  }
  return found;
}

bool WitnessSearch::may_dirty(u64 pa) {
  // Only an entry at the address's own index in some table.
  const arch::FormatInfo info = arch::widest_info(view_.format, view_.settings);
  const u64 place = pa & ((u64{1} << info.page_shift) - 1);
  bool possible = false;
  for (unsigned level = 1; level <= 3; ++level) {
    possible = possible || arch::entry_address(info, 0, asked_.request.va, level) == place;
  }
  if (!possible) return false;
  dirty_ = pa;
  floor_ = view_.invalidations.horizon(asked_.accepted);
  looked_at_ = 0;
  guide_ = nullptr;
  return pass(Pass::any, true, false);
}

Legality WitnessSearch::legality() const {
  if (refused_from_cache_) return Legality::spurious;
  Time lo = kAlways, hi = kForever;
  for (const WitnessStep& step : path_) {
    lo = std::max(lo, step.version.from);
    hi = std::min(hi, step.version.to);
  }
  return lo > hi ? Legality::mixed : Legality::stale;
}

bool WitnessSearch::pass(Pass pass, bool own_space, bool others) {
  pass_ = pass;
  own_ = own_space;
  path_.clear();
  tables_start_ = view_.invalidations.tables_start(own_ ? std::optional<u16>(asked_.context.asid) : std::nullopt,
                                                   kForever, asked_.accepted);
  for (auto& level : failed_) level.clear();
  if (pass == Pass::fresh) {
    own_root_ = true;
    walk_context_ = {};
    walk_context_.controls = asked_.context.controls & static_cast<u32>(ctl::NXE.mask() | ctl::PGE.mask());
    if (x86_) plain_tables_ = {view_.settings, walk_context_.controls};
    const Root root{asked_.context.root, ctl::LA57.test(asked_.context.controls), asked_.accepted, kForever, 1, true};
    return !refill_ && from_root(root);
  }
  const AddressSpace* space = own_space ? view_.spaces.space(asked_.context.asid) : &view_.spaces.all();
  if (without_.roots) space = &view_.spaces.all();
  if (space == nullptr || (others && response_.fault == arch::Fault::none && !response_.global)) return false;
  if (refill_ && (space->walked_until() == kAlways || space->walked_until() < floor_)) return false;  // nobody walked
  // What is part of a cached entry: whether XD was a reserved bit, and whether G counted (SDM 4.5, 4.10.2.4).
  for (const unsigned pge : {1u, 0u}) {
    if (x86_ && (space->pge >> pge & 1) == 0) continue;
    for (auto& level : failed_) level.clear();
    walk_context_ = {};
    walk_context_.asid = asked_.context.asid;
    walk_context_.controls = static_cast<u32>(ctl::PGE.make(pge) | ctl::NXE.make((space->nxe & 2) != 0 ? 1u : 0u));
    if (x86_) plain_tables_ = {view_.settings, walk_context_.controls};
    for (const Root& root : space->roots) {
      if (root.until() < floor_) continue;
      own_root_ =
          own_space && root.table == asked_.context.root && root.la57 == ctl::LA57.test(asked_.context.controls);
      if (from_root(root)) return true;
    }
    if (!x86_) break;
  }
  return false;
}

bool WitnessSearch::from_root(const Root& root) {
  const u32 la57 = static_cast<u32>(ctl::LA57.make(root.la57 ? 1 : 0));
  info_ = arch::info(view_.format, view_.settings, la57);
  // An address of five levels has no way through four.
  if (!arch::sign_ok(info_, asked_.request.va)) return false;
  const u64 bits = ((u64{1} << 52) - 1) & (~u64{0} << info_.page_shift);
  return descend(info_.levels, root.table & bits, {}, {root.first, root.until()}, false);
}

bool WitnessSearch::failed_before(unsigned level, u64 table, const arch::Accumulated& above, const Hold& hold,
                                  bool unset) {
  for (const Failed& failed : failed_[level]) {
    if (failed.table != table || failed.above.w != above.w || failed.above.u != above.u ||
        failed.above.nx != above.nx || failed.unset != unset || hold.lo < failed.hold.lo || hold.hi > failed.hold.hi) {
      continue;
    }
    for_window_ = for_window_ || failed.hold.lo != kAlways || failed.hold.hi != kForever;
    return true;
  }
  return false;
}

// Whether the pages of this level and those below are smaller than the one that answered.
bool WitnessSearch::too_small(unsigned level) const {
  return x86_ && !dirty_ && response_.fault == arch::Fault::none && view_.versions.given_up() == 0 &&
         info_.page_shift + (info_.page_shift - 3u) * (level - 1) < response_.size;
}

// Whether this entry, the last of a walk, maps another page than the one that answered.
bool WitnessSearch::maps_another(unsigned level, u64 value) const {
  return level == 1 && x86_ && !dirty_ && !collect_ && response_.fault == arch::Fault::none &&
         (arch::layout::X86Pte::FRAME.mask() & value) != (response_.pa & (~u64{0} << info_.page_shift));
}

// Many ways lead to the same tables: what is below one is looked at again only where it could answer otherwise.
bool WitnessSearch::descend(unsigned level, u64 table, const arch::Accumulated& above, const Hold& hold, bool unset) {
  if (collect_ || guide_ != nullptr || path_.empty()) return look_below(level, table, above, hold, unset);
  if (too_small(level) || failed_before(level, table, above, hold, unset)) return false;
  const bool for_window = std::exchange(for_window_, false);
  if (look_below(level, table, above, hold, unset)) return true;
  failed_[level].push_back({table, above, unset, for_window_ ? hold : Hold{kAlways, kForever}});
  for_window_ = for_window_ || for_window;
  return false;
}

bool WitnessSearch::look_below(unsigned level, u64 table, const arch::Accumulated& above, const Hold& hold,
                               bool unset) {
  const u64 pa = arch::entry_address(info_, table, asked_.request.va, level);
  if (response_.fault == arch::Fault::bus && bus_error(level, pa, hold)) return true;
  const Time since = pass_ == Pass::fresh ? asked_.accepted : floor_;
  if (view_.versions.forgotten(pa, since)) unknown_ = true;
  const std::size_t step = path_.size();
  if (guide_ != nullptr && (step >= guide_->size() || (*guide_)[step].pa != pa)) return false;
  if (view_.versions.newest_first(pa, since, [&](const Version& version, unsigned age) {
        if (guide_ != nullptr && (*guide_)[step].version.from != version.from) return false;
        return consider(level, pa, version, age, above, hold, unset);
      })) {
    return true;
  }
  return !x86_ && level == 1 && !dirty_ && guide_ == nullptr && by_hint(table, hold);
}

// An entry that could not be read: decides only what was asked for while it could not.
bool WitnessSearch::bus_error(unsigned level, u64 pa, const Hold& hold) {
  if (refill_ || response_.level != level || cut(hold.hi, asked_.accepted)) return false;
  if (!view_.versions.now(pa)) return true;
  const auto seen = view_.bus_errors.find(pa);
  return seen != view_.bus_errors.end() && seen->second >= asked_.accepted;
}

bool WitnessSearch::consider(unsigned level, u64 pa, const Version& version, unsigned age,
                             const arch::Accumulated& above, const Hold& hold, bool unset) {
  if (version.from > response_.decided) return false;
  if (++looked_at_ > view_.relaxations.search_limit) {
    unknown_ = true;
    return true;  // run() sees the limit
  }
  if (maps_another(level, version.value)) return false;
  const bool fresh = version.to >= asked_.accepted;
  const Hold held{std::max(hold.lo, version.from), std::min(hold.hi, version.to)};
  const bool ordered = !view_.relaxations.upper_before_lower || hold.lo <= version.to;
  if (!ordered || cut(held.hi, held.lo)) {
    for_window_ = true;
    near(level, 6 - level, "is parted from the levels above by an invalidation (W2)");
    return false;
  }
  path_.push_back({pa, version, age, static_cast<u8>(level)});
  bool found = false;
  const bool top = path_.size() == 1;
  // A top table that is not the request's own was read for an earlier one: only what may be cached counts.
  const bool now = fresh && (!top || own_root_);
  if (response_.fault != arch::Fault::none && !dirty_) {
    found = refused_now(level, version.value, above, held, now);
  }
  u64 next = 0;
  arch::Accumulated below = above;
  if (!found && x86_ && level > 1 && plain_tables_.follow(version.value, below, next)) {
    found = descend(level - 1, next, below, held, unset);
  } else if (!found) {
    static constexpr arch::Request kAnyone{};
    u64 value = version.value;
    bool missing = unset;
    arch::Judgement judged;
    if (!x86_ && level == 1) {
      // Rights are judged against the request below; V is all that a cached entry needs.
      judged.kind = Kind::fault;
      if (arch::layout::AlphaPte::V.test(value)) {
        judged.kind = Kind::translated;
        judged.translation = arch::leaf_translation(view_.format, view_.settings, value);
      }
    } else {
      judged = arch::judge_entry(view_.format, view_.settings, level, value, above, kAnyone, walk_context_);
    }
    if (judged.kind == Kind::update) {
      // A = 0: never cached (SDM 4.10.2.3); walked now, it decides refusals alone.
      missing = !dirty_;
      value = judged.desired;
      judged = arch::judge_entry(view_.format, view_.settings, level, value, above, kAnyone, walk_context_);
      if (!now && !without_.cacheability) {
        near(level, 6 - level, "has A = 0 and was gone before the request (W3)");
        judged.kind = Kind::fault;
      }
    } else if (judged.kind == Kind::fault) {
      near(level, 6 - level, fresh ? "is not present or has a reserved bit" : "may not be cached (W3)");
    }
    if (judged.kind == Kind::table) {
      found = descend(level - 1, judged.next, judged.accumulated, held, missing);
    } else if (judged.kind == Kind::translated) {
      found = leaf(level, version, judged.translation, held, missing);
    }
  }
  if (!found) path_.pop_back();
  return found;
}

// Whether a walk under way during the request ends here in this very fault. The levels above may come from caches.
bool WitnessSearch::refused_now(unsigned level, u64 value, const arch::Accumulated& above, const Hold& hold,
                                bool fresh) {
  if (refill_ || (!fresh && !without_.cacheability && !view_.relaxations.negative_caching)) return false;
  const arch::Judgement judged =
      arch::judge_entry(view_.format, view_.settings, level, value, above, asked_.request, asked_.context);
  if (judged.kind != Kind::fault || judged.fault.code != response_.fault || judged.fault.error != response_.error ||
      judged.fault.level != response_.level) {
    return false;
  }
  if (fresh && cut(hold.hi, std::max(hold.lo, asked_.accepted))) return false;
  if (!without_.invalidations && !without_.self_invalidation && own_) {
    const Starts starts =
        view_.invalidations.starts({asked_.request.va, arch::widest_info(view_.format, view_.settings).page_shift,
                                    false, asked_.context.asid, asked_.side},
                                   true, asked_.accepted);
    if (hold.hi < starts.table) {
      for_window_ = true;
      near(level, 7, "follows entries that an invalidation has ended (W2, W5)");
      return false;
    }
  }
  refused_from_cache_ = hold.hi < asked_.accepted;
  return true;
}

// Whether this leaf answers as the response does.
bool WitnessSearch::answers(unsigned level, const arch::Translation& translation, bool unset) {
  const arch::FaultReport denied =
      arch::check_rights(view_.format, view_.settings, translation.rights, asked_.request, asked_.context);
  if (denied.code != arch::Fault::none) {
    const bool match = denied.code == response_.fault && denied.error == response_.error &&
                       (response_.level == 0 || response_.level == level);
    if (!match) near(level, 10, "refuses the access (attributes)");
    return match;
  }
  if (response_.fault != arch::Fault::none) {
    near(level, 8, "grants the access (attributes)");
    return false;
  }
  const u64 pa = arch::address_in(translation, asked_.request.va);
  const bool size = translation.page_log2 == response_.size ||
                    (view_.relaxations.smaller_size && response_.size < translation.page_log2 &&
                     response_.size >= arch::widest_info(view_.format, view_.settings).page_shift);
  if (pa != response_.pa) {
    near(level, 9, "maps another address");
    return false;
  }
  if (!size || translation.memory_type != response_.memory_type || translation.global != response_.global) {
    near(level, 12, "has another size, memory type or globality (attributes)");
    return false;
  }
  if (unset && !without_.cacheability) {
    near(level, 13, "or a level above has A = 0 (W3)");
    return false;
  }
  if (arch::needs_dirty_walk(view_.format, translation.rights, asked_.request) && !without_.cacheability) {
    near(level, 13, "has D = 0, and the access is a store (W3)");
    return false;
  }
  return true;
}

bool WitnessSearch::leaf(unsigned level, const Version& version, const arch::Translation& translation, const Hold& hold,
                         bool unset) {
  if (dirty_) {
    // The entry that a store's walk ends in, as it is now (W6).
    return path_.back().pa == *dirty_ && version.to == kForever &&
           arch::check_rights(view_.format, view_.settings, translation.rights, asked_.request, asked_.context).code ==
               arch::Fault::none;
  }
  if (!own_ && !translation.global) return false;
  if (!answers(level, translation, unset)) return false;
  if (without_.invalidations) {
    return true;
  }
  const LeafTag tag{asked_.request.va, translation.page_log2, translation.global, asked_.context.asid, asked_.side};
  const Starts starts = view_.invalidations.starts(tag, own_, asked_.accepted, !without_.self_invalidation);
  if (version.to < starts.leaf) {
    near(level, 20, "was gone before an invalidation that covers it (W2)");
    return false;
  }
  if (hold.hi < starts.table || separated(hold.hi, std::max(hold.lo, starts.leaf))) {
    for_window_ = true;
    near(level, 20, "follows a level that was gone before an invalidation that covers it (W2)");
    return false;
  }
  if (refill_) {
    const AddressSpace* space = own_ ? view_.spaces.space(asked_.context.asid) : &view_.spaces.all();
    if (space == nullptr || space->walked_until() < std::max(starts.leaf, version.from)) {
      near(level, 15, "was filled by nobody");
      return false;
    }
  }
  refused_from_cache_ = response_.fault != arch::Fault::none;
  return true;
}

// A hint joins entries into a block, of which any may have been read for all (EV5 5.2); software sees to it that
// they agree.
bool WitnessSearch::by_hint(u64 table, const Hold& hold) {
  namespace pte = arch::layout::AlphaPte;
  const arch::FormatInfo info = arch::info(view_.format, view_.settings, 0);
  if (response_.fault != arch::Fault::none && !refill_ && response_.level != 0) return false;
  const u64 page = arch::table_index(info, asked_.request.va, 1);
  for (unsigned hint = 1; hint <= 3; ++hint) {
    if (response_.fault == arch::Fault::none && response_.size != info.page_shift + 3 * hint) continue;
    const u64 pages = u64{1} << (3 * hint), own = table + 8 * page;
    constexpr u64 kMask = pte::V.mask() | pte::GH.mask();
    const u64 wanted = pte::V.mask() | pte::GH.make(hint);
    std::optional<arch::Translation> refused;
    const bool found = view_.versions.any_like(table + 8 * (page & ~(pages - 1)), pages, kMask, wanted, [&](u64 pa) {
      if (pa == own) return false;
      return view_.versions.newest_first(
          pa, pass_ == Pass::fresh ? asked_.accepted : floor_, [&](const Version& version, unsigned age) {
            if (version.from > response_.decided || (version.value & kMask) != wanted) return false;
            const arch::Translation block = arch::leaf_translation(view_.format, view_.settings, version.value);
            // The entries of a block say the same, as a rule: what has not answered once is not looked at again. Of a
            // refusal the rights alone decide.
            if (refused &&
                (response_.fault != arch::Fault::none ? refused->rights == block.rights : same(*refused, block))) {
              return false;
            }
            if (!collect_ && !answers(1, block, false)) {
              refused = block;
              return false;
            }
            path_.push_back({pa, version, age, 1});
            const Hold held{std::max(hold.lo, version.from), std::min(hold.hi, version.to)};
            const bool fits = !cut(held.hi, held.lo) && leaf(1, version, block, held, false);
            if (!fits) path_.pop_back();
            return fits;
          });
    });
    if (found) return true;
  }
  return false;
}

bool WitnessSearch::filled() {
  const u16 asid = asked_.context.asid;
  bool replaced = false;
  return view_.fills.newest_first(asked_.side, asked_.request.va, [&](const SoftwareFill& fill) {
    const arch::Translation& t = fill.translation;
    if (fill.begin > response_.decided || (!t.global && fill.asid != asid)) return false;
    if (replaced && !view_.relaxations.duplicate_fill_ignored) return false;
    replaced = replaced || (fill.asid == asid && fill.end <= asked_.accepted);
    if (!answers(1, t, false)) return false;
    if (without_.invalidations) return true;
    const LeafTag tag{asked_.request.va, t.page_log2, t.global, asid, asked_.side};
    return fill.end >= view_.invalidations.starts(tag, true, asked_.accepted).leaf;
  });
}

void WitnessSearch::near(unsigned level, unsigned score, const char* reason) {
  if (!collect_) return;
  constexpr std::size_t kKept = 64;
  if (near_.size() >= kKept) return;
  for (const NearMiss& miss : near_) {
    const bool known = miss.level == level && miss.score == score &&
                       std::equal(path_.begin(), path_.end(), miss.path.begin(), miss.path.end(),
                                  [](const WitnessStep& a, const WitnessStep& b) {
                                    return a.pa == b.pa && a.version.from == b.version.from;
                                  });
    if (known) return;
  }
  near_.push_back({path_, level, reason, score});
}

std::vector<NearMiss> WitnessSearch::nearest(std::size_t count) {
  collect_ = true;
  near_.clear();
  run();
  collect_ = false;
  std::stable_sort(near_.begin(), near_.end(), [](const NearMiss& a, const NearMiss& b) { return a.score > b.score; });
  if (near_.size() > count) near_.resize(count);
  return std::move(near_);
}

}  // namespace kilburn::admissible
