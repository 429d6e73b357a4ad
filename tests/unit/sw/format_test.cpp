// SPDX-License-Identifier: Apache-2.0
//
// Page-table words against the manuals' and Linux's numbers.
#include "sw/pt/format.h"

#include "model/arch/walk.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

PteView leaf(Pfn pfn, Rights rights, bool young, bool dirty) {
  return {.kind = EntryKind::leaf, .pfn = pfn, .rights = rights, .young = young, .dirty = dirty};
}

TEST_CASE("format: x86-64 words (SDM table 4-20)") {
  const PteFormat& f = PteFormat::of(arch::Format::x86_64);
  // P 1, R/W 2, U/S 4, A 20, D 40, XD 1<<63
  CHECK(f.leaf(leaf(0x123, kRead, true, false)) == 0x8000000000123025);
  CHECK(f.leaf(leaf(0x123, kRead | kWrite, true, true)) == 0x8000000000123067);
  CHECK(f.leaf(leaf(0x123, kRead | kExecute, false, false)) == 0x123005);
  CHECK(f.leaf(leaf(0x123, 0, false, true)) == 0x8000000000123041);
  CHECK(f.table(0x77) == 0x77027);
  CHECK((f.swap(1) & 1) == 0);
  CHECK((f.poison() & 1) == 0);
}

TEST_CASE("format: Alpha words (LX asm/pgtable.h)") {
  for (const arch::Format format : {arch::Format::alpha, arch::Format::alpha_x64}) {
    const PteFormat& f = PteFormat::of(format);
    // __ACCESS_BITS 0x40300, __DIRTY_BITS 0x23000, _PAGE_TABLE 0x63301, FOR 2, FOW 4, FOE 8
    CHECK(f.leaf(leaf(0x123, kRead | kWrite | kExecute, true, true)) == 0x12300063301);
    CHECK(f.leaf(leaf(0x123, kRead | kExecute, true, false)) == 0x12300040305);  // PAGE_READONLY
    CHECK(f.leaf(leaf(0x123, kRead, true, false)) == 0x1230004030d);
    CHECK(f.leaf(leaf(0x123, 0, true, false)) == 0x1230004030f);               // PAGE_NONE
    CHECK(f.leaf(leaf(0x123, kRead | kWrite, false, true)) == 0x12300023009);  // old, dirty
    CHECK(f.table(0x77) == 0x7700063301);
    CHECK(f.swap(0x5) == 0x50100000000);
    CHECK((f.leaf(leaf(1, 7, true, true)) & 0x10) == 0);  // never ASM
  }
}

TEST_CASE("format: every word reads back as it was made") {
  for (const arch::Format format : test::kFormats) {
    const PteFormat& f = PteFormat::of(format);
    for (unsigned bits = 0; bits < 32; ++bits) {
      const PteView made = leaf(bits * 7919u, with_read(bits & 7), (bits & 8) != 0, (bits & 16) != 0);
      const PteView read = f.view(f.leaf(made));
      CHECK(read.kind == EntryKind::leaf);
      CHECK(read.pfn == made.pfn);
      CHECK(read.rights == made.rights);
      CHECK(read.young == made.young);
      CHECK(read.dirty == made.dirty);
      CHECK(f.view(f.with_young(f.leaf(made), true)).young);
      CHECK_FALSE(f.view(f.with_dirty(f.leaf(made), false)).dirty);
      CHECK(f.view(f.with_rights(f.leaf(made), kRead)).rights == kRead);
    }
    for (const u32 slot : {u32{1}, u32{2}, u32{255}, u32{65536}, (u32{1} << 24) - 1}) {
      CHECK(f.view(f.swap(slot)).kind == EntryKind::swap);
      CHECK(f.view(f.swap(slot)).slot == slot);
    }
    CHECK(f.view(f.poison()).kind == EntryKind::poison);
    CHECK(f.view(0).kind == EntryKind::none);
    CHECK(f.next_table(f.table(0x42)) == 0x42);
    CHECK(f.next_table(0) == kNoFrame);
    CHECK_THROWS_AS(f.next_table(f.table(0x42) ^ (f.valid_bit() << 1)), Violation);
  }
}

TEST_CASE("format: permits() is what the architecture's walk does, for every leaf and access") {
  for (const arch::Format format : test::kFormats) {
    const PteFormat& f = PteFormat::of(format);
    const arch::FormatInfo info = arch::info(format);
    for (unsigned bits = 0; bits < 32; ++bits) {
      const u64 word = f.leaf(leaf(9, with_read(bits & 7), (bits & 8) != 0, (bits & 16) != 0));
      for (const arch::Op op : {arch::Op::read, arch::Op::write, arch::Op::fetch}) {
        // Tables of all levels are frame 1; the last one holds the word.
        unsigned level = info.levels;
        const auto read = [&](u64) -> std::optional<u64> { return level-- > 1 ? f.table(1) : word; };
        const arch::Context context{u64{1} << info.page_shift, 0, f.controls()};
        const arch::Request request{0x5000, op, arch::Mode::user, false};
        const arch::Outcome outcome = arch::walk(format, {}, context, request, read);
        INFO(arch::name(format) << " " << std::hex << word << " " << arch::name(op));
        CHECK((outcome.fault.code == arch::Fault::none) == f.permits(word, op));
      }
    }
  }
}

TEST_CASE("format: a swap or poison word never translates (P33)") {
  for (const arch::Format format : test::kFormats) {
    const PteFormat& f = PteFormat::of(format);
    for (const u64 word : {f.swap(1), f.swap(0xffffff), f.poison()}) {
      for (const arch::Mode mode : {arch::Mode::user, arch::Mode::kernel}) {
        const arch::Judgement j =
            arch::judge_entry(format, {}, 1, word, {}, {0, arch::Op::read, mode, false}, {.controls = f.controls()});
        CHECK(j.kind == arch::Judgement::Kind::fault);
      }
    }
  }
}

}  // namespace
}  // namespace kilburn::os
