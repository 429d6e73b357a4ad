// SPDX-License-Identifier: Apache-2.0
//
// Sleeping copies of a run, made by fork() while it goes on without waves. When it fails, the one from before the
// window of interest is woken: it goes through the same cycles once more and records them. A run that passes pays for
// the copies only, and one that fails late need not begin anew.
#pragma once

#include <sys/types.h>

#include <array>
#include <optional>

#include "model/arch/types.h"

namespace kilburn::tb {

// What a copy that was woken has to record.
struct WavesOrder {
  arch::u64 from = 0, to = 0;  // cycles; of the second DUT if that is `against`
  unsigned hart = 0;
  bool against = false;  // of the second DUT
};

class Snapshots {
 public:
  static constexpr double kSeconds = 2;  // between two copies, at least

  // No copies are made with 0 seconds.
  explicit Snapshots(double seconds) : seconds_(seconds) {}
  ~Snapshots() { end(); }
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  // The run is between two quanta, at this cycle (and the second DUT at that one): makes a copy if it is time.
  // In a copy that was woken this call returns true, with the order in order(); it never does in the run itself.
  bool look(arch::u64 cycle, arch::u64 against_cycle = 0) {
    if (seconds_ == 0 || ++looks_ % kLooks != 0) [[likely]]
      return false;
    return look_at_time(cycle, against_cycle);
  }

  // Whether this process is a copy that was woken.
  bool woken() const { return woken_; }
  const WavesOrder& order() const { return order_; }

  // Wakes the last copy of order.from or before and waits until it has ended. Its cycle; nullopt if there is none, or
  // if it failed.
  std::optional<arch::u64> record(const WavesOrder& order);
  // Ends the copies that sleep.
  void end();

  arch::u64 made() const { return made_; }

 private:
  static constexpr unsigned kLooks = 64;  // the time is looked at in one call of so many
  // A copy costs its fork and then a page fault for every page that the run writes again: a four-hundredth of the time
  // for the fork keeps both together below a hundredth.
  static constexpr double kForkShare = 1.0 / 400;

  struct Copy {
    pid_t pid = 0;   // 0: none
    int order = -1;  // end of a pipe: what to record
    arch::u64 cycle = 0, against_cycle = 0;
  };

  bool look_at_time(arch::u64 cycle, arch::u64 against_cycle);
  bool copy(arch::u64 cycle, arch::u64 against_cycle);
  void sleep(int order);
  void end(Copy&);

  double seconds_;
  double next_ = 0;
  unsigned looks_ = 0;
  arch::u64 made_ = 0;
  std::array<Copy, 2> copies_{};  // older, newer
  WavesOrder order_;
  bool woken_ = false;
};

}  // namespace kilburn::tb
