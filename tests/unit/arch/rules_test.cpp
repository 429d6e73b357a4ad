// SPDX-License-Identifier: Apache-2.0
//
// Rule ids: each one is reached by a case of its own, and the table of model/README.md lists exactly these.
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

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
    tables.entry(c.level) = (tables.entry(c.level) & ~c.clear) | c.set;
    const Outcome got = tables.walk(c.op, c.mode);
    CHECK(got.fault.rule == std::string(c.rule));
    CHECK(got.fault.code != Fault::none);
    rules.insert(got.fault.rule);
  }
  const auto direct = [&](Format format, u64 va, u32 controls) {
    rules.insert(before_tlb(format, {va, Op::read, Mode::user, false}, controls).fault.rule);
  };
  direct(Format::x86_64, u64{1} << 47, 0);
  direct(Format::alpha, u64{1} << 42, 0);
  direct(Format::alpha, 0xffff'fc00'0000'0000, spe(2));
  Tables broken(Format::alpha, kAlphaVa);
  broken.memory.clear();
  rules.insert(broken.walk(Op::read, Mode::user).fault.rule);
  return rules;
}

// Every match of `pattern`'s first group in the file.
std::set<std::string> found(const std::string& path, const std::string& pattern) {
  std::ifstream in(std::string(KILBURN_SOURCE_DIR) + "/" + path);
  REQUIRE(in.is_open());
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::regex expression(pattern);
  std::set<std::string> all;
  for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match) {
    all.insert((*match)[1]);
  }
  return all;
}

}  // namespace

TEST_CASE("rules: code, cases and the table of model/README.md have the same ids") {
  const std::set<std::string> documented = found("model/README.md", "\\| `((?:x86|alpha|walk)\\.[a-z_.]+)` \\|");
  CHECK(documented.size() == 21);
  CHECK(reached() == documented);
  std::set<std::string> written;
  for (const char* path : {"model/arch/x86_64.h", "model/arch/alpha.h", "model/arch/walk_inl.h"}) {
    written.merge(found(path, "\"((?:x86|alpha|walk)\\.[a-z_.]+)\""));
  }
  CHECK(written == documented);
}

TEST_CASE("rules: a translation has none") {
  CHECK(Tables(Format::x86_64, kX64Va).walk(Op::read, Mode::user).fault.rule == std::string());
}
