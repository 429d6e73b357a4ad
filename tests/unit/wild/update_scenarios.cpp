// SPDX-License-Identifier: Apache-2.0
//
// Accessed and dirty bits (SDM 4.8): when they are set, how, and when never.
#include "tests/unit/wild/scenarios.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kFrame = 0x12345000;

// Somebody writes `instead` between the walker's read of the leaf and its update.
void race(Bench& b, u64 instead) {
  const u64 leaf = b.map(kVa, kFrame, kP | kRW | kUS);
  bool changed = false;
  b.before = [&](u64 pa, bool swap) {
    if (swap && pa == leaf && !std::exchange(changed, true)) b.words[leaf] = instead;
  };
  const kilburn_req_out r = b.read(kVa);
  b.before = nullptr;
  b.expect(changed, "an update");
  if ((instead & kP) == 0) {
    b.faults(r, kPF, 0);
    b.expect(b.words[leaf] == instead, "an entry that is not present is left alone");
  } else {
    b.gives(r, instead & 0x000F'FFFF'FFFF'F000);
    b.expect(b.words[leaf] == (instead | kA), "A of the new entry");
  }
}

}  // namespace

std::vector<Scenario> update_scenarios() {
  return {
      {"T13",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kFrame, (kUsed | kRsvd) & ~kA);
         b.faults(b.read(kVa), kPF, 9);
         b.expect((b.words[leaf] & kA) == 0, "A of an entry with a reserved bit");
       }},
      {"T40",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kFrame, kUsed & ~kA);
         b.gives(b.read(kVa), kFrame);
         b.expect((b.words[leaf] & kA) != 0, "A");
       }},
      {"NOA",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);
         const u64 top = b.entry(kVa, 4);
         b.words[top] &= ~kA;
         b.gives(b.read(kVa), kFrame);
         b.expect((b.words[top] & kA) != 0, "A of a table");
       }},
      {"NOD",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kFrame, kUsed);
         b.gives(b.write(kVa), kFrame);
         b.expect((b.words[leaf] & kD) != 0, "D");
       }},
      {"T41",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kFrame, kUsed);
         b.gives(b.read(kVa), kFrame);
         b.gives(b.write(kVa), kFrame);
         b.expect((b.words[leaf] & kD) != 0, "D");
       }},
      {"T42", [](Bench& b) { race(b, 0x999000 | kP | kRW | kUS); }},
      {"T43", [](Bench& b) { race(b, kFrame | u64{1} << 34 | kP | kRW | kUS); }},
      {"T44", [](Bench& b) { race(b, 0x777000); }},
      {"PLAINWRITE", [](Bench& b) { race(b, 0x999000 | kP | kRW | kUS); }},
      {"T45",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);
         const u64 table = b.entry(kVa, 2);
         b.words[table] &= ~kA;
         b.gives(b.read(kVa), kFrame);
         b.expect((b.words[table] & kD) == 0, "bit 6 of a table");
       }},
      {"T48",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kFrame, kUsed & ~kRW);
         b.faults(b.write(kVa, Mode::user), kPF, 7);
         b.expect((b.words[leaf] & kD) == 0, "D of a refused write");
       }},
      {"T49",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);
         const u64 other = b.map(kVa + 0x5000, kFrame, kUsed);
         b.gives(b.write(kVa), kFrame);
         b.gives(b.read(kVa + 0x5000), kFrame);
         b.gives(b.write(kVa + 0x5000), kFrame);
         b.expect((b.words[other] & kD) != 0, "D of the second alias");
       }},
      {"T50",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed | kD);
         b.gives(b.read(kVa), kFrame);
         b.expect(b.swaps() == 0, "no update is due");
       }},
      {"T51",
       [](Bench& b) {
         b.latency = 40;
         const u64 leaf = b.map(kVa, kFrame, kUsed & ~kA);
         const u8 id = b.ask(kData, {kVa});
         b.expect(b.until([&] { return !b.done.empty() && b.done.back().pa == leaf; }), "a read of the leaf");
         b.clock(20);
         // Once the operation is acknowledged, the table is software's again.
         b.words[b.entry(kVa, 2)] = 0;
         b.maintain(kAll);
         const unsigned swaps = b.swaps();
         b.answer(kData, id);
         b.expect(b.swaps() == swaps, "no update after the acknowledge");
       }},
      {"READ-D",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kFrame, kUsed);
         b.gives(b.read(kVa), kFrame);
         b.expect((b.words[leaf] & kD) == 0, "D without a write");
       }},
      {"PREFETCH-A",
       [](Bench& b) {
         for (u64 n = 0; n < 24; ++n) b.map(kVa + n * 0x1000, kFrame, kUsed & ~kA);
         for (u64 n = 0; n < 24; ++n) {
           b.gives(b.read(kVa + n * 0x1000), kFrame);
           b.expect((b.words[b.entry(kVa + n * 0x1000)] & kA) != 0, "A of a page that was used");
           b.clock(60);
         }
       }},
  };
}

}  // namespace kilburn::tb::test
