// SPDX-License-Identifier: Apache-2.0
//
// Definitions of walk.h: the walk once for every format, and the choice of the format's rules.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "model/arch/alpha.h"
#include "model/arch/walk.h"
#include "model/arch/x86_64.h"

namespace kilburn::arch {

// Calls `use` with the rules of `format` as a type; the choice is made once, not at every level.
template <class Use>
constexpr auto with_rules(Format format, Use&& use) {
  switch (format) {
    case Format::alpha:
      return use(rules::alpha::Rules<Format::alpha>{});
    case Format::alpha_x64:
      return use(rules::alpha::Rules<Format::alpha_x64>{});
    case Format::x86_64:
      break;
  }
  return use(rules::x86_64::Rules{});
}

inline Direct before_tlb(Format format, const Request& request, u32 controls) {
  return with_rules(format, [&](auto format_rules) { return format_rules.before_tlb(request, controls); });
}

inline Judgement judge_entry(Format format, const Settings& settings, unsigned level, u64 entry,
                             const Accumulated& above, const Request& request, u32 controls) {
  return with_rules(format, [&](auto format_rules) {
    return format_rules.judge_entry(settings, level, entry, above, request, controls);
  });
}

inline FaultReport check_rights(Format format, u16 rights, const Request& request, u32 controls) {
  return with_rules(format, [&](auto format_rules) { return format_rules.check_rights(rights, request, controls); });
}

inline bool needs_dirty_walk(Format format, u16 rights, const Request& request) {
  return with_rules(format, [&](auto format_rules) { return format_rules.needs_dirty_walk(rights, request); });
}

// What ends a walk: judge_entry()'s translation or fault.
inline void finish_walk(Outcome& out, const Judgement& judged, u64 va) {
  if (judged.kind == Judgement::Kind::translated) {
    out.translation = judged.translation;
    out.pa = address_in(judged.translation, va);
  } else {
    out.fault = judged.fault;
  }
}

// Judges the entry at `pa` after the update that it may need, which is recorded. The compare-and-swap is taken
// as successful, and what it leaves is judged again (trap T44).
template <class Rules>
[[gnu::noinline]] Judgement judge_updated(Outcome& out, const Settings& settings, const Step& step,
                                          const Accumulated& above, const Request& request, u32 controls) {
  const Judgement judged = Rules::judge_entry(settings, step.level, step.entry, above, request, controls);
  if (judged.kind != Judgement::Kind::update) return judged;
  out.writes.push_back({step.pa, step.entry, judged.desired});
  return Rules::judge_entry(settings, step.level, judged.desired, above, request, controls);
}

// The walk of one format, into `out`, which is fresh. Entries that need nothing but to be followed are picked out
// by Rules::Plain; all others, and every fault, are judge_entry()'s.
template <class Rules, class ReadWord>
void walk_by(Outcome& out, const Settings& settings, const Context& context, const Request& request,
             ReadWord& read_word) {
  constexpr FormatInfo kInfo = Rules::kInfo;
  constexpr u64 kRootBits = ((u64{1} << 52) - 1) & (~u64{0} << kInfo.page_shift);
  const u64 va = request.va;
  const u32 controls = context.controls;
  if (Rules::may_be_direct(va, controls)) [[unlikely]] {
    const Direct direct = Rules::before_tlb(request, controls);
    if (direct.kind != Direct::Kind::none) {
      out.fault = direct.fault;
      out.pa = direct.pa;
      out.translation = direct.translation;
      return;
    }
  }

  const typename Rules::Plain plain(settings, request, controls);
  u64 table = context.root & kRootBits;
  typename Rules::Levels levels;
  // Steps are written in place and counted when the walk ends, updates looked for once there are any: every level
  // pays for what it does here.
  out.steps.resize(kInfo.levels, boost::container::default_init);
  Step* const steps = out.steps.data();
  bool updated = false;
  // One level; true: the next level's table is in `table`.
  const auto visit = [&](auto level_constant) {
    constexpr unsigned kLevel = level_constant;
    constexpr std::size_t kIndex = kInfo.levels - kLevel;
    const u64 pa = entry_address(kInfo, table, va, kLevel);
    u64 entry;
    if (const std::optional<u64> word = read_word(pa); word.has_value()) [[likely]] {
      entry = *word;
    } else {
      out.steps.resize(kIndex);
      out.fault = {Fault::bus, 0, kLevel, "walk.bus"};
      return false;
    }
    // A table that refers to itself is read at several levels; the lower ones see the upper ones' updates (T73).
    if (updated) [[unlikely]] {
      for (const EntryWrite& write : out.writes) {
        if (write.pa == pa) entry = write.desired;
      }
    }
    steps[kIndex] = {pa, entry, kLevel};
    if constexpr (kLevel > 1) {
      if (plain.is_table(entry)) [[likely]] {
        table = Rules::next_table(entry);
        levels.add(entry);
        return true;
      }
    } else if (plain.is_last_leaf(entry)) [[likely]] {
      auto all = levels;
      all.add(entry);
      const u16 rights = all.rights(entry);
      if (Rules::check_rights(rights, request, controls).code == Fault::none) [[likely]] {
        Rules::translate(out.translation, 1, entry, rights);
        out.pa = address_in(out.translation, va);
        return false;
      }
    }
    const Judgement judged =
        judge_updated<Rules>(out, settings, steps[kIndex], levels.accumulated(), request, controls);
    if (judged.kind != Judgement::Kind::table) {
      out.steps.resize(kIndex + 1);
      finish_walk(out, judged, va);
      return false;
    }
    table = judged.next;
    levels.add(entry);
    updated = true;
    return true;
  };
  // Written out level by level, so that shifts and masks are constants.
  [&]<std::size_t... kAbove>(std::index_sequence<kAbove...>) {
    (void)(visit(std::integral_constant<unsigned, kInfo.levels - kAbove>{}) && ...);
  }
  (std::make_index_sequence<kInfo.levels>{});
}

template <class ReadWord>
Outcome walk(Format format, const Settings& settings, const Context& context, const Request& request,
             ReadWord&& read_word) {
  Outcome out;
  with_rules(format,
             [&](auto format_rules) { walk_by<decltype(format_rules)>(out, settings, context, request, read_word); });
  return out;
}

}  // namespace kilburn::arch
