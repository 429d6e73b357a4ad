// SPDX-License-Identifier: Apache-2.0
//
// Observations in, verdicts out.
#include "tb/admissible/checker.h"

#include <algorithm>

#include "tb/admissible/mmu_record.h"
#include "tb/admissible/report.h"
#include "tb/text.h"

namespace kilburn::admissible {

namespace ctl = arch::layout::Controls;
namespace inv = arch::layout::Inv;

namespace {
constexpr u64 kCollectEvery = 1 << 16;  // responses
constexpr std::size_t kBusErrorsKept = 4096;
}  // namespace

Checker::Checker(const CheckerConfig& config, os::PhysMem& memory)
    : config_(config),
      memory_(memory),
      versions_(memory, config.relaxations.versions_a_word),
      obligations_(config.format),
      until_collection_(kCollectEvery) {
  obligations_.set_settings(config.settings);
  add_mmu();
}

Checker::~Checker() = default;

unsigned Checker::add_mmu() {
  const auto number = static_cast<unsigned>(mmus_.size());
  mmus_.push_back(std::make_unique<Mmu>(number, config_, versions_));
  return number;
}

void Checker::reset(const arch::Settings& settings) {
  config_.settings = settings;
  versions_.clear();
  recent_.clear();
  visited_.clear();
  obligations_.clear();
  obligations_.set_settings(settings);
  quiet_ = true;
  const std::size_t count = mmus_.size();
  for (const auto& mmu : mmus_) counts_.walker_unknown += mmu->watch.unknown();
  mmus_.clear();
  while (mmus_.size() < count) add_mmu();
}

void Checker::memory_write(Time time, u64 pa, u64 before, u64 after) {
  if (quiet_) return;  // nobody can have seen what was there before
  if (config_.walkers_told && !visited_.contains(pa)) return;
  record(time, pa, before, after, !config_.walkers_told);
  if (!obligations_.needs_invalidation(before, after)) return;
  std::vector<EntryUse> uses;
  for (const auto& mmu : mmus_) mmu->watch.ways_to(mmu->number, pa, uses);
  obligations_.changed(time, pa, before, after, uses);
}

void Checker::record(Time time, u64 pa, u64 before, u64 after, bool seen) {
  if (before == after) return;
  for (const auto& mmu : mmus_) seen = mmu->watch.changed(pa) || seen;
  if (!versions_.write(time, pa, before, after, seen)) return;
  Time open = time;
  for (const auto& mmu : mmus_) open = std::min(open, mmu->oldest_waiting(time));
  versions_.shorten(pa, open);
  for (const auto& mmu : mmus_) mmu->watch.history_dropped();
}

void Checker::request(unsigned number, Side side, unsigned id, Time time, const arch::Request& request,
                      const arch::Context& context) {
  Mmu& mmu = *mmus_[number];
  const unsigned place = static_cast<unsigned>(side) * 16 + (id & 15);
  ++counts_.requests;
  quiet_ = false;
  mmu.waiting |= u32{1} << place;
  mmu.open[place >> 4][place & 15] = {request, context, side, time, (config_.speculative_ids >> (id & 15) & 1) != 0};
  const std::optional<u64> before = mmu.spaces.accepted(time, context);
  if (before) obligations_.context_changed(time, number, context.asid, *before, context.root);
}

void Checker::response(unsigned number, Side side, unsigned id, const Response& response, Time taken) {
  Mmu& mmu = *mmus_[number];
  const unsigned place = static_cast<unsigned>(side) * 16 + (id & 15);
  if ((mmu.waiting >> place & 1) == 0) {
    protocol(number, taken, "R3",
             "a response with id " + std::to_string(id) + " answers no request: " + text(response));
    return;
  }
  const Asked& asked = mmu.open[place >> 4][place & 15];
  judge(mmu, asked, response, taken);
  mmu.waiting &= ~(u32{1} << place);
  mmu.spaces.answered(taken, asked.context);
  if (--until_collection_ == 0 || versions_.due()) [[unlikely]]
    collect(taken);
}

void Checker::judge(Mmu& mmu, const Asked& asked, const Response& response, Time taken) {
  ++counts_.judged;
  const bool refill = config_.format != arch::Format::x86_64 && ctl::REFILL.test(asked.context.controls);
  const RecentWalks::Walk* const known = recent_.find(asked, versions_);
  const bool settled = known != nullptr && known->answers(response, asked.request.va);
  if (settled && known->direct) {
    ++counts_.by_legality[static_cast<unsigned>(Legality::direct)];
    return;
  }
  if (settled && !refill && versions_.last_write() <= response.decided) [[likely]] {
    ++counts_.by_legality[static_cast<unsigned>(Legality::fresh)];
  } else if (judge_directly(mmu, asked, response, taken)) {
    return;
  } else if (refill && same(response, {.fault = arch::Fault::miss})) {
    ++counts_.by_legality[static_cast<unsigned>(Legality::filled)];
    return;
  } else {
    judge_anew(mmu, asked, response, refill);
  }

  // A page fault invalidates by itself; walks under way may still end (W5).
  const bool self = config_.format == arch::Format::x86_64 ? config_.relaxations.fault_self_invalidates
                                                           : config_.relaxations.alpha_fault_self_invalidates;
  if (self && response.fault != arch::Fault::none && response.fault != arch::Fault::bus) {
    const bool alone = std::has_single_bit(mmu.waiting);
    mmu.invalidations.faulted(mmu.oldest_waiting(asked.accepted), taken, asked.request.va, asked.context.asid, alone);
  }
}

// Whether the address alone decides; then this is the verdict.
bool Checker::judge_directly(Mmu& mmu, const Asked& asked, const Response& response, Time taken) {
  const arch::Direct direct = arch::before_tlb(config_.format, config_.settings, asked.request, asked.context);
  if (direct.kind == arch::Direct::Kind::none) return false;
  arch::Verdict only;
  only.fault = direct.fault;
  only.pa = direct.pa;
  only.translation = direct.translation;
  const Response right = response_of(only);
  if (same(response, right)) {
    recent_.keep_direct(asked, right);
    ++counts_.by_legality[static_cast<unsigned>(Legality::direct)];
    return true;
  }
  reject({"direct",
          cycle_of(taken),
          mmu.number,
          text(asked) + ": answered " + text(response) + ", the address alone decides " + text(right),
          {},
          asked});
  return true;
}

void Checker::judge_anew(Mmu& mmu, const Asked& asked, const Response& response, bool refill) {
  const arch::Outcome now = arch::walk(config_.format, config_.settings, asked.context, asked.request,
                                       [&](u64 pa) { return versions_.now(pa); });
  const bool unset = now.fault.code == arch::Fault::none && now.updates_due;
  const Response right = response_of(now);
  if (!now.updates_due) recent_.keep_walk(asked, right, now.steps);
  if (!refill && !unset && versions_.last_write() <= response.decided && same(response, right)) [[likely]] {
    ++counts_.by_legality[static_cast<unsigned>(Legality::fresh)];
  } else {
    search(mmu, asked, response, now);
  }
}

void Checker::search(Mmu& mmu, const Asked& asked, const Response& response, const arch::Verdict& now) {
  ++counts_.searches;
  WitnessSearch search(mmu.view, asked, response);
  const u64 page = asked.request.va >> 12 << 12 | asked.context.asid;
  const auto guide = mmu.guides.find(page);
  const WitnessSearch::Found found =
      search.run({}, guide == mmu.guides.end() ? nullptr : &guide->second, search.is_not_fresh(now));
  if (found.admissible && found.age != 0) {
    if (mmu.guides.size() >= Mmu::kGuides) mmu.guides.clear();
    mmu.guides[page] = found.path;
  }
  if (found.admissible) {
    if (config_.forbidden[static_cast<unsigned>(found.legality)]) {
      return reject({"strict", cycle_of(response.decided), mmu.number,
                     text(asked) + ": answered " + text(response) + ", which is legal as " +
                         std::string(name(found.legality)) + " and forbidden here",
                     details(mmu.view, asked, response), asked});
    }
    ++counts_.by_legality[static_cast<unsigned>(found.legality)];
    if (found.age != 0) ++counts_.stale_by[std::min<std::size_t>(found.age, counts_.stale_by.size() - 1)];
    if (!asked.speculative && (found.legality == Legality::stale || found.legality == Legality::mixed)) {
      obligations_.used(mmu.number, asked, response, found.path, response_of(now), versions_);
    }
    return;
  }
  if (found.unknown) {
    ++counts_.by_legality[static_cast<unsigned>(Legality::waived)];
    return;
  }

  // Which rule is it that, left out, would admit the response?
  std::string rule, what;
  if (search.run({.self_invalidation = true}).admissible) {
    rule = "W5";
    what = "a page fault on this address has ended the entries that would explain it";
  } else if (search.run({.cacheability = true}).admissible) {
    rule = "W3";
    what = "it shows an entry that may not be cached or used as it is (not present, reserved bit, A or D clear)";
  } else if (search.run({.invalidations = true}).admissible) {
    // In flight when the invalidation came, or plainly kept?
    const auto kept = search.run({.invalidations = true});
    Time last = kForever;
    for (const WitnessStep& step : kept.path) last = std::min(last, step.version.to);
    const Time begun = mmu.invalidations.last().begin;
    constexpr Time kWalk = 4 * 256;  // a walk that may have been under way
    const bool in_flight = mmu.invalidations.last().end <= asked.accepted && last < begun && last + kWalk > begun;
    rule = in_flight ? "W4" : "W2";
    what = in_flight ? "a walk that was under way at a completed invalidation answers a later request"
                     : "a completed invalidation has ended the entries that would explain it";
  } else if (search.run({.invalidations = true, .roots = true}).admissible) {
    rule = "W1";
    what = "only a top table of another address space explains it";
  } else {
    rule = "attributes";
    what = "memory never held a way through the tables that gives this answer";
  }
  reject({rule, cycle_of(response.decided), mmu.number,
          text(asked) + ": answered " + text(response) + "; " + what + "; now it is " + text(response_of(now)),
          details(mmu.view, asked, response), asked});
}

void Checker::operation_accepted(unsigned number, Time time, u8 op, u64 va, u16 asid, u64 pte) {
  Mmu& mmu = *mmus_[number];
  if (mmu.invalidations.pending()) {
    protocol(number, time, "R6", "an operation is taken before the one before is acknowledged");
  }
  quiet_ = false;
  mmu.invalidations.accepted(time, op, va, asid);
  const bool fill = op == inv::FILL_I || op == inv::FILL_D;
  if (fill && config_.format != arch::Format::x86_64) {
    mmu.fills.accepted(time, op == inv::FILL_I ? Side::instruction : Side::data, va, asid, pte);
  } else {
    ++counts_.invalidations;
    obligations_.invalidated(number, op, va, asid);
  }
}

void Checker::operation_completed(unsigned number, Time time) {
  Mmu& mmu = *mmus_[number];
  if (!mmu.invalidations.pending()) {
    protocol(number, time, "R6", "an acknowledge without an operation");
    return;
  }
  mmu.invalidations.completed(time);
  mmu.fills.completed(time);
}

void Checker::walker_read(unsigned number, Time time, u64 pa, u64 value) {
  ++counts_.walker_reads;
  Mmu& mmu = *mmus_[number];
  if (mmu.watch.read_again(pa, value)) return;
  visited_.insert(pa);
  const std::string why = mmu.watch.read(time, pa, value, mmu.oldest_waiting(time));
  if (!why.empty()) reject({"W7", cycle_of(time), number, why + ": " + tb::hex(pa) + " = " + tb::hex(value), {}});
}

void Checker::written(Mmu& mmu, Time time, u64 pa, u64 before, u64 after) {
  ++counts_.walker_writes;
  visited_.insert(pa);
  record(time, pa, before, after, true);
  mmu.watch.knows(pa);
  std::vector<const Asked*> waiting;
  mmu.each_waiting([&](const Asked& asked) { waiting.push_back(&asked); });
  const WalkerWatch::Written written = mmu.watch.write(time, pa, before, after, waiting);
  const std::string entry = tb::hex(pa) + ", " + tb::hex(before) + " to " + tb::hex(after);
  if (written.rule != nullptr) {
    Rejection rejection{written.rule, cycle_of(time), mmu.number, written.why + ": " + entry, {}};
    for (const Asked* asked : waiting) rejection.details.push_back("waiting: " + text(*asked));
    if (waiting.size() == 1) rejection.asked = *waiting.front();
    reject(std::move(rejection));
  } else if (written.early) {
    ++counts_.by_legality[static_cast<unsigned>(Legality::early_a)];
    if (config_.forbidden[static_cast<unsigned>(Legality::early_a)]) {
      reject({"strict", cycle_of(time), mmu.number, "A is set where no waiting request comes to: " + entry, {}});
    }
  }
}

void Checker::walker_swap(unsigned number, unsigned id, Time time, u64 pa, u64 expect, u64 desired, u64 found) {
  Mmu& mmu = *mmus_[number];
  visited_.insert(pa);
  Mmu::Retry& retry = mmu.retries[id & 15];
  if (found == expect || expect == desired) {
    retry = {};
    written(mmu, time, pa, expect, desired);
    return;
  }
  if (!arch::info(config_.format).hardware_ad) {
    reject({"W6", cycle_of(time), number, "an Alpha MMU writes no page-table word: " + tb::hex(pa), {}});
    return;
  }
  mmu.watch.found(pa, found);
  retry.count = retry.pa == pa ? retry.count + 1 : 1;
  retry.pa = pa;
  if (retry.count == config_.relaxations.retry_limit + 1) {
    reject({"W8",
            cycle_of(time),
            number,
            "walker " + std::to_string(id) + " fails for the " + std::to_string(retry.count) + "th time to swap " +
                tb::hex(pa) + ", expecting " + tb::hex(expect) + " where " + tb::hex(found) + " is",
            {}});
  }
}

void Checker::walker_store(unsigned number, Time time, u64 pa, u64 before, u64 after) {
  written(*mmus_[number], time, pa, before, after);
}

void Checker::bus_error(unsigned number, Time time, u64 pa) {
  auto& errors = mmus_[number]->bus_errors;
  if (errors.size() >= kBusErrorsKept) {
    boost::unordered::erase_if(errors,
                               [&](const auto& e) { return e.second + 4 * config_.relaxations.response_limit < time; });
  }
  errors[pa] = time;
}

void Checker::protocol(unsigned number, Time time, const std::string& rule, const std::string& message) {
  reject({rule, cycle_of(time), number, message, {}});
}

void Checker::look_for_silence(Time now) {
  for (const auto& mmu : mmus_) {
    mmu->each_waiting([&](const Asked& asked) {
      const u64 waited = cycle_of(now) - cycle_of(asked.accepted);
      if (waited <= config_.relaxations.response_limit || asked.accepted <= mmu->silent_reported) return;
      mmu->silent_reported = asked.accepted;
      reject({"W8",
              cycle_of(now),
              mmu->number,
              text(asked) + ": no response after " + std::to_string(waited) + " cycles",
              {},
              asked});
    });
    const Invalidation& last = mmu->invalidations.last();
    if (!mmu->invalidations.pending() || last.begin <= mmu->silent_reported) continue;
    const u64 waited = cycle_of(now) - cycle_of(last.begin);
    if (waited <= config_.relaxations.acknowledge_limit) continue;
    mmu->silent_reported = last.begin;
    reject({"W8",
            cycle_of(now),
            mmu->number,
            "operation " + std::string(tb::invalidation_name(last.op)) + ", accepted in " + text(last.begin) +
                ", is not acknowledged after " + std::to_string(waited) + " cycles",
            {}});
  }
}

void Checker::finish(Time now) {
  look_for_silence(now);
  for (const auto& mmu : mmus_) {
    mmu->each_waiting([&](const Asked& asked) {
      reject({"R3", cycle_of(now), mmu->number, text(asked) + ": no response at the end of the run", {}, asked});
    });
  }
  const u64 waived = counts_.by_legality[static_cast<unsigned>(Legality::waived)];
  if (counts_.judged <= waived) reject({"judged nothing", cycle_of(now), 0, "the run compared no response", {}});
}

void Checker::reject(Rejection rejection) {
  ++counts_.rejections;
  if (rejections_.size() < kRejectionsKept) rejections_.push_back(std::move(rejection));
}

void Checker::collect(Time now) {
  until_collection_ = kCollectEvery;
  Time oldest = kForever;
  for (const auto& mmu : mmus_) {
    const Time needed = mmu->invalidations.horizon(mmu->oldest_waiting(now));
    mmu->invalidations.collect(needed);
    mmu->spaces.collect(needed);
    mmu->fills.collect(needed);
    oldest = std::min(oldest, needed);
  }
  const u64 given_up = versions_.given_up();
  versions_.collect(oldest);
  if (versions_.given_up() == given_up) return;
  for (const auto& mmu : mmus_) mmu->watch.history_dropped();
}

CheckerCounts Checker::counts() const {
  CheckerCounts counts = counts_;
  counts.versions_given_up = versions_.given_up();
  counts.versions = versions_.versions();
  counts.words = versions_.words();
  for (const auto& mmu : mmus_) counts.walker_unknown += mmu->watch.unknown();
  return counts;
}

}  // namespace kilburn::admissible
