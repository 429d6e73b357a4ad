// SPDX-License-Identifier: Apache-2.0
//
// Every rule W1 to W8 has a bug that only it catches: in a scene at the pins that the checker follows to its end, that
// rule is the only one with anything to say, and an MMU without the bug passes. Where a bug has one consequence only,
// the same over random runs of many seeds.
#include <functional>
#include <set>

#include "model/arch/layout.h"
#include "tb/mutation/mutant.h"
#include "tests/admissible/hands_on.h"
#include "tests/catch.h"
#include "tests/duts.h"

using namespace kilburn;
using arch::Format;
using arch::u64;
using tb::HandsOn;

namespace {

namespace inv = arch::layout::Inv;
using Rules = std::vector<std::string>;

constexpr u64 kVa = HandsOn::kVa;

// Two address spaces have their own page at one address.
void two_spaces(HandsOn& mmu) {
  mmu.access({kVa});
  mmu.use_space(1);
  mmu.access({kVa});
}

// The leaf changes, its page is invalidated when no walk can be under way, the address is accessed.
void changed_page(HandsOn& mmu) {
  mmu.access({kVa});
  mmu.write(mmu.slot(0, 1), mmu.entry(0, 1, 1));
  mmu.clock(400);
  mmu.operate(inv::PAGE, kVa, mmu.asid(0));
  mmu.access({kVa});
}

// A store to a page that is not dirty comes after a load that has filled it (SDM 4.8).
void store_to_clean_page(HandsOn& mmu) {
  mmu.write(mmu.slot(0, 1), mmu.entry(0, 0, 1) & ~arch::layout::X86Pte::D.mask());
  mmu.access({kVa});
  mmu.access({kVa, true});
}

// The walk has read the leaf when it changes and its page is invalidated; the next access comes after the acknowledge.
void walk_under_way(HandsOn& mmu) {
  mmu.stop_at(mmu.levels());
  mmu.ask({kVa});
  mmu.run_to_stop();
  mmu.write(mmu.slot(0, 1), mmu.entry(0, 1, 1));
  mmu.start(inv::PAGE, kVa, mmu.asid(0));
  mmu.clock(300);
  mmu.let_go();
  mmu.settle();
  mmu.access({kVa});
}

// A store is refused by the entry held and by the one in memory. That ends what is held (SDM 4.10.4.1), so the load
// that follows comes to the page in memory.
void fault_ends_entry(HandsOn& mmu) {
  const u64 rw = arch::layout::X86Pte::RW.mask();
  mmu.write(mmu.slot(0, 1), mmu.entry(0, 0, 1) & ~rw);
  mmu.access({kVa});
  mmu.write(mmu.slot(0, 1), mmu.entry(0, 1, 1) & ~rw);
  mmu.access({kVa, true});
  mmu.access({kVa});
}

void load_of_clean_page(HandsOn& mmu) {
  mmu.write(mmu.slot(0, 1), mmu.entry(0, 0, 1) & ~arch::layout::X86Pte::D.mask());
  mmu.access({kVa});
}

void table_not_present(HandsOn& mmu) {
  mmu.write(mmu.slot(0, 2), mmu.entry(0, 0, 2) & ~arch::layout::X86Pte::P.mask());
  mmu.access({kVa});
}

void loads(HandsOn& mmu) {
  for (unsigned n = 0; n < 200 && !mmu.silent(); ++n) mmu.access({kVa});
}

// A fetch's walk has read the leaf when it changes; a store misses, then the walk fills what the store's own walk,
// which ends in a page fault, has to end. The load that follows comes to the page in memory.
void fault_ends_late_fill(HandsOn& mmu) {
  const u64 rw = arch::layout::X86Pte::RW.mask();
  mmu.write(mmu.slot(0, 1), mmu.entry(0, 0, 1) & ~rw);
  mmu.stop_at(mmu.levels());
  mmu.ask({kVa, false, true});
  mmu.run_to_stop();
  mmu.write(mmu.slot(0, 1), mmu.entry(0, 1, 1) & ~rw);
  mmu.ask({kVa, true});
  mmu.clock(60);
  mmu.let_go();
  mmu.settle();
  mmu.access({kVa});
}

// A clean page of the user is held when a page of the supervisor, in another frame, takes its place, and nothing is
// invalidated; a store finds the new entry. Both may be held, and one of them answers whole (SDM 4.10.2.3): the user
// never comes to the new frame.
void entry_replaced(HandsOn& mmu) {
  using namespace arch::layout::X86Pte;
  for (unsigned n = 0; n < 10; ++n) {
    mmu.write(mmu.slot(0, 1), mmu.entry(0, 0, 1) & ~D.mask());
    mmu.operate(inv::ALL, 0, 0);
    mmu.access({kVa});
    mmu.write(mmu.slot(0, 1), mmu.entry(0, 1, 1) & ~US.mask());
    mmu.access({kVa, true});
    for (unsigned load = 0; load < 4; ++load) mmu.access({kVa, false, false, arch::Mode::user});
  }
}

// Two neighbouring pages are one frame, and only the first is dirty. A store through the second, whose clean entry is
// held, has to set D there (SDM 4.8), whatever is held of the first.
void clean_alias(HandsOn& mmu) {
  const u64 second = mmu.slot(0, 1) + 8, dirty = mmu.entry(0, 0, 1) | arch::layout::X86Pte::D.mask();
  mmu.write(mmu.slot(0, 1), dirty);
  mmu.write(second, dirty & ~arch::layout::X86Pte::D.mask());
  mmu.access({kVa, true});
  mmu.access({kVa + 4096});
  mmu.access({kVa + 4096, true});
}

// The walk has read the leaf, with A = 0, when its upper half alone changes: the swap that sets A must not take place.
void upper_half_changes(HandsOn& mmu) {
  const u64 leaf = mmu.entry(0, 0, 1) & ~arch::layout::X86Pte::A.mask();
  mmu.write(mmu.slot(0, 1), leaf);
  mmu.stop_at(mmu.levels());
  mmu.ask({kVa});
  mmu.run_to_stop();
  mmu.write(mmu.slot(0, 1), leaf | u64{1} << 33);
  mmu.let_go();
  mmu.settle();
  mmu.access({kVa});
}

struct Scene {
  std::string rule, dut, bug;
  void (*play)(HandsOn&);
};

// What the checker said over several instances; a bug may need some chance to show.
Rules rules_in(const Scene& scene, const std::string& bug) {
  std::set<std::string> rules;
  for (u64 seed = 1; seed <= 20; ++seed) {
    HandsOn mmu(tb::dut_library(scene.dut, Format::x86_64), bug, seed);
    scene.play(mmu);
    mmu.finish();
    for (const auto& rule : mmu.rules()) rules.insert(rule);
  }
  return {rules.begin(), rules.end()};
}

}  // namespace

TEST_CASE("every rule has a bug that only it catches") {
  const Scene scene = GENERATE(
      Scene{"W1", "wild-huge", "NOPCID", two_spaces}, Scene{"W2", "wild-huge", "T67", changed_page},
      Scene{"W3", "wild-huge", "T41", store_to_clean_page}, Scene{"W4", "mmu-bugs", "T61b", walk_under_way},
      Scene{"W5", "wild-spurious", "T71", fault_ends_entry}, Scene{"W6", "wild-huge", "READ-D", load_of_clean_page},
      Scene{"W7", "wild-huge", "GHOST", table_not_present}, Scene{"W8", "wild-huge", "LOST", loads});
  INFO(scene.rule << ", " << scene.dut << " with " << scene.bug);
  CHECK(rules_in(scene, scene.bug) == Rules{scene.rule});
  CHECK(rules_in(scene, "") == Rules{});
}

TEST_CASE("over random runs too, W3, W6, W7 and W8 have bugs that only they catch") {
  struct Only {
    std::string rule, bug;
  };
  const Only only = GENERATE(Only{"W3", "PREFETCH-A"}, Only{"W6", "READ-D"}, Only{"W7", "GHOST"}, Only{"W8", "NOACK"});
  const auto library = tb::dut_library("wild", Format::x86_64);
  std::set<std::string> rules;
  for (u64 seed = 1; seed <= 20; ++seed) {
    const mutation::Mutant mutant{"wild", Format::x86_64, only.bug, "", ""};
    admissible::Relaxations relaxations;
    relaxations.response_limit = relaxations.acknowledge_limit = 20000;
    for (const auto& rule : mutation::rules_of(library, mutant, seed, 5000, relaxations)) rules.insert(rule);
  }
  INFO(only.bug);
  CHECK(rules == std::set<std::string>{only.rule});
}

TEST_CASE("a page fault ends what the L2 TLB holds (T71b)") {
  const Scene scene{"W5", "mmu-bugs", "T71b", fault_ends_late_fill};
  CHECK(rules_in(scene, scene.bug) == Rules{scene.rule});
  CHECK(rules_in(scene, "") == Rules{});
}

TEST_CASE("of several entries for one page one answers whole (T68-MIX)") {
  const Scene scene{"", "wild-huge", "T68-MIX", entry_replaced};
  CHECK(rules_in(scene, scene.bug) != Rules{});
  CHECK(rules_in(scene, "") == Rules{});
}

TEST_CASE("D of one alias of a frame does not stand for the other (T49)") {
  const Scene scene{"W3", "wild-huge", "T49", clean_alias};
  CHECK(rules_in(scene, scene.bug) == Rules{scene.rule});
  CHECK(rules_in(scene, "") == Rules{});
}

TEST_CASE("a compare-and-swap compares all 64 bits (T43)") {
  const Scene scene{"", "wild-huge", "T43", upper_half_changes};
  CHECK(rules_in(scene, scene.bug) != Rules{});
  CHECK(rules_in(scene, "") == Rules{});
}
