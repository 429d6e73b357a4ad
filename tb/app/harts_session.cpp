// SPDX-License-Identifier: Apache-2.0
//
// What several DUTs share: the checker, the end of a run, its figures.
#include "tb/app/harts_session.h"

#include <cctype>
#include <chrono>

#include "tb/app/interrupt.h"
#include "tb/failure/wave_time.h"
#include "tb/ports/dut_port.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u64;

HartsSession::HartsSession(const RunOptions& options, const DutLibrary& library, os::PhysMem& memory,
                           const Advance& advance, const char* word)
    : options_(options),
      word_(word),
      monitors_(watch(memory)),
      harts_(library, memory, config(), monitors_, options.bug),
      line_(!options.rerun_for_waves),
      waves_(options),
      stops_(options) {
  for (unsigned n = 0; n < harts_.count(); ++n) stops_.watch(harts_[n].history());
  for (unsigned n = 0; n < coverage_.size(); ++n) {
    if (const ExactCheck* check = harts_[n].check()) coverage_[n].beside(check->twin(), harts_.dut(n).api().config);
  }
  waves_.advance(harts_[waves_.order().hart], checker_ ? &*checker_ : nullptr, waves_file(options_));
  harts_[0].on_quantum = [this, advance] { quantum(advance); };
  if (!options.watch) return;
  // At the end of its own cycle: who of the harts comes first changes.
  Lockstep& watched = harts_[options.watch_hart];
  if (options.watch_hart != 0) watched.on_quantum = [this] { watch(); };
  if (options.watch_from == 0) watched.set_quantum(1);
}

std::vector<PassiveMonitor*> HartsSession::watch(os::PhysMem& memory) {
  std::vector<PassiveMonitor*> all(options_.harts, nullptr);
  const auto cover = [&] {
    if (!options_.coverage) return;
    counts_.emplace();
    for (PassiveMonitor*& monitor : all) {
      monitor = &coverage_.emplace_back(options_.format, options_.settings, memory, memory, *counts_, monitor);
    }
  };
  if (!options_.check_admissible) {
    cover();
    return all;
  }
  const std::uint16_t idle = options_.has_os() ? DutPort::kSpeculativeIds : std::uint16_t{0};
  checker_.emplace(admissible::CheckerConfig{options_.format, options_.settings, options_.relaxations,
                                             options_.forbidden, idle, true},
                   memory);
  for (unsigned n = 0; n < options_.harts; ++n) {
    all[n] = &own_.emplace_back(*checker_, n == 0 ? 0 : checker_->add_mmu(), memory);
  }
  cover();
  return all;
}

LockstepConfig HartsSession::config() const {
  LockstepConfig config;
  config.settings = options_.settings;
  config.seed = options_.seed;
  config.exact = options_.check_exact;
  return config;
}

// From the cycle that is asked for on, every cycle of one hart.
void HartsSession::watch() {
  Lockstep& watched = harts_[options_.watch_hart];
  if (!options_.watch || watched.cycle() + watched.quantum() < options_.watch_from) return;
  watched.set_quantum(1);
  options_.watch(watched);
}

void HartsSession::quantum(const Advance& advance) {
  advance(harts_[0].quantum());
  // Of the hart that failed in the run before, or of the first.
  waves_.look(harts_.cycle());
  waves_.advance(harts_[waves_.order().hart], checker_ ? &*checker_ : nullptr, waves_file(options_));
  if (options_.watch_hart == 0) watch();
  stops_.check(harts_.cycle());
  if (interrupted()) throw Interrupted();
  if (progress_) line_.show(harts_.cycle(), progress_);
}

void HartsSession::fail(const DutWrong& wrong, Result& result) {
  if (options_.watch) options_.watch(harts_[options_.watch_hart]);
  Lockstep& failed = harts_[harts_.failed()];
  result.verdict = Verdict::failed;
  result.failure = tell(wrong, failed);
  // What the OS finds is nobody's in particular.
  if (wrong.check != "end-to-end") {
    result.failure->message =
        std::string(word_) + " " + std::to_string(harts_.failed()) + ": " + result.failure->message;
  }
  result.failed_hart = harts_.failed();
  result.harts = harts_.count();
  failed.run_on(waves_.open() ? kWavesAfter : 0);
}

void HartsSession::run(const std::function<void()>& body, Result& result) {
  const auto start = std::chrono::steady_clock::now();
  try {
    body();
    harts_.finish();
  } catch (const DutWrong& wrong) {
    fail(wrong, result);
  } catch (const Stopped& stopped) {
    stop(stopped, result);
    harts_[waves_.order().hart].run_on(waves_.open() ? kWavesAfter : 0);
  } catch (const Interrupted&) {
    result.verdict = Verdict::interrupted;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  line_.clear();
  waves_.close();
  collect(result);
}

// Sums over the harts.
void HartsSession::collect(Result& result) {
  result.cycles = harts_.cycle();
  u64 responses = 0, pins = 0, entries = 0;
  std::array<u64, Lockstep::kCounters> counters{};
  for (unsigned n = 0; n < harts_.count(); ++n) {
    const Lockstep& hart = harts_[n];
    responses += harts_[n].history().responses();
    if (const ExactCheck* check = hart.check()) {
      pins += check->pin_comparisons();
      entries += check->entry_comparisons();
    }
    for (unsigned c = 0; c < counters.size(); ++c) counters[c] += hart.counters()[c];
  }
  for (unsigned c = 0; c < counters.size(); ++c) {
    std::string name = "dut ";
    for (const char letter : event_name(c)) name += letter == '_' ? ' ' : static_cast<char>(std::tolower(letter));
    result.translation.emplace_back(name, counters[c]);
  }
  result.comparisons.emplace_back("responses matched to requests", responses);
  if (pins != 0) {
    result.comparisons.emplace_back("pins", pins);
    result.comparisons.emplace_back("TLB entries", entries);
  }
  if (!checker_) {
    if (counts_) write_coverage(options_, *counts_, nullptr, result);
    return;
  }
  const admissible::CheckerCounts counts = checker_->counts();
  result.comparisons.emplace_back("responses judged", counts.judged);
  result.comparisons.emplace_back("walker accesses judged", counts.walker_reads + counts.walker_writes);
  result.legality = admissible::summary(*checker_);
  if (options_.has_os()) judge_obligations(*checker_, result);
  if (counts_) write_coverage(options_, *counts_, &*checker_, result);
}

}  // namespace kilburn::tb
