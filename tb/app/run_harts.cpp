// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --test random --harts N`: several MMUs on one memory, one admissibility checker over all of them.
#include <chrono>
#include <deque>

#include "sw/hw/ram.h"
#include "tb/admissible/lockstep_monitor.h"
#include "tb/app/interrupt.h"
#include "tb/app/sources.h"
#include "tb/stimulus/harts_test.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

using arch::u64;

// The checks over all harts, and the harts.
class HartsSession {
 public:
  HartsSession(const RunOptions& options, const DutLibrary& library, os::PhysMem& memory, const Advance& advance)
      : options_(options),
        checker_({options.format, options.settings, options.relaxations, options.forbidden, 0, true}, memory),
        monitors_(watch(memory)),
        harts_(library, memory, config(), monitors_, options.bug) {
    waves_window();
    harts_[0].on_quantum = [this, advance] {
      advance(harts_[0].quantum());
      waves_window();
      if (interrupted()) throw Interrupted();
    };
  }

  Harts& harts() { return harts_; }
  void run(const std::function<void()>& body, Result&);

 private:
  std::vector<PassiveMonitor*> watch(os::PhysMem& memory);
  LockstepConfig config() const;
  void waves_window();
  void collect(Result&);

  const RunOptions& options_;
  admissible::Checker checker_;
  std::deque<admissible::LockstepMonitor> own_;
  std::vector<PassiveMonitor*> monitors_;
  Harts harts_;
  bool waves_open_ = false;
};

std::vector<PassiveMonitor*> HartsSession::watch(os::PhysMem& memory) {
  std::vector<PassiveMonitor*> all;
  for (unsigned n = 0; n < options_.harts; ++n) {
    all.push_back(&own_.emplace_back(checker_, n == 0 ? 0 : checker_.add_mmu(), memory));
  }
  return all;
}

LockstepConfig HartsSession::config() const {
  LockstepConfig config;
  config.settings = options_.settings;
  config.seed = options_.seed;
  config.exact = options_.check_exact;
  return config;
}

// Of the hart that failed in the run before, or of the first.
void HartsSession::waves_window() {
  if (options_.waves != Waves::always) return;
  Dut& dut = harts_.dut(options_.waves_of_hart);
  const u64 cycle = harts_.cycle();
  if (!waves_open_ && cycle + 64 >= options_.waves_from && cycle < options_.waves_to) {
    dut.open_waves(waves_file(options_));
    waves_open_ = true;
  } else if (waves_open_ && cycle >= options_.waves_to) {
    dut.close_waves();
  }
}

void HartsSession::run(const std::function<void()>& body, Result& result) {
  const auto start = std::chrono::steady_clock::now();
  try {
    body();
    harts_.finish();
  } catch (const DutWrong& wrong) {
    Lockstep& failed = harts_[harts_.failed()];
    result.verdict = Verdict::failed;
    result.failure = tell(wrong, failed);
    result.failure->message = "hart " + std::to_string(harts_.failed()) + ": " + result.failure->message;
    result.failed_hart = harts_.failed();
    failed.run_on(waves_open_ ? kWavesAfter : 0);
  } catch (const Interrupted&) {
    result.verdict = Verdict::interrupted;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (unsigned n = 0; n < harts_.count(); ++n) harts_.dut(n).close_waves();
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
  const admissible::CheckerCounts counts = checker_.counts();
  result.comparisons.emplace_back("responses judged", counts.judged);
  result.comparisons.emplace_back("walker accesses judged", counts.walker_reads + counts.walker_writes);
  result.legality = admissible::summary(checker_);
}

}  // namespace

void run_harts(const RunOptions& options, const DutLibrary& library, Result& result) {
  run_with_dut(options, [&](const Advance& advance) {
    os::RamMem memory(RandomTables::kMemoryBytes);
    HartsSession session(options, library, memory, advance);
    HartsTestConfig config{options.format, options.count, options.seed};
    config.vary_settings = !options.settings_given && library.api().config.cfg_pins != 0;
    config.features = library.api().config.features;
    HartsTest test(session.harts(), config);
    session.run([&] { test.run(); }, result);
    const HartsTestResult& r = test.result();
    Result::Figures figures = {{"harts", options.harts},
                               {"requests", r.requests},
                               {"responses", test.answered()},
                               {"invalidations", r.invalidations},
                               {"TLB fills by software", r.fills},
                               {"page-table edits", r.edits},
                               {"invalidated on every hart", r.shootdowns},
                               {"invalidated on one hart", r.lone_invalidations},
                               {"restarts with other settings", r.restarts}};
    for (unsigned n = 0; n < r.responses.size(); ++n) {
      figures.emplace_back("responses of hart " + std::to_string(n), r.responses[n]);
    }
    result.translation.insert(result.translation.begin(), figures.begin(), figures.end());
    for (unsigned code = 1; code < 16; ++code) {
      if (r.faults[code] != 0) {
        result.faults.emplace_back(std::string(arch::name(static_cast<arch::Fault>(code))), r.faults[code]);
      }
    }
  });
}

}  // namespace kilburn::tb
