// SPDX-License-Identifier: Apache-2.0
//
// Alpha: TB invalidation, context switch, fault arguments, trap entries, and the miss handlers of software-refilled
// TLBs.
#include <limits>
#include <map>

#include "model/arch/refill.h"
#include "model/arch/system.h"
#include "tests/catch.h"
#include "tests/truth/alpha.h"
#include "tests/unit/arch/tables.h"

namespace {

using namespace kilburn::tb;
namespace truth = kilburn::truth;

constexpr u64 kVa = 0x123'4567'8120;
constexpr u64 kVptb = 0xffff'fe00'0000'0000;  // VA<42:33> = 0x300

std::optional<u64> word(const std::map<u64, u64>& memory, u64 pa) {
  const auto found = memory.find(pa);
  return found == memory.end() ? std::nullopt : std::optional(found->second);
}

constexpr Mode kModes[] = {Mode::kernel, Mode::executive, Mode::supervisor, Mode::user};
constexpr Op kOps[] = {Op::read, Op::write, Op::fetch};

}  // namespace

TEST_CASE("T96 tbi: -2 all, -1 all without ASM, 1 instruction, 2 data, 3 both, else nothing") {
  // layout.def Inv: ALL 0, NONGLOBAL 1, PAGE 3, PAGE_I 5, PAGE_D 6
  CHECK(tbi(-2, kVa, 5) == Invalidation{0, 0, 0});
  CHECK(tbi(-1, kVa, 5) == Invalidation{1, 0, 0});
  CHECK(tbi(1, kVa, 5) == Invalidation{5, kVa, 5});
  CHECK(tbi(2, kVa, 5) == Invalidation{6, kVa, 5});
  CHECK(tbi(3, kVa, 5) == Invalidation{3, kVa, 5});
  for (const std::int64_t code : {std::int64_t{0}, std::int64_t{4}, std::int64_t{-3}, std::int64_t{255},
                                  std::numeric_limits<std::int64_t>::min(), std::int64_t{0x1'0000'0001}}) {
    CHECK_FALSE(tbi(code, kVa, 5).has_value());
  }
}

TEST_CASE("T97 swpctx loads PTBR and ASN, as wide as the chip's, and is no invalidation") {
  const AlphaState before{.ptbr = 0x100, .asn = 3, .spe = 2};
  const AlphaState same_asn = swpctx(Format::alpha, {}, before, 0x200, 3);
  CHECK(same_asn == AlphaState{.ptbr = 0x200, .asn = 3, .spe = 2});
  CHECK(context_of(Format::alpha, {}, same_asn).root == u64{0x200} << 13);
  CHECK(context_of(Format::alpha_x64, {}, same_asn).root == u64{0x200} << 12);
  CHECK(context_of(Format::alpha, {}, same_asn).asid == 3);
  CHECK(context_of(Format::alpha, {}, same_asn).controls == 2u << 8);
  CHECK(context_of(Format::alpha, {}, {.palmode = true}).controls == 1u << 12);
  CHECK(context_of(Format::alpha, {}, {.refill = true}).controls == 1u << 11);
  for (const auto& [chip, bits] : {std::pair{Chip::ev4, 6u}, std::pair{Chip::ev5, 7u}, std::pair{Chip::ev6, 8u}}) {
    Settings settings;
    settings.chip = chip;
    CHECK(swpctx(Format::alpha, settings, before, 0, 0xffff).asn == (1u << bits) - 1);
  }
}

TEST_CASE("entMM: the address, MMCSR, and -1, 0, 1 for fetch, load, store (LX mm/fault.c)") {
  const auto arguments = [](Op op, Fault fault) { return entmm({kVa, op, Mode::user}, {fault, 0, 1, Rule::none}); };
  CHECK(arguments(Op::read, Fault::tnv) == MemoryFault{kVa, 0, 0});
  CHECK(arguments(Op::write, Fault::acv) == MemoryFault{kVa, 1, 1});
  CHECK(arguments(Op::read, Fault::on_read) == MemoryFault{kVa, 2, 0});
  CHECK(arguments(Op::fetch, Fault::on_execute) == MemoryFault{kVa, 3, -1});
  CHECK(arguments(Op::write, Fault::on_write) == MemoryFault{kVa, 4, 1});
  for (const Fault other : {Fault::none, Fault::bus, Fault::miss}) CHECK_FALSE(arguments(Op::read, other).has_value());
}

TEST_CASE("T85 MM_STAT has ACV and FOW both, MMCSR is 1") {
  const auto stat = [](Op op, std::optional<u16> rights, u64 va = kVa) {
    return mm_stat_of(Format::alpha, {}, {va, op, Mode::user}, rights, 0x2d, 7);
  };
  constexpr u32 kInstruction = 0x2du << 11 | 7u << 6;
  CHECK(stat(Op::write, u16{0x0305}) == (kInstruction | 0b1011));
  CHECK(mmcsr_of(stat(Op::write, u16{0x0305})) == 1);
  CHECK(stat(Op::write, u16{0x2305}) == (kInstruction | 0b1001));
  CHECK(mmcsr_of(stat(Op::write, u16{0x2305})) == 4);
  CHECK(stat(Op::read, u16{0x2303}) == (kInstruction | 0b0100));
  CHECK(mmcsr_of(stat(Op::read, u16{0x2303})) == 2);
  CHECK(stat(Op::read, u16{0x0103}) == (kInstruction | 0b0110));
  CHECK(mmcsr_of(stat(Op::read, u16{0x0103})) == 1);
  CHECK(stat(Op::read, u16{0x2305}) == kInstruction);  // FOW does not count for a load
  CHECK(stat(Op::read, std::nullopt) == (kInstruction | 0b1'0000));
  CHECK(stat(Op::write, std::nullopt, u64{1} << 42) == (kInstruction | 0b10'0011));  // BAD_VA, no DTB_MISS
  CHECK(mmcsr_of(stat(Op::read, std::nullopt, u64{1} << 42)) == 1);
}

TEST_CASE("T88 T89 trap entries of a data access (EV4 table 4-2)") {
  // sign, hit, aligned, granted
  CHECK(data_trap(false, false, false, true) == DataTrap::unaligned);  // BAD_VA and unaligned
  CHECK(data_trap(false, true, false, false) == DataTrap::unaligned);
  CHECK(data_trap(false, false, true, true) == DataTrap::fault);  // BAD_VA and aligned
  CHECK(data_trap(false, true, true, true) == DataTrap::fault);
  CHECK(data_trap(true, false, false, true) == DataTrap::dtb_miss);  // a miss, even if unaligned
  CHECK(data_trap(true, false, true, false) == DataTrap::dtb_miss);
  CHECK(data_trap(true, true, false, true) == DataTrap::unaligned);
  CHECK(data_trap(true, true, false, false) == DataTrap::unaligned);
  CHECK(data_trap(true, true, true, false) == DataTrap::fault);
  CHECK(data_trap(true, true, true, true) == DataTrap::none);
}

TEST_CASE("T99 FETCH and loads to R31 or F31 are stepped over, stores of R31 and fetches are not") {
  CHECK(dismissed(Op::read, 0x18, 0));   // FETCH
  CHECK(dismissed(Op::write, 0x18, 4));  // FETCH_M
  for (const unsigned load : {0x0au, 0x0bu, 0x0cu, 0x20u, 0x21u, 0x22u, 0x23u, 0x28u, 0x29u}) {
    CHECK(dismissed(Op::read, load, 31));
    CHECK_FALSE(dismissed(Op::read, load, 30));
  }
  for (const unsigned store : {0x0du, 0x0eu, 0x0fu, 0x2cu, 0x2du}) CHECK_FALSE(dismissed(Op::write, store, 31));
  CHECK_FALSE(dismissed(Op::fetch, 0x18, 31));
}

TEST_CASE("refill: a lookup without its one entry is a miss, one with it has that entry's fault") {
  for (const Op op : kOps) {
    for (const Mode mode : kModes) {
      const Request request{kVa, op, mode};
      CHECK(refill_lookup(Format::alpha, {}, std::nullopt, request, {}).code == Fault::miss);
      for (u32 n = 1; n < truth::kAlphaImages; n += 2) {  // V = 1
        const u16 image = truth::alpha_image(n);
        const truth::AlphaExpected expected = truth::alpha_leaf(truth::AlphaLayout::osf, image, op, mode);
        const FaultReport got = refill_lookup(Format::alpha, {}, image, request, {});
        if (got.code != expected.fault || got.level != 0) FAIL("image " << image << " " << name(op));
      }
    }
  }
}

TEST_CASE("T89 refill: the handlers and the TLB together answer as PALcode orders it, every image, both routes") {
  for (const Format format : {Format::alpha, Format::alpha_x64}) {
    const u64 va = format == Format::alpha ? kVa : 0x7654'3210'f678;
    for (const bool vms : {false, true}) {
      for (const Op op : kOps) {
        for (const Mode mode : kModes) {
          for (u32 n = 0; n < truth::kAlphaImages; n += 3) {
            Tables tables(format, va);
            tables.settings.vms = vms;
            tables.context.asid = 9;
            tables.entry(1) = (tables.entry(1) & ~u64{0xffff}) | truth::alpha_image(n);
            const Request request{va, op, mode};
            const auto read = [&](u64 pa) { return word(tables.memory, pa); };
            const truth::AlphaExpected expected =
                truth::alpha_leaf(vms ? truth::AlphaLayout::vms : truth::AlphaLayout::osf, tables.entry(1), op, mode);
            const u64 vptb = format == Format::alpha ? kVptb : 0xffff'ff00'0000'0000;
            for (const bool by_virtual : {false, true}) {
              const Refill got = by_virtual ? refill_virtual(
                                                  format, tables.settings, tables.context, request, vptb,
                                                  [](u64) { return std::optional<Translation>(); }, read)
                                            : refill(format, tables.settings, tables.context, request, read);
              FaultReport answer = got.fault;
              if (answer.code == Fault::none) {
                const Fill& fill = got.due.back();
                const bool right_fill = fill.va == va && fill.asid == 9 && fill.pte == tables.entry(1) &&
                                        fill.code == (op == Op::fetch ? 7 : 8);
                if (!right_fill) FAIL("fill of image " << truth::alpha_image(n));
                answer = refill_lookup(format, tables.settings, static_cast<u16>(fill.pte), request, tables.context);
              }
              // an instruction TLB holds no FOE: the handler decides it (T86)
              const bool at_handler = !(tables.entry(1) & 1) || (op == Op::fetch && (tables.entry(1) & 8));
              if (answer.code != expected.fault || id(answer.rule) != expected.rule || got.in_palcode ||
                  (got.fault.code != Fault::none) != at_handler ||
                  got.due.size() != (by_virtual ? 1u : 0u) + !at_handler) {
                FAIL(name(format) << " image " << truth::alpha_image(n) << " " << name(op) << " " << name(mode)
                                  << " virtual " << by_virtual);
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE("T81 T82 refill: the upper levels by physical address, V and KRE alone") {
  for (unsigned level = 2; level <= 3; ++level) {
    for (const u64 low : {u64{0}, u64{0x100}, u64{1}, u64{0xfe0}}) {
      Tables tables(Format::alpha, kVa);
      tables.entry(level) = (tables.entry(level) & ~u64{0xffff}) | low;
      const Refill got = refill(Format::alpha, {}, tables.context, {kVa, Op::write, Mode::user},
                                [&](u64 pa) { return word(tables.memory, pa); });
      CHECK(got.fault.code == truth::alpha_table(low).fault);
      CHECK(got.due.size() == (low == 1 ? 1 : 0));
      CHECK(got.fault.level == (low == 1 ? 0 : level));
    }
  }
}

TEST_CASE("refill: VA_FORM is VPTB with eight times the page number (EV5 5.1, 5.2)") {
  const FormatInfo f = info(Format::alpha);
  CHECK(va_form(f, kVptb, 0) == kVptb);
  CHECK(va_form(f, kVptb, 0x2000) == kVptb + 8);
  CHECK(va_form(f, kVptb, ~u64{0}) == kVptb + 0x1'ffff'fff8);  // 30 bits of page number
  CHECK(va_form(info(Format::alpha_x64), u64{1} << 45, 0x1000) == (u64{1} << 45) + 8);
}

TEST_CASE("refill: a double miss fills the page of entries first, a single miss reads through it") {
  Tables tables(Format::alpha, kVa);
  const auto read = [&](u64 pa) { return word(tables.memory, pa); };
  const auto no_entry = [](u64) { return std::optional<Translation>(); };
  const Request request{kVa, Op::read, Mode::user};
  const Refill twice = refill_virtual(Format::alpha, {}, tables.context, request, kVptb, no_entry, read);
  REQUIRE(twice.due.size() == 2);
  CHECK(twice.due[0].code == 8);  // FILL_D
  CHECK(twice.due[0].va == va_form(info(Format::alpha), kVptb, kVa));
  CHECK(twice.due[0].pte == tables.entry(2));
  CHECK(twice.steps.size() == 3);
  const auto held = [&](u64 va) {
    CHECK(va == twice.due[0].va);
    return std::optional(leaf_translation(Format::alpha, {}, tables.entry(2)));
  };
  const Refill once = refill_virtual(Format::alpha, {}, tables.context, request, kVptb, held, read);
  REQUIRE(once.due.size() == 1);
  CHECK(once.due[0].pte == tables.entry(1));
  REQUIRE(once.steps.size() == 1);
  CHECK(once.steps[0].pa == tables.entry_pa(1));
}

TEST_CASE("refill: an upper entry without KRE, or with FOR, stops PALcode's own read") {
  for (const u64 low : {u64{0x3001}, u64{0x3303}}) {
    Tables tables(Format::alpha, kVa);
    tables.entry(2) = (tables.entry(2) & ~u64{0xffff}) | low;
    const auto read = [&](u64 pa) { return word(tables.memory, pa); };
    const Refill got = refill_virtual(
        Format::alpha, {}, tables.context, {kVa, Op::read, Mode::user}, kVptb,
        [](u64) { return std::optional<Translation>(); }, read);
    CHECK(got.in_palcode);
    CHECK(got.fault.code == (low == 0x3001 ? Fault::acv : Fault::on_read));
    // by physical address the same entry is followed (T82)
    CHECK(refill(Format::alpha, {}, tables.context, {kVa, Op::read, Mode::user}, read).fault.code == Fault::none);
  }
}

TEST_CASE("T15 refill: an entry that cannot be read is a bus error and nothing is filled for the address") {
  for (unsigned level = 1; level <= 3; ++level) {
    Tables tables(Format::alpha, kVa);
    tables.memory.erase(tables.entry_pa(level));
    const auto read = [&](u64 pa) { return word(tables.memory, pa); };
    const Refill got = refill(Format::alpha, {}, tables.context, {kVa, Op::read, Mode::user}, read);
    CHECK(got.fault.code == Fault::bus);
    CHECK(got.fault.level == level);
    CHECK(got.due.empty());
    const Refill by_virtual = refill_virtual(
        Format::alpha, {}, tables.context, {kVa, Op::read, Mode::user}, kVptb,
        [](u64) { return std::optional<Translation>(); }, read);
    CHECK(by_virtual.fault.code == Fault::bus);
    CHECK(by_virtual.fault.level == level);
  }
}
