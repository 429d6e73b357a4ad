// SPDX-License-Identifier: Apache-2.0
//
// The diagrams of waves/README.md: the commands above them draw them, from a run of today, and in that run the rules
// that they show hold cycle by cycle.
#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <functional>
#include <sstream>

#include "tb/failure/timing_diagram.h"
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
namespace tb = kilburn::tb;

namespace {

const std::filesystem::path kWaves = std::filesystem::path(KILBURN_SOURCE_DIR) / "waves";

struct Step {
  std::vector<std::string> commands;
  std::string printed;  // what the document says that the last of them prints
};

// Each block of commands with the block of text that follows it.
std::vector<Step> steps_of(const std::string& document) {
  std::vector<Step> steps;
  std::istringstream lines(document);
  enum { prose, commands, text, other } where = prose;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      where = where != prose ? prose : line == "```sh" ? commands : line == "```text" ? text : other;
      if (where == commands) steps.emplace_back();
    } else if (where == commands) {
      if (!steps.back().commands.empty() && steps.back().commands.back().ends_with("\\")) {
        steps.back().commands.back().pop_back();
        steps.back().commands.back() += line;
      } else {
        steps.back().commands.push_back(line);
      }
    } else if (where == text && !steps.empty()) {
      steps.back().printed += line + "\n";
    }
  }
  return steps;
}

// Spaces at the ends of lines say nothing.
std::string trimmed(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return out;
}

class Signals {
 public:
  Signals(const std::filesystem::path& waves, kilburn::arch::u64 cycles)
      : file_(waves), times_(file_, tb::time_of_cycle_0(file_, cycles, 0)), cycles_(cycles) {}
  // "1" or "0x3", by cycle.
  std::vector<std::string> operator()(const std::string& name) const {
    return tb::sample(file_, {name}, 0, cycles_ - 1, times_).traces[0].values;
  }

 private:
  tb::FstFile file_;
  tb::CycleTimes times_;
  kilburn::arch::u64 cycles_;
};

using Values = std::vector<std::string>;
using Source = std::function<Values(const std::string&)>;

// The rules that the run of protocol.kt breaks, or does not show.
std::vector<std::string> broken(const Source& signal) {
  std::vector<std::string> found;
  const auto rule = [&](bool holds, const std::string& what) {
    if (!holds) found.push_back(what);
  };
  // R2: what stands untaken stands on, with its payload. Each case occurs.
  const struct {
    const char *valid, *ready;
    std::vector<const char*> payload;
  } offers[] = {{"d_req_valid_i", "d_req_ready_o", {"d_req_va_i", "d_req_id_i"}},
                {"d_rsp_valid_o", "d_rsp_ready_i", {"d_rsp_pa_o", "d_rsp_id_o"}},
                {"mem_req_valid_o", "mem_req_ready_i", {"mem_req_addr_o", "mem_req_op_o"}}};
  for (const auto& offer : offers) {
    const auto valid = signal(offer.valid), ready = signal(offer.ready);
    unsigned held = 0;
    for (std::size_t n = 0; n + 1 < valid.size(); ++n) {
      if (valid[n] != "1" || ready[n] != "0") continue;
      ++held;
      const std::string where = std::string(offer.valid) + " in cycle " + std::to_string(n);
      rule(valid[n + 1] == "1", "R2: " + where + " is withdrawn");
      for (const char* name : offer.payload) {
        rule(signal(name)[n + 1] == signal(name)[n], "R2: " + std::string(name) + " changes under " + where);
      }
    }
    rule(held > 0, "R2: " + std::string(offer.valid) + " is never held");
  }

  // R3: one response each, later than its request.
  const auto taken = [&](const char* valid, const char* ready, const char* id) {
    const auto v = signal(valid), r = signal(ready), i = signal(id);
    std::vector<std::pair<std::string, std::size_t>> list;
    for (std::size_t n = 0; n < v.size(); ++n) {
      if (v[n] == "1" && r[n] == "1") list.emplace_back(i[n], n);
    }
    return list;
  };
  const auto requests = taken("d_req_valid_i", "d_req_ready_o", "d_req_id_i");
  const auto responses = taken("d_rsp_valid_o", "d_rsp_ready_i", "d_rsp_id_o");
  rule(requests.size() == 6, "R3: not six requests");
  rule(responses.size() == 6, "R3: not six responses");
  for (std::size_t n = 0; n < std::min(requests.size(), responses.size()); ++n) {
    rule(requests[n].first == responses[n].first, "R3: a response of another id");  // of one page, so in order
    rule(requests[n].second < responses[n].second, "R3: a response before its request");
  }

  // R6, R7: not ready until after the acknowledge; what is accepted from its cycle on walks anew.
  const auto accepted = taken("inv_valid_i", "inv_ready_o", "inv_op_i");
  const auto ready = signal("inv_ready_o"), ack = signal("inv_ack_o"), read = signal("mem_req_valid_o");
  const auto acknowledged = static_cast<std::size_t>(std::find(ack.begin(), ack.end(), "1") - ack.begin());
  const bool operates = accepted.size() == 1 && acknowledged + 1 < ack.size() && acknowledged > accepted[0].second;
  rule(operates, "R6: no operation, or no acknowledge after it");
  rule(std::count(ack.begin(), ack.end(), "1") == 1, "R6: not one acknowledge");
  if (operates && requests.size() == 6 && responses.size() == 6) {
    for (std::size_t n = accepted[0].second + 1; n <= acknowledged; ++n) rule(ready[n] == "0", "R6: ready too early");
    rule(ready[acknowledged + 1] == "1", "R6: not ready again");
    const auto reads_between = [&](std::size_t request, std::size_t response) {
      return std::count(read.begin() + static_cast<std::ptrdiff_t>(requests[request].second),
                        read.begin() + static_cast<std::ptrdiff_t>(responses[response].second), "1");
    };
    rule(requests[4].second < acknowledged && reads_between(4, 4) == 0, "R7: request 5 is not answered from the entry");
    rule(requests[5].second >= acknowledged && reads_between(5, 5) > 0, "R7: request 6 does not walk");
  }

  // R8: each memory request is answered once, later.
  const auto asked = taken("mem_req_valid_o", "mem_req_ready_i", "mem_req_id_o");
  const auto answer = signal("mem_rsp_valid_i");
  rule(static_cast<std::size_t>(std::count(answer.begin(), answer.end(), "1")) == asked.size(), "R8: answers missing");
  for (const auto& [id, cycle] : asked) {
    rule(cycle + 3 < answer.size() && answer[cycle + 3] == "1", "R8: no answer after three cycles");
  }
  return found;
}

}  // namespace

TEST_CASE("the diagrams of waves/README.md are what their commands print") {
  const Folder folder;
  std::filesystem::create_directory(folder / "waves");
  std::filesystem::copy(kWaves / "protocol.kt", folder / "waves/protocol.kt");
  const auto steps = steps_of(contents(kWaves / "README.md"));
  unsigned diagrams = 0;
  for (const Step& step : steps) {
    Ran ran;
    for (const std::string& command : step.commands) {
      auto words = boost::program_options::split_unix(command.substr(0, command.find(" #")));
      REQUIRE(words.at(0) == "kilburn");
      words.erase(words.begin());
      ran = folder.run(words);
      INFO(command << "\n" << ran.out << ran.err);
      REQUIRE(ran.status == 0);
    }
    CHECK(trimmed(ran.out) == trimmed(step.printed));
    diagrams += step.printed.starts_with("cycle ");
  }
  CHECK(diagrams >= 3);
}

TEST_CASE("the rules that the diagrams show hold in the run that they are drawn from") {
  const Folder folder;
  std::filesystem::copy(kWaves / "protocol.kt", folder / "protocol.kt");
  REQUIRE(folder.run({"run", "--test", "protocol.kt", "--waves", "always", "--out", "r"}).status == 0);
  const Signals signal(folder / "r/waves.fst", folder.result("r").at("cycles").to_number<std::uint64_t>());
  for (const std::string& rule : broken(std::ref(signal))) FAIL_CHECK(rule);

  // Each rule bites: one signal is not what it was.
  const auto first = [](const Values& values, const char* value) {
    return std::find(values.begin(), values.end(), value) - values.begin();
  };
  const struct {
    const char *rule, *signal;
    std::function<void(Values&)> change;
  } kPlanted[] = {
      {"R2: d_rsp_valid_o in cycle", "d_rsp_valid_o",
       [&](Values& v) { v[static_cast<std::size_t>(first(signal("d_rsp_ready_i"), "0")) + 1] = "0"; }},
      {"R2: d_rsp_pa_o changes", "d_rsp_pa_o",
       [&](Values& v) { v[static_cast<std::size_t>(first(signal("d_rsp_ready_i"), "0")) + 1] = "0x7"; }},
      {"R3: a response of another id", "d_rsp_id_o",
       [](Values& v) { std::replace(v.begin(), v.end(), std::string("0x3"), std::string("0x4")); }},
      {"R3: not six responses", "d_rsp_valid_o", [&](Values& v) { v[static_cast<std::size_t>(first(v, "1"))] = "0"; }},
      {"R6: ready too early", "inv_ready_o", [](Values& v) { std::fill(v.begin(), v.end(), "1"); }},
      {"R6: not one acknowledge", "inv_ack_o", [](Values& v) { std::fill(v.end() - 3, v.end(), "1"); }},
      {"R7: request 6 does not walk", "mem_req_valid_o",
       [&](Values& v) { std::fill(v.begin() + first(signal("inv_ack_o"), "1"), v.end(), "0"); }},
      {"R8: answers missing", "mem_rsp_valid_i", [&](Values& v) { v[static_cast<std::size_t>(first(v, "1"))] = "0"; }}};
  for (const auto& planted : kPlanted) {
    INFO(planted.rule);
    bool bites = false;
    const auto found = broken([&](const std::string& name) {
      Values values = signal(name);
      if (name == planted.signal) planted.change(values);
      return values;
    });
    for (const std::string& rule : found) bites |= rule.starts_with(planted.rule);
    CHECK(bites);
  }
}

// What the rules are for: an MMU that breaks them, and a memory of another latency, which draws another diagram.
TEST_CASE("the diagrams' rules fail on an MMU with a bug and on a run with other timing") {
  const Folder folder;
  std::string changed = contents(kWaves / "protocol.kt");
  const auto at = changed.find("latency=3:3");
  REQUIRE(at != std::string::npos);
  changed.replace(at, 11, "latency=4:4");
  folder.write("slower.kt", changed);
  std::filesystem::copy(kWaves / "protocol.kt", folder / "protocol.kt");
  const struct {
    const char *test, *rule;
    std::vector<std::string> more;
  } kRuns[] = {
      {"slower.kt", "R8: no answer after three cycles", {}},
      {"protocol.kt", "R7: request 6 does not walk", {"--dut", "mmu-bugs", "--bug", "INV-L2", "--check", "admissible"}},
      {"protocol.kt", "R6: ready too early", {"--dut", "mmu-bugs", "--bug", "INV-READY", "--check", "admissible"}}};
  for (const auto& bad : kRuns) {
    std::vector<std::string> words = {"run", "--test", bad.test, "--waves", "always", "--out", "r"};
    words.insert(words.end(), bad.more.begin(), bad.more.end());
    const Ran ran = folder.run(words);
    INFO(bad.rule << "\n" << ran.out << ran.err);
    CHECK(ran.status == 0);
    bool bites = false;
    const Signals signal(folder / "r/waves.fst", folder.result("r").at("cycles").to_number<std::uint64_t>());
    for (const std::string& rule : broken(std::ref(signal))) {
      bites |= rule == bad.rule;
    }
    CHECK(bites);
  }
}
