// SPDX-License-Identifier: Apache-2.0
//
// What changed since an earlier regression: verdicts, comparisons, speed, time, by test.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::regress {

struct Report;

// Runs of one test, or of all.
struct TestFigures {
  std::size_t runs = 0, passed = 0;
  arch::u64 comparisons = 0, cycles = 0;
  double seconds = 0;  // of the runs, not of the wall

  double khz() const { return seconds > 0 ? static_cast<double>(cycles) / seconds / 1000 : 0; }
};

struct TestTrend {
  std::string name;
  std::optional<TestFigures> before, now;  // one of them is missing: the test is new, or gone
};

struct VerdictChange {
  std::string run;  // "short-mmu/12"
  std::string before, now, signature;
};

struct Trend {
  std::string folder, date, git;  // of the earlier one
  std::string verdict_before;
  TestFigures before, now;
  double wall_before = 0, wall_now = 0;
  std::size_t common = 0;                                    // runs of both
  std::vector<VerdictChange> worse, better;                  // the same run, another verdict
  std::vector<std::string> new_signatures, gone_signatures;  // kinds of failure
  std::vector<TestTrend> tests;                              // of both, in the order of now
  std::vector<std::string> environment;                      // "compiler: 12.2.0, was 11.3.0"
};

Trend trend_of(const Report& now, const Report& before, const std::string& folder_of_before);

std::string trend_text(const Trend&);
std::string trend_html(const Trend&);

}  // namespace kilburn::regress
