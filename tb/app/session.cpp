// SPDX-License-Identifier: Apache-2.0
//
// What happens once a quantum, and at the end of a run.
#include "tb/app/session.h"

#include <unistd.h>

#include <chrono>
#include <iostream>

#include "tb/app/interrupt.h"
#include "tb/app/sources.h"
#include "tb/dut/models/models.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

LockstepConfig lockstep_config(const RunOptions& options) {
  LockstepConfig config;
  config.seed = options.seed;
  config.exact = options.check_exact;
  config.settings = options.settings;
  return config;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void run_with_dut(const RunOptions& options, const std::function<void(const Advance&)>& body) {
  // SystemC takes no module once simulation has started.
  const auto elaborate = [&] {
    if (options.dut == "tlm") elaborate_tlm_duts(options.format, 1);
  };
  run_in_systemc(elaborate, body);
}

std::filesystem::path waves_file(const RunOptions& options) { return options.out / "waves.fst"; }

Session::Session(const RunOptions& options, const DutLibrary& library, os::PhysMem& memory, const Advance& advance)
    : options_(options),
      dut_(library, options.seed),
      lockstep_((dut_.select_bug(options.bug), dut_), memory, lockstep_config(options)),
      terminal_(isatty(STDERR_FILENO) != 0 && !options.rerun_for_waves) {
  waves_window();
  lockstep_.on_quantum = [this, advance] { quantum(advance); };
}

Session::~Session() { dut_.close_waves(); }

void Session::waves_window() {
  if (options_.waves != Waves::always) return;
  const arch::u64 cycle = lockstep_.cycle();
  if (!waves_open_ && cycle + 64 >= options_.waves_from && cycle < options_.waves_to) {
    dut_.open_waves(waves_file(options_));
    waves_open_ = true;
  } else if (waves_open_ && cycle >= options_.waves_to) {
    dut_.close_waves();
  }
}

void Session::quantum(const Advance& advance) {
  advance(lockstep_.quantum());
  waves_window();
  if (options_.watch && lockstep_.cycle() + lockstep_.quantum() >= options_.watch_from) {
    lockstep_.set_quantum(1);
    options_.watch(lockstep_);
  }
  if (interrupted()) throw Interrupted();
  if (terminal_ && progress_ && (lockstep_.cycle() & 0xfffff) < 64) {
    const double now = seconds_now();
    if (now < next_progress_) return;
    next_progress_ = now + 0.2;
    std::cerr << "\r\033[K  " << progress_() << ", " << grouped(lockstep_.cycle()) << " cycles" << std::flush;
  }
}

void Session::run(const std::function<void()>& body, Result& result) {
  const double start = seconds_now();
  try {
    body();
    lockstep_.finish();
  } catch (const DutWrong& wrong) {
    if (options_.watch) options_.watch(lockstep_);
    result.verdict = Verdict::failed;
    result.failure = tell(wrong, lockstep_);
    lockstep_.run_on(waves_open_ ? kWavesAfter : 0);
  } catch (const Interrupted&) {
    result.verdict = Verdict::interrupted;
  }
  result.seconds = seconds_now() - start;
  if (terminal_ && next_progress_ > 0) std::cerr << "\r\033[K" << std::flush;
  dut_.close_waves();
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
}

}  // namespace kilburn::tb
