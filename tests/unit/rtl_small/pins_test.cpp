// SPDX-License-Identifier: Apache-2.0
//
// The small MMU at its pins: cycles and memory operations counted by hand, and what the random test cannot see.
#include <memory>

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

constexpr int kFillD = 1;
constexpr unsigned kInvPage = 3;

// The bug `id` in the library with bugs, "" for the library without.
std::unique_ptr<DutBench> small(const std::string& format, const std::string& bug) {
  auto bench = std::make_unique<DutBench>(library((bug.empty() ? "small-" : "small-bugs-") + format));
  if (!bug.empty()) REQUIRE(bench->api().set_bug(bench->self(), bug.c_str()) == 0);
  return bench;
}

// Another processor moves the page just before its A is set: true if the answer is the new frame, with A and D there
// and nowhere else (SDM 4.8).
bool judges_again(DutBench& bench) {
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kUserTable;
  bench.before_update = [&](std::uint64_t address) {
    if (address == table(3) && bench.updates == 4) bench.memory[address] = 0x50000000 | kUserTable;
  };
  const auto answer = bench.translate_d(4, true, kUser);
  return answer.rsp_fault == 0 && answer.rsp_pa == 0x50000004 &&
         bench.memory[table(3)] == (0x50000000 | kUserTable | kA | kD);
}

// One address in two address spaces with tables of their own.
bool keeps_spaces_apart(DutBench& bench) {
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kUserTable;
  bench.in.ctx_asid = 1;
  if (bench.translate_d(0, false, kUser).rsp_pa != 0x40000000) return false;
  for (unsigned n = 0; n < 3; ++n) bench.memory[0x900000 + n * kStep] = (0x900000 + (n + 1) * kStep) | kUserTable;
  bench.memory[0x900000 + 3 * kStep] = 0x70000000 | kUserTable;
  bench.in.ctx_root = 0x900000;
  bench.in.ctx_asid = 2;
  return bench.translate_d(0, false, kUser).rsp_pa == 0x70000000;
}

// A fill with V = 0 writes nothing: the miss is reported still.
bool fills_valid_only(DutBench& bench) {
  bench.in.ctx_ctl = kRefill;
  bench.fill(kFillD, 0, 0, alpha_pte(bench, 0x40000000, kAllRights));
  if (bench.translate_d(0, false, kUser).rsp_fault != kMiss) return false;
  bench.fill(kFillD, 0, 0, alpha_pte(bench, 0x40000000, kAllRights | kV));
  const auto answer = bench.translate_d(8, false, kUser);
  return answer.rsp_fault == kNoFault && answer.rsp_pa == 0x40000008;
}

// A changed entry is seen after its invalidation (R7), on either side.
bool forgets(DutBench& bench) {
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kUserTable;
  bench.translate_d(0, false, kUser);
  bench.translate_i(0, kUser);
  bench.memory[table(3)] = 0x70000000 | kUserTable;
  bench.invalidate(kInvPage, 0, 0);
  return bench.translate_d(0, false, kUser).rsp_pa == 0x70000000 && bench.translate_i(0, kUser).rsp_pa == 0x70000000;
}

}  // namespace

TEST_CASE("the library says what it is") {
  for (const char* format : {"x86-64", "alpha"}) {
    const auto bench = small(format, "");
    const auto& config = bench->api().config;
    CHECK(config.exact == 0);
    CHECK(config.cfg_pins == 1);
    CHECK(config.i_entries == 1);
    CHECK(config.d_entries == 1);
    CHECK(bench->api().probe == nullptr);
    CHECK(bench->api().bugs == nullptr);
  }
}

TEST_CASE("a miss walks every level and sets A and D, a hit asks nothing") {
  const auto bench = small("x86-64", "");
  x86_tables(*bench);
  bench->memory[table(3)] = 0x40000000 | kUserTable;
  CHECK(bench->translate_d(0x10, true, kUser).rsp_pa == 0x40000010);
  CHECK(bench->reads == 4);
  CHECK(bench->updates == 4);
  CHECK(bench->memory[table(0)] == (table(1) | kUserTable | kA));
  CHECK(bench->memory[table(3)] == (0x40000000 | kUserTable | kA | kD));
  CHECK(bench->translate_d(0x18, true, kUser).rsp_pa == 0x40000018);
  CHECK(bench->reads == 4);
  CHECK(bench->translate_i(0x18, kUser).rsp_pa == 0x40000018);  // the other side has an entry of its own
  CHECK(bench->reads == 8);
  CHECK(bench->updates == 4);
  CHECK(bench->invalidate(0, 0, 0) <= 3);
  bench->translate_d(0x18, true, kUser);
  CHECK(bench->reads == 12);
}

TEST_CASE("cycles from request to response") {
  const auto bench = small("x86-64", "");
  x86_tables(*bench);
  for (unsigned n = 0; n < 3; ++n) bench->memory[table(n)] |= kA;
  bench->memory[table(3)] = 0x40000000 | kUserTable | kA;
  // At most 2 for the turn to come round, 1 to look, 1 to start, then 3 a level: sent, answered, judged.
  const auto cycles = [&] {
    const std::uint64_t before = bench->cycle;
    bench->translate_d(0, false, kUser);
    return bench->cycle - before - 2;  // less the cycle of the request and that of the response
  };
  const std::uint64_t miss = cycles(), hit = cycles();
  CHECK(miss >= 1 + 1 + 3 * 4);
  CHECK(miss <= 2 + 1 + 1 + 3 * 4);
  CHECK(hit >= 1);
  CHECK(hit <= 3);
}

TEST_CASE("a compare-and-swap that fails is judged again (T44)") {
  CHECK(judges_again(*small("x86-64", "")));
  CHECK_FALSE(judges_again(*small("x86-64", "CAS-BLIND")));
}

TEST_CASE("entries are kept apart by address space") {
  CHECK(keeps_spaces_apart(*small("x86-64", "")));
  CHECK_FALSE(keeps_spaces_apart(*small("x86-64", "HIT-ASID")));
}

TEST_CASE("an invalidation takes what it covers (R7)") {
  CHECK(forgets(*small("x86-64", "")));
  CHECK_FALSE(forgets(*small("x86-64", "NO-CLEAR")));
}

TEST_CASE("a software-refilled TLB reports its misses, and a fill writes valid entries only") {
  CHECK(fills_valid_only(*small("alpha", "")));
  CHECK_FALSE(fills_valid_only(*small("alpha", "FILL-INVALID")));
  CHECK_FALSE(fills_valid_only(*small("alpha", "REFILL-WALK")));
}

// R5: neither side nor maintenance waits for ever, whatever the others do.
TEST_CASE("a storm of requests and invalidations leaves nobody unanswered") {
  const auto bench = small("x86-64", "");
  x86_tables(*bench);
  bench->memory[table(3)] = 0x40000000 | kUserTable;
  bench->in.d.valid = bench->in.i.valid = bench->in.inv_valid = 1;
  bench->in.d.mode = bench->in.i.mode = kUser;
  unsigned i = 0, d = 0, acknowledged = 0;
  for (unsigned n = 0; n < 3000; ++n) {
    d += bench->out.d.rsp_valid;
    i += bench->out.i.rsp_valid;
    acknowledged += bench->out.inv_ack;
    bench->clock();
  }
  // A turn of all three takes at most two walks of 14 cycles, without one for maintenance, and the updates at first.
  CHECK(d >= 3000 / 40);
  CHECK(i >= 3000 / 40);
  CHECK(acknowledged >= 3000 / 40);
}

}  // namespace kilburn::rtl_test
