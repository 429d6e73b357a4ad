// SPDX-License-Identifier: Apache-2.0
//
// What happens once a quantum, and at the end of a run.
#include "tb/app/session.h"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <utility>

#include "tb/app/against.h"
#include "tb/app/interrupt.h"
#include "tb/app/sources.h"
#include "tb/coverage/file.h"
#include "tb/dut/models/models.h"
#include "tb/failure/reference_waves.h"
#include "tb/failure/wave_time.h"
#include "tb/ports/dut_port.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void run_with_dut(const RunOptions& options, const std::function<void(const Advance&)>& body) {
  // SystemC takes no module once simulation has started.
  const auto elaborate = [&] {
    const unsigned tlm = (options.dut == "tlm" ? options.harts : 0) + (options.against == "tlm" ? 1 : 0);
    if (tlm != 0) elaborate_tlm_duts(options.format, tlm);
  };
  run_in_systemc(elaborate, body);
}

std::filesystem::path waves_file(const RunOptions& options) { return options.out / "waves.fst"; }

void collect_faults(std::span<const arch::u64> by_code, Result& result) {
  for (std::size_t code = 1; code < by_code.size(); ++code) {
    if (by_code[code] == 0) continue;
    result.faults.emplace_back(std::string(arch::name(static_cast<arch::Fault>(code))), by_code[code]);
  }
}

void judge_obligations(const admissible::Checker& checker, Result& result) {
  if (result.failure || checker.obligations().hazards() == 0) return;
  const auto& first = checker.obligations().first_hazards();
  result.verdict = Verdict::failed;
  result.failure.emplace();
  result.failure->check = "obligations";
  result.failure->message = "the OS used a translation before the invalidation that it owed: " + text(first.front());
  result.failure->cycle = first.front().cycle;
}

void write_coverage(const RunOptions& options, coverage::Counts& counts, const admissible::Checker* checker,
                    const Result& result) {
  using coverage::ItemId;
  using coverage::Staleness;
  if (options.rerun_for_waves || options.out.empty() || result.verdict != Verdict::passed) return;
  if (checker != nullptr) {
    const admissible::CheckerCounts& ages = checker->counts();
    const auto of = [&](admissible::Legality legality) { return ages.by_legality[static_cast<unsigned>(legality)]; };
    counts.add<ItemId::staleness>(of(admissible::Legality::fresh), Staleness::fresh);
    counts.add<ItemId::staleness>(of(admissible::Legality::mixed), Staleness::mixed);
    counts.add<ItemId::staleness>(ages.stale_by[1], Staleness::one);
    for (std::size_t n = 2; n < ages.stale_by.size(); ++n) {
      counts.add<ItemId::staleness>(ages.stale_by[n], Staleness::more);
    }
  }
  coverage::write_file(coverage::run_coverage(result.reproduce, counts.bins()), options.out / coverage::kFileName);
}

ProgressLine::ProgressLine(bool wanted) : terminal_(wanted && isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const Progress& progress) {
  if (!terminal_) return;
  const double now = seconds_now();
  if (now < next_) return;
  next_ = now + 0.2;
  std::cerr << "\r\033[K  " << progress() << std::flush;
}

void ProgressLine::show(arch::u64 cycle, const Progress& progress) {
  if ((cycle & 0xffff) >= 64) return;
  show([&] { return progress() + ", " + grouped(cycle) + " cycles"; });
}

void ProgressLine::clear() {
  if (terminal_ && next_ > 0) std::cerr << "\r\033[K" << std::flush;
}

LockstepConfig Session::lockstep_config(os::PhysMem& memory, os::PhysMem* judged) {
  LockstepConfig config;
  config.seed = options_.seed;
  config.exact = options_.check_exact;
  config.settings = options_.settings;
  if (options_.check_admissible) {
    os::PhysMem& seen = judged ? *judged : memory;
    const admissible::CheckerConfig rules{options_.format,
                                          options_.settings,
                                          options_.relaxations,
                                          options_.forbidden,
                                          options_.has_os() ? DutPort::kSpeculativeIds : std::uint16_t{0},
                                          true};
    if (options_.has_against()) {
      lead_against(config, rules, memory, seen);
    } else {
      checker_.emplace(rules, seen);
      config.monitor = &monitor_.emplace(*checker_, 0, memory);
    }
  }
  if (options_.coverage) {
    config.monitor = &coverage_.emplace(options_.format, options_.settings, memory, judged ? *judged : memory,
                                        counts_.emplace(), config.monitor);
  }
  return config;
}

void Session::lead_against(LockstepConfig& config, const admissible::CheckerConfig& rules, os::PhysMem& memory,
                           os::PhysMem& seen) {
  const DutLibrary library = DutLibrary::load(options_.against, options_.format);
  against::FollowerConfig follower{options_.against_bug, against_seed(options_), config, rules};
  follower.lockstep.exact = against_exact(options_, library.api());
  config.monitor = &against_.emplace(rules, library, follower, memory, seen);
  against_->b().lockstep().on_quantum = [this] {
    if (waves_.order().against) waves_window();
    if (options_.watch_against) watch(against_->b().lockstep());
    if (interrupted()) throw Interrupted();
  };
  if (options_.watch_against && options_.watch_from == 0) against_->b().lockstep().set_quantum(1);
}

Session::Session(const RunOptions& options, const DutLibrary& library, os::PhysMem& memory, const Advance& advance,
                 os::PhysMem* judged)
    : options_(options),
      dut_(library, options.seed),
      lockstep_((dut_.select_bug(options.bug), dut_), memory, lockstep_config(memory, judged)),
      line_(!options.rerun_for_waves),
      waves_(options),
      stops_(options) {
  stops_.watch(lockstep_.history());
  if (coverage_ && lockstep_.check()) coverage_->beside(lockstep_.check()->twin(), dut_.api().config);
  waves_window();
  lockstep_.on_quantum = [this, advance] { quantum(advance); };
  if (options.watch && !options.watch_against && options.watch_from == 0) lockstep_.set_quantum(1);
}

Session::~Session() { dut_.close_waves(); }

WavesPlan::WavesPlan(const RunOptions& options)
    : snapshots_(options.snapshots),
      always_(options.waves == Waves::always),
      order_{options.waves_from, options.waves_to, options.waves_of_hart, options.waves_of_against} {}
WavesPlan::~WavesPlan() = default;

void WavesPlan::advance(Lockstep& lockstep, const admissible::Checker* checker, const std::filesystem::path& file) {
  if (!always_) return;
  const arch::u64 cycle = lockstep.cycle();
  if (!open_ && cycle + 64 >= order_.from && cycle < order_.to) {
    lockstep.dut().open_waves(file);
    recorded_ = &lockstep;
    reference_ = std::make_unique<ReferenceWaves>(lockstep, file, checker);
    open_ = true;
  } else if (open_ && cycle >= order_.to) {
    close();
    if (snapshots_ != nullptr && snapshots_->woken()) throw Interrupted();
  }
}

void WavesPlan::close() {
  if (recorded_ == nullptr) return;
  std::exchange(recorded_, nullptr)->dut().close_waves();
  reference_->finish();
  reference_.reset();
}

void Session::waves_window() {
  if (against_) {
    against::Follower& b = against_->b();
    waves_.order().against ? waves_.advance(b.lockstep(), &b.judged().checker(), waves_file(options_))
                           : waves_.advance(lockstep_, &against_->a().checker(), waves_file(options_));
    return;
  }
  waves_.advance(lockstep_, checker_ ? &*checker_ : nullptr, waves_file(options_));
}

// From the cycle that is asked for on, every cycle of `lockstep`.
void Session::watch(Lockstep& lockstep) {
  if (!options_.watch || lockstep.cycle() + lockstep.quantum() < options_.watch_from) return;
  lockstep.set_quantum(1);
  options_.watch(lockstep);
}

void Session::quantum(const Advance& advance) {
  advance(lockstep_.quantum());
  waves_.look(lockstep_.cycle(), against_ ? against_->b().lockstep().cycle() : 0);
  if (!waves_.order().against) waves_window();
  if (!options_.watch_against) watch(lockstep_);
  stops_.check(lockstep_.cycle());
  if (interrupted()) throw Interrupted();
  if (progress_) line_.show(lockstep_.cycle(), progress_);
}

// Whose fault it is decides whose history is told.
void Session::fail(const DutWrong& wrong, Result& result) {
  if (options_.watch) options_.watch(options_.watch_against ? against_->b().lockstep() : lockstep_);
  const bool is_b = against_ && against_->b_failed();
  Lockstep& failed = is_b ? against_->b().lockstep() : lockstep_;
  result.verdict = Verdict::failed;
  result.failure = tell(wrong, failed);
  result.against_failed = is_b;
  if (against_) {
    result.failure->message =
        (is_b ? "B (" + options_.against : "A (" + options_.dut) + "): " + result.failure->message;
  }
  failed.run_on(waves_.open() ? kWavesAfter : 0);
}

void stop(const Stopped& stopped, Result& result) {
  result.verdict = Verdict::stopped;
  result.stop.emplace();
  result.stop->cycle = stopped.cycle;
  result.stop->what = stopped.what;
}

void Session::run(const std::function<void()>& body, Result& result) {
  const double start = seconds_now();
  try {
    body();
    lockstep_.finish();
  } catch (const DutWrong& wrong) {
    fail(wrong, result);
  } catch (const Stopped& stopped) {
    stop(stopped, result);
    lockstep_.run_on(waves_.open() ? kWavesAfter : 0);
  } catch (const Interrupted&) {
    result.verdict = Verdict::interrupted;
  }
  result.seconds = seconds_now() - start;
  line_.clear();
  waves_.close();
  collect(result);
}

void Session::collect(Result& result) {
  result.cycles = lockstep_.cycle();
  const auto& counters = lockstep_.counters();
  for (unsigned n = 0; n < counters.size(); ++n) {
    std::string name = "dut ";
    for (char c : event_name(n)) name += c == '_' ? ' ' : static_cast<char>(std::tolower(c));
    result.translation.emplace_back(name, counters[n]);
  }
  result.comparisons.emplace_back("responses matched to requests", lockstep_.history().responses());
  if (const ExactCheck* check = lockstep_.check()) {
    result.comparisons.emplace_back("pins", check->pin_comparisons());
    result.comparisons.emplace_back("TLB entries", check->entry_comparisons());
  }
  const admissible::Checker* checker = against_ ? &against_->a().checker() : checker_ ? &*checker_ : nullptr;
  if (checker != nullptr) {
    result.comparisons.emplace_back("responses judged", checker->counts().judged);
    result.comparisons.emplace_back("walker accesses judged",
                                    checker->counts().walker_reads + checker->counts().walker_writes);
    result.legality = admissible::summary(*checker);
    if (against_) collect_against(lockstep_, *against_, result);
    if (options_.has_os()) judge_obligations(*checker, result);
  }
  if (counts_) write_coverage(options_, *counts_, checker, result);
}

}  // namespace kilburn::tb
