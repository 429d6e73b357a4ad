// SPDX-License-Identifier: Apache-2.0
//
// Comparing runs and logs, event by event.
#include "sw/check/compare.h"

#include <algorithm>

#include "sw/os/kernel.h"

namespace kilburn::os {

RunOutcome outcome_of(Kernel& kernel) {
  RunOutcome out;
  out.digest = kernel.digest();
  for (const auto& process : kernel.processes()) out.ends.push_back({process->killed_by, process->killed_at});
  out.faults = kernel.statistics().memory.faults;
  out.log_hash = kernel.memory().log().hash();
  return out;
}

void require_same_results(std::string_view id, const RunOutcome& a, const RunOutcome& b) {
  if (a.ends != b.ends) throw Violation(id, "two runs of the same programs end them by other signals");
  if (a.digest != b.digest) {
    throw Violation(
        id, "two runs of the same programs end with other bytes: digests " + hex(a.digest) + " and " + hex(b.digest));
  }
}

void require_same_faults(std::string_view id, const RunOutcome& a, const RunOutcome& b) {
  for (size_t kind = 0; kind < kFaultKinds; ++kind) {
    if (a.faults[kind] != b.faults[kind]) {
      throw Violation(id, "two runs have " + std::to_string(a.faults[kind]) + " and " + std::to_string(b.faults[kind]) +
                              " faults of kind " + std::string(name(static_cast<FaultKind>(kind))));
    }
  }
}

void require_same_log(std::string_view id, const RunOutcome& a, const RunOutcome& b) {
  if (a.log_hash != b.log_hash) throw Violation(id, "two runs with equal seeds have other event logs");
}

namespace {
enum class Match : u8 { equal, skew, different };

Match words(const PteFormat& format, u64 model, u64 rtl) {
  if (model == rtl) return Match::equal;
  if (!format.present(model) || !format.present(rtl)) return Match::different;
  return format.with_young(model, true) == rtl ? Match::skew : Match::different;
}

// A table entry's A has no part in anything the kernel decides.
Match tables(const PteFormat& format, u64 model, u64 rtl) {
  if (model == rtl) return Match::equal;
  if (format.large(model, 2) || format.large(rtl, 2)) return words(format, model, rtl);
  return format.next_table(model) == format.next_table(rtl) ? Match::skew : Match::different;
}

Match match(const PteFormat& format, const MmEvent& a, const MmEvent& b) {
  if (a.kind != b.kind || a.op != b.op || a.cpu != b.cpu || a.asid != b.asid || a.space != b.space || a.pfn != b.pfn ||
      a.va != b.va || a.span != b.span || a.live != b.live) {
    return Match::different;
  }
  Match worst = Match::equal;
  const auto take = [&worst](Match m) { worst = std::max(worst, m); };
  if (a.kind == MmEvent::Kind::table) {
    take(tables(format, a.old_word, b.old_word));
    take(tables(format, a.new_word, b.new_word));
  } else {
    take(words(format, a.seen, b.seen));
    take(words(format, a.old_word, b.old_word));
    take(words(format, a.new_word, b.new_word));
  }
  return worst;
}
}  // namespace

u64 require_equal_but_for_a(const PteFormat& format, std::span<const MmEvent> model, std::span<const MmEvent> rtl) {
  u64 skew = 0;
  const size_t both = std::min(model.size(), rtl.size());
  const auto show = [](const MmEvent& e) {
    EventLog one(1);
    one.add(e);
    return one.text();
  };
  for (size_t n = 0; n < both; ++n) {
    const Match m = match(format, model[n], rtl[n]);
    if (m == Match::different) {
      throw Violation(
          "P61", "event " + std::to_string(n) + " differs:\n  model " + show(model[n]) + "  RTL   " + show(rtl[n]));
    }
    skew += m == Match::skew;
  }
  if (model.size() != rtl.size()) {
    throw Violation("P61",
                    "one log has " + std::to_string(model.size()) + " events, the other " + std::to_string(rtl.size()));
  }
  return skew;
}

}  // namespace kilburn::os
