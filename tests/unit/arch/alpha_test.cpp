// SPDX-License-Identifier: Apache-2.0
//
// Both Alpha formats: every image of the leaf bits that count, every upper-level entry, sign check, superpages,
// granularity hints, page sizes, against tests/truth/alpha.h.
#include "tests/truth/alpha.h"

#include <optional>

#include "tests/catch.h"
#include "tests/unit/arch/tables.h"

namespace {

using namespace kilburn::tb;
namespace truth = kilburn::truth;
using truth::AlphaLayout;

struct Flavour {
  Format format;
  u64 va;
  unsigned page_shift;
};
// Addresses without sign bit, not in any superpage.
constexpr Flavour kFlavours[] = {{Format::alpha, 0x123'4567'8120, 13}, {Format::alpha_x64, 0x7654'3210'f678, 12}};
constexpr Mode kModes[] = {Mode::kernel, Mode::executive, Mode::supervisor, Mode::user};
constexpr Op kOps[] = {Op::read, Op::write, Op::fetch};

Settings settings_of(AlphaLayout layout) {
  Settings settings;
  settings.vms = layout == AlphaLayout::vms;
  return settings;
}

}  // namespace

TEST_CASE("Alpha leaf: every image of the bits that count, every mode and access, both layouts") {
  for (const Flavour& flavour : kFlavours) {
    for (const AlphaLayout layout : {AlphaLayout::osf, AlphaLayout::vms}) {
      for (const Mode mode : kModes) {
        for (const Op op : kOps) {
          unsigned count[16] = {};
          for (u32 n = 0; n < truth::kAlphaImages; ++n) {
            // ASM, GH, bit 7 and the software bits vary with the image
            const u64 noise = (n * 0x9e3779b1u) & 0xffff00f0;
            const u64 entry = Tables::kFrame >> flavour.page_shift << 32 | noise | truth::alpha_image(n);
            const Request request{flavour.va, op, mode, false};
            const truth::AlphaExpected expected = truth::alpha_leaf(layout, entry, op, mode);
            ++count[static_cast<unsigned>(expected.fault)];
            const Settings settings = settings_of(layout);
            const Judgement got = judge_entry(flavour.format, settings, 1, entry, {}, request, {});
            bool same = got.fault.code == expected.fault && id(got.fault.rule) == expected.rule && got.fault.error == 0;
            if (expected.fault == Fault::none) {
              const unsigned size = flavour.page_shift + 3 * static_cast<unsigned>(entry >> 5 & 3);
              same = same && got.kind == Judgement::Kind::translated && got.translation.page_log2 == size &&
                     got.translation.global == ((entry & 16) != 0) && got.translation.pa == Tables::kFrame &&
                     got.translation.memory_type == 0 && got.translation.rights == (entry & 0xffff) &&
                     address_in(got.translation, flavour.va) == Tables::kFrame + (flavour.va & ((u64{1} << size) - 1));
            } else {
              same = same && got.kind == Judgement::Kind::fault && got.fault.level == 1;
            }
            // the rights of a valid entry, as a TLB keeps them, give the same verdict
            if (entry & 1) {
              const auto kept = static_cast<u16>(entry);
              const FaultReport rights = check_rights(flavour.format, settings, kept, request, {});
              same = same && rights.code == expected.fault && rights.level == 0 &&
                     grants(flavour.format, settings, kept, request, {}) == (expected.fault == Fault::none);
            }
            // and so does a walk
            Tables tables(flavour.format, flavour.va);
            tables.settings = settings;
            tables.entry(1) = entry;
            const Outcome walked = tables.walk(request);
            same = same && walked.fault.code == expected.fault && id(walked.fault.rule) == expected.rule &&
                   walked.writes.empty() && walked.steps.size() == tables.levels();
            if (!same) {
              FAIL(name(flavour.format) << (settings.vms ? " VMS" : " OSF") << " image " << truth::alpha_image(n) << " "
                                        << name(op) << " " << name(mode));
            }
          }
          CHECK(count[9] == truth::kAlphaAcv);
          CHECK(count[8] == truth::kAlphaTnv);
          CHECK(count[op == Op::read ? 10 : op == Op::fetch ? 11 : 12] == truth::kAlphaFaultOn);
          CHECK(count[0] == truth::kAlphaAllowed);
        }
      }
    }
  }
}

TEST_CASE("Alpha upper levels: V and KRE alone, whatever the layout, mode and access") {
  for (const Flavour& flavour : kFlavours) {
    const unsigned levels = flavour.format == Format::alpha ? 3 : 4;
    for (unsigned level = 2; level <= levels; ++level) {
      for (const Mode mode : kModes) {
        for (const Op op : kOps) {
          for (u64 low = 0; low < 0x10000; low += 0x7f) {  // a stride coprime to every bit's period
            Tables tables(flavour.format, flavour.va);
            tables.settings = settings_of((low & 0x40) != 0 ? AlphaLayout::vms : AlphaLayout::osf);
            if (tables.settings.vms) tables.entry(1) |= 0xff00;
            tables.entry(level) = (tables.entry(level) & ~u64{0xffff}) | low;
            const Outcome got = tables.walk(op, mode);
            const truth::AlphaExpected expected = truth::alpha_table(low);
            const bool ok = expected.fault == Fault::none;
            if (got.fault.code != expected.fault || id(got.fault.rule) != expected.rule ||
                got.fault.level != (ok ? 0 : level) || got.steps.size() != (ok ? levels : levels + 1 - level)) {
              FAIL(name(flavour.format) << " level " << level << " low " << low << " " << name(op) << " "
                                        << name(mode));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("Alpha pages of 16, 32 and 64 KB: levels, sign, hints, frames (LX PTRS_PER_PTE)") {
  struct Size {
    unsigned page_shift, va_bits;
  };
  for (const Size& size : {Size{13, 43}, Size{14, 47}, Size{15, 51}, Size{16, 55}}) {
    const unsigned index_bits = size.page_shift - 3;
    // each level's index another pattern, the sign clear and set
    for (const u64 high : {u64{0}, ~u64{0} << (size.va_bits - 1)}) {
      u64 va = 0x1238;
      for (unsigned level = 1; level <= 3; ++level)
        va |= u64{0x123} * level << (size.page_shift + index_bits * (level - 1));
      va = (va & ((u64{1} << (size.va_bits - 1)) - 1)) | high;
      Tables tables(Format::alpha, va, 0, size.page_shift);
      const u64 offset = va & ((u64{1} << size.page_shift) - 1);
      CHECK(tables.walk(Op::read, Mode::user).pa == Tables::kFrame + offset);
      CHECK(tables.walk(Op::read, Mode::user).translation.page_log2 == size.page_shift);
      for (unsigned gh = 0; gh < 4; ++gh) {
        tables.entry(1) = tables.leaf(Tables::kFrame) | u64{gh} << 5;
        CHECK(tables.walk(Op::read, Mode::user).translation.page_log2 == size.page_shift + 3 * gh);
      }
      tables.entry(1) = tables.leaf(0) | u64{0xffffffff} << 32;
      CHECK(tables.walk(Op::read, Mode::user).pa == (u64{0xffffffff} << size.page_shift) + offset);
      // the bit above the highest translated one must be its copy
      const Outcome wrong = tables.walk({va ^ u64{1} << size.va_bits, Op::read, Mode::kernel, false});
      CHECK(wrong.fault.rule == Rule::alpha_sign);
    }
  }
  // No superpages: the chips that have them have 8 KB pages.
  Tables large(Format::alpha, 0xffff'fc00'0000'0000, spe(7), 14);
  CHECK(large.walk(Op::read, Mode::kernel).steps.size() == 3);
}

TEST_CASE("Alpha: with translation off (PALmode) the address is the physical one, whatever the mode") {
  for (const Flavour& flavour : kFlavours) {
    const u64 bits = flavour.format == Format::alpha ? 45 : 44;
    for (const Mode mode : kModes) {
      for (const u64 va : {u64{0x1234'5678}, ~u64{7}, u64{0xffff'fc00'0000'0000}}) {
        Tables tables(flavour.format, flavour.va, kPhys | spe(7));
        const Outcome got = tables.walk({va, Op::write, mode, false});
        CHECK(got.fault.code == Fault::none);
        CHECK(got.pa == (va & ((u64{1} << bits) - 1)));
        CHECK(got.translation.page_log2 == bits);
        CHECK(got.translation.global);
        CHECK(got.steps.empty());
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
    return before_tlb(format, {}, {va, Op::read, mode, false}, {});
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
  std::optional<Chip> chip;  // nullopt: the format's own
  u32 enables;               // SPE
  u64 va;
  u64 pa;
  unsigned size;  // 0: no superpage
};

constexpr u64 kSixteenMore = 0xffff'ffff'c012'3456;  // VA<63:30> all ones

// EV5 5.2 and EV6 M_CTL: match, address, and what each enable leaves alone.
constexpr SuperpageRow kSuperpageRows[] = {
    {Format::alpha, {}, 2, 0xffff'fc00'0012'3456, 0x00'0012'3456, 40},
    {Format::alpha, {}, 2, 0xffff'fcff'ffff'ffff, 0xff'ffff'ffff, 40},
    {Format::alpha, {}, 2, 0xffff'fdab'cdef'0120, 0xab'cdef'0120, 40},  // VA<40> is no part of the address
    {Format::alpha, {}, 2, 0xffff'fe00'0000'0000, 0, 0},                // VA<42:41> = 3
    {Format::alpha, {}, 2, 0x0000'0300'0000'0000, 0, 0},                // VA<42:41> = 1
    {Format::alpha, {}, 1, 0xffff'fc00'0012'3456, 0, 0},
    {Format::alpha, {}, 4, 0xffff'fc00'0012'3456, 0, 0},  // SPE<2> does nothing
    {Format::alpha, {}, 5, 0xffff'fc00'0012'3456, 0, 0},
    {Format::alpha, {}, 1, 0xffff'ffff'8012'3456, 0x12'3456, 30},
    {Format::alpha, {}, 1, 0xffff'ffff'bfff'ffff, 0x3fff'ffff, 30},
    {Format::alpha, {}, 1, kSixteenMore, 0, 0},
    {Format::alpha, {}, 1, 0xffff'ffff'7fff'ffff, 0, 0},
    {Format::alpha, {}, 2, 0xffff'ffff'8012'3456, 0, 0},
    {Format::alpha, {}, 3, 0xffff'ffff'8012'3456, 0x12'3456, 30},
    {Format::alpha, {}, 0, 0xffff'ffff'8012'3456, 0, 0},
    {Format::alpha_x64, {}, 4, 0xffff'8000'0012'3456, 0x000'0012'3456, 44},
    {Format::alpha_x64, {}, 4, 0xffff'8fff'ffff'ffff, 0xfff'ffff'ffff, 44},
    {Format::alpha_x64, {}, 4, 0xffff'bfff'ffff'ffff, 0xfff'ffff'ffff, 44},  // VA<45:44> are no part of the address
    {Format::alpha_x64, {}, 4, 0xffff'c000'0000'0000, 0, 0},
    {Format::alpha_x64, {}, 3, 0xffff'8000'0012'3456, 0, 0},
    {Format::alpha_x64, {}, 2, 0xffff'fc00'0012'3456, 0x000'0012'3456, 40},
    {Format::alpha_x64, {}, 2, 0xffff'fcff'ffff'ffff, 0x0ff'ffff'ffff, 40},
    {Format::alpha_x64, {}, 2, 0xffff'fd00'0012'3456, 0xf00'0012'3456, 40},  // PA<43:41> copy PA<40>
    {Format::alpha_x64, {}, 2, 0xffff'fdff'ffff'ffff, 0xfff'ffff'ffff, 40},
    {Format::alpha_x64, {}, 2, 0xffff'fe00'0000'0000, 0, 0},
    {Format::alpha_x64, {}, 2, 0xffff'fbff'ffff'ffff, 0, 0},
    {Format::alpha_x64, {}, 5, 0xffff'fc00'0012'3456, 0, 0},
    {Format::alpha_x64, {}, 1, 0xffff'ffff'8012'3456, 0x12'3456, 30},
    {Format::alpha_x64, {}, 1, kSixteenMore, 0, 0},
    {Format::alpha_x64, {}, 6, 0xffff'ffff'8012'3456, 0, 0},
    {Format::alpha_x64, {}, 7, 0xffff'ffff'bfff'ffff, 0x3fff'ffff, 30},
    // the 21064: 34-bit addresses, SPE_2 and SPE_1 (EV4 ABOX_CTL)
    {Format::alpha, Chip::ev4, 2, 0xffff'fc00'0012'3456, 0x0'0012'3456, 34},
    {Format::alpha, Chip::ev4, 2, 0xffff'fdab'cdef'0120, 0x3'cdef'0120, 34},
    {Format::alpha, Chip::ev4, 1, 0xffff'ffff'bfff'ffff, 0x3fff'ffff, 30},
    {Format::alpha, Chip::ev4, 4, 0xffff'fc00'0012'3456, 0, 0},
    {Format::alpha, Chip::ev4, 2, 0xffff'fe00'0000'0000, 0, 0},
    // the 21264 with 43-bit addresses: SPE[2]'s VA<47:46> = 2 is no address then
    {Format::alpha, Chip::ev6, 2, 0xffff'fd00'0012'3456, 0xf00'0012'3456, 40},
    {Format::alpha, Chip::ev6, 4, 0xffff'fc00'0012'3456, 0, 0},
    {Format::alpha, Chip::ev6, 1, 0xffff'ffff'8012'3456, 0x12'3456, 30},
    // 43-bit chips' regions in the 48-bit space
    {Format::alpha_x64, Chip::ev5, 2, 0xffff'fdab'cdef'0120, 0xab'cdef'0120, 40},
    {Format::alpha_x64, Chip::ev5, 2, 0xffff'8000'0012'3456, 0, 0},
    {Format::alpha_x64, Chip::ev5, 4, 0xffff'8000'0012'3456, 0, 0},
    {Format::alpha_x64, Chip::ev5, 1, 0xffff'ffff'8012'3456, 0x12'3456, 30},
    {Format::alpha_x64, Chip::ev4, 2, 0xffff'fdab'cdef'0120, 0x3'cdef'0120, 34},
};

}  // namespace

TEST_CASE("Alpha superpages: match, address, size, kernel only") {
  for (const SuperpageRow& row : kSuperpageRows) {
    INFO(name(row.format) << " SPE " << row.enables << " va " << std::hex << row.va);
    for (const Mode mode : kModes) {
      for (const Op op : kOps) {
        const Request request{row.va, op, mode, false};
        Settings settings;
        settings.chip = row.chip;
        const Direct direct = before_tlb(row.format, settings, request, with(spe(row.enables)));
        if (row.size == 0) {
          REQUIRE(direct.kind == Direct::Kind::none);
          continue;
        }
        const Outcome walked = Tables(row.format, 0).walk(request);  // context without enables
        CHECK(walked.fault.rule != Rule::alpha_superpage_mode);
        Tables tables(row.format, 0, spe(row.enables));
        tables.settings = settings;
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
        CHECK(grants(row.format, {}, direct.translation.rights, request, {}));
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
