// SPDX-License-Identifier: Apache-2.0
//
// Ways from an entry up to a top table, by the words that the walkers have read.
#include "tb/admissible/walker_watch.h"

#include <algorithm>
#include <vector>

namespace kilburn::admissible {

namespace ctl = arch::layout::Controls;
namespace pte = arch::layout::X86Pte;
using Kind = arch::Judgement::Kind;

WalkerWatch::WalkerWatch(const MmuView& view)
    : view_(view),
      x86_(view.format == arch::Format::x86_64),
      plain_tables_(view.settings, static_cast<u32>(ctl::NXE.mask())),
      page_shift_(arch::info(view.format, view.settings, 0).page_shift),
      levels_{arch::info(view.format, view.settings, 0).levels, arch::widest_info(view.format, view.settings).levels} {}

// Whether an entry can lead to this table at all; judge() says whether it does.
bool WalkerWatch::points_to(u64 value, u64 table) const {
  if (view_.format == arch::Format::x86_64) return (value & pte::FRAME.mask()) == table;
  return arch::layout::AlphaPte::PFN.get(value) << page_shift_ == table;
}

// Whether an entry of this level leads to a table; asked of the same few values again and again.
bool WalkerWatch::is_table(unsigned level, u64 value) {
  arch::Accumulated above;
  u64 next = 0;
  if (x86_ && level > 1 && plain_tables_.follow(value, above, next)) return true;
  constexpr u64 kSpread = 0x9e3779b97f4a7c15;  // the golden ratio, for Fibonacci hashing
  Judged& known = judged_[(value ^ level) * kSpread >> (64 - kLog2Judged)];
  if (known.value != value || known.level != level) {
    known = {value, static_cast<u8>(level), judge(level, value).kind == Kind::table};
  }
  return known.table;
}

// What an entry leads to, if it leads on under any controls; an entry whose A is still to be set does.
arch::Judgement WalkerWatch::judge(unsigned level, u64 value) const {
  const arch::Context context{0, 0, static_cast<u32>(ctl::NXE.mask()), 0, 0};
  arch::Judgement judged = arch::judge_entry(view_.format, view_.settings, level, value, {}, {}, context);
  if (judged.kind == Kind::update) {
    judged = arch::judge_entry(view_.format, view_.settings, level, judged.desired, {}, {}, context);
  }
  return judged;
}

// The levels at which a table is known: as a top table in use, or below an entry that was read.
unsigned WalkerWatch::known_levels(u64 base) const {
  const auto known = tables_.find(base);
  return known == tables_.end() ? top_levels(base) : known_levels(base, known->second);
}
unsigned WalkerWatch::known_levels(u64 base, const Table& table) const {
  return table.levels | top_levels(base, table);
}

unsigned WalkerWatch::top_levels(u64 base) const {
  unsigned levels = 0;
  for (const Root& root : view_.spaces.all().roots) {
    if (table_of(root.table) == base) levels |= 1u << levels_of(root);
  }
  return levels;
}
// The same, worked out once for as long as the same top tables are in use.
unsigned WalkerWatch::top_levels(u64 base, const Table& table) const {
  if (table.top_levels_of != view_.spaces.changes()) {
    table.top_levels = static_cast<u8>(top_levels(base));
    table.top_levels_of = view_.spaces.changes();
  }
  return table.top_levels;
}

void WalkerWatch::learn(u64 pa, u64 value) {
  const u64 base = table_of(pa);
  Table& table = tables_[base];
  table.read.set((pa - base) / 8);
  table.known.set((pa - base) / 8);
  const unsigned levels = known_levels(base, table);
  if (!leads_on(levels)) return;
  Led& led = led_[pa];
  if (led.value == value && led.levels == levels) return;
  led = {value, levels};
  lead(levels, pa, value);
}

// The table that an entry of these levels leads to is one of the levels below.
void WalkerWatch::lead(unsigned levels, u64 pa, u64 value) {
  for (unsigned level = 2; level <= kHighestLevel; ++level) {
    if ((levels >> level & 1) == 0) continue;
    const arch::Judgement judged = judge(level, value);
    if (judged.kind != Kind::table) continue;
    Table& table = tables_[judged.next];
    const auto levels_now = static_cast<u8>(table.levels | 1u << (level - 1));
    const bool known = std::find(table.parents.begin(), table.parents.end(), pa) != table.parents.end();
    if (known && table.levels == levels_now) continue;
    table.levels = levels_now;
    if (!known) table.parents.push_back(pa);
  }
}

// A cache of words by their physical address gives a word to walks that come to it at another level than the one it was
// read at (T73), without reading it again. So what is below a table may be tables of more levels than reads have shown;
// looked for only where those that they have shown explain nothing.
void WalkerWatch::learn_held(Time now, Time bound) {
  const Time since = std::min(now, view_.invalidations.horizon(bound));
  std::vector<u64> bases;
  for (const auto& [base, table] : tables_) bases.push_back(base);
  const auto known = [&] {
    std::size_t sum = 0;
    for (const auto& [base, table] : tables_) sum += table.parents.size() + std::bitset<8>(table.levels).count();
    return sum;
  };
  for (std::size_t before = 0, after = known(); before != after; before = after, after = known()) {
    for (const u64 base : bases) {
      const unsigned levels = known_levels(base);
      const std::bitset<kMostEntries> read = tables_[base].read;
      for (std::size_t n = 0; n < kMostEntries; ++n) {
        if (!read.test(n)) continue;
        view_.versions.newest_first(base + 8 * n, since, [&](const Version& version, unsigned) {
          lead(levels, base + 8 * n, version.value);
          return false;
        });
      }
    }
  }
}

// The top tables of requests accepted at `bound`, with what invalidations leave of each.
void WalkerWatch::find_tops(Tops& tops, Time now, Time bound) const {
  tops.tops.clear();
  tops.since = view_.invalidations.tables_start(std::nullopt, now, bound);
  view_.spaces.any_space([&](u16 asid, const AddressSpace& space) {
    const Time since = view_.invalidations.tables_start(asid, now, bound);
    for (const Root& root : space.roots) {
      if (root.until() >= since) tops.tops.push_back({table_of(root.table), levels_of(root), since});
    }
    return false;
  });
}

// Whether the way that was found last still is one.
bool WalkerWatch::follow(u64 table, unsigned level, const Tops& tops) const {
  for (Time until = kForever;; ++level) {
    if (tops.reached(table, level, until)) return true;
    const auto known = tables_.find(table);
    if (level == kHighestLevel || known == tables_.end()) return false;
    const Table::Via& via = known->second.via[level];
    if (!via.found) return false;
    if (view_.versions.now(via.parent) != via.value) {
      Time to = kAlways;
      view_.versions.newest_first(via.parent, tops.since, [&](const Version& version, unsigned) {
        if (version.from != via.from || version.value != via.value) return false;
        to = version.to;
        return true;
      });
      if (to == kAlways) return false;
      until = std::min(until, to);
    }
    table = table_of(via.parent);
  }
}

// One way after another, up from this table, to which the values on the way from below were held together to `until`;
// remembers the first that reaches a top table.
bool WalkerWatch::climb(u64 table, unsigned level, Time until, const Tops& tops) {
  if (tops.reached(table, level, until)) return true;
  const auto known = tables_.find(table);
  if (level == kHighestLevel || known == tables_.end() || (known->second.levels >> level & 1) == 0) return false;
  if (tried(level, table, until)) return false;
  for (const u64 parent : known->second.parents) {
    if (view_.versions.forgotten(parent, tops.since)) forgotten_ = true;
    Table::Via via;
    Time to = kAlways;
    view_.versions.newest_first(parent, tops.since, [&](const Version& version, unsigned) {
      if (!points_to(version.value, table) || !is_table(level + 1, version.value)) return false;
      // The newest is the one that was held longest.
      via = {parent, version.value, version.from, true};
      to = version.to;
      return true;
    });
    if (!via.found || !climb(table_of(parent), level + 1, std::min(until, to), tops)) continue;
    known->second.via[level] = via;
    return true;
  }
  return false;
}

// Whether a way that was held together as long has come to this table in vain: if that one was cut, so is this one.
bool WalkerWatch::tried(unsigned level, u64 table, Time until) {
  for (Node& node : nodes_[level]) {
    if (node.table != table) continue;
    if (until <= node.until) return true;
    node.until = until;
    return false;
  }
  nodes_[level].push_back({table, until});
  return false;
}

bool WalkerWatch::any_way(u64 base, unsigned levels, const Tops& tops) {
  for (unsigned level = 1; level <= kHighestLevel; ++level) {
    if ((levels >> level & 1) != 0 && follow(base, level, tops)) return true;
  }
  for (auto& nodes : nodes_) nodes.clear();
  for (unsigned level = 1; level <= kHighestLevel; ++level) {
    if ((levels >> level & 1) != 0 && climb(base, level, kForever, tops)) return true;
  }
  return false;
}

WalkerWatch::Way WalkerWatch::way_to(u64 pa, Time now, Time bound) {
  const u64 base = table_of(pa);
  const auto known = tables_.find(base);
  if (known != tables_.end() && known->second.reached == epoch()) return Way::found;
  const unsigned levels = known == tables_.end() ? known_levels(base) : known_levels(base, known->second);
  if (tops_of_spaces_ != view_.spaces.changes() || tops_of_ends_ != view_.invalidations.table_ends()) {
    find_tops(tops_, kForever, kForever);
    tops_of_spaces_ = view_.spaces.changes();
    tops_of_ends_ = view_.invalidations.table_ends();
  }
  forgotten_ = false;
  if (any_way(base, levels, tops_)) {
    if (known != tables_.end()) known->second.reached = epoch();
    return Way::found;
  }
  // A request that waits may be older than the last invalidations: then they do not bind it yet.
  if (view_.invalidations.last_table_end() > bound) {
    Tops tops;
    find_tops(tops, now, bound);
    if (any_way(base, levels, tops)) return Way::found;
  }
  if (!forgotten_) return Way::none;
  ++unknown_;
  return Way::unknown;
}

void WalkerWatch::ways_to(unsigned mmu, u64 pa, std::vector<EntryUse>& uses) {
  for (auto& tables : fruitless_) tables.clear();
  const unsigned levels = known_levels(table_of(pa));
  for (unsigned level = 1; level <= kHighestLevel; ++level) {
    if ((levels >> level & 1) != 0) collect_ways(mmu, pa, level, level, 0, uses);
  }
}

// `va`: the bits of the address that the entries from level `from` up to the one below this give.
void WalkerWatch::collect_ways(unsigned mmu, u64 pa, unsigned level, unsigned from, u64 va,
                               std::vector<EntryUse>& uses) {
  constexpr std::size_t kKept = 4;
  const u64 table = table_of(pa);
  auto& fruitless = fruitless_[level];
  if (std::find(fruitless.begin(), fruitless.end(), table) != fruitless.end()) return;
  const std::size_t before = uses.size();
  const unsigned index_bits = page_shift_ - 3u;
  va |= (pa - table) / 8 << (page_shift_ + index_bits * (level - 1));
  const auto known = tables_.find(table);
  const unsigned top = known == tables_.end() ? top_levels(table) : top_levels(table, known->second);
  for (const Root& root : view_.spaces.all().roots) {
    if ((top >> level & 1) == 0) break;
    if (table_of(root.table) != table || levels_of(root) != level) continue;
    const unsigned unused = 64 - (page_shift_ + index_bits * level);
    const u64 extended = static_cast<u64>(static_cast<std::int64_t>(va << unused) >> unused);
    view_.spaces.any_space([&](u16 asid, const AddressSpace& space) {
      for (const Root& own : space.roots) {
        if (own.table == root.table && own.la57 == root.la57 && uses.size() < kKept) {
          uses.push_back({mmu, extended, static_cast<u8>(from), asid});
        }
      }
      return uses.size() == kKept;
    });
  }
  if (known == tables_.end() || (known->second.levels >> level & 1) == 0 || level == kHighestLevel) return;
  for (const u64 parent : known->second.parents) {
    if (uses.size() == kKept) return;
    const auto value = view_.versions.now(parent);
    if (!value || !points_to(*value, table) || !is_table(level + 1, *value)) continue;
    collect_ways(mmu, parent, level + 1, from, va, uses);
  }
  if (uses.size() == before) fruitless.push_back(table);
}

bool WalkerWatch::read_again(u64 pa, u64 value) {
  const u64 base = table_of(pa);
  const auto known = tables_.find(base);
  if (known == tables_.end()) return false;
  Table& table = known->second;
  if (table.reached != epoch() || !table.read.test((pa - base) / 8)) return false;
  const unsigned levels = known_levels(base, table);
  if (leads_on(levels)) {
    const auto led = led_.find(pa);
    if (led == led_.end() || led->second.value != value || led->second.levels != levels) return false;
  }
  table.known.set((pa - base) / 8);
  ++reads_;
  return true;
}

bool WalkerWatch::changed(u64 pa) {
  const u64 base = table_of(pa);
  const auto known = tables_.find(base);
  if (known == tables_.end()) return false;
  Table& table = known->second;
  const std::size_t entry = (pa - base) / 8;
  const bool seen = table.known.test(entry);
  table.known.reset(entry);
  return seen;
}

std::string WalkerWatch::read(Time time, u64 pa, u64 value, Time bound) {
  ++reads_;
  Way way = view_.relaxations.walker_reads_checked ? way_to(pa, time, bound) : Way::found;
  if (way == Way::none) {
    learn_held(time, bound);
    way = way_to(pa, time, bound);
  }
  learn(pa, value);
  return way == Way::none ? "a walker reads a word that no valid way from a top table in use leads to" : "";
}

WalkerWatch::Written WalkerWatch::write(Time time, u64 pa, u64 before, u64 after,
                                        const std::vector<const Asked*>& waiting) {
  if (!arch::info(view_.format).hardware_ad) return {"W6", "an Alpha MMU writes no page-table word", false};
  const u64 change = before ^ after;
  if (change == 0) return {"W6", "a walker writes an entry whose A and D are set already", false};
  if ((change & ~(pte::A.mask() | pte::D.mask())) != 0 || (before & change) != 0) {
    return {"W6", "a walker may only set A and D", false};
  }
  if (!pte::P.test(before)) return {"W6", "a walker writes an entry with P = 0", false};
  bool leaf = false, legal = false;
  const auto look = [&] {
    const unsigned levels = known_levels(table_of(pa));
    legal = leaf = levels == 0;
    for (unsigned level = 1; level <= kHighestLevel; ++level) {
      if ((levels >> level & 1) == 0) continue;
      const Kind kind = judge(level, before).kind;
      legal = legal || kind != Kind::fault;
      leaf = leaf || kind == Kind::translated;
    }
    return reads_ == 0 || way_to(pa, time, time) != Way::none;
  };
  bool reached = look();
  if (!reached || !legal || (pte::D.test(change) && !leaf)) {
    learn_held(time, time);
    reached = look();
  }
  if (!reached) {
    return {"W6", "a walker writes a word that no valid way from a top table in use leads to", false};
  }
  if (!legal) return {"W6", "a walker writes an entry with a reserved bit", false};

  // The waiting requests whose walks of now come here.
  bool passes = false, granted = false, refused = false, stored = false;
  for (const Asked* asked : waiting) {
    const auto outcome = arch::walk(view_.format, view_.settings, asked->context, asked->request,
                                    [&](u64 word) { return word == pa ? before : view_.versions.now(word); });
    for (const arch::Step& step : outcome.steps) passes = passes || step.pa == pa;
    if (outcome.steps.empty() || outcome.steps.back().pa != pa) continue;
    const bool ok = outcome.fault.code == arch::Fault::none;
    (ok ? granted : refused) = true;
    stored = stored || (ok && asked->request.op == arch::Op::write);
  }
  Written written;
  written.early = !passes;
  if (pte::D.test(change) && !view_.relaxations.speculative_d) {
    if (!leaf) return {"W6", "a walker sets D in an entry that is no leaf", false};
    for (const Asked* asked : waiting) {
      if (stored) break;
      if (asked->request.op != arch::Op::write) continue;
      Response until_now;
      until_now.decided = time;
      stored = WitnessSearch(view_, *asked, until_now).may_dirty(pa);
    }
    if (!stored) return {"W6", "a walker sets D, and no store that waits is granted by this entry", false};
  }
  if (refused && !granted && !view_.relaxations.leaf_a_on_denial) {
    return {"W6", "a walker sets A in the leaf of a refused access", false};
  }
  return written;
}

}  // namespace kilburn::admissible
