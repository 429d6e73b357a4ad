// SPDX-License-Identifier: Apache-2.0
//
// Every assertion of rtl/props/rule_props.sv bites: a seeded bug trips it, and the same run without the bug is silent.

#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

struct RuleCase {
  const char* rule;
  const char* bug;
  void (*run)(DutBench&);
};

// x86-64, one page at address 0: the bits of the upper entries, of the leaf, and the controls.
void x86_page(DutBench& bench, std::uint64_t upper, std::uint64_t leaf, std::uint32_t ctl) {
  x86_tables(bench);
  bench.memory[table(1)] = table(2) | upper;
  bench.memory[table(3)] = 0x40000000 | leaf;
  bench.in.ctx_ctl = ctl;
}

constexpr std::uint64_t kKey1 = 1ull << 59;
constexpr std::uint32_t kAd1 = 4, kWd1 = 8;

const RuleCase kX86Cases[] = {
    {"x86.canonical", "T33",
     [](DutBench& b) {
       x86_page(b, kUserTable, kUserTable, kLa57);
       b.translate_d(0x0080'0000'0000'0000, false, kUser);
     }},
    {"x86.canonical", "PHYS-SIGN",
     [](DutBench& b) {
       b.in.ctx_ctl = kPhys;
       b.translate_d(0x0080'0000'0000'0000, false, kUser);
     }},
    {"x86.not_present", "T07",
     [](DutBench& b) {
       x86_page(b, kUserTable, kNx, 0);
       b.translate_d(0, false, kUser);
     }},
    {"x86.reserved", "T06",
     [](DutBench& b) {
       x86_page(b, kUserTable, kUserTable | kNx, 0);
       b.translate_d(0, false, kUser);
     }},
    {"x86.reserved", "T05",
     [](DutBench& b) {
       b.reset(40);
       x86_page(b, kUserTable | kPs, 0, 0);
       b.memory[table(1)] = 0x40000000 | kUserTable | kPs;
       b.translate_d(0, false, kUser);
     }},
    {"x86.user.supervisor_page", "T12-U",
     [](DutBench& b) {
       x86_page(b, kP | kRw, kUserTable, 0);
       b.translate_d(0, false, kUser);
     }},
    {"x86.user.read_only", "T12-W",
     [](DutBench& b) {
       x86_page(b, kP | kUs, kUserTable, 0);
       b.translate_d(0, true, kUser);
     }},
    {"x86.user.nx", "T11",
     [](DutBench& b) {
       x86_page(b, kUserTable | kNx, kUserTable, kNxe);
       b.translate_i(0, kUser);
     }},
    {"x86.supervisor.nx", "T11",
     [](DutBench& b) {
       x86_page(b, kUserTable | kNx, kUserTable, kNxe);
       b.translate_i(0, kKernel);
     }},
    {"x86.smep", "T28",
     [](DutBench& b) {
       x86_page(b, kUserTable, kUserTable, kSmep);
       b.translate_i(0, kKernel);
     }},
    {"x86.smap", "T26",
     [](DutBench& b) {
       x86_page(b, kUserTable, kUserTable, kSmap);
       b.in.d.ac = b.in.d.implicit = 1;
       b.translate_d(0, false, kKernel);
     }},
    {"x86.wp", "T12-W",
     [](DutBench& b) {
       x86_page(b, kP, kP | kRw, kWp);
       b.translate_d(0, true, kKernel);
     }},
    {"x86.key.user", "T21",
     [](DutBench& b) {
       x86_page(b, kUserTable, kP | kUs | kKey1, kPke);
       b.in.ctx_pkru = kAd1;
       b.translate_d(0, true, kUser);
     }},
    {"x86.key.user", "T23",
     [](DutBench& b) {
       x86_page(b, kUserTable | kKey1, kUserTable, kPke);
       b.in.ctx_pkru = kAd1;
       b.translate_d(0, false, kUser);
     }},
    {"x86.key.supervisor", "T24",
     [](DutBench& b) {
       x86_page(b, kP | kRw, kP | kRw | kKey1, kPks);
       b.in.ctx_pkrs = kWd1;
       b.translate_d(0, true, kKernel);
     }},
    {"x86.key.supervisor", "T31",
     [](DutBench& b) {
       x86_page(b, kP | kRw, kP | kRw | kKey1, kPks);
       b.in.ctx_pkrs = kAd1;
       b.translate_d(0, false, kUser);
     }},
    {"walk.bus", "T15",
     [](DutBench& b) {
       x86_page(b, kUserTable, kUserTable, 0);
       b.bus_error = true;
       b.translate_d(0, false, kUser);
     }},
};

// Alpha, one last-level entry at address 0.
void alpha_page(DutBench& bench, std::uint64_t bits) {
  alpha_tables(bench);
  bench.memory[table(2)] = alpha_pte(bench, 0x40000000, bits);
}

const RuleCase kAlphaCases[] = {
    {"alpha.sign", "PHYS-SIGN",
     [](DutBench& b) {
       b.in.ctx_ctl = kPhys;
       b.translate_d(0x0000'0400'0000'0000, false, kUser);
     }},
    {"alpha.superpage.mode", "T90",
     [](DutBench& b) {
       b.in.ctx_ctl = 0x200;
       b.translate_d(0xffff'fc00'0000'0000, false, kUser);
     }},
    {"alpha.refill.miss", "REFUSED-MISS",
     [](DutBench& b) {
       b.in.ctx_ctl = kRefill;
       b.fill(1, 0, 0, alpha_pte(b, 0x40000000, kV));
       b.translate_d(0, false, kUser);
     }},
    {"alpha.table.tnv", "T81b",
     [](DutBench& b) {
       alpha_tables(b);
       b.memory[table(1)] = 0x100;
       b.translate_d(0, false, kUser);
     }},
    {"alpha.table.acv", "T82",
     [](DutBench& b) {
       alpha_page(b, kV | kAllRights);
       b.translate_d(0, false, kUser);
     }},
    {"alpha.leaf.invalid_acv", "T83",
     [](DutBench& b) {
       alpha_page(b, 0);
       b.translate_d(0, false, kUser);
     }},
    {"alpha.leaf.tnv", "T84",
     [](DutBench& b) {
       alpha_page(b, kAllRights | kForBit);
       b.translate_d(0, false, kUser);
     }},
    {"alpha.leaf.acv", "T85",
     [](DutBench& b) {
       alpha_page(b, kV | kForBit);
       b.translate_d(0, false, kUser);
     }},
    {"alpha.leaf.acv", "T87b",
     [](DutBench& b) {
       b.reset(kEv5 | kVms);
       alpha_page(b, kV | 0x800);
       b.translate_d(0, false, kUser);
     }},
    {"alpha.leaf.for", "T102",
     [](DutBench& b) {
       alpha_page(b, kV | kAllRights | kForBit);
       b.translate_d(0, false, kUser);
     }},
    {"alpha.leaf.fow", "T102b",
     [](DutBench& b) {
       alpha_page(b, kV | kAllRights | kFow);
       b.translate_d(0, true, kUser);
     }},
    {"alpha.leaf.foe", "T102c",
     [](DutBench& b) {
       alpha_page(b, kV | kAllRights | kFoeBit);
       b.translate_i(0, kUser);
     }},
};

struct Ran {
  bool ended;  // by itself, with status 0
  std::string output;
};

// A broken assertion ends the process, so each run is a child's.
Ran run(const std::string& name, const char* bug, void (*body)(DutBench&)) {
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
      DutBench bench(library(name));
      if (bench.api().set_bug(bench.self(), bug) != 0) throw std::runtime_error("no such bug");
      body(bench);
      for (int i = 0; i < 4; ++i) bench.clock();
      status = 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    std::fflush(nullptr);
    _exit(status);
  }
  close(ends[1]);
  Ran ran{};
  char buffer[512];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    ran.output.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ran.ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return ran;
}

void check(const std::string& name, const RuleCase& c) {
  INFO(c.rule << ", bug " << c.bug);
  const Ran clean = run(name, "", c.run);
  CHECK(clean.ended);
  CHECK(clean.output == "");
  const Ran broken = run(name, c.bug, c.run);
  CHECK_FALSE(broken.ended);
  INFO(broken.output);
  CHECK(broken.output.find(std::string(": ") + c.rule + ":") != std::string::npos);
}

}  // namespace

TEST_CASE("each x86-64 rule's assertion trips on a planted bug") {
  for (const auto& c : kX86Cases) check("mmu-bugs-props-x86-64", c);
}

TEST_CASE("each Alpha rule's assertion trips on a planted bug") {
  for (const auto& c : kAlphaCases) check("mmu-bugs-props-alpha", c);
}

TEST_CASE("no rule of the architecture is without an assertion that was seen to bite") {
  // model/README.md, Rules
  const std::set<std::string> rules = {"x86.canonical",
                                       "x86.not_present",
                                       "x86.reserved",
                                       "x86.user.supervisor_page",
                                       "x86.user.read_only",
                                       "x86.user.nx",
                                       "x86.supervisor.nx",
                                       "x86.smep",
                                       "x86.smap",
                                       "x86.wp",
                                       "x86.key.user",
                                       "x86.key.supervisor",
                                       "alpha.sign",
                                       "alpha.superpage.mode",
                                       "alpha.table.tnv",
                                       "alpha.table.acv",
                                       "alpha.leaf.invalid_acv",
                                       "alpha.leaf.tnv",
                                       "alpha.leaf.acv",
                                       "alpha.leaf.for",
                                       "alpha.leaf.fow",
                                       "alpha.leaf.foe",
                                       "alpha.refill.miss",
                                       "walk.bus"};
  std::set<std::string> tried;
  for (const auto& c : kX86Cases) tried.insert(c.rule);
  for (const auto& c : kAlphaCases) tried.insert(c.rule);
  CHECK(tried == rules);
}

}  // namespace kilburn::rtl_test
