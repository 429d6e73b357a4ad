// SPDX-License-Identifier: Apache-2.0
//
// Explanations against walks worked out by hand.
#include "tb/explain/explanation.h"

#include <boost/json/serialize.hpp>
#include <map>

#include "tb/explain/explanation_json.h"
#include "tests/catch.h"

using namespace kilburn;

namespace {

namespace ctl = arch::layout::Controls;

using Words = std::map<arch::u64, arch::u64>;

tb::ReadWord reader(const Words& words) {
  return [&words](arch::u64 pa) {
    const auto word = words.find(pa);
    return word == words.end() ? std::nullopt : std::optional(word->second);
  };
}

arch::Context x86_context() {
  arch::Context context;
  context.root = 0x1000;
  context.controls = static_cast<arch::u32>(ctl::WP.mask() | ctl::NXE.mask());
  return context;
}

bool has(const std::vector<std::string>& lines, const std::string& part) {
  for (const auto& line : lines) {
    if (line.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a refused write: every level, the rights gathered, the rule and its source") {
  const Words words = {{0x1000, 0x2007}, {0x2000, 0x3025}, {0x3000, 0x4027}, {0x4008, 0x8000000000005027}};
  const arch::Request write{0x1010, arch::Op::write, arch::Mode::user, false, false};
  tb::DutAnswer dut;
  dut.fault = arch::Fault::page;
  dut.error = 3;
  dut.level = 1;
  const auto told = tb::explain(arch::Format::x86_64, {}, x86_context(), write, reader(words), dut);
  REQUIRE(told.levels.size() == 4);
  CHECK(told.levels[0].table == "PML4");
  CHECK(told.levels[0].pa == 0x1000);
  CHECK(told.levels[0].next == 0x2000);
  CHECK(told.levels[0].rights == "writable, user, executable");
  CHECK(told.levels[0].updated == 0x2027);
  CHECK(told.levels[1].table == "PDPT");
  CHECK(told.levels[1].rights == "read-only, user, executable");
  CHECK_FALSE(told.levels[1].updated);
  CHECK(told.levels[3].table == "PT");
  CHECK(told.levels[3].index == 1);
  CHECK(told.levels[3].bits == std::vector<std::string>{"P", "RW", "US", "A", "NX"});
  CHECK(told.levels[3].rights == "read-only, user, not executable");
  const auto text = tb::lines(told);
  CHECK(has(text, "write of 0000000000001010 in mode user"));
  CHECK(has(text, "#PF, error code 0x7 (P W U), decided at level 1"));
  CHECK(has(text, "rule x86.user.read_only"));
  CHECK(has(text, "SDM 4.6.1"));
  CHECK(has(text, "T12"));
  CHECK(has(text, "<- differs"));
  CHECK(tb::decision(told.outcome) == "#PF, error code 0x7 (P W U), decided at level 1");
  unsigned differ = 0;
  for (const auto& row : told.compared) differ += !row.agrees;
  CHECK(differ == 1);
  const auto object = tb::json(told);
  CHECK(object.at("levels").as_array().size() == 4);
  CHECK(object.at("decision").at("rule").at("id").as_string() == "x86.user.read_only");
  CHECK(object.at("levels").at(0).at("updated").as_string() == "0x2027");
  CHECK(object.at("compared").as_array().size() == told.compared.size());
}

TEST_CASE("a translation: page, memory type, global") {
  // 2 MB page, PAT and PWT, global with CR4.PGE.
  const Words words = {{0x1000, 0x2027}, {0x2000, 0x3027}, {0x3000, 0x40011ef}};
  arch::Context context = x86_context();
  context.controls |= static_cast<arch::u32>(ctl::PGE.mask());
  const arch::Request read{0x12345, arch::Op::read, arch::Mode::kernel, true, false};
  const auto told = tb::explain(arch::Format::x86_64, {}, context, read, reader(words));
  CHECK(tb::decision(told.outcome) == "translated to 0x4012345, 2 MB page, memory type 5, global");
  REQUIRE(told.levels.size() == 3);
  CHECK(told.levels[2].next == 0x4000000);
  CHECK(told.compared.empty());
  CHECK_FALSE(has(tb::lines(told), "rule "));
}

TEST_CASE("reserved bits are named") {
  arch::Settings settings;
  settings.pa_width = 40;
  const Words words = {{0x1000, 0x8010000000002087}};
  arch::Context context = x86_context();
  context.controls = 0;  // NX is reserved too
  const arch::Request read{0, arch::Op::read, arch::Mode::kernel, false, false};
  auto told = tb::explain(arch::Format::x86_64, settings, context, read, reader({{0x1000, 0x8008000000002087}}));
  REQUIRE(told.levels.size() == 1);
  CHECK(told.levels[0].reserved == std::vector<std::string>{"PS", "bit 51", "NX"});
  CHECK(has(tb::lines(told), "reserved but set: PS, bit 51, NX"));
  // Bit 13 of a 2 MB page.
  told = tb::explain(arch::Format::x86_64, settings, x86_context(), read,
                     reader({{0x1000, 0x2027}, {0x2000, 0x3027}, {0x3000, 0x2087}}));
  REQUIRE(told.levels.size() == 3);
  CHECK(told.levels[2].reserved == std::vector<std::string>{"bit 13"});
}

TEST_CASE("what has no levels, and what cannot be read") {
  const arch::Request bad{arch::u64{1} << 50, arch::Op::read, arch::Mode::kernel, false, false};
  auto told = tb::explain(arch::Format::x86_64, {}, x86_context(), bad, reader({}));
  CHECK(told.levels.empty());
  CHECK(has(tb::lines(told), "decided from the address"));
  CHECK(has(tb::lines(told), "x86.canonical"));
  const arch::Request read{0, arch::Op::read, arch::Mode::kernel, false, false};
  told = tb::explain(arch::Format::x86_64, {}, x86_context(), read, reader({{0x1000, 0x7f027}}));
  REQUIRE(told.levels.size() == 2);
  CHECK_FALSE(told.levels[1].value);
  CHECK(told.levels[1].pa == 0x7f000);
  CHECK(has(tb::lines(told), "could not be read"));
  CHECK(has(tb::lines(told), "bus error"));
}

TEST_CASE("Alpha: levels from the root, fault-on bits") {
  arch::Context context;
  context.root = 0x2000;
  // KRE and FOW in the last level; frames of 8 KB.
  const Words words = {{0x2000, 0x0000000200000101}, {0x4000, 0x0000000300000101}, {0x6000, 0x0000000500001105}};
  const arch::Request write{0x8, arch::Op::write, arch::Mode::kernel, false, false};
  const auto told = tb::explain(arch::Format::alpha, {}, context, write, reader(words));
  REQUIRE(told.levels.size() == 3);
  CHECK(told.levels[0].table == "L1");
  CHECK(told.levels[2].table == "L3");
  CHECK(told.levels[2].next == 0xa000);
  CHECK(told.levels[2].bits == std::vector<std::string>{"V", "FOW", "KRE", "KWE"});
  CHECK(has(tb::lines(told), "rule alpha.leaf.fow"));
}

TEST_CASE("page sizes") {
  CHECK(tb::page_size(12) == "4 KB");
  CHECK(tb::page_size(13) == "8 KB");
  CHECK(tb::page_size(21) == "2 MB");
  CHECK(tb::page_size(30) == "1 GB");
  CHECK(tb::page_size(52) == "4 PB");
}
