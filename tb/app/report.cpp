// SPDX-License-Identifier: Apache-2.0
//
// Reports from plan and journal alone; also of a regression that is still going, or was killed.
#include "tb/app/report.h"

#include <filesystem>
#include <iostream>

#include "tb/app/command_line.h"
#include "tb/errors.h"
#include "tb/regress/files.h"
#include "tb/regress/report.h"
#include "tb/regress/runner.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace po = boost::program_options;

int report_command(const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("folder", po::value<std::string>(), "")("json", "print report.json instead of the summary")(
      "help", "this text");
  const po::variables_map map =
      parse_command_line("report", arguments, options, po::positional_options_description().add("folder", 1));
  if (map.count("help")) {
    std::cout
        << "Usage: kilburn report DIR [--json]\n\n"
           "Writes report.json, junit.xml and report.html of a results folder of kilburn regress again, from its\n"
           "plan and its journal, and prints the summary. Exit status: that of the regression.\n";
    return 0;
  }
  if (!map.count("folder")) throw UserError("report needs the results folder of a kilburn regress");
  const fs::path folder = map["folder"].as<std::string>();
  std::error_code ec;
  if (!fs::exists(folder / "plan.json", ec)) {
    throw UserError("the folder " + folder.string() + " holds no results of kilburn regress");
  }
  regress::Plan plan = regress::read_plan(folder / "plan.json");
  regress::Results results;
  regress::Journal::read(folder / "journal.jsonl", plan.jobs.size(), results);
  results.interrupted = regress::unfinished(plan, results);
  const regress::Report report = regress::make_report(std::move(plan), std::move(results));
  regress::write_reports(report, folder);
  if (map.count("json"))
    std::cout << regress::json_report(report);
  else
    regress::print_report(std::cout, report, folder);
  return report.exit_status();
}

}  // namespace kilburn::tb
