// SPDX-License-Identifier: Apache-2.0
//
// JUnit XML as CI servers read it: a suite a test, a case a seed; attachments in the form of Jenkins and GitLab.
#include <iomanip>
#include <sstream>

#include "tb/regress/report.h"
#include "tb/regress/runner.h"
#include "tb/regress/words.h"

namespace kilburn::regress {
namespace {

struct Counted {
  std::size_t cases = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;
};

// A failure is about the DUT; an error kept the run from saying anything about it.
bool is_failure(RunVerdict verdict) { return verdict == RunVerdict::failed || verdict == RunVerdict::hang; }

void add(const Report& r, std::size_t job, Counted& c) {
  ++c.cases;
  const auto& run = r.results.runs[job];
  if (!run) {
    ++c.skipped;
    return;
  }
  c.seconds += run->seconds;
  if (run->verdict == RunVerdict::passed) return;
  ++(is_failure(run->verdict) ? c.failures : c.errors);
}

std::string attributes(const Counted& c) {
  std::ostringstream text;
  text << " tests=\"" << c.cases << "\" failures=\"" << c.failures << "\" errors=\"" << c.errors << "\" skipped=\""
       << c.skipped << "\" time=\"" << std::fixed << std::setprecision(3) << c.seconds << "\"";
  return text.str();
}

void property(std::ostream& out, const std::string& indent, const std::string& key, const std::string& value) {
  out << indent << "<property name=\"" << markup(key) << "\" value=\"" << markup(value) << "\"/>\n";
}

void write_case(std::ostream& out, const Report& r, std::size_t job, const std::filesystem::path& results) {
  const auto& run = r.results.runs[job];
  const std::string command = reproduce_command(r, job);
  out << "    <testcase classname=\"" << markup(r.plan.name + "." + r.plan.test_of(job).name) << "\" name=\"seed "
      << r.plan.jobs[job].seed << "\" time=\"" << std::fixed << std::setprecision(3) << (run ? run->seconds : 0)
      << "\">\n      <properties>\n";
  property(out, "        ", "seed", std::to_string(r.plan.jobs[job].seed));
  property(out, "        ", "command", command);
  if (run) property(out, "        ", "comparisons", std::to_string(run->comparisons));
  const std::string waves = waves_of(r, job);
  if (!waves.empty()) property(out, "        ", "waves", waves);
  out << "      </properties>\n";
  if (!run) {
    out << "      <skipped message=\"not made\"/>\n";
  } else if (run->verdict != RunVerdict::passed) {
    const char* element = is_failure(run->verdict) ? "failure" : "error";
    out << "      <" << element << " type=\"" << markup(signature(*run)) << "\" message=\"" << markup(run->message)
        << "\">" << markup(command) << "</" << element << ">\n";
    // GitLab links the first one: what the run says of the failure.
    const auto attach = [&](const std::filesystem::path& file) {
      out << "[[ATTACHMENT|" << markup((results / file).generic_string()) << "]]\n";
    };
    const std::filesystem::path folder = run_folder(r.plan, job, false);
    out << "      <system-out>" << markup(command) << "\n";
    for (const char* file : {"stdout.txt", "result.json", "stderr.txt"}) attach(folder / file);
    if (!waves.empty()) attach(waves);
    out << "</system-out>\n";
  }
  out << "    </testcase>\n";
}

}  // namespace

std::string junit_report(const Report& r, const std::filesystem::path& folder) {
  Counted all;
  for (std::size_t job = 0; job < r.plan.jobs.size(); ++job) add(r, job, all);
  // What made the whole red and belongs to no run is a case of its own: a CI server shows cases only.
  const bool whole = r.overall != Overall::green && all.failures + all.errors == 0;
  ++all.cases;
  if (whole) ++all.failures;
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"" << markup(r.plan.name) << "\""
      << attributes(all) << ">\n";
  for (std::size_t first = 0, last; first < r.plan.jobs.size(); first = last) {
    Counted suite;
    for (last = first; last < r.plan.jobs.size() && r.plan.jobs[last].test == r.plan.jobs[first].test; ++last) {
      add(r, last, suite);
    }
    out << "  <testsuite name=\"" << markup(r.plan.test_of(first).name) << "\"" << attributes(suite) << ">\n";
    for (std::size_t job = first; job < last; ++job) write_case(out, r, job, folder);
    out << "  </testsuite>\n";
  }
  Counted honest;
  honest.cases = 1;
  honest.failures = whole ? 1 : 0;
  out << "  <testsuite name=\"regression\"" << attributes(honest) << ">\n    <properties>\n";
  for (const auto& [key, value] : r.plan.environment) property(out, "      ", key, value);
  property(out, "      ", "base seed", std::to_string(r.plan.base_seed));
  property(out, "      ", "command", r.plan.command);
  out << "    </properties>\n    <testcase classname=\"" << markup(r.plan.name)
      << "\" name=\"everything planned was run and compared\" time=\"0.000\">\n";
  if (whole) {
    std::string reasons;
    for (const std::string& reason : r.reasons) reasons += reason + "\n";
    out << "      <failure type=\"" << name(r.overall) << "\" message=\""
        << markup(r.reasons.empty() ? "interrupted" : r.reasons.front()) << "\">" << markup(reasons) << "</failure>\n";
  }
  out << "    </testcase>\n  </testsuite>\n</testsuites>\n";
  return out.str();
}

}  // namespace kilburn::regress
