// SPDX-License-Identifier: Apache-2.0
//
// Requests and responses made by hand over tables made by hand: exactly these bins of these items.
#include "tb/coverage/responses.h"

#include <map>

#include "model/arch/layout.h"
#include "sw/hw/ram.h"
#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::coverage;
namespace ctl = arch::layout::Controls;

namespace {

// Four levels at 0x1000 to 0x4000, one page at 0x5000 for address 0.
struct Bench {
  os::RamMem memory{1 << 20};
  Counts counts;
  Responses responses{arch::Format::x86_64, memory, counts};
  arch::Context context{0x1000, 7, static_cast<u32>(ctl::WP.mask() | ctl::NXE.mask()), 0, 0};

  Bench() {
    for (u64 table = 0x1000; table < 0x4000; table += 0x1000) memory.store64(table, (table + 0x1000) | 0x27);
    memory.store64(0x4000, 0x5000 | 0x25);  // read-only
    responses.reset({});
  }
  void ask(arch::Op op, arch::Mode mode, Source source, const Answered& answered) {
    const auto side = op == arch::Op::fetch ? tb::Side::instruction : tb::Side::data;
    responses.request(side, 3, {0, op, mode, false, false}, context, true);
    responses.from(side, 3, source);
    responses.response(side, 3, answered);
  }
  u64 at(u32 bin) const { return counts.bins()[bin]; }
  u64 sum(ItemId item) const {
    u64 all = 0;
    const auto n = static_cast<std::size_t>(item);
    for (u32 bin = kOffsets[n]; bin < kOffsets[n + 1]; ++bin) all += counts.bins()[bin];
    return all;
  }
};

}  // namespace

TEST_CASE("a user's write to a read-only page, walked from the root") {
  Bench b;
  b.ask(arch::Op::write, arch::Mode::user, Source::root, {arch::Fault::page, 0x7, 1, 0});
  CHECK(b.at(bin_of<ItemId::mode>(Mode::levels4)) == 1);
  CHECK(b.at(bin_of<ItemId::access>(Access::write)) == 1);
  CHECK(b.at(bin_of<ItemId::privilege>(Privilege::user)) == 1);
  CHECK(b.at(bin_of<ItemId::x86_outcome>(X86Outcome::user_write)) == 1);
  CHECK(b.at(bin_of<ItemId::x86_decision>(Access::write, Privilege::user, X86Size::k4, X86Outcome::user_write)) == 1);
  CHECK(b.at(bin_of<ItemId::error_code>(static_cast<ErrorCode>(7))) == 1);
  CHECK(b.at(bin_of<ItemId::x86_outcome_source>(X86Outcome::user_write, Source::root)) == 1);
  CHECK(b.at(bin_of<ItemId::denial_source>(Denial::write, Level::l1, Source::root)) == 1);
  CHECK(b.at(bin_of<ItemId::outcome_protection>(X86Outcome::user_write, static_cast<Protection>(0b010001))) == 1);
  CHECK(b.at(bin_of<ItemId::outcome_control>(X86Outcome::user_write, Control::smep, Value::zero)) == 1);
  CHECK(b.at(bin_of<ItemId::corner>(Corner::zero, Answer::refused)) == 1);
  CHECK(b.at(bin_of<ItemId::spurious>(Spurious::no)) == 1);
  for (const ItemId one : {ItemId::x86_outcome, ItemId::x86_decision, ItemId::error_code, ItemId::outcome_protection,
                           ItemId::x86_outcome_source, ItemId::denial_source, ItemId::source, ItemId::spurious}) {
    CHECK(b.sum(one) == 1);
  }
  CHECK(b.sum(ItemId::alpha_outcome) == 0);
  CHECK(b.counts.illegal() == Counts::kNone);
}

TEST_CASE("a hit reads no tables and has no error code") {
  Bench b;
  b.ask(arch::Op::read, arch::Mode::user, Source::l1, {arch::Fault::none, 0, 0, 21});
  CHECK(b.at(bin_of<ItemId::x86_decision>(Access::read, Privilege::user, X86Size::m2, X86Outcome::translated)) == 1);
  CHECK(b.at(bin_of<ItemId::x86_outcome_source>(X86Outcome::translated, Source::l1)) == 1);
  CHECK(b.sum(ItemId::error_code) == 0);
}

TEST_CASE("a fault that the tables of now do not give is spurious") {
  Bench b;
  b.ask(arch::Op::read, arch::Mode::user, Source::root, {arch::Fault::page, 0x4, 1, 0});
  CHECK(b.at(bin_of<ItemId::spurious>(Spurious::yes)) == 1);
}

TEST_CASE("not present from a TLB is illegal, whoever else agrees") {
  Bench b;
  b.ask(arch::Op::read, arch::Mode::user, Source::l1, {arch::Fault::page, 0x4, 1, 0});
  REQUIRE(b.counts.illegal() != Counts::kNone);
  CHECK(Model::get().item_of(b.counts.illegal()).id == "CP5xCP9.x86");
}

TEST_CASE("an error code that does not exist is illegal, with bits above six too") {
  for (const u16 error : {u16{0x12 | 1}, u16{0x08}, u16{0x8007}}) {
    Bench b;
    b.ask(arch::Op::write, arch::Mode::user, Source::root, {arch::Fault::page, error, 1, 0});
    REQUIRE(b.counts.illegal() != Counts::kNone);
    CHECK(Model::get().item_of(b.counts.illegal()).id == "CP8");
  }
}

TEST_CASE("the first access after a change, invalidated and not") {
  Bench b;
  const Answered translated{arch::Fault::none, 0, 0, 12};
  const auto use = [](X86Change change, Invalidated invalidated, Source source) {
    return bin_of<ItemId::x86_change_use>(change, invalidated, Spurious::no, source);
  };
  b.responses.written(0x4000, 0x5025, 0x5027);  // nobody has walked there yet
  CHECK(b.sum(ItemId::x86_change) == 0);
  b.ask(arch::Op::read, arch::Mode::user, Source::root, translated);
  b.memory.store64(0x4000, 0x5027);
  b.responses.written(0x4000, 0x5025, 0x5027);
  CHECK(b.at(bin_of<ItemId::x86_change>(X86Change::w_up)) == 1);
  b.ask(arch::Op::read, arch::Mode::user, Source::l1, translated);
  CHECK(b.at(use(X86Change::w_up, Invalidated::no, Source::l1)) == 1);
  b.ask(arch::Op::read, arch::Mode::user, Source::l1, translated);
  CHECK(b.sum(ItemId::x86_change_use) == 1);  // only the first

  b.memory.store64(0x4000, 0x6025);
  b.responses.written(0x4000, 0x5027, 0x6025);
  b.responses.invalidated(Invalidation::page, 0x2000, 7);  // another page
  b.responses.invalidated(Invalidation::page, 0x800, 7);
  b.ask(arch::Op::read, arch::Mode::user, Source::psc2, translated);
  CHECK(b.at(use(X86Change::frame, Invalidated::yes, Source::psc2)) == 1);
  CHECK(b.at(use(X86Change::w_down, Invalidated::yes, Source::psc2)) == 1);

  b.memory.store64(0x4000, 0x5025);
  b.responses.written(0x4000, 0x6025, 0x5025);
  b.responses.invalidated(Invalidation::asid, 0, 8);    // another address space
  b.responses.invalidated(Invalidation::page_i, 0, 7);  // the other side
  b.ask(arch::Op::read, arch::Mode::user, Source::root, translated);
  CHECK(b.at(use(X86Change::frame, Invalidated::no, Source::root)) == 1);
}

TEST_CASE("without a twin nothing is said about sources") {
  Bench b;
  b.responses.request(tb::Side::data, 1, {0, arch::Op::read, arch::Mode::user, false, false}, b.context, false);
  b.responses.response(tb::Side::data, 1, {arch::Fault::none, 0, 0, 12});
  CHECK(b.sum(ItemId::source) == 0);
  CHECK(b.sum(ItemId::x86_outcome_source) == 0);
  CHECK(b.at(bin_of<ItemId::x86_outcome>(X86Outcome::translated)) == 1);
}

TEST_CASE("Alpha: leaf and table images of a walk") {
  os::RamMem memory(1 << 20);
  Counts counts;
  Responses responses(arch::Format::alpha, memory, counts);
  responses.reset({});
  memory.store64(0x2000, u64{2} << 32 | 0x0001);        // level 3: V, KRE 0
  memory.store64(0x4000, u64{3} << 32 | 0x0101);        // level 2: V, KRE
  memory.store64(0x6000, u64{9} << 32 | 0x0200 | 0x5);  // leaf: V, FOW, URE
  responses.request(tb::Side::data, 0, {0, arch::Op::read, arch::Mode::user, false, false}, {0x2000, 1, 0, 0, 0}, true);
  responses.from(tb::Side::data, 0, Source::root);
  responses.response(tb::Side::data, 0, {arch::Fault::none, 0, 0, 13});
  const auto at = [&](u32 bin) { return counts.bins()[bin]; };
  CHECK(at(bin_of<ItemId::table_image>(Level::l3, static_cast<TableImage>(1), AlphaMode::user, Operation::read)) == 1);
  CHECK(at(bin_of<ItemId::table_image>(Level::l2, static_cast<TableImage>(3), AlphaMode::user, Operation::read)) == 1);
  CHECK(at(bin_of<ItemId::leaf_image>(static_cast<LeafImage>(0x15), AlphaMode::user, Operation::read, Layout::osf)) ==
        1);
  CHECK(at(bin_of<ItemId::alpha_decision>(Operation::read, AlphaMode::user, AlphaSize::gh0,
                                          AlphaOutcome::translated)) == 1);
}
