// SPDX-License-Identifier: Apache-2.0
//
// The coverage of runs and regressions, merged, in every form.
#include "tb/app/coverage.h"

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <fstream>
#include <iostream>

#include "tb/app/command_line.h"
#include "tb/coverage/report.h"
#include "tb/errors.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace po = boost::program_options;
namespace bp = boost::process;

namespace {

void write(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw EnvironmentError("the file " + file.string() + " cannot be written");
}

std::vector<fs::path> code_coverage_of(const std::vector<fs::path>& places) {
  std::vector<fs::path> files;
  for (const fs::path& place : places) {
    std::error_code ec;
    if (!fs::is_directory(place, ec)) continue;
    for (fs::recursive_directory_iterator entry(place, ec); !ec && entry != fs::recursive_directory_iterator();
         entry.increment(ec)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with("coverage") && name.ends_with(".dat")) files.push_back(entry->path());
    }
  }
  return files;
}

// Verilator's own program merges what its models wrote.
void write_lcov(const std::vector<fs::path>& places, const std::string& file) {
  const std::vector<fs::path> files = code_coverage_of(places);
  if (files.empty()) {
    throw UserError("no run there has a coverage.dat: --lcov needs runs with --dut mmu-coverage");
  }
  const auto program = bp::search_path("verilator_coverage");
  if (program.empty()) throw EnvironmentError("verilator_coverage is not installed: --lcov needs it");
  std::vector<std::string> words = {"--write-info", file};
  for (const fs::path& data : files) words.push_back(data.string());
  std::error_code ec;
  bp::child child(program, bp::args(words), bp::std_out > bp::null, ec);
  if (!ec) child.wait(ec);
  if (ec || child.exit_code() != 0)
    throw EnvironmentError("verilator_coverage failed on " + std::to_string(files.size()) + " files");
}

}  // namespace

int coverage_command(const std::vector<std::string>& arguments) {
  po::options_description visible;
  const auto file = [] { return po::value<std::string>()->value_name("FILE"); };
  visible.add_options()("holes", "every reachable bin that was not hit, with what reaches it")(
      "rank", "the fewest runs that keep the coverage, with their commands")(
      "against", po::value<std::string>()->value_name("DIR"), "bins gained and lost since that earlier folder")(
      "most", po::value<std::string>()->default_value("20")->value_name("N"),
      "holes shown of a point or cross; 0: all")("merged", file(),
                                                 "one coverage.json of all runs, to be merged again elsewhere")(
      "json", file(), "figures, holes and ranking")("ucis", file(), "UCIS-style XML")("html", file(), "one page")(
      "lcov", file(), "line and toggle coverage of runs on --dut mmu-coverage, by verilator_coverage")(
      "require", po::value<std::string>()->value_name("N"), "status 1 if more than N reachable bins are open")(
      "help", "this text");
  po::options_description known;
  known.add(visible).add_options()("folder", po::value<std::vector<std::string>>(), "");
  const po::variables_map map =
      parse_command_line("coverage", arguments, known, po::positional_options_description().add("folder", -1));
  if (map.count("help")) {
    std::cout << "Usage: kilburn coverage DIR... [options]\n\n"
                 "Merges the functional coverage of runs (kilburn run --coverage) and regressions (kilburn regress\n"
                 "--coverage) in these folders, at any depth, and prints what was hit of what can be.\n"
                 "Exit status: 0, 1 if an illegal bin was hit or --require is not met, 2 the input is wrong.\n"
              << visible;
    return 0;
  }
  if (!map.count("folder")) throw UserError("coverage needs a folder with runs");
  std::vector<fs::path> places;
  for (const auto& word : map["folder"].as<std::vector<std::string>>()) places.emplace_back(word);
  const coverage::Merged merged = coverage::merge(places);
  const std::size_t most = number(map, "most", 0, 1'000'000);
  const bool has_before = map.count("against") != 0;
  coverage::Trend trend;
  if (has_before) trend = coverage::trend(merged, coverage::merge({map["against"].as<std::string>()}));
  coverage::print_report(std::cout, merged, {map.count("holes") != 0, map.count("rank") != 0, most});
  if (has_before) coverage::print_trend(std::cout, trend, most);
  const auto asked = [&](const char* option) { return map.count(option) ? map[option].as<std::string>() : ""; };
  if (const auto to = asked("merged"); !to.empty()) {
    coverage::write_file(
        coverage::run_coverage("merged of " + std::to_string(merged.runs().size()) + " runs", merged.counts()), to);
  }
  if (const auto to = asked("json"); !to.empty()) write(to, coverage::json_report(merged));
  if (const auto to = asked("ucis"); !to.empty()) write(to, coverage::ucis_report(merged));
  if (const auto to = asked("html"); !to.empty())
    write(to, coverage::html_report(merged, has_before ? &trend : nullptr));
  if (const auto to = asked("lcov"); !to.empty()) write_lcov(places, to);
  const coverage::Tally all = coverage::tally(merged);
  if (all.wrong != 0) return 1;
  if (map.count("require") && all.reachable - all.hit > number(map, "require", 0, 1'000'000)) return 1;
  return 0;
}

}  // namespace kilburn::tb
