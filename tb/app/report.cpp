// SPDX-License-Identifier: Apache-2.0
//
// Reports from plan and journal alone; also of a regression that is still going, or was killed.
#include "tb/app/report.h"

#include <filesystem>
#include <iostream>

#include "tb/app/command_line.h"
#include "tb/app/plan.h"
#include "tb/errors.h"
#include "tb/regress/report.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace po = boost::program_options;

int report_command(const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("folder", po::value<std::string>(), "")("against", po::value<std::string>(), "")(
      "junit", po::value<std::vector<std::string>>(), "")("json", "")("help", "");
  const po::variables_map map =
      parse_command_line("report", arguments, options, po::positional_options_description().add("folder", 1));
  if (map.count("help")) {
    std::cout
        << "Usage: kilburn report DIR [--against OLD] [--junit FILE]... [--json]\n\n"
           "Writes report.json, junit.xml and report.html of a results folder of kilburn regress again, from its\n"
           "plan and its journal, and prints the summary. Exit status: that of the regression.\n\n"
           "  --against OLD  what changed since the results in OLD: verdicts, kinds of failure, comparisons, speed\n"
           "  --junit FILE   what ctest --output-junit wrote: its tests count among the requirements of "
           "tests/plan.toml\n"
           "  --json         print report.json instead of the summary\n";
    return 0;
  }
  if (!map.count("folder")) throw UserError("report needs the results folder of a kilburn regress");
  const fs::path folder = map["folder"].as<std::string>();
  regress::Report report = regress::read_report(folder);
  if (map.count("against")) {
    const auto& old = map["against"].as<std::string>();
    report.trend = regress::trend_of(report, regress::read_report(old), old);
  }
  report.requirements =
      plan_state(report.plan.sources, report, folder,
                 map.count("junit") ? map["junit"].as<std::vector<std::string>>() : std::vector<std::string>{});
  regress::write_reports(report, folder);
  if (map.count("json"))
    std::cout << regress::json_report(report);
  else
    regress::print_report(std::cout, report, folder);
  return report.exit_status();
}

}  // namespace kilburn::tb
