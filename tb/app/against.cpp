// SPDX-License-Identifier: Apache-2.0
//
// The side-by-side table: what each DUT's pins showed, and its own counters where it has them.
#include "tb/app/against.h"

#include <limits>

#include "model/arch/layout.h"
#include "tb/app/shrink.h"
#include "tb/errors.h"
#include "tb/text.h"

namespace kilburn::tb {

namespace event = arch::layout::Event;
using arch::u64;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Figures {
  const Lockstep& lockstep;
  const against::JudgedMonitor& judged;

  double counter(unsigned n) const { return static_cast<double>(lockstep.counters()[n]); }
  // A DUT that answers and counts nothing has no counters.
  bool counts() const {
    for (const u64 value : lockstep.counters()) {
      if (value != 0) return true;
    }
    return false;
  }
  double misses() const { return counter(event::I_MISS) + counter(event::D_MISS); }
  double cycles_a_response() const {
    const against::Traffic& t = judged.traffic();
    return t.responses == 0 ? kNone : static_cast<double>(t.waited) / static_cast<double>(t.responses);
  }
  // What all answers together took longer than if each had been as quick as the quickest, a miss.
  double cycles_a_miss() const {
    const against::Traffic& t = judged.traffic();
    if (misses() == 0 || t.responses == 0) return kNone;
    return static_cast<double>(t.waited - t.responses * t.quickest) / misses();
  }
};

std::string lower(std::string_view name) {
  std::string text;
  for (const char c : name) text += c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  return text;
}

}  // namespace

u64 against_seed(const RunOptions& options) { return options.seed == ~u64{0} ? 1 : options.seed + 1; }

bool against_exact(const RunOptions& options, const kilburn_dut_api& api) {
  return api.config.exact != 0 && (options.check_all || options.check_exact);
}

void check_against(RunOptions& options, const kilburn_dut_api& a) {
  const DutLibrary library = DutLibrary::load(options.against, options.format);
  const kilburn_dut_api& api = library.api();
  Dut(library, against_seed(options)).select_bug(options.against_bug);
  if (api.config.cfg_pins == 0) {
    const arch::Settings built = arch::settings_of(options.format, api.config.cfg);
    if (is_directed_test(options.test) && !(options.settings == built)) {
      throw UserError(options.test + " is for other settings than those that DUT " + options.against +
                      " is built with");
    }
    if ((options.settings_given || a.config.cfg_pins == 0) && !(options.settings == built)) {
      throw UserError("DUT " + options.against +
                      " has no configuration pins and is built with other settings than DUT " + options.dut +
                      " or --set asks for");
    }
    options.settings = built;
    options.settings_given = true;
  }
  if (options.waves_of_against && !api.waves_open) throw UserError("DUT " + options.against + " cannot write waves");
}

void collect_against(const Lockstep& a, against::AgainstMonitor& both, Result& result) {
  const against::Answers& answers = both.answers();
  result.comparisons.emplace_back("answers of A compared with B's", answers.compared());
  result.legality.emplace_back("answers equal", answers.equal());
  result.legality.emplace_back("answers differ, both legal", answers.differing());
  result.legality.emplace_back("of them fault against translation", answers.differing_in_outcome());
  for (const auto& [which, count] : answers.by_class()) {
    result.legality.emplace_back(
        "differ, A " + std::string(admissible::name(which.a)) + " B " + std::string(admissible::name(which.b)), count);
  }
  for (const std::string& line : answers.examples()) result.notes.push_back("legal difference: " + line);

  const Lockstep& b = both.b().lockstep();
  const Figures fa{a, both.a()}, fb{b, both.b().judged()};
  if (const ExactCheck* check = b.check()) result.comparisons.emplace_back("pins of B", check->pin_comparisons());
  const auto ca = fa.judged.checker().counts(), cb = fb.judged.checker().counts();
  result.comparisons.emplace_back("responses of B judged", cb.judged);
  const auto add = [&](const std::string& name, double of_a, double of_b, int decimals = 0) {
    result.beside.push_back({name, of_a, of_b, decimals});
  };
  const auto count = [&](const std::string& name, u64 of_a, u64 of_b) {
    add(name, static_cast<double>(of_a), static_cast<double>(of_b));
  };
  count("cycles", a.cycle(), b.cycle());
  count("requests", fa.judged.traffic().requests, fb.judged.traffic().requests);
  count("responses", fa.judged.traffic().responses, fb.judged.traffic().responses);
  add("cycles a response", fa.cycles_a_response(), fb.cycles_a_response(), 2);
  add("cycles a miss", fa.cycles_a_miss(), fb.cycles_a_miss(), 2);
  count("walker reads", ca.walker_reads, cb.walker_reads);
  count("walker writes", ca.walker_writes, cb.walker_writes);
  for (unsigned n = 0; n < admissible::kLegalities; ++n) {
    count(std::string(admissible::name(static_cast<admissible::Legality>(n))), ca.by_legality[n], cb.by_legality[n]);
  }
  for (unsigned n = 0; n < Lockstep::kCounters; ++n) {
    add(lower(event_name(n)), fa.counts() ? fa.counter(n) : kNone, fb.counts() ? fb.counter(n) : kNone);
  }
}

}  // namespace kilburn::tb
