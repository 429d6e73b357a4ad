// SPDX-License-Identifier: Apache-2.0
//
// A window of the record that fails, then fewer operations, plainer timing, fewer words, until nothing more goes.
#include "tb/failure/shrinker.h"

#include <chrono>

#include "tb/admissible/checker.h"
#include "tb/admissible/lockstep_monitor.h"
#include "tb/failure/delta_debugging.h"
#include "tb/failure/directed_replay.h"

namespace kilburn::tb {
using arch::u64;

namespace {

// Replays are short and their memory answers soon: what takes longer hangs (R5).
constexpr u64 kAnswerLimit = 5000;
constexpr u64 kAttempts = 100000;  // as far as the time goes
constexpr double kSlice = 0.3;     // of the time, for one start
constexpr double kNarrow = 0.8;    // of the time, for what fails as the run did
constexpr std::size_t kFew = 20;   // operations that a person reads

class Shrinker {
 public:
  Shrinker(const DutLibrary& library, const OperationRecorder& record, const ShrinkConfig& config)
      : library_(library), record_(record), config_(config) {}

  std::optional<Shrunk> run() {
    // Which pin differs first may hang on the timing; then another pin of the same check must do.
    if (!find_window()) {
      check_ = config_.signature.substr(0, config_.signature.find(' '));
      if (check_.empty()) return std::nullopt;
      config_.signature.clear();
      share_ = 0.5;
      attempt_ = 0;
      if (!find_window()) return std::nullopt;
    }
    // A bad start may end in a list of which nothing can be spared and that is long all the same.
    std::optional<Shrunk> best;
    share_ = kNarrow - kSlice;
    do {
      const std::size_t recorded = test_.operations.size();
      // A start that shrinks slowly leaves time for another.
      slice_end_ = seconds() + config_.seconds * kSlice;
      reduce();
      const bool finished = seconds() <= slice_end_;
      slice_end_ = config_.seconds;
      if (!best || test_.operations.size() < best->test.operations.size()) {
        best = Shrunk{test_, config_.signature, message_, recorded, 0, 0, finished, 0};
      }
      test_ = {};
    } while (best->test.operations.size() > kFew && find_window());
    if (best->test.operations.size() > kFew && !config_.signature.empty()) widen(*best);
    best->tries = tries_;
    best->seconds = seconds();
    return best;
  }

 private:
  void reduce() {
    fewer_operations();
    fewer_words(false);
    for (bool changed = true; changed && !enough();) {
      const std::size_t operations = test_.operations.size();
      plainer_timing();
      fewer_operations();
      changed = test_.operations.size() < operations;
    }
    fewer_words(true);
  }

  // Which pin shows a defect first is often an accident: a port that closes because a miss came that should have been
  // a hit. Where that alone keeps a test long, any failure of the same check will do.
  void widen(Shrunk& best) {
    check_ = config_.signature.substr(0, config_.signature.find(' '));
    any_of_check_ = true;
    test_ = best.test;
    slice_end_ = config_.seconds;
    reduce();
    if (test_.operations.size() > best.test.operations.size() / 2) return;
    best.narrow_operations = best.test.operations.size();
    best.test = test_;
    best.signature = found_signature_;
    best.message = message_;
    best.in_time = !out_of_time();
  }

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  bool out_of_time() const { return seconds() > config_.seconds; }
  bool enough() const { return out_of_time() || seconds() > slice_end_ || config_.interrupted(); }

  // Keeps the test if it fails in the same way, cut down to what the failure took. Where the memory's timing is drawn,
  // every change to the test draws another: a few seeds are tried then.
  bool fails(const DirectedTest& test) {
    const bool drawn = test.timing.min_latency != test.timing.max_latency || test.timing.ready_percent != 100;
    for (u64 n = 0; n < (drawn && !test_.operations.empty() ? 4 : 1); ++n) {
      DirectedTest other = test;
      other.seed += n;
      if (fails_so(std::move(other))) return true;
    }
    return false;
  }
  bool fails_so(DirectedTest test) {
    ++tries_;
    const auto found = replay(library_, test, config_);
    if (!found) return false;
    const bool any = any_of_check_ || config_.signature.empty();
    if (any ? !found->signature.starts_with(check_) : found->signature != config_.signature) return false;
    if (!any_of_check_) config_.signature = found->signature;
    found_signature_ = found->signature;
    message_ = found->message;
    needed_ = found->words_needed;
    test_ = std::move(test);
    test_.operations.resize(found->begun);
    return true;
  }

  // The shortest window first: it takes the least time. A memory that answers at once first: it is the plainest. Then
  // as measured, and other timings, because a race shows in some only; with other seeds.
  bool find_window() {
    while (attempt_ < kAttempts && seconds() < config_.seconds * share_ && !config_.interrupted()) {
      if (try_windows(attempt_++)) return true;
    }
    return false;
  }

  bool try_windows(u64 attempt) {
    // Those that draw nothing first: what is left out then does not change the timing of the rest.
    static constexpr MemoryTiming kTimings[] = {{1, 1, 100},   {3, 3, 100}, {4, 4, 100},  {2, 2, 100}, {8, 8, 100},
                                                {16, 16, 100}, {1, 8, 100}, {1, 28, 100}, {1, 1, 50},  {4, 16, 60}};
    const bool contexts_first = attempt % 2 != 0;
    const u64 variant = attempt / 2 % std::size(kTimings);
    for (u64 cycles = 128; !enough(); cycles *= 4) {
      DirectedTest test = record_.window(cycles, contexts_first);
      test.seed = config_.seed + attempt / 2 / std::size(kTimings);
      if (test.seed == 0) test.seed = 1;
      if (variant != 6) test.timing = kTimings[variant];  // variant 6: as measured
      if (!test.operations.empty() && fails(test)) return true;
      if (cycles >= record_.cycles()) break;
    }
    return false;
  }

  // A list from which operations were taken: those that are left keep their distance.
  static std::vector<Operation> closed_up(const std::vector<Operation>& all, const std::vector<std::size_t>& kept) {
    std::vector<Operation> list;
    std::size_t next = 0;
    u64 gap = 0;
    bool settled = false;
    for (std::size_t n = 0; n < all.size() && next < kept.size(); ++n) {
      if (kept[next] != n) {
        settled = settled || all[n].settled;
        gap = all[n].settled ? 0 : gap + all[n].after;
        continue;
      }
      Operation o = all[n];
      if (!o.settled) {
        o.settled = settled;
        o.after = settled ? 0 : o.after + gap;
      }
      list.push_back(o);
      gap = 0;
      settled = false;
      ++next;
    }
    return list;
  }

  void fewer_operations() {
    const std::vector<Operation> all = test_.operations;
    std::vector<std::size_t> indices(all.size());
    for (std::size_t n = 0; n < indices.size(); ++n) indices[n] = n;
    ddmin(
        std::move(indices),
        [&](std::vector<std::size_t>& kept) {
          DirectedTest test = test_;
          test.operations = closed_up(all, kept);
          if (!fails(test)) return false;
          kept.resize(test_.operations.size());
          return true;
        },
        [&] { return enough(); });
  }

  void fewer_words(bool one_by_one) {
    DirectedTest test = test_;
    test.words = needed_;
    fails(test);
    if (!one_by_one) return;
    ddmin(
        test_.words,
        [&](std::vector<std::pair<u64, u64>>& words) {
          DirectedTest fewer = test_;
          fewer.words = words;
          return fails(fewer);
        },
        [&] { return enough(); });
  }

  template <class Change>
  bool try_change(const Change& change) {
    if (enough()) return false;
    DirectedTest test = test_;
    change(test);
    return fails(test);
  }

  // One operation after the other if that is enough, or close together.
  void plainer_timing() {
    if (test_.timing.max_latency != 1 || test_.timing.ready_percent != 100) {
      try_change([](DirectedTest& test) { test.timing = {}; });
    }
    const auto settle = [](Operation& o) { o.settled = true, o.after = 0; };
    const bool all_settled = try_change([&](DirectedTest& test) {
      for (Operation& o : test.operations) settle(o), o.hold = 0, o.waits = false;
    });
    if (all_settled) return;
    for (std::size_t n = 0; n < test_.operations.size(); ++n) {
      const Operation was = test_.operations[n];
      if (was.hold != 0) try_change([&](DirectedTest& test) { test.operations[n].hold = 0; });
      if (was.settled) continue;
      if (try_change([&](DirectedTest& test) { settle(test.operations[n]); })) continue;
      for (const u64 after : {u64{0}, u64{1}, was.after / 2}) {
        if (after < was.after && try_change([&](DirectedTest& test) { test.operations[n].after = after; })) break;
      }
    }
  }

  const DutLibrary& library_;
  const OperationRecorder& record_;
  ShrinkConfig config_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  DirectedTest test_;
  std::string check_;  // that any failure must be of while no signature is asked for
  bool any_of_check_ = false;
  std::string found_signature_, message_;
  std::vector<std::pair<u64, u64>> needed_;
  u64 attempt_ = 0;
  double slice_end_ = 1e9;  // seconds
  double share_ = 0.25;     // of the time, for finding a window
  u64 tries_ = 0;
};

}  // namespace

std::string signature(const std::string& check, const std::string& signal, const std::string& message) {
  if (!signal.empty()) return check + " " + signal.substr(0, signal.find('['));
  return check + " " + message.substr(0, message.find_first_of(":, "));
}

std::optional<Replayed> replay(const DutLibrary& library, const DirectedTest& test, const ShrinkConfig& config) {
  Dut dut(library, test.seed);
  dut.select_bug(config.bug);
  SparseMemory memory(test);
  LockstepConfig lockstep_config;
  lockstep_config.settings = test.settings;
  lockstep_config.seed = test.seed;
  lockstep_config.exact = config.exact;
  lockstep_config.answer_limit = kAnswerLimit;
  std::optional<admissible::Checker> checker;
  std::optional<admissible::LockstepMonitor> monitor;
  if (config.admissible) {
    checker.emplace(admissible::CheckerConfig{test.format, test.settings, config.relaxations, config.forbidden},
                    memory);
    lockstep_config.monitor = &monitor.emplace(*checker, 0, memory);
  }
  std::size_t begun = 0;
  try {
    Lockstep lockstep(dut, memory, lockstep_config);
    DirectedReplay replay(lockstep, test, kAnswerLimit);
    try {
      replay.run();
      begun = replay.begun();
      lockstep.finish();
    } catch (const DutWrong&) {
      begun = replay.begun();
      throw;
    }
  } catch (const DutWrong& wrong) {
    Replayed found{signature(wrong), wrong.what(), begun, {}};
    for (const auto& word : test.words) {
      if (memory.was_read(word.first)) found.words_needed.push_back(word);
    }
    return found;
  }
  return std::nullopt;
}

std::optional<Shrunk> shrink(const DutLibrary& library, const OperationRecorder& record, const ShrinkConfig& config) {
  return Shrinker(library, record, config).run();
}

}  // namespace kilburn::tb
