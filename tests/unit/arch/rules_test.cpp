// SPDX-License-Identifier: Apache-2.0
//
// The rules of rules.def: each one is reached by a case of its own.
#include <set>
#include <string>

#include "model/arch/refill.h"
#include "tests/catch.h"
#include "tests/unit/arch/tables.h"

namespace {

using namespace kilburn::tb;

constexpr u64 kX64Va = 0x00007654'3210'f678;
constexpr u64 kAlphaVa = 0x123'4567'8120;

struct RuleCase {
  const char* rule;
  Format format;
  Op op;
  Mode mode;
  u32 controls;
  unsigned level;  // whose entry is changed, and which decides (or the leaf, for rights)
  u64 clear, set;
};
constexpr u64 kNx = u64{1} << 63;
constexpr RuleCase kCases[] = {
    {"x86.not_present", Format::x86_64, Op::read, Mode::kernel, 0, 2, 1, 0},
    {"x86.reserved", Format::x86_64, Op::read, Mode::kernel, 0, 3, 0, u64{1} << 50},
    {"x86.user.supervisor_page", Format::x86_64, Op::read, Mode::user, 0, 4, 4, 0},
    {"x86.user.read_only", Format::x86_64, Op::write, Mode::user, 0, 3, 2, 0},
    {"x86.user.nx", Format::x86_64, Op::fetch, Mode::user, kNxe, 2, 0, kNx},
    {"x86.supervisor.nx", Format::x86_64, Op::fetch, Mode::kernel, kNxe, 1, 0, kNx},
    {"x86.smep", Format::x86_64, Op::fetch, Mode::kernel, kSmep, 1, 0, 0},
    {"x86.smap", Format::x86_64, Op::read, Mode::kernel, kSmap, 1, 0, 0},
    {"x86.wp", Format::x86_64, Op::write, Mode::kernel, kWp, 1, 2, 0},
    {"x86.key.user", Format::x86_64, Op::read, Mode::user, kPke, 1, 0, u64{5} << 59},
    {"x86.key.supervisor", Format::x86_64, Op::write, Mode::kernel, kPks | kWp, 4, 4, 0},
    {"alpha.table.tnv", Format::alpha, Op::read, Mode::user, 0, 2, 1, 0x100},
    {"alpha.table.acv", Format::alpha_x64, Op::read, Mode::kernel, 0, 4, 0x101, 0},
    {"alpha.leaf.invalid_acv", Format::alpha, Op::read, Mode::user, 0, 1, 0x201, 0},
    {"alpha.leaf.tnv", Format::alpha_x64, Op::fetch, Mode::user, 0, 1, 1, 0},
    {"alpha.leaf.acv", Format::alpha, Op::write, Mode::user, 0, 1, 0x2000, 4},
    {"alpha.leaf.for", Format::alpha, Op::read, Mode::kernel, 0, 1, 0, 2},
    {"alpha.leaf.fow", Format::alpha_x64, Op::write, Mode::kernel, 0, 1, 0, 4},
    {"alpha.leaf.foe", Format::alpha, Op::fetch, Mode::user, 0, 1, 0, 8},
};

std::set<std::string> reached() {
  std::set<std::string> rules;
  for (const RuleCase& c : kCases) {
    Tables tables(c.format, c.format == Format::alpha ? kAlphaVa : kX64Va);
    tables.context.controls = c.controls;
    tables.context.pkru = 1u << 10;  // AD of key 5
    tables.context.pkrs = 2;         // WD of key 0
    tables.entry(c.level) = (tables.entry(c.level) & ~c.clear) | c.set;
    const Outcome got = tables.walk(c.op, c.mode);
    CHECK(id(got.fault.rule) == c.rule);
    CHECK(got.fault.code != Fault::none);
    rules.emplace(id(got.fault.rule));
  }
  const auto direct = [&](Format format, u64 va, u32 controls) {
    rules.emplace(id(before_tlb(format, {}, {va, Op::read, Mode::user, false}, with(controls)).fault.rule));
  };
  direct(Format::x86_64, u64{1} << 47, 0);
  direct(Format::alpha, u64{1} << 42, 0);
  direct(Format::alpha, 0xffff'fc00'0000'0000, spe(2));
  Tables broken(Format::alpha, kAlphaVa);
  broken.memory.clear();
  rules.emplace(id(broken.walk(Op::read, Mode::user).fault.rule));
  rules.emplace(id(refill_lookup(Format::alpha, {}, std::nullopt, {kAlphaVa, Op::read, Mode::user}, {}).rule));
  return rules;
}

}  // namespace

TEST_CASE("rules: every one of rules.def is reached by a case, and no other") {
  std::set<std::string> declared;
  for (const RuleInfo& rule : all_rules()) declared.emplace(rule.id);
  CHECK(declared.size() == all_rules().size());
  CHECK(declared.size() == 24);
  CHECK(reached() == declared);
}

TEST_CASE("rules: each names its manual, and is found by its id") {
  for (const RuleInfo& rule : all_rules()) {
    CHECK_FALSE(rule.source.empty());
    CHECK_FALSE(rule.when.empty());
    CHECK(rule_from_id(rule.id) == rule.rule);
    CHECK(&info(rule.rule) == &rule);
  }
  CHECK_FALSE(rule_from_id("").has_value());
  CHECK_FALSE(rule_from_id("x86.").has_value());
  CHECK(id(Rule::none).empty());
}

TEST_CASE("rules: a translation has none") {
  CHECK(Tables(Format::x86_64, kX64Va).walk(Op::read, Mode::user).fault.rule == Rule::none);
}
