// SPDX-License-Identifier: Apache-2.0
//
// The diagrams of waves/README.md: the commands above them draw them, from a run of today, and in that run the rules
// that they show hold cycle by cycle.
#include <algorithm>
#include <boost/program_options/parsers.hpp>
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
      INFO(offer.valid << " in cycle " << n);
      CHECK(valid[n + 1] == "1");
      for (const char* name : offer.payload) CHECK(signal(name)[n + 1] == signal(name)[n]);
    }
    INFO(offer.valid);
    CHECK(held > 0);
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
  REQUIRE(requests.size() == 6);
  REQUIRE(responses.size() == 6);
  for (std::size_t n = 0; n < 6; ++n) {
    CHECK(requests[n].first == responses[n].first);  // of one page, so in order
    CHECK(requests[n].second < responses[n].second);
  }

  // R6, R7: not ready until after the acknowledge; what is accepted from its cycle on walks anew.
  const auto accepted = taken("inv_valid_i", "inv_ready_o", "inv_op_i");
  REQUIRE(accepted.size() == 1);
  const auto ready = signal("inv_ready_o"), ack = signal("inv_ack_o"), read = signal("mem_req_valid_o");
  const auto acknowledged = static_cast<std::size_t>(std::find(ack.begin(), ack.end(), "1") - ack.begin());
  REQUIRE(acknowledged > accepted[0].second);
  for (std::size_t n = accepted[0].second + 1; n <= acknowledged; ++n) CHECK(ready[n] == "0");
  CHECK(ready[acknowledged + 1] == "1");
  const auto reads_between = [&](std::size_t request, std::size_t response) {
    return std::count(read.begin() + static_cast<std::ptrdiff_t>(requests[request].second),
                      read.begin() + static_cast<std::ptrdiff_t>(responses[response].second), "1");
  };
  CHECK(requests[4].second < acknowledged);
  CHECK(reads_between(4, 4) == 0);
  CHECK(requests[5].second >= acknowledged);
  CHECK(reads_between(5, 5) > 0);

  // R8: each memory request is answered once, later.
  const auto asked = taken("mem_req_valid_o", "mem_req_ready_i", "mem_req_id_o");
  const auto answer = signal("mem_rsp_valid_i");
  CHECK(static_cast<std::size_t>(std::count(answer.begin(), answer.end(), "1")) == asked.size());
  for (const auto& [id, cycle] : asked) CHECK(answer[cycle + 3] == "1");
}
