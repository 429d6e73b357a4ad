// SPDX-License-Identifier: Apache-2.0
//
// Workloads, several CPUs and processes, software refill and the report, as a user runs them.
#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <set>
#include <sstream>

#include "tests/catch.h"
#include "tests/end_to_end/refused.h"

using Catch::Contains;
using kilburn::test::contents;
using kilburn::test::figure;
using kilburn::test::Folder;
using kilburn::test::Ran;
using kilburn::test::refused_run;

namespace {

const std::string kTrace = std::string(KILBURN_TEST_DATA) + "/traces/mini.28871.lk";

std::string digest(const Folder& folder, const std::string& name) {
  return folder.result(name).at("memory_digest").as_string().c_str();
}

}  // namespace

TEST_CASE("the listing of workloads names what the manual of each format runs") {
  const Folder folder;
  const Ran ran = folder.run({"list", "workloads", "--json"});
  REQUIRE(ran.status == 0);
  const auto all = boost::json::parse(ran.out).as_object().at("workloads").as_array();
  CHECK(all.size() >= 35);
  std::set<std::string> names;
  for (const auto& row : all) names.insert(row.as_object().at("name").as_string().c_str());
  CHECK(names.size() == all.size());
  CHECK(names.count("thrash") == 1);
}

TEST_CASE("workloads on the RTL in lockstep leave the memory that the architecture says") {
  const Folder folder;
  // mmap-churn: an access that was taken before a context switch must not fill under a number that is another's by
  // then.
  const std::pair<std::string, std::string> kScaled[] = {
      {"mmap-churn", "1"}, {"mmap-inherit", "12"}, {"mremap", "4"}, {"write-code", "2"}, {"fork-chain", "2"}};
  for (const auto& [workload, scale] : kScaled) {
    const Ran model =
        folder.run({"run", "--workload", workload, "--scale", scale, "--dut", "arch", "--out", "arch-" + workload});
    INFO(workload << "\n" << model.out << model.err);
    REQUIRE(model.status == 0);
    for (const std::string format : {"x86-64", "alpha"}) {
      const std::string out = workload + "-" + format;
      const Ran ran = folder.run({"run", "--workload", workload, "--scale", scale, "--format", format, "--check",
                                  "exact,admissible,end-to-end", "--out", out});
      INFO(format << "\n" << ran.out << ran.err);
      REQUIRE(ran.status == 0);
      CHECK(digest(folder, out) == digest(folder, "arch-" + workload));
      CHECK(figure(folder.result(out), "comparisons", "pins") > 10000);
      CHECK(figure(folder.result(out), "comparisons", "responses_judged") > 1000);
    }
  }
}

TEST_CASE("two CPUs, each with an MMU in lockstep, share memory and shoot down") {
  const Folder folder;
  for (const std::string format : {"x86-64", "alpha"}) {
    const Ran one = folder.run({"run", "--trace", kTrace, "--format", format, "--dut", "arch", "--out", "one"});
    INFO(one.out << one.err);
    REQUIRE(one.status == 0);
    const Ran two = folder.run(
        {"run", "--trace", kTrace, "--format", format, "--cpus", "2", "--spread", "--frames", "48", "--out", "two"});
    INFO(two.out << two.err);
    REQUIRE(two.status == 0);
    CHECK(digest(folder, "one") == digest(folder, "two"));
    const auto result = folder.result("two");
    CHECK(figure(result, "os", "CPUs") == 2);
    CHECK(figure(result, "comparisons", "responses_judged") > figure(result, "translation", "references"));
    const Ran busy = folder.run({"run", "--trace", kTrace, "--processes", "2", "--format", format, "--cpus", "2",
                                 "--spread", "--frames", "64", "--out", "busy"});
    INFO(busy.out << busy.err);
    REQUIRE(busy.status == 0);
    CHECK(figure(folder.result("busy"), "os", "context_switches") > 10);
  }
}

TEST_CASE("two processes of one trace each leave what one leaves") {
  const Folder folder;
  const std::vector<std::string> base = {"run", "--trace", kTrace, "--dut", "arch", "--frames", "64"};
  auto with = [&](std::vector<std::string> more, const std::string& out) {
    more.insert(more.begin(), base.begin(), base.end());
    more.insert(more.end(), {"--out", out});
    const Ran ran = folder.run(more);
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 0);
    return folder.result(out);
  };
  const auto once = with({}, "once");
  const auto twice = with({"--processes", "2"}, "twice");
  const auto both = with({"--trace", kTrace}, "both");
  // The digest is a sum over processes (sw/os/kernel.h).
  const auto number = [](const boost::json::object& result) {
    return std::stoull(result.at("memory_digest").as_string().c_str(), nullptr, 16);
  };
  CHECK(number(twice) == 2 * number(once));
  CHECK(number(both) == 2 * number(once));
  CHECK(figure(twice, "translation", "references") == 2 * figure(once, "translation", "references"));
  CHECK(figure(twice, "os", "processes") == 2 * figure(once, "os", "processes"));
  // The same through the RTL, switching by flush and by number.
  for (const std::string policy : {"tagged", "flush"}) {
    const Ran ran = folder.run(
        {"run", "--trace", kTrace, "--processes", "2", "--frames", "64", "--switch-policy", policy, "--out", policy});
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 0);
    CHECK(number(folder.result(policy)) == 2 * number(once));
  }
  // A flush at every switch, and what it costs: walks for what was there before, code above all.
  const auto tagged = folder.result("tagged"), flush = folder.result("flush");
  CHECK(figure(tagged, "os", "context_switches") > 10);
  CHECK(figure(flush, "os", "ASID_versions") == figure(flush, "os", "context_switches"));
  CHECK(figure(tagged, "os", "ASID_versions") == 0);
  CHECK(figure(flush, "translation", "dut_walk") > figure(tagged, "translation", "dut_walk"));
  CHECK(figure(flush, "translation", "dut_i_miss") > figure(tagged, "translation", "dut_i_miss"));
}

TEST_CASE("software refill gives the same memory on model, TLM and RTL") {
  const Folder folder;
  const Ran walked = folder.run({"run", "--workload", "mmap-twice", "--dut", "arch", "--out", "walked"});
  REQUIRE(walked.status == 0);
  for (const std::string dut : {"arch", "tlm", "mmu"}) {
    const Ran ran =
        folder.run({"run", "--workload", "mmap-twice", "--format", "alpha", "--dut", dut, "--refill", "--out", dut});
    INFO(dut << "\n" << ran.out << ran.err);
    REQUIRE(ran.status == 0);
    CHECK(digest(folder, dut) == digest(folder, "walked"));
    CHECK(figure(folder.result(dut), "os", "TLB_fills_by_software") > 12);
  }
}

TEST_CASE("what a step costs shows in the latencies") {
  const Folder folder;
  auto run = [&](std::vector<std::string> more, const std::string& out) {
    more.insert(more.begin(), {"run", "--workload", "mremap", "--dut", "arch", "--out", out});
    const Ran ran = folder.run(more);
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 0);
    return folder.result(out);
  };
  const auto usual = run({}, "usual");
  const auto dear = run({"--cost", "disk-seek=1000000"}, "dear");
  CHECK(figure(dear, "latency", "swap_in_mean") > figure(usual, "latency", "swap_in_mean") + 500000);
  CHECK(figure(dear, "latency", "swap_in_longest") >= figure(dear, "latency", "swap_in_mean"));
}

TEST_CASE("planted bugs of the OS are caught by workloads on the RTL") {
  const Folder folder;
  const std::pair<std::string, std::string> kBugs[] = {
      {"M7", "mremap"}, {"M11", "mprotect-toggle"}, {"M12", "mmap-inherit"}, {"M17", "brk"}};
  for (const auto& [bug, workload] : kBugs) {
    const Ran ran = folder.run(
        {"run", "--workload", workload, "--os-bug", bug, "--yield", "every", "--waves", "never", "--out", bug});
    INFO(bug << " " << workload << "\n" << ran.out << ran.err);
    CHECK(ran.status == 1);
    CHECK(folder.result(bug).at("failure").as_object().at("check").as_string() == "end-to-end");
  }
}

TEST_CASE("the report is one well-formed page with the numbers of result.json") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--workload", "page-linear", "--cpus", "2", "--report", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const std::string html = contents(folder / "r/report.html");
  for (const char* outside : {"<script", "src=", "@import", "url(", "http:"}) CHECK_THAT(html, !Contains(outside));
  // The page is XML beside its doctype, so a parser of XML checks the balance of all of it, SVG included.
  std::istringstream page(html.substr(html.find("<html")));
  boost::property_tree::ptree tree;
  REQUIRE_NOTHROW(boost::property_tree::read_xml(page, tree));
  size_t charts = 0, paths = 0;
  for (size_t at = html.find("<svg"); at != std::string::npos; at = html.find("<svg", at + 1)) ++charts;
  for (size_t at = html.find("<path"); at != std::string::npos; at = html.find("<path", at + 1)) ++paths;
  CHECK(charts >= 8);
  CHECK(paths >= 12);
  CHECK_THAT(html, !Contains("nan"));
  const auto result = folder.result("r");
  size_t compared = 0;
  for (const char* group : {"translation", "faults", "os", "latency", "legality", "comparisons"}) {
    for (const auto& [name, value] : result.at(group).as_object()) {
      const std::string name_of = std::string(group) + "." + std::string(name);
      const std::string wanted =
          "<data id=\"" + name_of + "\" value=\"" + std::to_string(value.to_number<std::uint64_t>()) + "\">";
      INFO(wanted);
      CHECK(html.find(wanted) != std::string::npos);
      ++compared;
    }
  }
  CHECK(compared > 60);
}

TEST_CASE("every workload ends well in memories of every shape, or says that it has too little") {
  const Folder folder;
  const auto listed = boost::json::parse(folder.run({"list", "workloads", "--json"}).out);
  const std::vector<std::vector<std::string>> kShapes = {{"--prefault"},
                                                         {"--prefault", "--huge"},
                                                         {"--watermarks", "classic20"},
                                                         {"--watermarks", "zoned24", "--dma-frames", "16"},
                                                         {"--nodes", "4", "--watermarks", "zoned24", "--prefault"},
                                                         {"--nodes", "2", "--highmem-frames", "16"},
                                                         {"--cpus", "8", "--spread", "--huge", "--prefault"},
                                                         {"--cpus", "2", "--nodes", "2", "--switch-policy", "flush"}};
  const std::string kFormats[] = {"x86-64", "alpha", "alpha-x64"};
  unsigned ended = 0, little = 0, turn = 0;
  for (const auto& row : listed.as_object().at("workloads").as_array()) {
    const std::string workload = row.as_object().at("name").as_string().c_str();
    for (const auto& shape : kShapes) {
      std::vector<std::string> words{"run", "--workload", workload, "--dut", "arch", "--out", "r"};
      words.insert(words.end(), {"--format", kFormats[turn++ % 3]});
      words.insert(words.end(), shape.begin(), shape.end());
      const Ran ran = folder.run(words);
      INFO(boost::algorithm::join(words, " ") << "\n" << ran.out << ran.err);
      if (ran.status == 2) {
        CHECK_THAT(ran.err, Contains("frames"));
        ++little;
      } else {
        REQUIRE(ran.status == 0);
        ++ended;
      }
    }
  }
  CHECK(ended > 300);
  CHECK(little < ended / 10);
}

TEST_CASE("what does not go together is refused in one sentence") {
  refused_run({"--workload", "nonesuch"}, "there is no workload \"nonesuch\"");
  refused_run({"--workload", "thrash", "--trace", kTrace}, "exactly one of");
  refused_run({"--workload", "thrash", "--scale", "0"}, "--scale needs a whole number");
  refused_run({"--workload", "thrash", "--processes", "2"}, "--processes goes with traces");
  refused_run({"--workload", "thrash", "--references", "5"}, "--references goes with traces");
  refused_run({"--workload", "thrash", "--strict"}, "--strict alone goes with traces");
  refused_run({"--workload", "thrash", "--cpus", "9"}, "--cpus needs a whole number from 1 to 8");
  refused_run({"--workload", "thrash", "--cpus", "2", "--dut", "tlm"}, "--cpus: the TLM model");
  refused_run({"--workload", "thrash", "--cpus", "2", "--against", "mmu-tiny"}, "--against");
  refused_run({"--workload", "thrash", "--spread"}, "--spread");
  refused_run({"--workload", "thrash", "--refill"}, "--refill: x86-64");
  refused_run({"--workload", "thrash", "--format", "alpha", "--set", "vms=1"}, "--set vms=1: the OS writes entries");
  refused_run({"--workload", "thrash", "--refill", "--format", "alpha", "--dut",
               std::string(KILBURN_TEST_DUTS) + "/twin_bare_alpha.so"},
              "feature REFILL");
  refused_run({"--workload", "thrash", "--frames", "7", "--dut", "arch"}, "--frames 7: too few frames");
  refused_run({"--workload", "thrash", "--switch-policy", "lazy"}, "--switch-policy is tagged or flush");
  refused_run({"--workload", "thrash", "--watermarks", "high"}, "--watermarks is off, classic20 or zoned24");
  refused_run({"--workload", "thrash", "--nodes", "5"}, "--nodes needs a whole number from 1 to 4");
  refused_run({"--workload", "thrash", "--cost", "coffee=3"}, "there is no such step");
  refused_run({"--workload", "thrash", "--cost", "trap=much"}, "NAME=CYCLES");
  refused_run({"--workload", "thrash", "--harts", "2"}, "an OS has --cpus");
  refused_run({"--trace", kTrace, "--scale", "2"}, "--scale goes with --workload");
  refused_run({"--test", "random", "--cpus", "2"}, "--cpus is about the OS");
  refused_run({"--test", "random", "--report"}, "--report is about the OS");
}
