// SPDX-License-Identifier: Apache-2.0
//
// What is held, and invalidation (SDM 4.10; EV5 5.1.7): the same scenarios in every format where the law is the same.
#include "tests/unit/wild/scenarios.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kOld = 0x12340000, kNew = 0x56780000;

// A page that has been read is mapped elsewhere; `op` must end the old translation.
void remapped(Bench& b, u8 op, u64 op_va, u32 asid, u64 bits) {
  const u64 leaf = b.map(kVa, kOld, b.all() | bits);
  b.gives(b.read(kVa), kOld);
  b.words[leaf] = b.word(kNew, b.all() | bits);
  b.maintain(op, op_va, asid);
  b.gives(b.read(kVa), kNew, "the new translation after the invalidation");
}
// Gives the level-2 entry of `va` a table of its own in which va is mapped to `pa`; the old table is left as it is.
void new_table(Bench& b, u64 va, u64 pa) {
  b.words[b.entry(va, 2)] = 0;
  b.map(va, pa, b.all());
}
// The entries of a large page or block and of all that a piece of it could be. x86-64: one level-2 entry of 2 MB;
// Alpha: eight entries with GH = 1.
void map_large(Bench& b, u64 va, u64 pa, u64 bits) {
  if (b.x86()) {
    b.map(va, pa, b.all() | kPS | bits, 2);
  } else {
    for (u64 n = 0; n < 8; ++n) b.map(va + b.pages(n), pa, b.all() | kGH1 | bits);
  }
}
constexpr u64 kLargeVa = 0x4000'0000, kLargeOld = 0x4000'0000, kLargeNew = 0x8000'0000;

void large_remapped(Bench& b, u64 bits) {
  map_large(b, kLargeVa, kLargeOld, bits);
  for (u64 n = 0; n < 8; ++n) b.gives(b.read(kLargeVa + b.pages(n)), kLargeOld + b.pages(n));
  map_large(b, kLargeVa, kLargeNew, bits);
  b.maintain(kPage, kLargeVa + b.pages(5));
  for (u64 n = 0; n < 8; ++n) {
    b.gives(b.read(kLargeVa + b.pages(n)), kLargeNew + b.pages(n), "the whole page was invalidated");
  }
}

// A 2 MB page becomes 4 KB pages without an invalidation: either may be used (SDM 4.10.2.3). `bits` are the 4 KB's.
void split(Bench& b, u64 bits) {
  b.map(kLargeVa, kLargeOld, kUsed | kPS, 2);  // clean: a write walks and finds the other
  b.gives(b.read(kLargeVa), kLargeOld);
  b.words[b.entry(kLargeVa, 2)] = 0;
  b.map(kLargeVa, kNew, bits);
  b.write(kLargeVa);
}

// A walk has read the entry at `level` when an invalidation comes; then everything is new.
void walk_under_way(Bench& b, unsigned level, u64 later) {
  b.latency = 40;
  b.map(kVa, kOld, b.all());
  b.map(later, kOld, b.all());
  const u64 slot = b.entry(kVa, level);
  const u8 id = b.ask(kData, {kVa});
  b.expect(b.until([&] { return !b.done.empty() && b.done.back().pa == slot; }), "a read of the entry");
  new_table(b, kVa, kNew);
  b.map(later, kNew, b.all());
  b.maintain(kPage, kVa);
  b.answer(kData, id);  // of the old or the new tables
  b.gives(b.read(later), kNew, "what was read before the invalidation is not held");
}

// Software raises rights without an invalidation: one spurious fault at most (SDM 4.10.4.3, trap T71).
void one_spurious_fault(Bench& b, unsigned level) {
  b.map(kVa, kOld, kUsed | kD);
  const u64 slot = b.entry(kVa, level);
  b.words[slot] &= ~kRW;
  b.gives(b.read(kVa, Mode::user), kOld);
  b.words[slot] |= kRW;
  const kilburn_req_out first = b.write(kVa, Mode::user);
  if (first.rsp_fault != 0) b.faults(first, kPF, 7);
  b.gives(b.write(kVa, Mode::user), kOld, "the fault does not recur");
}

void two_spaces(Bench& b) {
  b.map(kVa, kOld, b.all());
  b.use_space(1);
  b.map(kVa, kNew, b.all());
  b.map(kVa + b.pages(9), kNew, b.all());
  b.read(kVa + b.pages(9));
  b.use_space(0);
  b.gives(b.read(kVa), kOld);
  b.use_space(1);
  b.gives(b.read(kVa), kNew, "the other address space's translation");
}

}  // namespace

std::vector<Scenario> cache_scenarios() {
  return {
      {"T60",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kOld, 0);
         b.faults(b.read(kVa), kPF, 0);
         b.words[leaf] = kOld | kUsed;
         b.gives(b.read(kVa), kOld, "P from 0 to 1 needs no invalidation");
       }},
      {"T74",
       [](Bench& b) {
         b.faults(b.read(kVa), kPF, 0);
         b.map(kVa, kOld, kUsed);
         b.gives(b.read(kVa), kOld, "P from 0 to 1 needs no invalidation");
       }},
      {"T61", [](Bench& b) { walk_under_way(b, 1, kVa); }},
      {"T61-PSC", [](Bench& b) { walk_under_way(b, 2, kVa + b.pages(1)); }},
      {"T62", [](Bench& b) { large_remapped(b, 0); }},
      {"T62-PIECES", [](Bench& b) { large_remapped(b, 0); }},
      {"T93", [](Bench& b) { large_remapped(b, 0); }},
      {"T63", [](Bench& b) { remapped(b, kPage, kVa, 1, b.global()); }},
      {"XS1859", [](Bench& b) { large_remapped(b, b.global()); }},
      {"T64",
       [](Bench& b) {
         b.map(kVa, kOld, b.all());
         b.gives(b.read(kVa), kOld);
         new_table(b, kVa, kNew);
         b.maintain(kPage, kVa);
         b.gives(b.read(kVa), kNew, "table entries go too");
       }},
      {"T64-PREFIX",
       [](Bench& b) {
         b.map(kVa, kOld, b.all());
         b.map(kVa + 0x1000, kOld, b.all());
         b.gives(b.read(kVa + 0x1000), kOld);
         new_table(b, kVa, kNew);
         b.maintain(kPage, kVa ^ u64{1} << 45);
         b.gives(b.read(kVa), kNew, "table entries of every address go");
       },
       false},
      {"T65",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kOld, b.all());
         b.gives(b.read(kVa), kOld);
         b.words[leaf] = b.word(kNew, b.all());
         b.maintain(kNonglobal, 0, 2);
         b.gives(b.read(kVa), kNew, "every address space was invalidated");
       }},
      {"T66",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kOld, b.all());
         b.gives(b.read(kVa), kOld);
         b.words[leaf] = b.word(kNew, b.all());
         b.use_space(1);
         b.map(kVa, kOld, b.all());
         b.read(kVa);
         b.maintain(kAsid, 0, 1);
         b.use_space(0);
         b.gives(b.read(kVa), kNew, "the address space named was invalidated");
       }},
      {"T67", [](Bench& b) { remapped(b, kPage, kVa, 1, 0); }},
      {"NOPCID", two_spaces},
      {"CVA2943", two_spaces},
      {"CVA3307",
       [](Bench& b) {
         b.maintain(kPage, kVa + b.pages(64));
         remapped(b, kPage, kVa, 1, 0);
       }},
      {"T68",
       [](Bench& b) {
         split(b, kUsed | kD);
         for (unsigned n = 0; n < 12; ++n) {
           const kilburn_req_out r = b.read(kLargeVa);
           b.expect(r.rsp_fault == 0 && (r.rsp_pa == kLargeOld || r.rsp_pa == kNew), "one or the other");
           b.expect((r.rsp_size == 21) == (r.rsp_pa == kLargeOld), "all of it from one");
         }
       }},
      {"T68-MIX",
       [](Bench& b) {
         split(b, (kUsed | kD) & ~kUS);
         for (unsigned n = 0; n < 12; ++n) {
           const kilburn_req_out r = b.read(kLargeVa, Mode::user);
           b.expect(r.rsp_fault != 0 || r.rsp_pa == kLargeOld, "the new page is not the user's");
         }
       }},
      {"T69",
       [](Bench& b) {
         b.map(kVa, kOld, kUsed);
         b.map(kVa + 0x1000, kNew, kUsed & ~kUS);
         b.gives(b.read(kVa), kOld);
         b.gives(b.read(kVa + 0x1000), kNew);
         b.faults(b.read(kVa + 0x1000, Mode::user), kPF, 5);
       }},
      {"T69-VALID",
       [](Bench& b) {
         b.map(kVa, kOld, kUsed);
         b.gives(b.read(kVa), kOld);
         b.faults(b.read(kVa + 0x1000), kPF, 0);
       }},
      {"PSCRIGHTS",
       [](Bench& b) {
         b.map(kVa, kOld, kUsed | kD);
         b.map(kVa + 0x1000, kOld, kUsed | kD);
         b.words[b.entry(kVa, 2)] &= ~kRW;
         b.gives(b.read(kVa), kOld);
         b.faults(b.write(kVa + 0x1000, Mode::user), kPF, 7);
       }},
      {"PSC-ASID",
       [](Bench& b) {
         b.map(kVa, kOld, b.all());
         b.map(kVa + b.pages(1), kOld, b.all());
         b.gives(b.read(kVa), kOld);
         b.use_space(1);
         b.map(kVa + b.pages(1), kNew, b.all());
         b.gives(b.read(kVa + b.pages(1)), kNew, "the other address space's tables");
       }},
      {"PWC-INV",
       [](Bench& b) {
         b.map(kVa, kOld, b.all());
         b.gives(b.read(kVa), kOld);
         new_table(b, kVa, kNew);
         b.maintain(kPage, kVa);
         b.gives(b.read(kVa), kNew, "words of tables go too");
       }},
      {"T71", [](Bench& b) { one_spurious_fault(b, 1); }},
      {"T71-PSC", [](Bench& b) { one_spurious_fault(b, 2); }},
      {"T72",
       [](Bench& b) {
         split(b, kUsed | kD);
         b.words[b.entry(kLargeVa, 1)] = 0xABC000 | kUsed;
         b.maintain(kPage, kLargeVa);
         for (unsigned n = 0; n < 6; ++n) b.gives(b.read(kLargeVa), 0xABC000, "every size is invalidated");
       }},
      {"T75", [](Bench& b) { remapped(b, kAll, 0, 0, b.global()); }},
      {"T75-PSC",
       [](Bench& b) {
         b.map(kVa, kOld, b.all());
         b.gives(b.read(kVa), kOld);
         new_table(b, kVa, kNew);
         b.maintain(kAll);
         b.gives(b.read(kVa), kNew, "table entries go too");
       }},
      {"T104",
       [](Bench& b) {
         b.latency = 10;
         b.map(kVa, kOld, b.all());
         const u8 id = b.ask(kData, {kVa});
         b.use_space(1);
         b.map(kVa, kNew, b.all());
         b.gives(b.answer(kData, id), kOld, "the root of the request");
       }},
      {"T104-ASID",
       [](Bench& b) {
         b.latency = 10;
         b.map(kVa, kOld, b.all());
         const u8 id = b.ask(kData, {kVa});
         b.use_space(1);
         b.map(kVa, kNew, b.all());
         b.gives(b.answer(kData, id), kOld);
         b.gives(b.read(kVa), kNew, "the other address space's translation");
       }},
      {"ROOT",
       [](Bench& b) {
         b.map(kVa, kOld, b.all());
         b.gives(b.read(kVa), kOld);
         b.in.ctx_root = b.page();
         b.map(kVa, kNew, b.all());
         b.maintain(kAsid, 0, 1);
         b.gives(b.read(kVa), kNew, "the new root's translation");
       }},
      {"ACK-EARLY", [](Bench& b) { remapped(b, kAll, 0, 0, 0); }},
      {"GHOST",
       [](Bench& b) {
         b.map(kVa, kOld, b.all());
         const u64 table = b.entry(kVa) & ~u64{0xFFF};
         b.words[b.entry(kVa, 2)] &= ~u64{1};
         const kilburn_req_out r = b.read(kVa);
         b.expect(r.rsp_fault != 0, "a fault");
         for (const Bench::Operation& o : b.done) {
           b.expect((o.pa & ~u64{0xFFF}) != table, "no read below an entry that is not present");
         }
       }},
  };
}

}  // namespace kilburn::tb::test
