// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of crosses, the rules that name bins, the points that the model owes.
#include "tb/coverage/model.h"

#include <map>
#include <set>

#include "tests/catch.h"

using namespace kilburn::coverage;

TEST_CASE("the bins of an item follow each other, the last axis fastest") {
  CHECK(bin_of<ItemId::mode>(Mode::levels5) == bin_of<ItemId::mode>(Mode::levels4) + 1);
  const u32 first = bin_of<ItemId::denial_source>(Denial::write, Level::l1, Source::direct);
  CHECK(bin_of<ItemId::denial_source>(Denial::write, Level::l1, Source::l1) == first + 1);
  CHECK(bin_of<ItemId::denial_source>(Denial::write, Level::l2, Source::direct) == first + 11);
  CHECK(bin_of<ItemId::denial_source>(Denial::user, Level::l1, Source::direct) == first + 5 * 11);
}

TEST_CASE("every bin has a text of its own in its item, and the item that it is in") {
  const Model& model = Model::get();
  u32 next = 0;
  for (const Item& item : model.items()) {
    REQUIRE(item.offset == next);
    next += item.size;
    std::set<std::string> texts;
    for (u32 bin = item.offset; bin < next; ++bin) {
      texts.insert(item.bin_text(bin));
      REQUIRE(&model.item_of(bin) == &item);
    }
    CHECK(texts.size() == item.size);
    CHECK(model.find(item.id) == &item);
  }
  CHECK(next == kAllBins);
}

TEST_CASE("the text of a bin names its place on each axis") {
  const Model& model = Model::get();
  const Item& item = *model.find("CP6xCP9");
  CHECK(item.bin_text(bin_of<ItemId::denial_source>(Denial::execute, Level::l3, Source::psc2)) ==
        "XD = 1, 3, walk from cache of level 2");
}

TEST_CASE("every bin that is not owed has a reason, and no item is excluded whole but split accesses") {
  const Model& model = Model::get();
  for (const Item& item : model.items()) {
    u32 owed = 0;
    for (u32 bin = item.offset; bin < item.offset + item.size; ++bin) {
      owed += model.standing(bin) == Standing::reachable;
      if (model.standing(bin) != Standing::reachable) REQUIRE(model.reason(bin).size() > 20);
    }
    CHECK(owed == model.reachable(item));
    CHECK((owed == 0) == (item.id == "CP19"));
    CHECK_FALSE(item.hint.empty());
  }
}

TEST_CASE("the model has the points 1 to 20") {
  std::set<int> points;
  for (const Item& item : Model::get().items()) {
    if (item.id.starts_with("CP")) points.insert(std::stoi(item.id.substr(2)));
  }
  for (int n = 1; n <= 20; ++n) CHECK(points.contains(n));
}

// Written down from SDM 4.7: P W U RSVD I/D PK. A fetch does not write; RSVD and PK need P; a reserved bit is found
// before rights are looked at; a key does not bind fetches.
TEST_CASE("the legal error codes are those of the manual") {
  const std::set<unsigned> legal = {0x00, 0x02, 0x04, 0x06, 0x10, 0x14,  // not present
                                    0x01, 0x03, 0x05, 0x07, 0x11, 0x15,  // rights
                                    0x09, 0x0b, 0x0d, 0x0f, 0x19, 0x1d,  // reserved bit
                                    0x21, 0x23, 0x25, 0x27};             // key
  for (unsigned code = 0; code < 64; ++code) {
    const u32 bin = bin_of<ItemId::error_code>(static_cast<ErrorCode>(code));
    INFO("code " << code);
    CHECK((Model::get().standing(bin) == Standing::illegal) == !legal.contains(code));
  }
}

TEST_CASE("not present and reserved bits from a TLB are illegal, rights from a TLB are this MMU's business") {
  const auto standing = [](X86Outcome outcome, Source source) {
    return Model::get().standing(bin_of<ItemId::x86_outcome_source>(outcome, source));
  };
  for (const Source cached : {Source::l1, Source::l2, Source::prefetched, Source::merged}) {
    CHECK(standing(X86Outcome::absent_1, cached) == Standing::illegal);
    CHECK(standing(X86Outcome::address_3, cached) == Standing::illegal);
    CHECK(standing(X86Outcome::amd_4, cached) == Standing::illegal);
    CHECK(standing(X86Outcome::wp, cached) == Standing::unreachable);
    CHECK(standing(X86Outcome::translated, cached) == Standing::reachable);
  }
  CHECK(standing(X86Outcome::absent_1, Source::root) == Standing::reachable);
  CHECK(standing(X86Outcome::absent_4, Source::psc3) == Standing::unreachable);
  CHECK(standing(X86Outcome::absent_2, Source::psc3) == Standing::reachable);
}

TEST_CASE("exclusions follow the rules of the manual") {
  const auto owed = [](Access a, Privilege p, X86Size s, X86Outcome o) {
    return Model::get().standing(bin_of<ItemId::x86_decision>(a, p, s, o)) == Standing::reachable;
  };
  CHECK(owed(Access::write, Privilege::supervisor, X86Size::m2, X86Outcome::wp));
  CHECK_FALSE(owed(Access::read, Privilege::supervisor, X86Size::m2, X86Outcome::wp));
  CHECK_FALSE(owed(Access::write, Privilege::user, X86Size::m2, X86Outcome::wp));
  CHECK_FALSE(owed(Access::write, Privilege::supervisor, X86Size::none, X86Outcome::wp));
  CHECK(owed(Access::fetch, Privilege::user, X86Size::none, X86Outcome::absent_2));
  CHECK_FALSE(owed(Access::fetch, Privilege::user, X86Size::k4, X86Outcome::pku_ad));
  CHECK_FALSE(owed(Access::implicit_read, Privilege::user, X86Size::k4, X86Outcome::translated));
  CHECK(owed(Access::read, Privilege::supervisor, X86Size::g1, X86Outcome::pku_ad));
}
