// SPDX-License-Identifier: Apache-2.0
//
// Page-table words against the manuals' and Linux's numbers.
#include "sw/pt/format.h"

#include <map>
#include <optional>

#include "model/arch/walk.h"
#include "sw/pt/alpha.h"
#include "sw/pt/page_table.h"
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

// Row 100: nothing in the kernel's words or tables depends on the size of a page. Alpha words hold frame numbers, and
// tables are one page of 8-byte entries whatever its size.
constexpr arch::u8 kOddShifts[] = {5, 6, 7, 11, 14};

// Memory of small pages, tables from its frames, and a walk that is written here: root, then 3 indices, then offset.
struct OddPages : TableFrames, FrameReleaser {
  explicit OddPages(unsigned shift)
      : format(arch::alpha_info(shift)),
        ram(u64{512} << shift),
        port(arch::Format::alpha, ram),
        yield(port, YieldPolicy::none, 1),
        cpus(ports, {}, log, yield, {}),
        table({ram, format, *this, log, cpus, yield}, tag) {}
  Pfn alloc_table() override {
    ram.write(u64{next} << format.info().page_shift, std::vector<std::byte>(format.page_size()));
    return next++;
  }
  void release_frame(Pfn) override { ++released; }
  Bug bug() const override { return Bug::none; }
  // The physical address, or nothing: what a null MMU without a TLB answers.
  std::optional<u64> translate(u64 va) {
    const unsigned shift = format.info().page_shift, bits = shift - 3;
    u64 base = table.root();
    for (unsigned level = 3; level > 0; --level) {
      const u64 word = ram.load64(base + 8 * ((va >> (shift + bits * (level - 1))) % (u64{1} << bits)));
      if ((word & 1) == 0) return std::nullopt;
      base = (word >> 32) << shift;
    }
    return base + va % (u64{1} << shift);
  }

  AlphaFormat format;
  RamMem ram;
  ArchMmuPort port;  // for invalidations alone
  EventLog log;
  Yield yield;
  std::array<MmuPort*, 1> ports{&port};
  Cpus cpus;
  SpaceTag tag{1};
  Pfn next = 1;
  u64 released = 0;
  PageTable table;
};

TEST_CASE("format: pages of 32 bytes to 16 KB, words, tables and walks (row 100)") {
  for (const arch::u8 shift : kOddShifts) {
    INFO("shift " << unsigned{shift});
    OddPages m(shift);
    const AlphaFormat& f = m.format;
    CHECK(f.page_size() == u64{1} << shift);
    CHECK(f.entries() * 8 == f.page_size());
    CHECK(f.span(1) == f.page_size());
    CHECK(f.span(3) == f.page_size() * f.entries() * f.entries());
    CHECK(f.user_top() == f.span(3) * f.entries() / 2);
    CHECK(f.page_down(3 * f.page_size() + f.page_size() - 1) == 3 * f.page_size());
    // The word does not know the size of the page.
    CHECK(f.leaf(leaf(0x123, kRead | kExecute, true, false)) == 0x12300040305);
    CHECK(f.table(0x77) == 0x7700063301);
    Random random(shift);
    std::map<u64, Pfn> mapped;
    for (int n = 0; n < 60; ++n) {
      const u64 page = f.page_down(random.below(f.user_top()) & (n % 2 == 0 ? ~u64{0} : 8 * f.page_size() - 1));
      const auto pfn = static_cast<Pfn>(300 + random.below(200));
      m.table.ensure(page);
      m.table.update(page, [&](u64) { return f.leaf(leaf(pfn, kRead | kWrite, true, true)); });
      mapped[page] = pfn;
    }
    u64 seen = 0;
    m.table.for_each_leaf(0, f.user_top(), [&](u64 page, u64 word) {
      REQUIRE(mapped.contains(page));
      CHECK(f.view(word).pfn == mapped[page]);
      ++seen;
    });
    CHECK(seen == mapped.size());
    for (const auto& [page, pfn] : mapped) {
      for (const u64 offset : {u64{0}, u64{1}, f.page_size() - 1}) {
        CHECK(m.translate(page + offset) == u64{pfn} * f.page_size() + offset);
      }
      if (!mapped.contains(page + f.page_size()) && page + f.page_size() < f.user_top()) {
        CHECK_FALSE(m.translate(page + f.page_size()));
      }
    }
    Gather g(m.cpus, m);
    for (const auto& [page, pfn] : mapped) m.table.get_and_clear(page);
    m.table.prune(0, f.user_top(), g);
    m.table.free_root(g);
    g.commit();
    CHECK(m.released == m.next - 1);
  }
}

// Pages of 50 bytes, as the notes draw them: page number and offset by division, the frame by the word. Nothing but the
// arithmetic of addresses is in the way of such a size.
TEST_CASE("format: pages of 50 bytes by division (row 100)") {
  constexpr u64 kPage = 50;
  for (const arch::Format format : test::kFormats) {
    const PteFormat& f = PteFormat::of(format);
    const Pfn frames[] = {7, 2, 5};  // of a process of 150 bytes
    u64 words[3];
    for (int n = 0; n < 3; ++n) words[n] = f.leaf(leaf(frames[n], kRead, true, false));
    const auto translate = [&](u64 va) { return f.view(words[va / kPage]).pfn * kPage + va % kPage; };
    CHECK(translate(0) == 350);
    CHECK(translate(49) == 399);
    CHECK(translate(50) == 100);  // the next byte of the program, 299 bytes below
    CHECK(translate(99) == 149);
    CHECK(translate(100) == 250);
    CHECK(translate(149) == 299);
  }
}

}  // namespace
}  // namespace kilburn::os
