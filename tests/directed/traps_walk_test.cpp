// SPDX-License-Identifier: Apache-2.0
//
// Traps T01 to T16: the walk and reserved bits. Expected values from SDM 4.5 and 4.7.
#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4567'8000;  // positive in every format
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a55'4000;

// An upper entry of `va` at `level` with these bits more.
u64 spoil(Bench& bench, u64 va, unsigned level, u64 bits) {
  bench.map(va, kPa);
  const u64 slot = bench.slot(va, level);
  bench.store(slot, bench.load(slot) | bits);
  return slot;
}
}  // namespace

KILBURN_TRAP("T01 a reserved-bit fault is reported with P = 1", kX86) {
  bench.context.controls = kNxe;
  bench.map(kVa, kPa, kUserPage | bit(51));
  bench.page_fault(bench.read(kVa), kErrP | kErrRsvd, 1);
  bench.page_fault(bench.write(kVa), kErrP | kErrRsvd | kErrW, 1);
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrRsvd | kErrW | kErrU, 1);
  bench.page_fault(bench.fetch(kVa, Mode::user), kErrP | kErrRsvd | kErrId | kErrU, 1);
}

KILBURN_TRAP("T02 PS is reserved in PML4 and PML5 entries and nothing below is read", kX86) {
  for (const u32 la57 : {u32{0}, kLa57}) {
    bench.restart();
    bench.context.controls = la57;
    for (unsigned level = bench.levels(); level >= 4; --level) {
      const u64 slot = spoil(bench, kVa, level, kPs);
      const Answer a = bench.read(kVa);
      bench.page_fault(a, kErrP | kErrRsvd, level);
      bench.same("reads", a.reads(), bench.levels() - level + 1);
      bench.store(slot, bench.load(slot) & ~kPs);
    }
    bench.ok(bench.read(kVa), kPa, 12);
  }
}

KILBURN_TRAP("T03 frame bits 29:13 of a 1 GB leaf are reserved, bit 12 is PAT", kX86) {
  const u64 va = 0x7f40'0000'0000 + 0x123'4568;
  const u64 leaf = u64{5} << 30 | kUserPage | kPs;
  for (unsigned n = 13; n <= 29; ++n) {
    bench.set(va, 3, leaf | bit(n));
    const Answer a = bench.read(va);
    bench.page_fault(a, kErrP | kErrRsvd, 3);
    bench.same("updates", a.updates(), 0);
  }
  bench.set(va, 3, leaf | kPatLarge);
  const Answer a = bench.read(va);
  bench.ok(a, (u64{5} << 30) + 0x123'4568, 30);
  bench.same("memory type", a.mt, 4);
}

KILBURN_TRAP("T04 frame bits 20:13 of a 2 MB leaf are reserved, bit 12 is PAT", kX86) {
  const u64 va = 0x7f40'0020'0000 + 0x12'3458;
  const u64 leaf = u64{0x1234} << 21 | kUserPage | kPs;
  for (unsigned n = 13; n <= 20; ++n) {
    bench.set(va, 2, leaf | bit(n));
    bench.page_fault(bench.write(va, Mode::user), kErrP | kErrRsvd | kErrW | kErrU, 2);
  }
  bench.set(va, 2, leaf | kPatLarge);
  const Answer a = bench.read(va);
  bench.ok(a, (u64{0x1234} << 21) + 0x12'3458, 21);
  bench.same("memory type", a.mt, 4);
}

KILBURN_TRAP("T05 PS in a PDPT entry is reserved without 1 GB pages", kX86) {
  const u64 va = 0x7f40'0000'0000;
  bench.restart({.page_1g = false});
  bench.set(va, 3, u64{5} << 30 | kUserPage | kPs);
  const Answer a = bench.read(va);
  bench.page_fault(a, kErrP | kErrRsvd, 3);
  bench.same("reads", a.reads(), 2);  // the frame is no page directory
  bench.restart({.page_1g = true});
  bench.set(va, 3, u64{5} << 30 | kUserPage | kPs);
  bench.ok(bench.read(va), u64{5} << 30, 30);
}

KILBURN_TRAP("T06 NX is reserved at every level while NXE is 0", kX86) {
  for (unsigned level = 5; level >= 1; --level) {
    bench.restart();
    bench.context.controls = kLa57;
    spoil(bench, kVa, level, kNx);
    bench.page_fault(bench.read(kVa), kErrP | kErrRsvd, level);
    bench.page_fault(bench.fetch(kVa), kErrP | kErrRsvd, level);  // I/D needs NXE or SMEP
    bench.context.controls = kLa57 | kSmep;
    bench.page_fault(bench.fetch(kVa), kErrP | kErrRsvd | kErrId, level);
    bench.context.controls = kLa57 | kNxe;
    bench.ok(bench.read(kVa), kPa, 12);
  }
}

KILBURN_TRAP("T07 no reserved bit counts in an entry that is not present", kX86) {
  for (unsigned level = 5; level >= 1; --level) {
    bench.restart();
    bench.context.controls = kLa57;
    bench.map(kVa, kPa);
    bench.set(kVa, level, ~kP);
    bench.page_fault(bench.read(kVa), 0, level);
    bench.page_fault(bench.write(kVa, Mode::user), kErrW | kErrU, level);
    bench.page_fault(bench.fetch(kVa), 0, level);
    bench.set(kVa, level, bit(51));
    bench.page_fault(bench.read(kVa), 0, level);
  }
}

KILBURN_TRAP("T08 the upper of two bad entries decides", kX86) {
  for (unsigned upper = 4; upper >= 2; --upper) {
    for (unsigned lower = upper - 1; lower >= 1; --lower) {
      bench.restart();
      bench.map(kVa, kPa);
      bench.set(kVa, lower, 0);
      const u64 slot = bench.slot(kVa, upper);
      bench.store(slot, bench.load(slot) | bit(51));
      bench.page_fault(bench.read(kVa), kErrP | kErrRsvd, upper);
      bench.store(slot, bench.load(slot) & ~bit(51) & ~kP);
      bench.page_fault(bench.read(kVa), 0, upper);
      bench.store(slot, bench.load(slot) | kP);
      bench.page_fault(bench.read(kVa), 0, lower);
    }
  }
}

KILBURN_TRAP("T09 address bits from MAXPHYADDR on are reserved in every entry", kX86) {
  for (const unsigned width : {32u, 36u, 40u, 46u, 51u}) {
    for (unsigned level = 5; level >= 1; --level) {
      for (unsigned n = width; n <= 51; ++n) {
        bench.restart({.pa_width = static_cast<u8>(width)});
        bench.context.controls = kLa57;
        spoil(bench, kVa, level, bit(n));
        bench.page_fault(bench.read(kVa), kErrP | kErrRsvd, level);
      }
    }
    // The highest bit that is not reserved: a leaf's frame, and a table up there.
    bench.restart({.pa_width = static_cast<u8>(width)});
    bench.context.controls = kLa57;
    bench.map(kVa, kPa | bit(width - 1));
    bench.ok(bench.read(kVa), kPa | bit(width - 1), 12);
    const u64 table = bench.load(bench.slot(kVa, 3)) | bit(width - 1);
    bench.set(kVa, 3, table);
    bench.map(kVa, kOther);
    bench.invalidate(inv::ALL);
    bench.ok(bench.read(kVa), kOther, 12);
  }
  bench.restart({.pa_width = 52});
  bench.map(kVa, kPa | bit(51));
  bench.ok(bench.read(kVa), kPa | bit(51), 12);
}

KILBURN_TRAP("T10 PAT is bit 7 of a 4 KB leaf and bit 12 of a large one", kX86) {
  const u64 va = 0x7f40'0000'0000;
  for (u64 type = 0; type < 8; ++type) {
    const u64 low = (type & 1 ? kPwt : 0) | (type & 2 ? kPcd : 0);
    bench.restart();
    bench.map(va, kPa, kUserPage | low | (type & 4 ? kPat4k : 0));
    bench.same("memory type, 4 KB", bench.read(va).mt, type);
    bench.map(va + 0x1000, kPa | 0x1000, kUserPage | low);  // bit 12 is the frame's
    const Answer small = bench.read(va + 0x1000);
    bench.ok(small, kPa | 0x1000, 12);
    bench.same("memory type, bit 12 of a 4 KB leaf", small.mt, type & 3);
    bench.set(va + 0x20'0000, 2, kPa | kUserPage | kPs | low | (type & 4 ? kPatLarge : 0));
    const Answer large = bench.read(va + 0x20'0000);
    bench.ok(large, kPa, 21);
    bench.same("memory type, 2 MB", large.mt, type);
    bench.set(va + 0x4000'0000, 3, u64{1} << 30 | kUserPage | kPs | low | (type & 4 ? kPatLarge : 0));
    const Answer huge = bench.fetch(va + 0x4000'0000);
    bench.ok(huge, u64{1} << 30, 30);
    bench.same("memory type, 1 GB", huge.mt, type);
  }
}

KILBURN_TRAP("T11 NX of any level stops a fetch, after a load through the TLB too", kX86) {
  for (unsigned level = 5; level >= 1; --level) {
    bench.restart();
    bench.context.controls = kNxe | kLa57;
    spoil(bench, kVa, level, kNx);
    bench.ok(bench.read(kVa, Mode::user), kPa, 12);
    bench.page_fault(bench.fetch(kVa, Mode::user), kErrP | kErrU | kErrId, 1);
    bench.page_fault(bench.fetch(kVa), kErrP | kErrId, 1);
    bench.ok(bench.read(kVa), kPa, 12);
  }
}

KILBURN_TRAP("T12 R/W and U/S of every level count, in walks and in what is cached", kX86) {
  for (unsigned level = 5; level >= 1; --level) {
    for (const u64 missing : {kW, kU}) {
      bench.restart();
      bench.context.controls = kWp | kLa57;
      bench.map(kVa, kPa);
      const u64 slot = bench.slot(kVa, level);
      bench.store(slot, bench.load(slot) & ~missing);
      // Cached by an access that is allowed, then refused.
      bench.ok(bench.read(kVa), kPa, 12);
      if (missing == kW) {
        bench.ok(bench.read(kVa, Mode::user), kPa, 12);
        bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrW | kErrU, 1);
        bench.page_fault(bench.write(kVa), kErrP | kErrW, 1);
      } else {
        bench.page_fault(bench.read(kVa, Mode::user), kErrP | kErrU, 1);
        bench.page_fault(bench.fetch(kVa, Mode::user), kErrP | kErrU, 1);
        bench.ok(bench.write(kVa), kPa, 12);
      }
    }
  }
  // One page directory below a writable and a read-only PDPT entry: neither walk lends its rights to the other.
  bench.restart();
  const u64 first = 0x7f40'0000'0000, second = first + 0x4000'0000;
  bench.map(first, kPa);
  bench.set(second, 3, bench.load(bench.slot(first, 3)) & ~kW);
  bench.ok(bench.write(first, Mode::user), kPa, 12);
  bench.page_fault(bench.write(second, Mode::user), kErrP | kErrW | kErrU, 1);
  bench.ok(bench.read(second, Mode::user), kPa, 12);
  bench.ok(bench.write(first, Mode::user), kPa, 12);
}

KILBURN_TRAP("T13 a leaf that faults is neither cached nor marked", kX86) {
  const u64 va = 0x7f40'0020'0000;
  // Not accessed, and a reserved bit.
  const u64 slot = bench.set(va, 2, kPa | kP | kW | kU | kPs | bit(13));
  const u64 bad = bench.load(slot);
  const Answer a = bench.write(va);
  bench.page_fault(a, kErrP | kErrRsvd | kErrW, 2);
  bench.same("updates", a.updates(), 0);
  bench.word(slot, bad);
  const u64 large = 0x6a40'0000;
  bench.store(slot, large | kP | kW | kU | kPs);
  bench.ok(bench.write(va), large, 21);
  // A refused one.
  const u64 page = bench.map(kVa, kPa, kP);
  bench.page_fault(bench.write(kVa, Mode::user), kErrP | kErrW | kErrU, 1);
  bench.word(page, kPa | kP);
  bench.store(page, kOther | kP | kW | kU);
  bench.ok(bench.write(kVa, Mode::user), kOther, 12);
}

KILBURN_TRAP("T14 reserved bits count for fetches", kX86) {
  bench.context.controls = kNxe;
  for (unsigned level = 4; level >= 1; --level) {
    bench.restart();
    bench.context.controls = kNxe;
    spoil(bench, kVa, level, bit(51));
    bench.page_fault(bench.fetch(kVa), kErrP | kErrRsvd | kErrId, level);
    bench.page_fault(bench.fetch(kVa, Mode::user), kErrP | kErrRsvd | kErrId | kErrU, level);
  }
  bench.restart();
  bench.set(kVa, 2, kPa | kUserPage | kPs | bit(20));
  bench.page_fault(bench.fetch(kVa), kErrP | kErrRsvd, 2);
}

KILBURN_TRAP("T15 a bus error on an entry is a fault of its own and fills nothing", kAll) {
  bench.map(kVa, kPa);
  for (unsigned level = bench.levels(); level >= 1; --level) {
    const u64 slot = bench.slot(kVa, level);
    bench.on_memory = [&](const MemoryOperation& m) { return m.pa == slot; };
    bench.fault(bench.read(kVa), Fault::bus, level);
    bench.fault(bench.fetch(kVa, Mode::user), Fault::bus, level);
  }
  bench.on_memory = nullptr;
  bench.map(kVa, kOther);
  bench.ok(bench.read(kVa), kOther, bench.page_shift());
  bench.ok(bench.fetch(kVa, Mode::user), kOther, bench.page_shift());
  if (!bench.x86()) return;
  // The update of an entry that may be read but not written.
  bench.restart();
  const u64 page = bench.map(kVa, kPa, kP | kW | kU);
  bench.on_memory = [&](const MemoryOperation& m) { return m.cas; };
  bench.fault(bench.write(kVa, Mode::user), Fault::bus, 1);
  bench.word(page, kPa | kP | kW | kU);
  bench.on_memory = nullptr;
  bench.store(page, kOther | kP | kW | kU);
  bench.ok(bench.write(kVa, Mode::user), kOther, 12);
}

KILBURN_TRAP("T16 root, frame and index keep their full width", kAll) {
  // Everything at the top of the physical addresses of the format.
  const u64 top = bench.x86() ? bit(51) | bit(45) : bench.format() == Format::alpha ? bit(44) | bit(43) : bit(43);
  bench.restart({.pa_width = 52});
  bench.context.root = top | 0x10'0000;
  for (unsigned level = bench.levels(); level >= 2; --level) {
    bench.set(kVa, level, bench.entry(top | (u64{level} << 24), bench.link()));
  }
  bench.map(kVa, top | kPa);
  bench.ok(bench.read(kVa), top | kPa, bench.page_shift());
  // The highest index of every level, which is also the sign.
  const u64 high = ~u64{0} << bench.page_shift();
  for (const u32 la57 : {u32{0}, kLa57}) {
    if (la57 != 0 && !bench.x86()) break;
    bench.restart({.pa_width = 52});
    bench.context.controls = la57;
    bench.map(high, kPa);
    bench.map(kVa, kOther);
    bench.ok(bench.read(high), kPa, bench.page_shift());
    bench.ok(bench.read(kVa), kOther, bench.page_shift());
    bench.ok(bench.fetch(high + 0x18), kPa + 0x18, bench.page_shift());
  }
  if (!bench.x86()) return;
  // Five levels: the top index is VA<56:48>; two addresses that differ only there.
  bench.restart();
  bench.context.controls = kLa57;
  bench.map(kVa, kPa);
  bench.map(kVa | bit(48), kOther);
  bench.map(kVa | bit(55), kPa + 0x2000);
  const Answer a = bench.read(kVa);
  bench.ok(a, kPa, 12);
  bench.same("reads", a.reads(), 5);
  bench.ok(bench.read(kVa | bit(48)), kOther, 12);
  bench.ok(bench.read(kVa | bit(55)), kPa + 0x2000, 12);
}
