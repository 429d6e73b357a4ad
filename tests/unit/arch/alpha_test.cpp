// SPDX-License-Identifier: Apache-2.0
//
// Both Alpha formats: every image of the leaf bits that count, every upper-level entry, sign check, superpages,
// granularity hints, against the order of DEC's OSF/1 PALcode written down again here, with bits as numbers.
#include "tests/catch.h"
#include "tests/unit/arch/tables.h"

namespace {

using namespace kilburn::tb;

struct Flavour {
  Format format;
  u64 va;
  unsigned page_shift;
};
// Addresses without sign bit, not in any superpage.
constexpr Flavour kFlavours[] = {{Format::alpha, 0x123'4567'8120, 13}, {Format::alpha_x64, 0x7654'3210'f678, 12}};
constexpr Mode kModes[] = {Mode::kernel, Mode::executive, Mode::supervisor, Mode::user};
constexpr Op kOps[] = {Op::read, Op::write, Op::fetch};

// Last level. A load and a fetch need the read enable, a store the write enable; kernel has bits 8 and 12, every
// other mode bits 9 and 13 of the OSF layout.
Fault palcode_leaf(u64 entry, Op op, Mode mode) {
  const unsigned enable = (op == Op::write ? 12 : 8) + (mode == Mode::kernel ? 0 : 1);
  const bool ok = entry >> enable & 1;
  if ((entry & 1) == 0) return ok ? Fault::tnv : Fault::acv;
  if (!ok) return Fault::acv;
  if (op == Op::read && (entry & 2)) return Fault::on_read;
  if (op == Op::write && (entry & 4)) return Fault::on_write;
  if (op == Op::fetch && (entry & 8)) return Fault::on_execute;
  return Fault::none;
}

}  // namespace

TEST_CASE("Alpha leaf: every image of its 12 low bits that count, every mode and access") {
  for (const Flavour& flavour : kFlavours) {
    for (const Mode mode : kModes) {
      for (const Op op : kOps) {
        unsigned count[16] = {};
        for (u64 image = 0; image < 4096; ++image) {
          // bits 0 to 7, then 8, 9, 12, 13; the software bits 10, 11, 14 to 31 get the complement as noise
          const u64 low = (image & 0x3ff) | (image & 0xc00) << 2;
          Tables tables(flavour.format, flavour.va);
          tables.entry(1) =
              (tables.entry(1) & ~u64{0xffffffff}) | low | ((~image & 0x3ffff) << 14) | (~image & 3) << 10;
          const Outcome got = tables.walk(op, mode);
          const Fault expected = palcode_leaf(low, op, mode);
          ++count[static_cast<unsigned>(got.fault.code)];
          const unsigned size = flavour.page_shift + 3 * static_cast<unsigned>(low >> 5 & 3);
          bool same = got.fault.code == expected && got.fault.error == 0 && got.writes.empty();
          if (expected == Fault::none) {
            same = same && got.translation.page_log2 == size && got.translation.global == ((low & 16) != 0) &&
                   got.translation.pa == Tables::kFrame && got.translation.memory_type == 0 &&
                   got.translation.rights == (tables.entry(1) & 0xffff) &&
                   got.pa == Tables::kFrame + (flavour.va & ((u64{1} << size) - 1));
          } else {
            same = same && got.fault.level == 1;
          }
          // the rights of a valid entry, as a TLB keeps them, give the same verdict
          if (low & 1) {
            const FaultReport rights =
                check_rights(flavour.format, static_cast<u16>(low), {flavour.va, op, mode, false}, 0);
            same = same && rights.code == expected && rights.level == 0 &&
                   grants(flavour.format, static_cast<u16>(low), {flavour.va, op, mode, false}, 0) ==
                       (expected == Fault::none);
          }
          if (!same) FAIL(name(flavour.format) << " image " << low << " " << name(op) << " " << name(mode));
        }
        // Of 4096: half has no right (ACV); of the rest half is invalid (TNV), half of the valid has its FOx set.
        CHECK(count[9] == 2048);
        CHECK(count[8] == 1024);
        CHECK(count[op == Op::read ? 10 : op == Op::fetch ? 11 : 12] == 512);
        CHECK(count[0] == 512);
      }
    }
  }
}

TEST_CASE("Alpha upper levels: V and KRE alone, whatever the mode and access") {
  for (const Flavour& flavour : kFlavours) {
    const unsigned levels = flavour.format == Format::alpha ? 3 : 4;
    for (unsigned level = 2; level <= levels; ++level) {
      for (const Mode mode : kModes) {
        for (const Op op : kOps) {
          for (u64 low = 0; low < 0x10000; low += 0x7f) {  // a stride coprime to every bit's period
            Tables tables(flavour.format, flavour.va);
            tables.entry(level) = (tables.entry(level) & ~u64{0xffff}) | low;
            const Outcome got = tables.walk(op, mode);
            const Fault expected = low & 1 ? Fault::none : low & 0x100 ? Fault::tnv : Fault::acv;
            if (got.fault.code != expected || got.fault.level != (expected == Fault::none ? 0 : level) ||
                got.steps.size() != (expected == Fault::none ? levels : levels + 1 - level)) {
              FAIL(name(flavour.format) << " level " << level << " low " << low << " " << name(op) << " "
                                        << name(mode));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("Alpha: frame numbers keep all 32 bits") {
  Tables alpha(Format::alpha, kFlavours[0].va);
  alpha.entry(1) |= u64{0xffffffff} << 32;
  CHECK(alpha.walk(Op::read, Mode::user).pa == (u64{0xffffffff} << 13) + (kFlavours[0].va & 0x1fff));
  Tables x64(Format::alpha_x64, kFlavours[1].va);
  x64.entry(1) |= u64{0xffffffff} << 32;
  CHECK(x64.walk(Op::read, Mode::user).pa == (u64{0xffffffff} << 12) + (kFlavours[1].va & 0xfff));
}

TEST_CASE("Alpha sign check") {
  const auto verdict = [](Format format, u64 va, Mode mode) {
    return before_tlb(format, {va, Op::read, mode, false}, 0);
  };
  for (const Mode mode : kModes) {
    for (const u64 va : {u64{0}, u64{0x3ffffffffff}, u64{0xfffffc0000000000}, ~u64{0}}) {
      CHECK(verdict(Format::alpha, va, mode).kind == Direct::Kind::none);
    }
    for (const u64 va : {u64{0x40000000000}, u64{0xfffffbffffffffff}, u64{0x80000000000}, u64{0x8000000000000000}}) {
      CHECK(verdict(Format::alpha, va, mode).kind == Direct::Kind::fault);
      CHECK(verdict(Format::alpha, va, mode).fault.code == Fault::acv);
      CHECK(verdict(Format::alpha, va, mode).fault.level == 0);
    }
    for (const u64 va : {u64{0x7fffffffffff}, u64{0xffff800000000000}}) {
      CHECK(verdict(Format::alpha_x64, va, mode).kind == Direct::Kind::none);
    }
    for (const u64 va : {u64{0x800000000000}, u64{0xffff7fffffffffff}}) {
      CHECK(verdict(Format::alpha_x64, va, mode).fault.code == Fault::acv);
    }
  }
}

namespace {

struct SuperpageRow {
  Format format;
  u32 enables;  // SPE
  u64 va;
  u64 pa;
  unsigned size;  // 0: no superpage
};

constexpr Format kEv5 = Format::alpha;
constexpr Format kEv6 = Format::alpha_x64;
constexpr u64 kSixteenMore = 0xffff'ffff'c012'3456;  // VA<63:30> all ones

// EV5 5.2 and EV6 M_CTL: match, address, and what each enable leaves alone.
constexpr SuperpageRow kSuperpageRows[] = {
    {kEv5, 2, 0xffff'fc00'0012'3456, 0x00'0012'3456, 40},
    {kEv5, 2, 0xffff'fcff'ffff'ffff, 0xff'ffff'ffff, 40},
    {kEv5, 2, 0xffff'fdab'cdef'0120, 0xab'cdef'0120, 40},  // VA<40> is no part of the address
    {kEv5, 2, 0xffff'fe00'0000'0000, 0, 0},                // VA<42:41> = 3
    {kEv5, 2, 0x0000'0300'0000'0000, 0, 0},                // VA<42:41> = 1
    {kEv5, 1, 0xffff'fc00'0012'3456, 0, 0},
    {kEv5, 4, 0xffff'fc00'0012'3456, 0, 0},  // SPE<2> does nothing
    {kEv5, 5, 0xffff'fc00'0012'3456, 0, 0},
    {kEv5, 1, 0xffff'ffff'8012'3456, 0x12'3456, 30},
    {kEv5, 1, 0xffff'ffff'bfff'ffff, 0x3fff'ffff, 30},
    {kEv5, 1, kSixteenMore, 0, 0},
    {kEv5, 1, 0xffff'ffff'7fff'ffff, 0, 0},
    {kEv5, 2, 0xffff'ffff'8012'3456, 0, 0},
    {kEv5, 3, 0xffff'ffff'8012'3456, 0x12'3456, 30},
    {kEv5, 0, 0xffff'ffff'8012'3456, 0, 0},
    {kEv6, 4, 0xffff'8000'0012'3456, 0x000'0012'3456, 44},
    {kEv6, 4, 0xffff'8fff'ffff'ffff, 0xfff'ffff'ffff, 44},
    {kEv6, 4, 0xffff'bfff'ffff'ffff, 0xfff'ffff'ffff, 44},  // VA<45:44> are no part of the address
    {kEv6, 4, 0xffff'c000'0000'0000, 0, 0},
    {kEv6, 3, 0xffff'8000'0012'3456, 0, 0},
    {kEv6, 2, 0xffff'fc00'0012'3456, 0x000'0012'3456, 40},
    {kEv6, 2, 0xffff'fcff'ffff'ffff, 0x0ff'ffff'ffff, 40},
    {kEv6, 2, 0xffff'fd00'0012'3456, 0xf00'0012'3456, 40},  // PA<43:41> copy PA<40>
    {kEv6, 2, 0xffff'fdff'ffff'ffff, 0xfff'ffff'ffff, 40},
    {kEv6, 2, 0xffff'fe00'0000'0000, 0, 0},
    {kEv6, 2, 0xffff'fbff'ffff'ffff, 0, 0},
    {kEv6, 5, 0xffff'fc00'0012'3456, 0, 0},
    {kEv6, 1, 0xffff'ffff'8012'3456, 0x12'3456, 30},
    {kEv6, 1, kSixteenMore, 0, 0},
    {kEv6, 6, 0xffff'ffff'8012'3456, 0, 0},
    {kEv6, 7, 0xffff'ffff'bfff'ffff, 0x3fff'ffff, 30},
};

}  // namespace

TEST_CASE("Alpha superpages: match, address, size, kernel only") {
  for (const SuperpageRow& row : kSuperpageRows) {
    INFO(name(row.format) << " SPE " << row.enables << " va " << std::hex << row.va);
    for (const Mode mode : kModes) {
      for (const Op op : kOps) {
        const Request request{row.va, op, mode, false};
        const Direct direct = before_tlb(row.format, request, spe(row.enables));
        if (row.size == 0) {
          REQUIRE(direct.kind == Direct::Kind::none);
          continue;
        }
        const Outcome walked = Tables(row.format, 0).walk(request);  // context without enables
        CHECK(walked.fault.rule != std::string("alpha.superpage.mode"));
        Tables tables(row.format, 0);
        tables.context.controls = spe(row.enables);
        const Outcome got = tables.walk(request);
        CHECK(got.steps.empty());
        if (mode != Mode::kernel) {
          CHECK(direct.kind == Direct::Kind::fault);
          CHECK(direct.fault.code == Fault::acv);
          CHECK(got.fault.code == Fault::acv);
          CHECK(got.fault.level == 0);
          continue;
        }
        REQUIRE(direct.kind == Direct::Kind::translated);
        CHECK(direct.pa == row.pa);
        CHECK(direct.translation.page_log2 == row.size);
        CHECK(direct.translation.pa == (row.pa >> row.size << row.size));
        CHECK(direct.translation.global);
        CHECK(direct.translation.memory_type == 0);
        CHECK(address_in(direct.translation, row.va) == row.pa);
        CHECK(grants(row.format, direct.translation.rights, request, 0));
        CHECK(got.fault.code == Fault::none);
        CHECK(got.pa == row.pa);
      }
    }
  }
}

TEST_CASE("Alpha: bus errors, and controls of x86-64 that mean nothing here") {
  for (const Flavour& flavour : kFlavours) {
    Tables tables(flavour.format, flavour.va);
    tables.context.controls = kWp | kNxe | kSmep | kSmap;
    CHECK(tables.walk(Op::fetch, Mode::kernel).fault.code == Fault::none);
    CHECK_FALSE(needs_dirty_walk(flavour.format, 0x3301, {flavour.va, Op::write, Mode::user, false}));
    for (unsigned level = tables.levels(); level > 0; --level) {
      Tables broken(flavour.format, flavour.va);
      broken.memory.erase(broken.entry_pa(level));
      const Outcome got = broken.walk(Op::read, Mode::user);
      CHECK(got.fault.code == Fault::bus);
      CHECK(got.fault.level == level);
    }
  }
}
