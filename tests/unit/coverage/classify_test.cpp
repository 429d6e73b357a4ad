// SPDX-License-Identifier: Apache-2.0
//
// Observations made by hand and the places that the manual's words give them.
#include "tb/coverage/classify.h"

#include "model/arch/layout.h"
#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::coverage;
namespace ctl = arch::layout::Controls;

namespace {

// A walk of now that ended at `level` with this entry and rule.
arch::Outcome walked(unsigned level, u64 entry, arch::Rule rule, u16 error, arch::Fault fault = arch::Fault::page) {
  arch::Outcome now;
  now.steps.push_back({0x1000, entry, static_cast<u8>(level)});
  now.fault = {fault, error, static_cast<u8>(level), rule};
  return now;
}

constexpr u64 bit(unsigned n) { return u64{1} << n; }

}  // namespace

TEST_CASE("reserved bits are told apart by their cause") {
  struct Row {
    unsigned level;
    u64 entry;
    u32 controls;
    bool page_1g, amd;
    std::optional<X86Outcome> outcome;
  };
  const u32 nxe = static_cast<u32>(ctl::NXE.mask());
  const Row rows[] = {
      {1, bit(0) | bit(45), nxe, true, false, X86Outcome::address_1},
      {5, bit(0) | bit(51), nxe, true, false, X86Outcome::address_5},
      {3, bit(0) | bit(63), 0, true, false, X86Outcome::xd_3},
      {3, bit(0) | bit(63), nxe, true, false, std::nullopt},
      {4, bit(0) | bit(7), nxe, true, false, X86Outcome::ps_4},
      {5, bit(0) | bit(7), nxe, true, false, X86Outcome::ps_5},
      {3, bit(0) | bit(7), nxe, false, false, X86Outcome::ps_3},
      {3, bit(0) | bit(7) | bit(29), nxe, true, false, X86Outcome::frame_3},
      {2, bit(0) | bit(7) | bit(13), nxe, true, false, X86Outcome::frame_2},
      {2, bit(0) | bit(7) | bit(12), nxe, true, false, std::nullopt},  // PAT
      {4, bit(0) | bit(8), nxe, true, true, X86Outcome::amd_4},
      {4, bit(0) | bit(8) | bit(7), nxe, true, true, std::nullopt},  // two causes
      {2, bit(0) | bit(7) | bit(20) | bit(45), nxe, true, false, std::nullopt},
  };
  for (const Row& row : rows) {
    arch::Settings settings;
    settings.page_1g = row.page_1g;
    settings.amd = row.amd;
    const arch::Context context{0, 0, row.controls, 0, 0};
    const Answered answered{arch::Fault::page, 0x9, static_cast<u8>(row.level), 0};
    INFO("level " << row.level << " entry " << row.entry);
    CHECK(x86_outcome(settings, context, answered, walked(row.level, row.entry, arch::Rule::x86_reserved, 0x9)) ==
          row.outcome);
  }
}

TEST_CASE("a refusal is named by its rule, if the walk of now agrees") {
  const arch::Settings settings;
  arch::Context context;
  context.pkru = 1u << 6;  // key 3: AD
  context.pkrs = 2u << 6;  // key 3: WD
  const u64 entry = bit(0) | u64{3} << 59;
  const Answered key{arch::Fault::page, 0x25, 1, 0};
  CHECK(x86_outcome(settings, context, key, walked(1, entry, arch::Rule::x86_key_user, 0x25)) == X86Outcome::pku_ad);
  CHECK(x86_outcome(settings, context, key, walked(1, entry, arch::Rule::x86_key_supervisor, 0x25)) ==
        X86Outcome::pks_wd);
  CHECK(x86_outcome(settings, context, key, walked(1, entry, arch::Rule::x86_smap, 0x25)) == X86Outcome::smap);
  CHECK_FALSE(x86_outcome(settings, context, key, walked(1, entry, arch::Rule::x86_smap, 0x05)));
  CHECK_FALSE(x86_outcome(settings, context, key, walked(2, entry, arch::Rule::x86_smap, 0x25)));
}

TEST_CASE("not present, bus errors and the address need no walk of now") {
  const arch::Settings settings;
  arch::Context context;
  const arch::Outcome none;
  CHECK(x86_outcome(settings, context, {arch::Fault::page, 0x4, 5, 0}, none) == X86Outcome::absent_5);
  CHECK(x86_outcome(settings, context, {arch::Fault::page, 0x6, 1, 0}, none) == X86Outcome::absent_1);
  CHECK(x86_outcome(settings, context, {arch::Fault::bus, 0, 2, 0}, none) == X86Outcome::bus_2);
  CHECK(x86_outcome(settings, context, {arch::Fault::general, 0, 0, 0}, none) == X86Outcome::canonical);
  CHECK(x86_outcome(settings, context, {arch::Fault::none, 0, 0, 12}, none) == X86Outcome::translated);
  context.controls = static_cast<u32>(ctl::PHYS.mask());
  CHECK(x86_outcome(settings, context, {arch::Fault::none, 0, 0, 40}, none) == X86Outcome::direct);
}

TEST_CASE("Alpha codes by level, and the two that the address decides") {
  const arch::Context context;
  using Q = AlphaOutcome;
  const arch::Outcome none;
  CHECK(alpha_outcome(context, {arch::Fault::tnv, 0, 4, 0}, none) == Q::table_tnv_4);
  CHECK(alpha_outcome(context, {arch::Fault::acv, 0, 2, 0}, none) == Q::table_acv_2);
  CHECK(alpha_outcome(context, {arch::Fault::tnv, 0, 1, 0}, none) == Q::leaf_tnv);
  CHECK(alpha_outcome(context, {arch::Fault::on_execute, 0, 1, 0}, none) == Q::on_execute);
  CHECK(alpha_outcome(context, {arch::Fault::miss, 0, 0, 0}, none) == Q::miss);
  arch::Outcome sign;
  sign.fault = {arch::Fault::acv, 0, 0, arch::Rule::alpha_sign};
  CHECK(alpha_outcome(context, {arch::Fault::acv, 0, 0, 0}, sign) == Q::sign);
  arch::Outcome invalid = walked(1, 0, arch::Rule::alpha_leaf_invalid_acv, 0, arch::Fault::acv);
  CHECK(alpha_outcome(context, {arch::Fault::acv, 0, 1, 0}, invalid) == Q::invalid_acv);
  CHECK(alpha_outcome(context, {arch::Fault::acv, 0, 0, 0}, invalid) == Q::leaf_acv);  // refused by an entry
  CHECK(alpha_outcome(context, {arch::Fault::none, 0, 0, 30}, none) == Q::superpage);
}

TEST_CASE("one level alone denies") {
  arch::Outcome now;
  now.fault = {arch::Fault::page, 0x7, 1, arch::Rule::x86_user_read_only};
  now.steps.push_back({0, bit(0) | bit(1), 4});
  now.steps.push_back({0, bit(0), 3});
  now.steps.push_back({0, bit(0) | bit(1), 2});
  now.steps.push_back({0, bit(0) | bit(1), 1});
  auto denial = sole_denial(now);
  REQUIRE(denial);
  CHECK(denial->right == Denial::write);
  CHECK(denial->level == Level::l3);
  now.steps[3].entry = bit(0);
  CHECK_FALSE(sole_denial(now));
  now.fault.rule = arch::Rule::x86_smap;
  CHECK_FALSE(sole_denial(now));
}

TEST_CASE("corners of the address space") {
  using arch::Format;
  const arch::Context four;
  arch::Context five;
  five.controls = static_cast<u32>(ctl::LA57.mask());
  CHECK(corner_of(Format::x86_64, four, 0xff8) == Corner::zero);
  CHECK(corner_of(Format::x86_64, four, 0x00007ffffffff123) == Corner::low_end);
  CHECK(corner_of(Format::x86_64, five, 0x00ffffffffffffff) == Corner::low_end);
  CHECK(corner_of(Format::x86_64, four, 0x0000800000000000) == Corner::hole_begin);
  CHECK(corner_of(Format::x86_64, four, 0xffff7fffffffffff) == Corner::hole_end);
  CHECK(corner_of(Format::x86_64, four, 0xffff800000000000) == Corner::high_begin);
  CHECK(corner_of(Format::x86_64, four, ~u64{0}) == Corner::top);
  CHECK(corner_of(Format::x86_64, four, 0x3ffff000) == Corner::huge_end);
  CHECK(corner_of(Format::x86_64, four, 0x401ff000) == Corner::large_end);
  CHECK_FALSE(corner_of(Format::x86_64, four, 0x40001000));
  CHECK(corner_of(Format::alpha, four, 0x000003ffffffffff) == Corner::low_end);
  CHECK(corner_of(Format::alpha, four, 0x0000040000000000) == Corner::hole_begin);
  CHECK(at_page_end(Format::alpha, 0x1ff8));
  CHECK_FALSE(at_page_end(Format::alpha, 0x0ff8));
  CHECK(at_page_end(Format::x86_64, 0x0fff));
}

TEST_CASE("changes of entries") {
  const auto of = [](std::initializer_list<X86Change> changes) {
    u32 bits = 0;
    for (const X86Change c : changes) bits |= u32{1} << static_cast<unsigned>(c);
    return bits;
  };
  CHECK(x86_changes(0x7, 0x6, 1) == of({X86Change::p_down}));
  CHECK(x86_changes(0x1, 0x3, 1) == of({X86Change::w_up}));
  CHECK(x86_changes(0x61, 0x1, 1) == of({X86Change::a_down, X86Change::d_down}));
  CHECK(x86_changes(0x1, 0x61, 1) == 0);  // hardware's
  CHECK(x86_changes(0x1, 0x81, 1) == 0);  // PAT
  CHECK(x86_changes(0x1, 0x81, 2) == of({X86Change::size}));
  CHECK(x86_changes(0x1, 0x2001, 1) == of({X86Change::frame}));
  CHECK(x86_changes(0x1, bit(63) | bit(60) | 1, 1) == of({X86Change::nx_up, X86Change::key}));
  CHECK(alpha_changes(0x1, 0x0) == u32{1} << static_cast<unsigned>(AlphaChange::v_down));
  CHECK(alpha_changes(0x1100, 0x0110) == (u32{1} << static_cast<unsigned>(AlphaChange::enable_down) |
                                          u32{1} << static_cast<unsigned>(AlphaChange::match)));
}

TEST_CASE("codes of maintenance operations") {
  CHECK(invalidation_of(arch::Format::x86_64, 0) == Invalidation::all);
  CHECK(invalidation_of(arch::Format::x86_64, 6) == Invalidation::page_d);
  CHECK(invalidation_of(arch::Format::x86_64, 7) == Invalidation::no_operation);
  CHECK(invalidation_of(arch::Format::alpha, 7) == Invalidation::fill_i);
  CHECK(invalidation_of(arch::Format::alpha, 15) == Invalidation::no_operation);
}

TEST_CASE("sizes of pages") {
  CHECK(x86_size(21) == X86Size::m2);
  CHECK(alpha_size(arch::Format::alpha, 13) == AlphaSize::gh0);
  CHECK(alpha_size(arch::Format::alpha, 22) == AlphaSize::gh3);
  CHECK(alpha_size(arch::Format::alpha_x64, 15) == AlphaSize::gh1);
  CHECK(alpha_size(arch::Format::alpha, 40) == AlphaSize::none);
}
