// SPDX-License-Identifier: Apache-2.0
//
// The coverage of many runs: sums, what is open, which few runs would do, what an earlier folder had.
#pragma once

#include <filesystem>
#include <vector>

#include "tb/coverage/file.h"

namespace kilburn::coverage {

class Merged {
 public:
  Merged() : counts_(kAllBins) {}
  void add(RunCoverage run);

  const std::vector<u64>& counts() const { return counts_; }
  const std::vector<RunCoverage>& runs() const { return runs_; }
  bool hit(u32 bin) const { return counts_[bin] != 0; }
  bool owed(u32 bin) const { return Model::get().standing(bin) == Standing::reachable && !hit(bin); }

 private:
  std::vector<u64> counts_;
  std::vector<RunCoverage> runs_;
};

// Every coverage.json in these folders, at any depth, and these files. Throws UserError if there is none.
Merged merge(const std::vector<std::filesystem::path>& places);

struct Tally {
  u32 hit = 0, reachable = 0, unreachable = 0, illegal = 0;
  u32 wrong = 0;    // illegal bins that were hit
  u32 refuted = 0;  // bins called unreachable that were hit
  Tally& operator+=(const Tally& t);
};
Tally tally(const Merged&, const Item&);
Tally tally(const Merged&);

struct Ranked {
  std::size_t run;  // index in runs()
  u32 gained;       // reachable bins that no run before it has
};
// The fewest runs, greedily, that keep every reachable bin.
std::vector<Ranked> rank(const Merged&);

struct Trend {
  std::vector<u32> gained, lost;  // bins
};
Trend trend(const Merged& now, const Merged& before);

}  // namespace kilburn::coverage
