// SPDX-License-Identifier: Apache-2.0
//
// When the OS's books are audited, what is passed over, how zones lie: from the command line, and again from what a
// run says of itself.
#include <boost/program_options/parsers.hpp>
#include <regex>

#include "tests/catch.h"
#include "tests/end_to_end/refused.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

const std::string kTrace = std::string(KILBURN_TEST_DATA) + "/traces/mini.28871.lk";

boost::json::object passed(const Folder& folder, std::vector<std::string> words, const std::string& out) {
  words.insert(words.begin(), "run");
  words.insert(words.end(), {"--out", out});
  const Ran ran = folder.run(words);
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  return folder.result(out);
}

std::uint64_t audits(const boost::json::object& result) { return figure(result, "comparisons", "audits"); }

// The command that a result names, as arguments.
std::vector<std::string> reproduction(const boost::json::object& result, const std::string& out) {
  auto words = boost::program_options::split_unix(std::string(result.at("reproduce").as_string()));
  words.erase(words.begin());
  words.insert(words.end(), {"--out", out});
  return words;
}

}  // namespace

TEST_CASE("the listing of audits is the table of sw/README.md, line by line") {
  const Folder folder;
  const Ran ran = folder.run({"list", "audits", "--json"});
  REQUIRE(ran.status == 0);
  const auto listed = boost::json::parse(ran.out).as_object().at("audits").as_array();
  REQUIRE(listed.size() == 64);
  const std::string readme = contents(std::filesystem::path(KILBURN_SOURCE_DIR) / "sw/README.md");
  const std::regex row("\n\\| (P[0-9]+) \\| ([^|]+) \\| ([a-z]+) \\| [^|]+ \\|");
  size_t rows = 0;
  for (std::sregex_iterator at(readme.begin(), readme.end(), row), end; at != end; ++at, ++rows) {
    REQUIRE(rows < 64);
    const auto& property = listed[rows].as_object();
    INFO((*at)[1]);
    CHECK(property.at("name").as_string().c_str() == (*at)[1].str());
    CHECK(property.at("description").as_string().c_str() == (*at)[2].str());
    CHECK(property.at("when").as_string().c_str() == (*at)[3].str());
    CHECK_FALSE(property.at("where").as_string().empty());
    if (property.at("when") == "test") CHECK_FALSE(property.at("can_be_off").as_bool());
  }
  CHECK(rows == 64);
  const Ran text = folder.run({"list", "audits"});
  CHECK_THAT(text.out, Contains("  P12") && Contains("  P64") && !Contains("mmu"));
  CHECK_THAT(folder.run({"list", "--help"}).out, Contains("audits") && Contains("--os-checks-off"));
}

TEST_CASE("audits run when they are asked for") {
  const Folder folder;
  const std::vector<std::string> base = {"--trace", kTrace, "--frames", "40", "--dut", "arch"};
  const auto with = [&](const std::string& when, const std::string& out) {
    std::vector<std::string> words = base;
    if (!when.empty()) words.insert(words.end(), {"--os-audit-at", when});
    return passed(folder, words, out);
  };
  const auto usual = with("", "usual"), end = with("end", "end"), often = with("100", "often");
  const auto fault = with("fault", "fault");
  const auto references = figure(usual, "translation", "references");
  CHECK(audits(usual) == 2);  // before the last process goes, and after; the trace is shorter than 100 000 references
  CHECK(audits(end) == 2);
  CHECK(audits(often) == 2 + references / 100);
  std::uint64_t faults = 0;
  for (const auto& [name, count] : fault.at("faults").as_object()) faults += count.to_number<std::uint64_t>();
  CHECK(audits(fault) == 2 + faults);
  CHECK(usual.at("memory_digest") == fault.at("memory_digest"));
  CHECK_THAT(std::string(usual.at("reproduce").as_string()), !Contains("--os-audit-at"));
  for (const std::string name : {"end", "often", "fault"}) {
    const Ran again = folder.run(reproduction(folder.result(name), name + "2"));
    INFO(again.out << again.err);
    REQUIRE(again.status == 0);
    CHECK(audits(folder.result(name + "2")) == audits(folder.result(name)));
  }
}

TEST_CASE("an audit at every fault finds a leak sooner than one at the end") {
  const Folder folder;
  const auto cycle = [&](const std::string& when) {
    const Ran ran = folder.run({"run", "--trace", kTrace, "--frames", "40", "--dut", "arch", "--os-bug", "M7",
                                "--os-audit-at", when, "--out", when});
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 1);
    const auto failure = folder.result(when).at("failure").as_object();
    CHECK_THAT(std::string(failure.at("message").as_string()), Contains("P46"));
    return failure.at("cycle").to_number<std::uint64_t>();
  };
  CHECK(cycle("fault") < cycle("end"));
}

TEST_CASE("a property that is passed over lets the run go on, and the verdict says so") {
  const Folder folder;
  const std::vector<std::string> bug = {"--workload", "mprotect-toggle", "--os-bug", "M11", "--waves", "never"};
  const auto run = [&](std::vector<std::string> more, const std::string& out) {
    more.insert(more.begin(), bug.begin(), bug.end());
    more.insert(more.begin(), "run");
    more.insert(more.end(), {"--out", out});
    return folder.run(more);
  };
  // Without a TLB nothing but the order of events is wrong.
  REQUIRE(run({"--dut", "arch"}, "asked").status == 1);
  CHECK_THAT(std::string(folder.result("asked").at("failure").as_object().at("message").as_string()), Contains("P28"));
  const Ran off = run({"--dut", "arch", "--os-checks-off", "P28,P12"}, "off");
  INFO(off.out << off.err);
  REQUIRE(off.status == 0);
  CHECK_THAT(off.out, Contains("PASSED with checks off: P28, P12"));
  CHECK(boost::json::serialize(folder.result("off").at("checks_off")) == "[\"P28\",\"P12\"]");
  // On the RTL the next check finds the translation that stayed; a failing run says it too, and is the same again.
  REQUIRE(run({"--os-checks-off", "P28", "--check", "end-to-end"}, "rtl").status == 1);
  const auto rtl = folder.result("rtl");
  CHECK_THAT(std::string(rtl.at("failure").as_object().at("message").as_string()), Contains("P27"));
  const Ran again = folder.run(reproduction(rtl, "again"));
  CHECK(again.status == 1);
  CHECK_THAT(again.out, Contains("FAILED with checks off: P28"));
  const auto once = rtl.at("failure").as_object(), twice = folder.result("again").at("failure").as_object();
  for (const char* key : {"check", "message", "cycle", "history"}) CHECK(once.at(key) == twice.at(key));
  CHECK_THAT(contents(folder / "rtl/replay.sh"), Contains("--os-checks-off P28"));
  // With that off as well, what the workload counts is wrong.
  REQUIRE(run({"--os-checks-off", "P27,P28", "--check", "end-to-end"}, "counts").status == 1);
  CHECK_THAT(std::string(folder.result("counts").at("failure").as_object().at("message").as_string()),
             Contains("workload: invalidations"));
}

TEST_CASE("the report says which checks were off") {
  const Folder folder;
  passed(folder, {"--workload", "page-linear", "--dut", "arch", "--report", "--os-checks-off", "P54"}, "r");
  CHECK_THAT(contents(folder / "r/report.html"), Contains("with checks off: P54"));
  CHECK_FALSE(passed(folder, {"--workload", "page-linear", "--dut", "arch"}, "all").contains("checks_off"));
}

TEST_CASE("zones have the size that is asked for") {
  const Folder folder;
  const std::vector<std::string> base = {"--trace", kTrace, "--frames", "64", "--dut", "arch"};
  const auto with = [&](std::vector<std::string> more, const std::string& out) {
    more.insert(more.begin(), base.begin(), base.end());
    return passed(folder, more, out);
  };
  const auto plain = with({}, "plain"), zones = with({"--dma-frames", "16", "--highmem-frames", "24"}, "zones");
  CHECK(plain.at("memory_digest") == zones.at("memory_digest"));
  CHECK_THAT(std::string(zones.at("reproduce").as_string()), Contains("--dma-frames 16 --highmem-frames 24"));
  // Tables do not go into HIGHMEM: with nearly all of memory there, they cannot.
  const Ran few = folder.run(
      {"run", "--trace", kTrace, "--frames", "64", "--dut", "arch", "--highmem-frames", "57", "--out", "few"});
  CHECK(few.status == 2);
  CHECK_THAT(few.err, Contains("out of memory"));
  // And on the RTL, with several nodes.
  const auto rtl = passed(folder,
                          {"--trace", kTrace, "--frames", "64", "--nodes", "2", "--dma-frames", "8", "--highmem-frames",
                           "8", "--watermarks", "zoned24"},
                          "rtl");
  CHECK(rtl.at("memory_digest") == plain.at("memory_digest"));
}

TEST_CASE("what is wrong with audits, checks and zones is one sentence") {
  const std::vector<std::string> base = {"--workload", "thrash", "--dut", "arch"};
  const auto wrong = [&](std::vector<std::string> more, const std::string& reason) {
    more.insert(more.begin(), base.begin(), base.end());
    refused_run(more, reason);
  };
  for (const std::string when : {"0", "-1", "never", "", "99999999999999999999"}) {
    wrong({"--os-audit-at", when}, "--os-audit-at is fault, end or a number of references from 1 on");
  }
  wrong({"--os-checks-off", "P65"}, "--os-checks-off P65: there is no such property (kilburn list audits)");
  wrong({"--os-checks-off", "p1"}, "--os-checks-off p1: there is no such property");
  wrong({"--os-checks-off", ""}, "--os-checks-off: an id is missing");
  wrong({"--os-checks-off", "P12,,P13"}, "--os-checks-off P12,,P13: an id is missing");
  wrong({"--os-checks-off", "P12,P61"}, "--os-checks-off P61: no run asks it");
  wrong({"--os-checks-off", "P38"}, "--os-checks-off P38: the OS cannot go on where it does not hold");
  wrong({"--dma-frames", "0"}, "--dma-frames needs a whole number from 1");
  wrong({"--highmem-frames", "many"}, "--highmem-frames needs a whole number from 1");
  wrong({"--frames", "48", "--dma-frames", "40", "--highmem-frames", "10"}, "do not fit in 48 frames");
  wrong({"--frames", "48", "--dma-frames", "38", "--highmem-frames", "10"}, "leave no frame for NORMAL");
  wrong({"--frames", "48", "--highmem-frames", "45"}, "zone HIGHMEM leaves 3 frames below it");
  wrong({"--frames", "9", "--nodes", "4", "--dma-frames", "10"}, "do not fit in 9 frames");
  for (const std::string option :
       {"--os-audit-at=end", "--os-checks-off=P1", "--dma-frames=4", "--highmem-frames=4", "--swap-file=a:10:1"}) {
    refused_run({"--test", "random", option}, "is about the OS");
  }
}
