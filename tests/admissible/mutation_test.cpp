// SPDX-License-Identifier: Apache-2.0
//
// What the table of tb/mutation/README.md says is so: on a sample of its rows, with the command's own effort. The
// nightly test "nightly: every seeded bug is rejected" runs all of them.
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tb/errors.h"
#include "tb/mutation/campaign.h"
#include "tb/mutation/children.h"
#include "tb/mutation/legal_bugs.h"
#include "tb/mutation/report.h"
#include "tests/catch.h"
#include "tests/duts.h"

using namespace kilburn;
using arch::Format;
using mutation::Campaign;
using mutation::Verdict;

namespace {

// The rows of the table, "mmu-bugs x86-64 T61" and the line.
std::map<std::string, std::string> table() {
  std::ifstream file(std::string(KILBURN_SOURCE_DIR) + "/tb/mutation/README.md");
  std::map<std::string, std::string> rows;
  std::string line, of;
  while (std::getline(file, line)) {
    if (line.starts_with("### ")) of = line.substr(4);
    if (!of.empty() && line.starts_with("| ") && !line.starts_with("| bug") && !line.starts_with("| ---")) {
      rows[of + " " + line.substr(2, line.find(' ', 2) - 2)] = line;
    }
  }
  return rows;
}

// The cells of the admissibility check: bug, rule, responses.
std::string judged(const std::string& row) {
  std::size_t end = 0;
  for (unsigned bar = 0; bar < 3; ++bar) end = row.find('|', end + 1);
  return row.substr(0, end);
}

Campaign campaign(const std::string& dut, Format format, const std::string& bug) {
  Campaign campaign;
  campaign.duts = {dut};
  campaign.formats = {format};
  campaign.bugs = {bug};
  campaign.effort.relaxations.response_limit = campaign.effort.relaxations.acknowledge_limit = 50000;
  return campaign;
}

}  // namespace

TEST_CASE("the table of mutants is true") {
  struct Row {
    std::string dut;
    Format format;
    std::string bug;
  };
  const Format x86 = Format::x86_64, alpha = Format::alpha;
  const Row row =
      GENERATE_COPY(Row{"mmu-bugs", x86, "T12-W"}, Row{"mmu-bugs", x86, "T61b"}, Row{"mmu-bugs", x86, "KILL-PSC"},
                    Row{"mmu-bugs", alpha, "T93"}, Row{"small-bugs", x86, "CAS-BLIND"},
                    Row{"small-bugs", alpha, "FILL-INVALID"}, Row{"wild", x86, "T43"}, Row{"wild", x86, "T71"},
                    Row{"wild", alpha, "T80"}, Row{"wild", alpha, "ROOT"}, Row{"wild", Format::alpha_x64, "T91"});
  setenv("KILBURN_DUTS", KILBURN_DUTS, 1);
  const Campaign what = campaign(row.dut, row.format, row.bug);
  const auto results = mutation::run(what, mutation::mutants_of(what), {});
  REQUIRE(results.size() == 1);
  CHECK(results[0].verdict == Verdict::rejected);
  const auto rows = table();
  const std::string key = row.dut + " " + std::string(arch::name(row.format)) + " " + row.bug;
  INFO(key);
  REQUIRE(rows.contains(key));
  std::string line;
  std::istringstream lines(mutation::markdown(results));
  while (std::getline(lines, line) && !line.starts_with("| " + row.bug + " ")) {
  }
  // Up to the exact check's columns, which tell of the twin.
  CHECK(judged(line) == judged(rows.at(key)));
}

TEST_CASE("the table has every seeded bug") {
  setenv("KILBURN_DUTS", KILBURN_DUTS, 1);
  const auto rows = table();
  Campaign everything;
  everything.formats = {Format::x86_64, Format::alpha};
  for (const auto& mutant : mutation::mutants_of(everything)) {
    const std::string key = mutant.dut + " " + std::string(arch::name(mutant.format)) + " " + mutant.id;
    INFO(key);
    CHECK(rows.contains(key));
  }
  for (const auto& [key, line] : rows) {
    INFO(key);
    CHECK(line.find("ESCAPED") == std::string::npos);
  }
}

TEST_CASE("bugs of time alone are not rejected") {
  setenv("KILBURN_DUTS", KILBURN_DUTS, 1);
  const std::string bug = GENERATE("FILL-ORDER", "PLRU-TOUCH", "HOLD", "MERGE-ASID");
  Campaign what = campaign("mmu-bugs", Format::x86_64, bug);
  what.effort.count = 20000;
  const auto results = mutation::run(what, mutation::mutants_of(what), {});
  CHECK(results.at(0).verdict == Verdict::legal);
  CHECK(!results.at(0).admissible.found());
  CHECK(results.at(0).exact.found());
}

TEST_CASE("without a bug there is nothing to reject, and that is told as an escape") {
  const auto library = tb::dut_library("wild", Format::x86_64);
  const auto found = mutation::run_seeds(library, {"wild", Format::x86_64, "", "", ""}, mutation::Judge::admissible,
                                         {.count = 8000, .seeds = 4, .first_seed = 1, .relaxations = {}});
  CHECK(!found.found());
  CHECK(found.responses >= 8000);
}

TEST_CASE("a mutant that crashes, hangs or throws is contained and named") {
  std::map<std::size_t, mutation::Ended> ended;
  mutation::in_children(
      4, 2, std::chrono::seconds(1),
      [](std::size_t n, const mutation::Tell& tell) {
        tell("begun " + std::to_string(n));
        if (n == 0) raise(SIGKILL);
        if (n == 1) {
          while (true) pause();
        }
        if (n == 2) throw tb::UserError("no such thing");
      },
      [&](std::size_t n, const mutation::Ended& how) { ended[n] = how; });
  using How = mutation::Ended::How;
  REQUIRE(ended.size() == 4);
  CHECK(ended[0].how == How::crashed);
  CHECK(ended[0].signal == SIGKILL);
  CHECK(ended[1].how == How::hung);
  CHECK(ended[2].how == How::failed);
  CHECK(ended[2].text == "begun 2\nno such thing\n");
  CHECK(ended[3].how == How::done);
  CHECK(ended[3].text == "begun 3\n");
}

TEST_CASE("campaigns that cannot be are refused") {
  setenv("KILBURN_DUTS", KILBURN_DUTS, 1);
  CHECK_THROWS_AS(mutation::mutants_of(campaign("wild", Format::x86_64, "T999")), tb::UserError);
  CHECK_THROWS_AS(mutation::mutants_of(campaign("no-such", Format::x86_64, "T01")), tb::UserError);
  Campaign exact = campaign("wild", Format::x86_64, "T01");
  exact.judge = mutation::Judge::exact;
  CHECK_THROWS_AS(mutation::mutants_of(exact), tb::UserError);
}
