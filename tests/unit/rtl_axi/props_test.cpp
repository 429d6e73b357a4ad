// SPDX-License-Identifier: Apache-2.0
//
// Every assertion of rtl/props/axi_props.sv bites, and so does the scoreboard: a seeded bug of the adapter, or a memory
// or requester that breaks the protocol, is found; the same traffic without it is silent.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

#include "tests/catch.h"
#include "tests/unit/rtl_axi/adapter_bench.h"

namespace kilburn::axi_test {
namespace {

struct Ran {
  bool ended = false;  // by itself: a broken assertion ends the process
  std::string output;
};

// In a process of its own, because Verilator ends it when an assertion fails.
Ran run(const std::function<void()>& body) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe");
  std::fflush(nullptr);  // or the child prints what waits in the parent's buffers
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    int status = 1;
    try {
      body();
      status = 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    std::fflush(nullptr);
    _exit(status);
  }
  close(ends[1]);
  Ran ran;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) ran.output.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ran.ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return ran;
}

// Random traffic on the adapter with `bug`; what the scoreboard finds is printed.
void traffic(const char* bug, Wrong wrong, bool assertions_only) {
  auto dut = make_buggy_adapter(7);
  AdapterBench bench(*dut, 7);
  if (*bug != '\0') dut->select_bug(bug);
  bench.memory.options.error_percent = 5;
  bench.memory.options.snipe_percent = 50;
  bench.memory.options.lost_percent = 40;
  bench.memory.options.ready_percent = 40;
  bench.memory.options.strict = !assertions_only;
  bench.memory.options.wrong = wrong;
  for (int cycle = 0; cycle < 3000 && (assertions_only || bench.failures.empty()); ++cycle) bench.step(true);
  if (!assertions_only) {
    for (const auto& failure : bench.failures) std::fprintf(stderr, "scoreboard: %s\n", failure.c_str());
  }
}

struct Case {
  const char* message;  // of the assertion
  const char* bug;
  Wrong wrong = Wrong::nothing;
};

const Case kCases[] = {
    {"AXI1 a read address changed", "AR-UNSTABLE"},
    {"AXI1 a write address changed", "AW-UNSTABLE"},
    {"AXI1 write data changed", "W-UNSTABLE"},
    {"AXI1 memory: a read response changed", "SLOW-R", Wrong::r_changes},
    {"AXI1 memory: a write response changed", "SLOW-B", Wrong::b_changes},
    {"AXI3 memory: a read response without a read", "", Wrong::r_unasked},
    {"AXI3 memory: a write response without a write address", "", Wrong::b_unasked},
    {"AXI3 memory: a write response before the data", "", Wrong::b_early},
    {"AXI4 a read that is not one aligned beat", "SIZE-R"},
    {"AXI4 a write that is not one aligned beat", "SIZE-W"},
    {"AXI4 write data that is not all", "STROBES"},
    {"AXI4 memory: a read response that is not the last", "", Wrong::r_not_last},
    {"AXI5 a read with an id in flight", "READ-TWICE"},
    {"AXI5 a write with an id in flight", "WRITE-TWICE"},
    {"AXI6 address and data of a write are not offered together", "W-AFTER-AW"},
    {"AXI7 a write that is not exclusive", "PLAIN-WRITE"},
    {"AXI7 an exclusive write without its exclusive read", "OTHER-ADDRESS"},
    {"AXI8 memory: EXOKAY to a read", "", Wrong::exokay_plain},
    {"AXI9 a read that was not asked for", "OTHER-ID"},
    {"AXI9 a write although the word is not the one expected", "LOW-COMPARE"},
    {"AXI9 a write although the word is not the one expected", "NO-COMPARE"},
    {"AXI9 a write of another word", "OTHER-WORD"},
    {"AXI9 an answer before the bus gave one", "EARLY-ANSWER"},
    {"AXI9 an answer before the bus gave one", "TWO-ANSWERS"},
    {"AXI9 match differs", "MATCH-LOST"},
    {"AXI9 match differs", "ALWAYS-MATCH"},
    {"AXI9 match differs", "STALE-MATCH"},
    {"AXI9 a bus error is not reported", "READ-ERROR"},
    {"AXI9 a bus error is not reported", "WRITE-ERROR"},
    {"AXI9 the answer is not the word last read", "STALE-WORD"},
    {"AXI9 a request is left lying", "LOST-REQUEST"},
};

}  // namespace

TEST_CASE("assertions are silent without a bug") {
  const Ran clean = run([] { traffic("", Wrong::nothing, false); });
  CHECK(clean.ended);
  CHECK(clean.output == "");
}

TEST_CASE("each assertion trips") {
  for (const Case& c : kCases) {
    INFO(c.message << ", bug " << c.bug);
    const Ran broken = run([&] { traffic(c.bug, c.wrong, true); });
    INFO(broken.output);
    CHECK_FALSE(broken.ended);
    CHECK(broken.output.find(c.message) != std::string::npos);
  }
}

TEST_CASE("the assertion of an exclusive read without a reservation trips") {
  // A memory that knows no exclusive accesses
  const Ran broken = run([] {
    auto dut = make_buggy_adapter(7);
    dut->select_bug("OKAY-READ");
    AdapterBench bench(*dut, 7);
    bench.memory.options.exclusives = false;
    bench.run(100);
  });
  INFO(broken.output);
  CHECK_FALSE(broken.ended);
  CHECK(broken.output.find("AXI7 an exclusive write without its exclusive read") != std::string::npos);
}

TEST_CASE("the assertions of reset trip") {
  const auto in_reset = [](const char* bug, Wrong wrong) {
    return run([=] {
      auto dut = make_buggy_adapter(7);
      AdapterBench bench(*dut, 7);
      if (*bug != '\0') dut->select_bug(bug);
      bench.memory.options.ready_percent = 20;
      for (int cycle = 0; cycle < 200 || !dut->axi.ar.valid; ++cycle) bench.step(true);
      AxiIn in;
      in.r_valid = wrong == Wrong::in_reset;
      for (int cycle = 0; cycle < 4; ++cycle) dut->clock({}, in, true);
      dut->clock({}, {});
      dut->clock({}, {});
    });
  };
  CHECK(in_reset("", Wrong::nothing).output == "");
  CHECK(in_reset("RESET-AR", Wrong::nothing).output.find("AXI2 an address or data is offered") != std::string::npos);
  CHECK(in_reset("", Wrong::in_reset).output.find("AXI2 memory: a response is offered") != std::string::npos);
}

TEST_CASE("the assertion of ids in flight trips") {
  const Ran broken = run([] {
    auto dut = make_buggy_adapter(7);
    for (int i = 0; i < 3; ++i) dut->clock({true, false, 2, 0x1000, 0, 0}, {});
  });
  CHECK_FALSE(broken.ended);
  CHECK(broken.output.find("AXI9 requester: a request with an id in flight") != std::string::npos);
}

// No rule of the bus, so no assertion: only the scoreboard sees them.
TEST_CASE("the scoreboard finds what no assertion can see") {
  const std::pair<const char*, const char*> cases[] = {
      {"NO-END", "more tries than allowed"}, {"ONE-TRY", "tries are left"}, {"LOST-IS-ANSWER", "tries are left"}};
  for (const auto& [bug, message] : cases) {
    INFO(bug);
    const char* chosen = bug;
    const Ran broken = run([chosen] { traffic(chosen, Wrong::nothing, false); });
    INFO(broken.output);
    CHECK(broken.output.find(message) != std::string::npos);
  }
}

}  // namespace kilburn::axi_test
