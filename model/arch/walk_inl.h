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

// Calls `use` with the rules of `format` as a type, in the form that settings and controls choose; the choice is
// made once, not at every level.
template <class Use>
constexpr auto with_rules(Format format, const Settings& settings, u32 controls, Use&& use) {
  switch (format) {
    case Format::alpha:
      switch (settings.page_shift) {
        case 14:
          return use(rules::alpha::Rules<Format::alpha, 14>{});
        case 15:
          return use(rules::alpha::Rules<Format::alpha, 15>{});
        case 16:
          return use(rules::alpha::Rules<Format::alpha, 16>{});
        default:
          return use(rules::alpha::Rules<Format::alpha>{});
      }
    case Format::alpha_x64:
      return use(rules::alpha::Rules<Format::alpha_x64>{});
    case Format::x86_64:
      break;
  }
  if (layout::Controls::LA57.test(controls)) return use(rules::x86_64::Rules<5>{});
  return use(rules::x86_64::Rules<4>{});
}

inline Direct before_tlb(Format format, const Settings& settings, const Request& request, const Context& context) {
  return with_rules(format, settings, context.controls,
                    [&](auto format_rules) { return format_rules.before_tlb(settings, request, context); });
}

inline Judgement judge_entry(Format format, const Settings& settings, unsigned level, u64 entry,
                             const Accumulated& above, const Request& request, const Context& context) {
  return with_rules(format, settings, context.controls, [&](auto format_rules) {
    return format_rules.judge_entry(settings, level, entry, above, request, context);
  });
}

inline FaultReport check_rights(Format format, const Settings& settings, u16 rights, const Request& request,
                                const Context& context) {
  return with_rules(format, settings, context.controls,
                    [&](auto format_rules) { return format_rules.check_rights(settings, rights, request, context); });
}

inline bool needs_dirty_walk(Format format, u16 rights, const Request& request) {
  return format == Format::x86_64 && rules::x86_64::Rules<4>::needs_dirty_walk(rights, request);
}

inline Translation leaf_translation(Format format, const Settings& settings, u64 entry) {
  Translation translation;
  with_rules(format, settings, 0, [&](auto format_rules) {
    typename decltype(format_rules)::Levels levels;
    levels.add(entry);
    format_rules.translate(translation, 1, entry, levels.rights(entry), 0);
  });
  return translation;
}

// What a walk keeps beside its verdict. The updates are always needed: lower levels see them (T73).
class Recorded {
 public:
  explicit Recorded(Outcome& out) : out_(out) {}
  // Steps are written in place and counted when the walk ends: every level pays for what it does here.
  void begin(std::size_t levels) {
    out_.steps.resize(levels, boost::container::default_init);
    steps_ = out_.steps.data();
  }
  void step(std::size_t index, const Step& step) { steps_[index] = step; }
  void end(std::size_t steps) { out_.steps.resize(steps); }
  auto& writes() { return out_.writes; }

 private:
  Outcome& out_;
  Step* steps_ = nullptr;
};
class Unrecorded {
 public:
  void begin(std::size_t /*levels*/) {}
  void step(std::size_t /*index*/, const Step& /*step*/) {}
  void end(std::size_t /*steps*/) {}
  auto& writes() { return writes_; }

 private:
  boost::container::static_vector<EntryWrite, 5> writes_;
};

// What is decided from the address. False: the walk is to be done.
template <class Rules>
[[gnu::noinline]] bool decide_directly(Verdict& out, const Settings& settings, const Context& context,
                                       const Request& request) {
  const Direct direct = Rules::before_tlb(settings, request, context);
  out.fault = direct.fault;
  out.pa = direct.pa;
  out.translation = direct.translation;
  return direct.kind != Direct::Kind::none;
}

// Where a walk stands: an entry read and not judged yet.
template <class Rules>
struct Position {
  unsigned level;
  u64 pa;  // of the entry
  std::optional<u64> word;
  typename Rules::Levels above;
};

// The rest of a walk from an entry that Rules::Plain did not pick out: every entry is judge_entry()'s. An update is
// recorded, taken as successful, and what it leaves is judged again (trap T44).
template <class Rules, class Record, class ReadWord>
[[gnu::noinline]] void walk_on(Verdict& out, Record& record, const Settings& settings, const Context& context,
                               const Request& request, ReadWord& read_word, Position<Rules> at) {
  constexpr FormatInfo kInfo = Rules::kInfo;
  for (;; --at.level) {
    const std::size_t index = kInfo.levels - at.level;
    if (!at.word) {
      record.end(index);
      out.fault = {Fault::bus, 0, static_cast<u8>(at.level), Rule::walk_bus};
      break;
    }
    u64 entry = *at.word;
    // A table that refers to itself is read at several levels; the lower ones see the upper ones' updates (T73).
    for (const EntryWrite& write : record.writes()) {
      if (write.pa == at.pa) entry = write.desired;
    }
    record.step(index, {at.pa, entry, static_cast<u8>(at.level)});
    const Accumulated above = at.above.accumulated();
    Judgement judged = Rules::judge_entry(settings, at.level, entry, above, request, context);
    if (judged.kind == Judgement::Kind::update) {
      record.writes().push_back({at.pa, entry, judged.desired});
      judged = Rules::judge_entry(settings, at.level, judged.desired, above, request, context);
    }
    if (judged.kind != Judgement::Kind::table) {
      record.end(index + 1);
      if (judged.kind == Judgement::Kind::translated) {
        out.translation = judged.translation;
        out.pa = address_in(judged.translation, request.va);
      } else {
        out.fault = judged.fault;
      }
      break;
    }
    at.above.add(entry);
    at.pa = entry_address(kInfo, judged.next, request.va, at.level - 1);
    at.word = read_word(at.pa);
  }
  out.updates_due = !record.writes().empty();
}

// The walk of one format, into `out`, which is fresh. It holds only entries that need nothing but to be followed or
// taken, which Rules::Plain picks out with one comparison; whatever else comes is left to walk_on(), so that this
// loop fits the registers.
template <class Rules, class Record, class ReadWord>
void walk_by(Verdict& out, Record& record, const Settings& settings, const Context& context, const Request& request,
             ReadWord& read_word) {
  constexpr FormatInfo kInfo = Rules::kInfo;
  constexpr u64 kRootBits = ((u64{1} << 52) - 1) & (~u64{0} << kInfo.page_shift);
  const u64 va = request.va;
  const u32 controls = context.controls;
  if (Rules::may_be_direct(va, controls)) [[unlikely]] {
    if (decide_directly<Rules>(out, settings, context, request)) return;
  }

  const typename Rules::Plain plain(settings, request, controls);
  u64 table = context.root & kRootBits;
  Position<Rules> at{kInfo.levels, 0, std::nullopt, {}};
  record.begin(kInfo.levels);
  for (;; --at.level) {
    at.pa = entry_address(kInfo, table, va, at.level);
    at.word = read_word(at.pa);
    if (!at.word) [[unlikely]] {
      break;
    }
    const u64 entry = *at.word;
    record.step(kInfo.levels - at.level, {at.pa, entry, static_cast<u8>(at.level)});
    if (at.level == 1) {
      if (!plain.is_last_leaf(entry)) break;
      auto all = at.above;
      all.add(entry);
      const u16 rights = all.rights(entry);
      if (!Rules::allows(settings, rights, request, context)) break;
      Rules::translate(out.translation, 1, entry, rights, controls);
      out.pa = address_in(out.translation, va);
      return;
    }
    if (!plain.is_table(entry)) [[unlikely]] {
      break;
    }
    table = Rules::next_table(entry);
    at.above.add(entry);
  }
  walk_on<Rules>(out, record, settings, context, request, read_word, at);
}

template <class ReadWord>
Outcome walk(Format format, const Settings& settings, const Context& context, const Request& request,
             ReadWord&& read_word) {
  Outcome out;
  Recorded record(out);
  with_rules(format, settings, context.controls, [&](auto format_rules) {
    walk_by<decltype(format_rules)>(out, record, settings, context, request, read_word);
  });
  return out;
}

template <class ReadWord>
Verdict translate(Format format, const Settings& settings, const Context& context, const Request& request,
                  ReadWord&& read_word) {
  Verdict out;
  Unrecorded record;
  with_rules(format, settings, context.controls, [&](auto format_rules) {
    walk_by<decltype(format_rules)>(out, record, settings, context, request, read_word);
  });
  return out;
}

}  // namespace kilburn::arch
