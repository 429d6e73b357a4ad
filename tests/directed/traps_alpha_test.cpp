// SPDX-License-Identifier: Apache-2.0
//
// Traps T80 to T104: Alpha's fault order, superpages, granularity hints and TB instructions (DEC OSF/1 PALcode; EV4,
// EV5, EV6 hardware reference manuals), and the context of a request (all formats).
#include "model/arch/refill.h"
#include "model/arch/system.h"
#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4568'0000;  // aligned to 64 pages of 8 KB
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a80'0000;

constexpr Mode kModes[] = {Mode::kernel, Mode::executive, Mode::supervisor, Mode::user};
constexpr Op kOps[] = {Op::read, Op::write, Op::fetch};

Answer access(Bench& bench, u64 va, Op op, Mode mode) { return bench.access({.va = va, .op = op, .mode = mode}); }

void tbi(Bench& bench, std::int64_t code, u64 va) {
  if (const auto i = arch::tbi(code, va, bench.context.asid)) bench.invalidate(i->code, i->va, i->asid);
}

// As in traps_caching_test.cpp: an edit without its invalidation.
void stale(Bench& bench, const Answer& a, u64 old_pa, u64 new_pa,
           std::source_location where = std::source_location::current()) {
  if (bench.rtl()) {
    bench.ok(a, old_pa, where);
  } else {
    bench.either(a, old_pa, new_pa, where);
  }
}

// A software-refilled TLB after a fill: it hits, except for `arch`, which has no TLB to fill.
void filled(Bench& bench, const Answer& a, u64 pa, std::source_location where = std::source_location::current()) {
  if (bench.caches()) {
    bench.ok(a, pa, where);
  } else {
    bench.fault(a, Fault::miss, 0, where);
  }
}
}  // namespace

KILBURN_TRAP("T80 an entry of zero and a swap entry are access violations", kBothAlpha) {
  bench.map(kVa, kPa);
  const u64 slot = bench.slot(kVa);
  for (const u64 entry : {u64{0}, u64{0x1234'5678'0000'0000}}) {
    bench.store(slot, entry);
    for (const Mode mode : kModes) {
      for (const Op op : kOps) bench.fault(access(bench, kVa, op, mode), Fault::acv, 1);
    }
  }
  for (unsigned level = bench.levels(); level >= 2; --level) {
    bench.restart();
    bench.map(kVa, kPa);
    bench.set(kVa, level, 0);
    bench.fault(bench.read(kVa), Fault::acv, level);
  }
}

KILBURN_TRAP("T81 an invalid upper entry is TNV with KRE and ACV without, whatever the mode and access", kBothAlpha) {
  for (unsigned level = bench.levels(); level >= 2; --level) {
    bench.restart();
    bench.map(kVa, kPa);
    for (const Mode mode : kModes) {
      for (const Op op : kOps) {
        bench.set(kVa, level, kKre);
        bench.fault(access(bench, kVa, op, mode), Fault::tnv, level);
        bench.set(kVa, level, (bench.full() | kFor | kFow | kFoe) & ~kV & ~kKre);
        bench.fault(access(bench, kVa, op, mode), Fault::acv, level);
      }
    }
  }
}

KILBURN_TRAP("T82 nothing but V counts in a valid upper entry", kBothAlpha) {
  for (const u64 bits : {u64{0}, kFor | kFow | kFoe, gh(3) | kAsm, kUre | kUwe, u64{0xffff'fffe}}) {
    bench.restart();
    bench.map(kVa, kPa);
    for (unsigned level = bench.levels(); level >= 2; --level) {
      const u64 slot = bench.slot(kVa, level);
      bench.store(slot, (bench.load(slot) & ~u64{0xffff'ffff}) | kV | bits);
    }
    for (const Mode mode : {Mode::kernel, Mode::user}) {
      for (const Op op : kOps) {
        const Answer a = access(bench, kVa, op, mode);
        bench.ok(a, kPa, bench.page_shift());
        bench.that("not global", !a.global);
      }
    }
  }
}

KILBURN_TRAP("T83 an invalid leaf is ACV without the right and TNV with it", kBothAlpha) {
  const u64 slot = bench.map(kVa, kPa);
  const auto expect = [&](u64 low, Op op, Mode mode, Fault fault) {
    bench.store(slot, bench.entry(kPa, low));
    bench.fault(access(bench, kVa, op, mode), fault, 1);
  };
  for (const Op op : {Op::read, Op::fetch}) {
    expect(kKre, op, Mode::kernel, Fault::tnv);
    expect(kKre, op, Mode::user, Fault::acv);
    expect(kUre, op, Mode::user, Fault::tnv);
    expect(kUre, op, Mode::kernel, Fault::acv);
    expect(kKwe | kUwe, op, Mode::kernel, Fault::acv);
  }
  expect(kKwe, Op::write, Mode::kernel, Fault::tnv);
  expect(kKwe, Op::write, Mode::user, Fault::acv);
  expect(kUwe, Op::write, Mode::user, Fault::tnv);
  expect(kKre | kUre, Op::write, Mode::user, Fault::acv);
}

KILBURN_TRAP("T84 an invalid leaf never reports a fault-on bit", kBothAlpha) {
  const u64 slot = bench.map(kVa, kPa);
  for (const Op op : kOps) {
    for (const Mode mode : {Mode::kernel, Mode::user}) {
      bench.store(slot, bench.entry(kPa, (bench.full() & ~kV) | kFor | kFow | kFoe));
      bench.fault(access(bench, kVa, op, mode), Fault::tnv, 1);
      bench.store(slot, bench.entry(kPa, kFor | kFow | kFoe));
      bench.fault(access(bench, kVa, op, mode), Fault::acv, 1);
    }
  }
}

KILBURN_TRAP("T85 a missing right outranks a fault-on bit, and MM_STAT tells of both", kBothAlpha) {
  const u64 slot = bench.map(kVa, kPa);
  const auto expect = [&](u64 low, Op op, Fault fault) {
    bench.store(slot, bench.entry(kPa, low));
    bench.invalidate(inv::ALL);
    bench.fault(access(bench, kVa, op, Mode::user), fault, 1);
  };
  expect(kV | kUre | kFow, Op::write, Fault::acv);
  expect(kV | kUwe | kFor, Op::read, Fault::acv);
  expect(kV | kUwe | kFoe, Op::fetch, Fault::acv);
  expect(kV | kUre | kUwe | kFow, Op::write, Fault::on_write);
  // EV5 5.2: WR = bit 0, ACV = 1, FOW = 3.
  const Request store{.va = kVa, .op = Op::write, .mode = Mode::user};
  const u32 both = arch::mm_stat_of(bench.format(), {}, store, static_cast<u16>(kV | kUre | kFow), 0, 0);
  bench.same("MM_STAT of ACV and FOW", both & 0xf, 0b1011);
  bench.same("MMCSR", arch::mmcsr_of(both), 1);
  const u32 one = arch::mm_stat_of(bench.format(), {}, store, static_cast<u16>(kV | kUre | kUwe | kFow), 0, 0);
  bench.same("MM_STAT of FOW", one & 0xf, 0b1001);
  bench.same("MMCSR", arch::mmcsr_of(one), 4);
}

KILBURN_TRAP("T86 FOE set later is seen after TBISI at the latest", kBothAlpha) {
  const u64 slot = bench.map(kVa, kPa);
  bench.ok(bench.fetch(kVa), kPa);
  bench.store(slot, bench.entry(kPa, bench.full() | kFoe));
  const Answer a = bench.fetch(kVa);
  // Legal: the old entry, or the new. The RTL still has the old.
  if (bench.rtl() || a.fault == Fault::none) {
    bench.ok(a, kPa);
  } else {
    bench.fault(a, Fault::on_execute, 1);
  }
  tbi(bench, 1, kVa);
  bench.fault(bench.fetch(kVa), Fault::on_execute, 1);
  bench.ok(bench.read(kVa), kPa);
  bench.ok(bench.write(kVa), kPa);
}

KILBURN_TRAP("T87 the OSF layout has the user's enables in bits 9 and 13, the VMS layout one a mode", kBothAlpha) {
  for (const bool vms : {false, true}) {
    for (const Mode owner : kModes) {
      for (const bool for_write : {false, true}) {
        bench.restart({.vms = vms});
        // The one enable bit of `owner` in the VMS layout, in the OSF layout that of kernel or of the rest.
        const unsigned number = static_cast<unsigned>(owner);
        const u64 enable = bit((for_write ? 12u : 8u) + number);
        bench.map(kVa, kPa, kV | enable);
        for (const Mode mode : kModes) {
          const bool has = vms ? mode == owner : number < 2 && (mode == Mode::kernel) == (number == 0);
          for (const Op op : kOps) {
            const Answer a = access(bench, kVa, op, mode);
            if (has && (op == Op::write) == for_write) {
              bench.ok(a, kPa);
            } else {
              bench.fault(a, Fault::acv, 1);
            }
          }
        }
      }
    }
  }
}

KILBURN_TRAP("T88 the sign check comes before superpages and the TLB, and a bad unaligned address is UNALIGN",
             kBothAlpha) {
  const unsigned sign = bench.format() == Format::alpha ? 42 : 47;
  bench.context.controls = spe(7);
  // Each superpage of the chip, with one bit above the sign flipped.
  for (const u64 va : {~u64{0} << 42 | 0x1234'5000, u64{0xffff'ffff'8000'0000} | 0x1234'5000, ~u64{0} << sign}) {
    for (unsigned n = sign + 1; n <= 63; ++n) {
      for (const Mode mode : {Mode::kernel, Mode::user}) {
        const Answer a = access(bench, va ^ bit(n), Op::read, mode);
        bench.fault(a, Fault::acv, 0);
        bench.same("memory operations", a.memory.size(), 0);
      }
    }
  }
  // No TB miss either: with software refill it is the fault that is reported.
  bench.context.controls = kRefill;
  bench.fault(bench.read(kVa ^ bit(sign)), Fault::acv, 0);
  bench.fault(bench.fetch(kVa ^ bit(63)), Fault::acv, 0);
  bench.fault(bench.read(kVa), Fault::miss, 0);
  // EV4 table 4-2; EV5 6.4.2: UNALIGN is the vector before DFAULT.
  bench.that("bad and unaligned", arch::data_trap(false, false, false, false) == arch::DataTrap::unaligned);
  bench.that("bad and aligned", arch::data_trap(false, false, true, false) == arch::DataTrap::fault);
}

KILBURN_TRAP("T89 a TLB miss is served before alignment is looked at, and TNV comes before UNALIGN", kBothAlpha) {
  bench.context.controls = kRefill;
  const u64 slot = bench.map(kVa, kPa);
  const u64 va = kVa + 3;  // an unaligned quadword
  const auto word = [&](u64 pa) -> std::optional<u64> { return bench.load(pa); };
  const Request load{.va = va, .op = Op::read, .mode = Mode::user};
  Answer a = bench.access(load);
  bench.fault(a, Fault::miss, 0);
  bench.that("the miss first", arch::data_trap(true, false, false, false) == arch::DataTrap::dtb_miss);
  // PALcode fills; the access hits, and now alignment counts.
  const arch::Refill fill = arch::refill(bench.format(), {}, bench.context, load, word);
  bench.that("the handler fills", fill.fault.code == Fault::none && fill.due.size() == 1);
  bench.same("what it fills", fill.due.empty() ? 0 : fill.due[0].pte, bench.entry(kPa, bench.full()));
  for (const arch::Fill& f : fill.due) bench.fill(Side::data, f.va, f.pte);
  filled(bench, bench.access(load), kPa + 3);
  bench.that("then alignment", arch::data_trap(true, true, false, true) == arch::DataTrap::unaligned);
  // The handler finds V = 0: its fault is delivered, and no UNALIGN.
  bench.invalidate(inv::ALL);
  bench.store(slot, bench.entry(kPa, bench.full() & ~kV));
  bench.fault(bench.access(load), Fault::miss, 0);
  const arch::Refill none = arch::refill(bench.format(), {}, bench.context, load, word);
  bench.that("TNV", none.fault.code == Fault::tnv && none.due.empty());
  bench.context.controls = 0;
  bench.fault(bench.access(load), Fault::tnv, 1);
}

KILBURN_TRAP("T90 a superpage address in any mode but kernel is an access violation, without a walk", kBothAlpha) {
  const u64 base = ~u64{0} << 42;  // VA<47:41> = 0x7E after sign extension
  for (const arch::Chip chip : {arch::Chip::ev4, arch::Chip::ev5, arch::Chip::ev6}) {
    bench.restart({.chip = chip});
    bench.context.controls = spe(3);
    for (const u64 va : {base | 0x1234'5678, u64{0xffff'ffff'8000'0000} | 0x1234'5678}) {
      bench.map(va, kPa);  // tables that would allow it
      for (const Op op : kOps) {
        for (const Mode mode : {Mode::executive, Mode::supervisor, Mode::user}) {
          const Answer a = access(bench, va, op, mode);
          bench.fault(a, Fault::acv, 0);
          bench.same("memory operations", a.memory.size(), 0);
        }
        const Answer a = access(bench, va, op, Mode::kernel);
        bench.ok(a, 0x1234'5678);
        bench.same("memory operations", a.memory.size(), 0);
      }
    }
    bench.context.controls = 0;
    bench.ok(bench.read(base | 0x1234'5678, Mode::user), kPa + (0x1234'5678 & (bench.page() - 1)));
  }
}

KILBURN_TRAP("T91 EV6's 41-bit superpage extends PA<40> into PA<43:41>, and the others fill with 0", kBothAlpha) {
  const u64 base = ~u64{0} << 42;
  struct Case {
    arch::Chip chip;
    u64 offset, pa;
    unsigned size;
  };
  for (const Case& c : {Case{arch::Chip::ev6, 0x123'4567'8000, 0xf23'4567'8000, 40},
                        Case{arch::Chip::ev6, 0x023'4567'8000, 0x023'4567'8000, 40},
                        Case{arch::Chip::ev5, 0x123'4567'8000, 0x023'4567'8000, 40},
                        Case{arch::Chip::ev5, 0x0ff'ffff'e000, 0x0ff'ffff'e000, 40},
                        Case{arch::Chip::ev4, 0x123'4567'8000, 0x003'4567'8000, 34}}) {
    bench.restart({.chip = c.chip});
    bench.context.controls = spe(2);
    bench.ok(bench.read(base | c.offset), c.pa, c.size);
    bench.ok(bench.fetch(base | c.offset), c.pa, c.size);
  }
  // The 1 GB region: PA<29:0>, upper bits 0, on every chip.
  for (const arch::Chip chip : {arch::Chip::ev4, arch::Chip::ev5, arch::Chip::ev6}) {
    bench.restart({.chip = chip});
    bench.context.controls = spe(1);
    bench.ok(bench.write(0xffff'ffff'8000'0000 | 0x3fff'ffff), 0x3fff'ffff, 30);
    if (bench.format() != Format::alpha_x64) continue;
    // EV6 alone has VA<47:46> = 2; the other chips translate the address.
    bench.context.controls = spe(4);
    const u64 wide = ~u64{0} << 47 | 0xdef'0123'4568;
    if (chip == arch::Chip::ev6) {
      bench.ok(bench.read(wide), 0xdef'0123'4568, 44);
    } else {
      bench.fault(bench.read(wide), Fault::acv, 4);
    }
  }
}

KILBURN_TRAP("T92 a granularity hint joins 8^GH pages: one entry, PA bits inside it from the address", kBothAlpha) {
  const u64 page = bench.page();
  for (u64 hint = 0; hint <= 3; ++hint) {
    bench.restart();
    const u64 pages = u64{1} << (3 * hint);
    const u64 block = 0x40'0000'0000 & ~(pages * page - 1);
    // The frame numbers of the block's entries run through the block; any of them must do.
    for (u64 n = 0; n < pages; ++n)
      bench.map(kVa / (512 * page) * (512 * page) + n * page, block + n * page, bench.full() | gh(hint));
    const u64 va = kVa / (512 * page) * (512 * page);
    const u64 some = pages > 3 ? pages - 3 : 0;
    bench.ok(bench.read(va + some * page + 0x18), block + some * page + 0x18,
             static_cast<unsigned>(bench.page_shift() + 3 * hint));
    for (const u64 n : {u64{0}, pages / 2, pages - 1}) {
      const Answer a = bench.read(va + n * page + 8);
      bench.ok(a, block + n * page + 8, static_cast<unsigned>(bench.page_shift() + 3 * hint));
      if (bench.rtl()) bench.same("memory operations of a hit", a.memory.size(), 0);
      bench.ok(bench.fetch(va + n * page), block + n * page, static_cast<unsigned>(bench.page_shift() + 3 * hint));
    }
  }
}

KILBURN_TRAP("T93 TBIS with any address of a block takes its entry", kBothAlpha) {
  const u64 page = bench.page();
  for (u64 hint = 1; hint <= 3; ++hint) {
    const u64 pages = u64{1} << (3 * hint);
    const u64 va = kVa / (512 * page) * (512 * page);
    for (const u64 at : {u64{1}, pages / 2, pages - 1}) {
      bench.restart();
      for (u64 n = 0; n < pages; ++n) bench.map(va + n * page, 0x40'0000'0000, bench.full() | gh(hint));
      bench.ok(bench.read(va), 0x40'0000'0000);
      bench.ok(bench.fetch(va), 0x40'0000'0000);
      for (u64 n = 0; n < pages; ++n) bench.map(va + n * page, 0x80'0000'0000, bench.full() | gh(hint));
      stale(bench, bench.read(va), 0x40'0000'0000, 0x80'0000'0000);
      tbi(bench, 3, va + at * page);
      bench.ok(bench.read(va), 0x80'0000'0000);
      bench.ok(bench.fetch(va), 0x80'0000'0000);
    }
  }
}

KILBURN_TRAP("T94 TBIS takes the current ASN's and ASM entries, TBIAP those of every ASN without ASM", kBothAlpha) {
  const u64 page = bench.page();
  const u64 shared = kVa + page;
  const auto map_all = [&](u64 pa) {
    bench.map(kVa, pa);
    bench.map(shared, pa + page, bench.full() | kAsm);
  };
  const auto touch = [&](u16 asn, u64 pa) {
    bench.context.asid = asn;
    bench.ok(bench.read(kVa), pa);
    bench.ok(bench.read(shared), pa + page);
  };
  map_all(kPa);
  touch(2, kPa);
  touch(1, kPa);
  map_all(kOther);
  tbi(bench, 3, kVa);  // as ASN 1
  bench.ok(bench.read(kVa), kOther);
  tbi(bench, 3, shared);
  bench.ok(bench.read(shared), kOther + page);
  bench.context.asid = 2;
  stale(bench, bench.read(kVa), kPa, kOther);
  bench.ok(bench.read(shared), kOther + page);
  // TBIAP from ASN 1 takes 2's; the ASM entry may stay.
  map_all(kPa);
  bench.context.asid = 1;
  tbi(bench, -1, 0);
  bench.ok(bench.read(kVa), kPa);
  stale(bench, bench.read(shared), kOther + page, kPa + page);
  bench.context.asid = 2;
  bench.ok(bench.read(kVa), kPa);
  tbi(bench, -2, 0);
  bench.ok(bench.read(shared), kPa + page);
}

KILBURN_TRAP("T95 an operation of one side leaves the other side's entries", kAll) {
  bench.map(kVa, kPa);
  bench.ok(bench.read(kVa), kPa);
  bench.ok(bench.fetch(kVa), kPa);
  bench.map(kVa, kOther);
  bench.invalidate(inv::PAGE_I, kVa, bench.context.asid);
  stale(bench, bench.read(kVa), kPa, kOther);
  bench.ok(bench.fetch(kVa), kOther);
  bench.map(kVa, kPa);
  bench.invalidate(inv::PAGE_D, kVa, bench.context.asid);
  stale(bench, bench.fetch(kVa), kOther, kPa);
  bench.ok(bench.read(kVa), kPa);
  if (bench.x86()) return;
  // Fills by software likewise.
  bench.restart();
  bench.context.controls = kRefill;
  bench.fill(Side::instruction, kVa, bench.entry(kPa, bench.full()));
  bench.fault(bench.read(kVa), Fault::miss, 0);
  filled(bench, bench.fetch(kVa), kPa);
  bench.fill(Side::data, kVa + bench.page(), bench.entry(kOther, bench.full()));
  bench.fault(bench.fetch(kVa + bench.page()), Fault::miss, 0);
  filled(bench, bench.read(kVa + bench.page()), kOther);
}

KILBURN_TRAP("T96 tbi codes: 1 the instruction TLB, 2 the data TLB, 3 both, and others nothing", kBothAlpha) {
  struct Case {
    std::int64_t code;
    bool takes_i, takes_d;
  };
  for (const Case& c : {Case{1, true, false}, Case{2, false, true}, Case{3, true, true}, Case{-1, true, true},
                        Case{-2, true, true}, Case{0, false, false}, Case{4, false, false}, Case{-3, false, false}}) {
    bench.restart();
    bench.map(kVa, kPa);
    bench.ok(bench.read(kVa), kPa);
    bench.ok(bench.fetch(kVa), kPa);
    bench.map(kVa, kOther);
    tbi(bench, c.code, kVa);
    const Answer of_data = bench.read(kVa), of_fetch = bench.fetch(kVa);
    if (c.takes_d) bench.ok(of_data, kOther);
    if (!c.takes_d) stale(bench, of_data, kPa, kOther);
    if (c.takes_i) bench.ok(of_fetch, kOther);
    if (!c.takes_i) stale(bench, of_fetch, kPa, kOther);
  }
}

KILBURN_TRAP("T97 swpctx with the same ASN and another PTBR invalidates nothing", kBothAlpha) {
  bench.map(kVa, kPa);
  bench.ok(bench.read(kVa), kPa);
  const u64 root1 = bench.context.root, root2 = bench.new_table();
  bench.context.root = root2;
  bench.map(kVa, kOther);
  arch::AlphaState state;
  state.ptbr = static_cast<u32>(root1 >> bench.page_shift());
  state.asn = 1;
  const auto swap = [&](u64 root, u16 asn) {
    state = arch::swpctx(bench.format(), {}, state, static_cast<u32>(root >> bench.page_shift()), asn);
    bench.context = arch::context_of(bench.format(), {}, state);
    bench.same("root", bench.context.root, root);
    bench.same("ASN", bench.context.asid, asn);
  };
  swap(root2, 1);
  stale(bench, bench.read(kVa), kPa, kOther);  // software must take another ASN, or flush
  swap(root2, 2);
  bench.ok(bench.read(kVa), kOther);
  swap(root1, 1);
  tbi(bench, -1, 0);
  swap(root2, 1);
  bench.ok(bench.read(kVa), kOther);
}

KILBURN_TRAP("T98 EV6 ignores a fill over an entry that matches, and EV5 and EV4 replace it", kBothAlpha) {
  for (const arch::Chip chip : {arch::Chip::ev4, arch::Chip::ev5, arch::Chip::ev6}) {
    for (const Side side : {Side::data, Side::instruction}) {
      bench.restart({.chip = chip});
      bench.context.controls = kRefill;
      const Request request{.va = kVa + 8, .op = side == Side::data ? Op::read : Op::fetch, .mode = Mode::user};
      bench.fault(bench.access(request), Fault::miss, 0);
      bench.fill(side, kVa, bench.entry(kPa, bench.full()));
      filled(bench, bench.access(request), kPa + 8);
      bench.fill(side, kVa, bench.entry(kOther, bench.full()));
      filled(bench, bench.access(request), (chip == arch::Chip::ev6 ? kPa : kOther) + 8);
      tbi(bench, 3, kVa);
      bench.fault(bench.access(request), Fault::miss, 0);
      bench.fill(side, kVa, bench.entry(kOther, bench.full()));
      filled(bench, bench.access(request), kOther + 8);
    }
  }
}

KILBURN_TRAP("T99 FETCH, FETCH_M and loads to R31 or F31 are stepped over where others fault", kBothAlpha) {
  const u64 slot = bench.map(kVa, kPa);
  struct Case {
    u64 low;
    Fault fault;
  };
  for (const Case& c : {Case{kUre, Fault::tnv}, Case{kV | kKre, Fault::acv}, Case{kV | kUre | kFor, Fault::on_read}}) {
    bench.store(slot, bench.entry(kPa, c.low));
    bench.invalidate(inv::ALL);
    bench.fault(bench.read(kVa, Mode::user), c.fault, 1);
    bench.that("LDQ R1", !arch::dismissed(Op::read, 0x29, 1));
    bench.that("LDQ R31", arch::dismissed(Op::read, 0x29, 31));
    bench.that("FETCH", arch::dismissed(Op::read, 0x18, 2));
    bench.that("STQ R31", !arch::dismissed(Op::write, 0x2d, 31));
    bench.that("instruction fetch", !arch::dismissed(Op::fetch, 0x29, 31));
  }
}

KILBURN_TRAP("T100 Linux: an old page is ACV, a clean one ACV on a store, a write-protected one FOW", kBothAlpha) {
  // LX pgtable.h: _PAGE_TABLE-like user page 0x63301 and what pte_mkold, pte_mkclean and pte_wrprotect take or add.
  const u64 dirty = 0x2'0000, accessed = 0x4'0000;
  const u64 user = kV | kKre | kUre | kKwe | kUwe | dirty | accessed;
  const u64 slot = bench.map(kVa, kPa, user);
  const auto expect = [&](u64 low, Op op, Fault fault) {
    bench.store(slot, bench.entry(kPa, low));
    bench.invalidate(inv::PAGE, kVa, bench.context.asid);
    const Answer a = access(bench, kVa, op, Mode::user);
    if (fault == Fault::none) {
      bench.ok(a, kPa);
    } else {
      bench.fault(a, fault, 1);
    }
  };
  expect(user, Op::write, Fault::none);
  expect(user & ~(accessed | kKre | kUre), Op::read, Fault::acv);
  expect(user & ~(accessed | kKre | kUre), Op::fetch, Fault::acv);
  expect(user & ~(dirty | kKwe | kUwe), Op::write, Fault::acv);
  expect(user & ~(dirty | kKwe | kUwe), Op::read, Fault::none);
  expect(user | kFow, Op::write, Fault::on_write);
  expect(user | kFow, Op::read, Fault::none);
  expect(kV | accessed | kKre | kUre | kFor | kFow | kFoe, Op::read, Fault::on_read);  // PAGE_NONE
  expect(kV | accessed | kKre | kUre | kFor | kFow | kFoe, Op::write, Fault::acv);
}

KILBURN_TRAP("T102 each fault-on bit stops its own operation, with its own code", kBothAlpha) {
  struct Case {
    u64 fault_on;
    Op stops;
    Fault fault;
    u64 mmcsr;
  };
  for (const Case& c : {Case{kFor, Op::read, Fault::on_read, 2}, Case{kFoe, Op::fetch, Fault::on_execute, 3},
                        Case{kFow, Op::write, Fault::on_write, 4}}) {
    for (const Op op : kOps) {
      bench.map(kVa, kPa, bench.full() | c.fault_on);
      bench.invalidate(inv::ALL);
      const Answer a = access(bench, kVa, op, Mode::user);
      if (op != c.stops) {
        bench.ok(a, kPa);
        continue;
      }
      bench.fault(a, c.fault, 1);
      const auto delivered = arch::entmm({.va = kVa, .op = op, .mode = Mode::user}, {.code = a.fault});
      bench.same("MMCSR", delivered ? delivered->a1 : 99, c.mmcsr);
      bench.same("a0", delivered ? delivered->a0 : 0, kVa);
    }
  }
}
