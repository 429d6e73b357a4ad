// SPDX-License-Identifier: Apache-2.0
//
// What came of a regression, and why it is green or red. Every form of it - text, JSON, JUnit, HTML - is written from
// this.
#pragma once

#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tb/regress/test_plan.h"
#include "tb/regress/trend.h"
#include "tb/regress/triage.h"

namespace kilburn::regress {

enum class Overall { green, red, interrupted };
const char* name(Overall);

struct Report {
  Plan plan;
  Results results;
  std::vector<Bucket> buckets;
  std::vector<std::string> reasons;  // why it is not green, one sentence each
  Overall overall = Overall::green;
  std::map<RunVerdict, std::size_t> counts;  // of the runs that ended
  std::size_t ended = 0;
  u64 comparisons = 0, cycles = 0;
  std::vector<std::size_t> unrepeated;             // failed, and passed or ended otherwise when run again
  std::map<std::string, std::size_t> begun_again;  // runs that a launcher lost and began again, by its reason
  // Of everything that a second run of the same plan must say again.
  std::string digest;

  // For the reports alone.
  std::optional<PlanState> requirements;
  std::optional<Trend> trend;

  int exit_status() const;  // 0 green, 1 red, 2 or 3 if nothing but bad input or the machine is to blame, 130
};

// Counts waivers as they are now: throws UserError if one of their files is gone.
Report make_report(Plan, Results);

// Of a results folder as it is: still going, or killed, or done. Throws UserError.
Report read_report(const std::filesystem::path& folder);

// "3 times: NODE_FAIL 2, PREEMPTED 1"; empty if nothing was.
std::string begun_again(const Report&);

// The command that repeats a run, and the file with its waves relative to the results folder (empty if none).
std::string reproduce_command(const Report&, std::size_t job);
std::string waves_of(const Report&, std::size_t job);

void print_report(std::ostream&, const Report&, const std::filesystem::path& folder);
std::string json_report(const Report&);
// `folder`: the results folder as attachments name it.
std::string junit_report(const Report&, const std::filesystem::path& folder = {});
std::string html_report(const Report&);
std::string plan_html(const PlanState&);

// report.json, junit.xml and report.html. Attachments in junit.xml are named from the root of GitLab's project
// ($CI_PROJECT_DIR), or absolutely, as Jenkins reads them, where that is not set. Throws EnvironmentError.
void write_reports(const Report&, const std::filesystem::path& folder);

}  // namespace kilburn::regress
