// SPDX-License-Identifier: Apache-2.0
//
// Options of `kilburn mutate`, and its output.
#include "tb/app/mutate.h"

#include <boost/json.hpp>
#include <iostream>

#include "tb/app/command_line.h"
#include "tb/errors.h"
#include "tb/mutation/campaign.h"
#include "tb/mutation/report.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace po = boost::program_options;
using arch::u64;

namespace {

po::options_description options() {
  const auto text = [](const char* value) { return po::value<std::string>()->default_value(value)->value_name("N"); };
  po::options_description all("Options");
  all.add_options()("dut", po::value<std::vector<std::string>>()->value_name("NAME"),
                    "a DUT with seeded bugs, name or path; may be given several times; default: mmu-bugs, small-bugs, "
                    "wild")("format", po::value<std::string>()->value_name("F"),
                            "x86-64, alpha or alpha-x64; default: all that the DUT is built for")(
      "bug", po::value<std::vector<std::string>>()->value_name("ID"), "only this bug; may be given several times")(
      "count", text("200000"), "responses that a bug may last, over all seeds")(
      "seeds", text("10"), "seeds that share them")("seed", text("1"), "the first of them, not 0")(
      "check", po::value<std::string>()->default_value("admissible")->value_name("C"),
      "the check that has to reject: admissible, or exact (with DUTs that claim cycle-exact behaviour)")(
      "relax", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "a setting of the admissibility check, as in kilburn run")("jobs,j", text("1"), "bugs at a time")(
      "limit", text("300"), "seconds for one bug")("json", "the results as JSON")(
      "markdown", "the results as the tables of tb/mutation/README.md")("help", "this text");
  return all;
}

mutation::Campaign campaign_of(const po::variables_map& map) {
  mutation::Campaign campaign;
  if (map.count("dut")) campaign.duts = map["dut"].as<std::vector<std::string>>();
  if (map.count("bug")) campaign.bugs = map["bug"].as<std::vector<std::string>>();
  if (map.count("format")) {
    campaign.formats = {format_option(map)};
  }
  campaign.effort.count = number(map, "count", 1, u64{1} << 40);
  campaign.effort.seeds = number(map, "seeds", 1, 1'000'000);
  campaign.effort.first_seed = number(map, "seed", 1, u64{1} << 62);
  if (campaign.effort.seeds > campaign.effort.count) {
    throw UserError("--seeds is more than --count: a seed needs at least one response");
  }
  // Sooner than the random test gives up.
  campaign.effort.relaxations.response_limit = campaign.effort.relaxations.acknowledge_limit = 50000;
  const auto& check = map["check"].as<std::string>();
  if (check != "admissible" && check != "exact") {
    throw UserError("--check of mutate is admissible or exact, not \"" + check + "\"");
  }
  campaign.judge = check == "exact" ? mutation::Judge::exact : mutation::Judge::admissible;
  if (map.count("relax")) {
    for (const auto& setting : map["relax"].as<std::vector<std::string>>()) {
      try {
        admissible::relax(campaign.effort.relaxations, setting);
      } catch (const std::invalid_argument& e) {
        throw UserError("--relax: " + std::string(e.what()));
      }
    }
  }
  campaign.jobs = number(map, "jobs", 1, 4096);
  campaign.limit = std::chrono::seconds(number(map, "limit", 1, 1'000'000));
  return campaign;
}

}  // namespace

int mutate_command(const std::vector<std::string>& arguments) {
  const po::options_description known = options();
  const po::variables_map map = parse_command_line("mutate", arguments, known);
  if (map.count("help")) {
    std::cout << "Usage: kilburn mutate [options]\n\n"
                 "Switches on one seeded bug after the other and runs the random test with the admissibility check: "
                 "which rule\n"
                 "rejects it first, and after how many responses; beside it the protocol check and the exact check.\n"
                 "Exit status: 0 every bug is rejected or listed as legal behaviour, 1 one is not, 2 the input is "
                 "wrong,\n3 the environment failed.\n\n"
              << known;
    return 0;
  }
  if (map.count("json") && map.count("markdown")) throw UserError("--json does not go with --markdown");
  const mutation::Campaign campaign = campaign_of(map);
  const auto mutants = mutation::mutants_of(campaign);
  const bool table = map.count("json") == 0 && map.count("markdown") == 0;
  if (table) {
    std::cout << "kilburn  " << grouped(mutants.size()) << " seeded bugs, " << grouped(campaign.effort.count)
              << " responses over " << grouped(campaign.effort.seeds) << " seeds from " << campaign.effort.first_seed
              << "\n\n";
  }
  const auto results = mutation::run(campaign, mutants, [&](const mutation::Result& result) {
    if (table) std::cout << mutation::text_line(result) << std::endl;
  });
  if (table) std::cout << "\n" << mutation::text_summary(results);
  if (map.count("markdown")) std::cout << mutation::markdown(results);
  if (map.count("json")) std::cout << boost::json::serialize(mutation::to_json(campaign, results)) << "\n";
  return mutation::passed(results) ? 0 : 1;
}

}  // namespace kilburn::tb
