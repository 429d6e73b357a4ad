// SPDX-License-Identifier: Apache-2.0
//
// The forms of a report: figures, holes with their hint, well-formed XML, a page without a script.
#include "tb/coverage/report.h"

#include <boost/json.hpp>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "tests/catch.h"

using namespace kilburn::coverage;
using Catch::Matchers::Contains;

namespace {

Merged one_bin() {
  std::vector<u64> bins(kAllBins);
  bins[bin_of<ItemId::mode>(Mode::levels5)] = 4;
  Merged merged;
  merged.add(run_coverage("kilburn run --test 'a<b>'", bins));
  return merged;
}

}  // namespace

TEST_CASE("the text has a row a point, every hole and what reaches it") {
  std::ostringstream out;
  print_report(out, one_bin(), {true, true, 0});
  CHECK_THAT(out.str(), Contains("CP1  ") && Contains("CP16xCP18xCP9.alpha") && Contains("x86-64 of 4 levels"));
  CHECK_THAT(out.str(), Contains("CP15, an invalidation and the walk for its address: kilburn run"));
  CHECK_THAT(out.str(), Contains("1 of 1 runs keep the coverage"));
}

TEST_CASE("JSON has figures, holes and ranking") {
  const auto report = boost::json::parse(json_report(one_bin())).as_object();
  CHECK(report.at("all").at("hit").to_number<int>() == 1);
  const auto& mode = report.at("items").as_array().at(0).as_object();
  CHECK(mode.at("id") == "CP1");
  CHECK(mode.at("holes").as_array().size() == 3);
  CHECK(report.at("ranked").as_array().size() == 1);
}

TEST_CASE("the XML is well-formed and has every bin once") {
  const Merged merged = one_bin();
  std::istringstream in(ucis_report(merged));
  boost::property_tree::ptree tree;
  REQUIRE_NOTHROW(boost::property_tree::read_xml(in, tree));
  std::size_t bins = 0, hit = 0, ignored = 0;
  for (const auto& [name, group] : tree.get_child("ucis:UCIS").get_child("ucis:instanceCoverages")) {
    if (name != "ucis:covergroupCoverage") continue;
    for (const auto& [kind, item] : group.get_child("ucis:cgInstance")) {
      for (const auto& [what, bin] : item) {
        if (what != "ucis:coverpointBin" && what != "ucis:crossBin") continue;
        ++bins;
        ignored += bin.get<std::string>("<xmlattr>.type") == "ignore";
        const char* contents = what == "ucis:crossBin" ? "ucis:contents" : "ucis:range";
        const auto& place = bin.get_child(contents);
        const auto& counted = what == "ucis:crossBin" ? place : place.get_child("ucis:contents");
        hit += counted.get<int>("<xmlattr>.coverageCount") != 0;
      }
    }
  }
  const Tally all = tally(merged);
  CHECK(bins == kAllBins);
  CHECK(hit == 1);
  CHECK(ignored == all.unreachable);
}

TEST_CASE("the page holds everything and needs no script") {
  const std::string page = html_report(one_bin(), nullptr);
  CHECK_THAT(page, Contains("<details") && Contains("x86-64 of 4 levels") && Contains("a&lt;b&gt;"));
  CHECK_THAT(page, !Contains("<script") && !Contains("http"));
}
