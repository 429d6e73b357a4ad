// SPDX-License-Identifier: Apache-2.0
//
// A DUT under lockstep for the length of one run: what the random test and the OS share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "tb/admissible/lockstep_monitor.h"
#include "tb/against/against_monitor.h"
#include "tb/app/options.h"
#include "tb/app/result.h"
#include "tb/app/stops.h"
#include "tb/coverage/monitor.h"
#include "tb/dut/loader.h"
#include "tb/failure/snapshots.h"
#include "tb/lockstep/lockstep.h"
#include "tb/lockstep/systemc_process.h"

namespace kilburn::tb {

// One line of progress, shown a few times a second on a terminal.
using Progress = std::function<std::string()>;

class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  // At most once every 0.2 s. Costs little when it is called too often.
  void show(const Progress& progress);
  void show(arch::u64 cycle, const Progress& progress);  // looks at the time in a few of the calls only
  void clear();                                          // the summary follows

 private:
  bool terminal_;
  double next_ = 0;
};

// Responses that are faults, by layout.def Fault.
void collect_faults(std::span<const arch::u64> by_code, Result&);

class ReferenceWaves;

// Which cycles of which DUT are recorded: as the options say, or as a copy of the run is told that was woken for it.
class WavesPlan {
 public:
  explicit WavesPlan(const RunOptions& options);
  ~WavesPlan();
  WavesPlan(const WavesPlan&) = delete;
  WavesPlan& operator=(const WavesPlan&) = delete;

  const WavesOrder& order() const { return order_; }
  // Between two quanta: makes copies of the run, and takes their orders.
  void look(arch::u64 cycle, arch::u64 against_cycle = 0) {
    if (snapshots_ == nullptr || !snapshots_->look(cycle, against_cycle)) return;
    always_ = true;
    order_ = snapshots_->order();
  }
  // Opens and closes the file of the DUT in that loop, with what the reference and the checker (nullptr: none) say
  // beside it; throws Interrupted when a copy has done its work.
  void advance(Lockstep&, const admissible::Checker*, const std::filesystem::path& file);
  // The run is over. Throws EnvironmentError.
  void close();
  bool open() const { return open_; }  // or was, within its window

 private:
  Snapshots* snapshots_;
  bool always_;
  WavesOrder order_;
  bool open_ = false;
  Lockstep* recorded_ = nullptr;
  std::unique_ptr<ReferenceWaves> reference_;
};

class Session {
 public:
  // Resets the DUT, opens waves if asked for. Throws UserError, DutWrong.
  // `judged`: the memory as the admissible check may look at it, if that is not `memory` itself.
  Session(const RunOptions&, const DutLibrary&, os::PhysMem& memory, const Advance&, os::PhysMem* judged = nullptr);
  ~Session();

  // Software writes its page tables through lockstep().memory(), so that the admissible check knows of them.
  Lockstep& lockstep() { return lockstep_; }
  void show(Progress progress) { progress_ = std::move(progress); }

  // Runs `body`; if the DUT is wrong, lets the waves run on for a little and fills `result`'s failure.
  // Then reads counters and comparisons into `result`.
  void run(const std::function<void()>& body, Result& result);

 private:
  LockstepConfig lockstep_config(os::PhysMem& memory, os::PhysMem* judged);
  void lead_against(LockstepConfig&, const admissible::CheckerConfig&, os::PhysMem& memory, os::PhysMem& seen);
  void fail(const DutWrong&, Result&);
  void watch(Lockstep&);
  void quantum(const Advance&);
  void waves_window();
  void collect(Result&);

  const RunOptions& options_;
  Dut dut_;
  std::optional<admissible::Checker> checker_;
  std::optional<admissible::LockstepMonitor> monitor_;
  std::optional<against::AgainstMonitor> against_;  // in place of these two
  std::optional<coverage::Counts> counts_;
  std::optional<coverage::Monitor> coverage_;  // in front of these
  Lockstep lockstep_;
  ProgressLine line_;
  Progress progress_;
  WavesPlan waves_;
  Stops stops_;
};

void stop(const Stopped&, Result&);

std::filesystem::path waves_file(const RunOptions&);

// The bins that were hit, into the folder of a run that passed; the ages of translations from the admissible check.
void write_coverage(const RunOptions&, coverage::Counts&, const admissible::Checker*, const Result&);

// A run of the OS fails if the OS used a translation before the invalidation that it owed.
void judge_obligations(const admissible::Checker&, Result&);

}  // namespace kilburn::tb
