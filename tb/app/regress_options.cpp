// SPDX-License-Identifier: Apache-2.0
//
// Command line of `kilburn regress`.
#include "tb/app/regress_options.h"

#include <algorithm>
#include <iostream>
#include <thread>

#include "tb/app/command_line.h"
#include "tb/app/options.h"
#include "tb/errors.h"

namespace kilburn::tb {
namespace po = boost::program_options;
using arch::u64;

namespace {

std::string folder(const po::variables_map& map, const char* option) {
  if (!map.count(option)) return "";
  const auto& text = map[option].as<std::string>();
  if (text.empty()) throw UserError("--" + std::string(option) + " is empty");
  return text;
}

po::options_description visible_options() {
  po::options_description which("Which runs");
  which.add_options()("only", po::value<std::vector<std::string>>()->value_name("PATTERN"),
                      "tests whose name matches ('random-*'), or with a tag (tag:fast); may be given several times")(
      "seeds", po::value<std::string>()->value_name("N"), "N drawn seeds for each test instead of the list's")(
      "fixed-seed", po::value<std::string>()->value_name("S"), "every test once, with this seed")(
      "base-seed", po::value<std::string>()->value_name("S"),
      "what seeds are drawn from; default 1, or a fresh one if the list says fresh_seeds")(
      "failed-of", po::value<std::string>()->value_name("DIR"), "run again what did not pass in these results")(
      "resume", po::value<std::string>()->value_name("DIR"),
      "go on with results that were interrupted, or start LIST there if nothing was begun");
  po::options_description how("How");
  how.add_options()("jobs,j", po::value<std::string>()->value_name("N"),
                    "runs at a time; default: one a core, with Slurm as many jobs as it has room for")(
      "fail-fast", "stop at the first run that does not pass")(
      "repeats", po::value<std::string>()->default_value("3")->value_name("N"),
      "failed runs of each kind that are made again, with waves")(
      "out", po::value<std::string>()->value_name("DIR"), "results folder; default runs/LIST, or runs/LIST-2 ...")(
      "coverage", "every run leaves coverage.json, merged into coverage.html (kilburn coverage)")(
      "dry-run", "print the commands and run nothing")("json", "print report.json instead of the summary")("help",
                                                                                                           "this text");
  po::options_description where("Where");
  where.add_options()("launcher", po::value<std::string>()->default_value("local")->value_name("NAME"),
                      "local: on this machine; slurm: in arrays of jobs, on nodes that see the same files")(
      "partition", po::value<std::string>()->value_name("NAME"), "Slurm's partition")(
      "account", po::value<std::string>()->value_name("NAME"), "Slurm's account")(
      "slurm-arg", po::value<std::vector<std::string>>()->value_name("ARG"),
      "a word for sbatch (--slurm-arg=--qos=low); may be given several times")(
      "slurm-retries", po::value<std::string>()->value_name("N"),
      "how often a run is begun again that Slurm ended (a failed node, a preemption); default 2");
  po::options_description all;
  all.add(which).add(how).add(where);
  return all;
}

void check_combinations(const po::variables_map& map, const RegressOptions& o) {
  const bool given = !o.resume.empty() || !o.failed_of.empty();
  if (o.list.empty() && !given) throw UserError("regress needs a list: smoke, nightly, soak or a file");
  if (!o.resume.empty() && !o.failed_of.empty()) throw UserError("--resume does not go with --failed-of");
  if (!o.failed_of.empty() && !o.list.empty()) {
    throw UserError("--failed-of takes its tests from the results, so no list goes with it");
  }
  if (!o.resume.empty() && !o.out.empty())
    throw UserError("--resume goes on in its own folder, so --out does not apply");
  if (map.count("seeds") && map.count("fixed-seed")) throw UserError("--seeds does not go with --fixed-seed");
  // What a resumed regression runs is settled.
  for (const char* option : {"only", "seeds", "fixed-seed", "base-seed"}) {
    if (map.count(option) && (!o.failed_of.empty() || (!o.resume.empty() && o.list.empty()))) {
      throw UserError("--" + std::string(option) + " needs a list");
    }
  }
}

std::optional<regress::SlurmOptions> slurm_options(const po::variables_map& map, const RegressOptions& o) {
  const auto& launcher = map["launcher"].as<std::string>();
  if (launcher != "local" && launcher != "slurm") {
    throw UserError("there is no launcher \"" + launcher + "\"; there are: local, slurm");
  }
  if (launcher == "local") {
    for (const char* option : {"partition", "account", "slurm-arg", "slurm-retries"}) {
      if (map.count(option)) throw UserError("--" + std::string(option) + " needs --launcher slurm");
    }
    return std::nullopt;
  }
  regress::SlurmOptions slurm;
  slurm.partition = folder(map, "partition");
  slurm.account = folder(map, "account");
  if (map.count("slurm-arg")) slurm.arguments = map["slurm-arg"].as<std::vector<std::string>>();
  for (const std::string& word : slurm.arguments) {
    // sbatch would take anything else for its script.
    if (!word.starts_with("-")) throw UserError("--slurm-arg " + word + ": an option of sbatch starts with -");
  }
  if (map.count("slurm-retries")) slurm.retries = static_cast<unsigned>(number(map, "slurm-retries", 0, 100));
  if (map.count("jobs")) slurm.at_once = o.jobs;
  return slurm;
}

}  // namespace

std::optional<RegressOptions> parse_regress_options(const std::vector<std::string>& arguments) {
  const po::options_description visible = visible_options();
  po::options_description known;
  known.add(visible).add_options()("list", po::value<std::string>(), "")("part", po::value<std::string>(), "");
  const po::variables_map map =
      parse_command_line("regress", arguments, known, po::positional_options_description().add("list", 1));
  if (map.count("help")) {
    std::cout << "Usage: kilburn regress LIST [options]\n"
                 "       kilburn regress --resume DIR\n"
                 "       kilburn regress --failed-of DIR\n\n"
                 "Runs every test of a list with every seed and ends with one verdict. LIST is a file, or the name of\n"
                 "one in tests/regressions (or in $KILBURN_REGRESSIONS): smoke, nightly, soak, legal, coverage.\n"
                 "Exit status: 0 green, 1 red, 2 the input is wrong, 3 the environment failed, 130 interrupted.\n"
              << visible;
    return std::nullopt;
  }
  RegressOptions o;
  o.part = folder(map, "part");
  if (!o.part.empty()) return o;
  o.command = "kilburn regress";
  for (const auto& word : arguments) o.command += " " + shell_quote(word);
  if (map.count("list")) o.list = map["list"].as<std::string>();
  if (map.count("list") && o.list.empty()) throw UserError("the list's name is empty");
  o.resume = folder(map, "resume");
  o.failed_of = folder(map, "failed-of");
  o.out = folder(map, "out");
  check_combinations(map, o);
  if (map.count("only")) o.selection.only = map["only"].as<std::vector<std::string>>();
  if (map.count("seeds")) o.selection.seeds = number(map, "seeds", 1, 1'000'000);
  if (map.count("fixed-seed")) o.selection.fixed_seed = number(map, "fixed-seed", 1, ~u64{0});
  if (map.count("base-seed")) o.selection.base_seed = number(map, "base-seed", 1, ~u64{0});
  o.jobs = map.count("jobs") ? static_cast<std::size_t>(number(map, "jobs", 1, 4096))
                             : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  o.slurm = slurm_options(map, o);
  o.fail_fast = map.count("fail-fast") != 0;
  o.repeats = number(map, "repeats", 0, 1'000'000);
  o.dry_run = map.count("dry-run") != 0;
  o.json = map.count("json") != 0;
  o.coverage = map.count("coverage") != 0;
  return o;
}

}  // namespace kilburn::tb
