// SPDX-License-Identifier: Apache-2.0
//
// Races by construction: the memory keeps back the answer to one access of a walk, at every level, A and D updates too;
// an entry of the way changes or nothing does; every operation comes before, while the walk stands, or after; then the
// address is accessed again. Invalidations thus meet a walk at every step of it (coverage point CP15).
#include <iostream>
#include <map>

#include "model/arch/layout.h"
#include "tests/admissible/hands_on.h"
#include "tests/catch.h"
#include "tests/duts.h"

using namespace kilburn;
using arch::u64;
using arch::u8;
using tb::HandsOn;

namespace {

namespace inv = arch::layout::Inv;

enum class When { before, meanwhile, after };
// dropped: the leaf is no longer present. upper_half: of the leaf; bits 31:0 stay (T43).
enum class Change { nothing, this_entry, leaf, top, dropped, upper_half };

struct Tally {
  unsigned races = 0, stopped = 0, silent = 0;
  std::map<std::string, unsigned> rules;
  std::string first;
};

// The level of the entry that the kth access of a walk from the root reads; updates belong to the leaf.
unsigned level_of(const HandsOn& mmu, unsigned access) {
  return access >= mmu.levels() ? 1 : mmu.levels() - access + 1;
}

void change(HandsOn& mmu, Change what, unsigned access) {
  if (what == Change::nothing) return;
  unsigned level = level_of(mmu, access);
  if (what == Change::leaf || what == Change::dropped || what == Change::upper_half) level = 1;
  if (what == Change::top) level = mmu.levels();
  const u64 slot = mmu.slot(0, level);
  if (what == Change::dropped) return mmu.write(slot, mmu.read(slot) & ~u64{1});
  // A bit of the frame.
  if (what == Change::upper_half) return mmu.write(slot, mmu.read(slot) ^ u64{1} << (mmu.x86() ? 36 : 37));
  mmu.write(slot, mmu.entry(0, 1, level));
}

void race(HandsOn& mmu, unsigned access, Change what, When when, u8 op, bool write, Tally& tally) {
  mmu.reset();
  // Stores find A and D clear, so that the walk has an update to do.
  if (write && mmu.x86()) mmu.write(mmu.slot(0, 1), mmu.entry(0, 0, 1) & ~u64{0x60});
  if (when == When::before) mmu.start(op, HandsOn::kVa, mmu.asid(0));
  mmu.stop_at(access);
  mmu.ask({HandsOn::kVa, write, false});
  const bool stopped = mmu.run_to_stop();
  change(mmu, what, access);
  if (when == When::meanwhile) {
    mmu.start(op, HandsOn::kVa, mmu.asid(0));
    mmu.clock(1 + access * 7 % 40);
  }
  mmu.let_go();
  if (when == When::after) mmu.start(op, HandsOn::kVa, mmu.asid(0));
  mmu.settle();
  mmu.access({HandsOn::kVa, false, false});
  mmu.access({HandsOn::kVa, true, false});
  mmu.access({HandsOn::kVa, false, true});
  mmu.finish();
  ++tally.races;
  tally.stopped += stopped;
  tally.silent += mmu.silent();
  for (const auto& rule : mmu.rules()) ++tally.rules[rule];
  if (tally.first.empty()) tally.first = mmu.first();
}

Tally races(const std::string& name, arch::Format format, const std::string& bug = {}) {
  HandsOn mmu(tb::dut_library(name, format), bug, 7);
  Tally tally;
  for (unsigned access = 1; access <= mmu.levels() + 2; ++access) {
    for (const Change what :
         {Change::nothing, Change::this_entry, Change::leaf, Change::top, Change::dropped, Change::upper_half}) {
      for (const When when : {When::before, When::meanwhile, When::after}) {
        for (u8 op = inv::ALL; op <= inv::PAGE_D; ++op) {
          for (const bool write : {false, true}) race(mmu, access, what, when, op, write, tally);
        }
      }
    }
  }
  std::cout << name << " " << arch::name(format) << " " << bug << ": " << tally.races << " races, " << tally.stopped
            << " at a stopped walk";
  for (const auto& [rule, count] : tally.rules) std::cout << ", " << rule << " " << count;
  std::cout << "\n";
  return tally;
}

void accepted(const std::string& name, arch::Format format) {
  const Tally tally = races(name, format);
  INFO(name << " " << arch::name(format));
  CHECK(tally.first == "");
  CHECK(tally.silent == 0);
  CHECK(tally.stopped > tally.races / 2);
}

}  // namespace

TEST_CASE("legal RTL is accepted in every race") {
  accepted("mmu", GENERATE(arch::Format::x86_64, arch::Format::alpha));
  accepted("mmu-tiny", GENERATE(arch::Format::x86_64, arch::Format::alpha_x64));
  accepted("small", GENERATE(arch::Format::x86_64, arch::Format::alpha));
}

TEST_CASE("legal random MMUs are accepted in every race") {
  const std::string name =
      GENERATE("wild", "wild-notlb", "wild-one", "wild-huge", "wild-sector", "wild-nopsc", "wild-pwc", "wild-prefetch",
               "wild-speculative", "wild-spurious", "wild-early-a", "wild-fracture");
  accepted(name, GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64));
}

TEST_CASE("walks that outlive an invalidation are rejected") {
  struct Bug {
    std::string dut, id;
    arch::Format format;
  };
  const auto x86 = arch::Format::x86_64, alpha = arch::Format::alpha;
  const Bug bug = GENERATE_COPY(Bug{"mmu-bugs", "T61", x86}, Bug{"mmu-bugs", "T61b", x86},
                                Bug{"mmu-bugs", "T61", alpha}, Bug{"mmu-bugs", "T61b", alpha}, Bug{"wild", "T61", x86},
                                Bug{"wild", "T61", alpha}, Bug{"wild", "T61-PSC", x86}, Bug{"wild", "T51", x86},
                                Bug{"wild", "T43", x86}, Bug{"wild", "T44", x86}, Bug{"wild", "PLAINWRITE", x86});
  const Tally tally = races(bug.dut, bug.format, bug.id);
  INFO(bug.dut << " " << bug.id);
  CHECK(!tally.rules.empty());
}
