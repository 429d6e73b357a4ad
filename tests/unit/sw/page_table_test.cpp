// SPDX-License-Identifier: Apache-2.0
//
// The page table against std::map, with tables coming from and going back to a frame pool.
#include "sw/pt/page_table.h"

#include <map>
#include <set>

#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

struct Bench : TableFrames, FrameReleaser {
  explicit Bench(arch::Format f, u64 seed)
      : format(PteFormat::of(f)),
        ram(4096 * format.page_size()),
        port(f, ram),
        yield(port, YieldPolicy::none, seed),
        cpus(ports, {}, log, yield, {}),
        parts{ram, format, *this, log, cpus, yield} {}
  Pfn alloc_table() override {
    const Pfn pfn = next++;
    ram.write(u64{pfn} << format.info().page_shift, std::vector<std::byte>(format.page_size()));
    live.insert(pfn);
    return pfn;
  }
  void release_frame(Pfn pfn) override { REQUIRE(live.erase(pfn) == 1); }
  Bug bug() const override { return Bug::none; }

  const PteFormat& format;
  RamMem ram;
  ArchMmuPort port;
  EventLog log;
  Yield yield;
  std::array<MmuPort*, 1> ports{&port};
  Cpus cpus;
  PageTable::Parts parts;
  SpaceTag tag{1};
  std::set<Pfn> live;
  Pfn next = 1;
};

TEST_CASE("page table: random install, change and clear equal a map") {
  for (const arch::Format format : test::kFormats) {
    const u64 seed = 11;
    INFO(arch::name(format) << " seed " << seed);
    Bench bench(format, seed);
    Random random(seed);
    PageTable table(bench.parts, bench.tag);
    std::map<u64, u64> expected;
    const u64 page = bench.format.page_size(), top = bench.format.user_top();
    const u64 regions[] = {0, top / 2, top - 64 * page, bench.format.span(2) - 32 * page,
                           bench.format.span(3) - 32 * page};
    for (int step = 0; step < 3000; ++step) {
      const u64 va = regions[random.below(5)] + random.below(64) * page;
      if (random.below(3) != 0) {
        const u64 word =
            bench.format.leaf({.kind = EntryKind::leaf, .pfn = static_cast<Pfn>(random.below(1000)), .rights = kRead});
        table.ensure(va);
        const u64 old = table.load(va);
        REQUIRE(old == (expected.contains(va) ? expected[va] : 0));
        REQUIRE_FALSE(table.exchange(va, old + 8, word));
        REQUIRE(table.exchange(va, old, word));
        expected[va] = word;
      } else {
        REQUIRE(table.get_and_clear(va) == (expected.contains(va) ? expected[va] : 0));
        expected.erase(va);
      }
    }
    std::map<u64, u64> found;
    u64 last = 0;
    table.for_each_leaf(0, top, [&](u64 va, u64 word) {
      REQUIRE(va >= last);
      last = va;
      found[va] = word;
    });
    CHECK(found == expected);
    // A part, with borders inside tables.
    const u64 lo = top / 2 + 7 * page, hi = top / 2 + 40 * page;
    std::map<u64, u64> part;
    table.for_each_leaf(lo, hi, [&](u64 va, u64 word) { part[va] = word; });
    CHECK(part == std::map<u64, u64>(expected.lower_bound(lo), expected.lower_bound(hi)));
    size_t tables = 0;
    table.for_each_table([&](Pfn pfn, Pfn, unsigned) {
      ++tables;
      CHECK(bench.live.contains(pfn));
    });
    CHECK(tables == bench.live.size());

    // Pruning keeps what is in use and frees the rest.
    Gather keep(bench.cpus, bench);
    table.prune(0, top, keep);
    keep.commit();
    for (const auto& [va, word] : expected) REQUIRE(table.load(va) == word);
    for (const auto& [va, word] : expected) table.get_and_clear(va);
    Gather all(bench.cpus, bench);
    table.prune(0, top, all);
    table.free_root(all);
    all.commit();
    CHECK(bench.live.empty());
  }
}

TEST_CASE("page table: get_and_clear takes the bits that the walker set last") {
  Bench bench(arch::Format::x86_64, 1);
  PageTable table(bench.parts, bench.tag);
  table.ensure(0x5000);
  const PteView v{.kind = EntryKind::leaf, .pfn = 77, .rights = kRead | kWrite};
  REQUIRE(table.exchange(0x5000, 0, bench.format.leaf(v)));
  bench.port.set_context({table.root(), 1, bench.format.controls()});
  std::byte data[1] = {};
  const AccessResult result = bench.port.access({0x5010, arch::Op::write, arch::Mode::user, data});
  CHECK(std::get<Done>(result).pa == 77 * 4096 + 0x10);
  const PteView old = bench.format.view(table.get_and_clear(0x5000));
  CHECK(old.young);
  CHECK(old.dirty);
  CHECK(table.load(0x5000) == 0);
  CHECK(std::holds_alternative<FaultInfo>(bench.port.access({0x5010, arch::Op::read, arch::Mode::user, data})));
}

TEST_CASE("page table: a leaf that was found once is the one that a walk finds") {
  for (const arch::Format format : test::kFormats) {
    INFO(arch::name(format));
    Bench bench(format, 1);
    PageTable table(bench.parts, bench.tag);
    const u64 page = bench.format.page_size(), far = bench.format.span(3);
    CHECK(table.leaf(far).at == PageTable::Leaf::kNowhere);
    CHECK(table.load(table.leaf(far)) == 0);
    const PageTable::Leaf near = table.ensure(5 * page), other = table.ensure(far + page);
    CHECK(near.at == table.leaf_address(5 * page).value());
    CHECK(other.at == table.leaf(far + page).at);
    CHECK(near.at != other.at);
    const u64 word = bench.format.leaf({.kind = EntryKind::leaf, .pfn = 77, .rights = kRead});
    const u64 more = bench.format.with_rights(word, kRead | kWrite);
    CHECK_FALSE(table.exchange(near, word, more));
    REQUIRE(table.exchange(near, 0, word));
    CHECK(table.load(5 * page) == word);
    CHECK(table.load(far + page) == 0);
    CHECK(table.update(near, [&](u64 old) { return old ^ word ^ more; }) == more);
    CHECK(table.load(near) == more);
    CHECK(table.get_and_clear(5 * page) == more);
    CHECK(table.load(near) == 0);
  }
}

TEST_CASE("arch port: every access sees the tables as they are, and reads all of them") {
  for (const arch::Format format : test::kFormats) {
    INFO(arch::name(format));
    Bench bench(format, 1);
    PageTable table(bench.parts, bench.tag), second(bench.parts, bench.tag);
    const u64 page = bench.format.page_size(), va = 3 * page + 16;
    const auto word = [&](Pfn pfn) {
      return bench.format.leaf(
          {.kind = EntryKind::leaf, .pfn = pfn, .rights = kRead | kWrite, .young = true, .dirty = true});
    };
    const PageTable::Leaf leaf = table.ensure(va), elsewhere = second.ensure(va);
    REQUIRE(table.exchange(leaf, 0, word(70)));
    REQUIRE(second.exchange(elsewhere, 0, word(90)));
    std::byte data[4] = {};
    const auto pa = [&](arch::Op op) {
      const AccessResult result = bench.port.access({va, op, arch::Mode::user, data});
      const Done* const done = std::get_if<Done>(&result);
      return done == nullptr ? ~u64{0} : done->pa;
    };
    const unsigned levels = bench.format.info().levels;
    bench.port.set_context({table.root(), 1, bench.format.controls()});
    for (int times = 0; times < 3; ++times) CHECK(pa(arch::Op::read) == 70 * page + 16);
    const u64 reads = bench.port.counts().entry_reads;
    CHECK(pa(arch::Op::read) == 70 * page + 16);
    CHECK(bench.port.counts().entry_reads == reads + levels);
    CHECK(pa(arch::Op::write) == 70 * page + 16);
    // The leaf, its rights, the table at the top, the context.
    REQUIRE(table.exchange(leaf, word(70), word(80)));
    CHECK(pa(arch::Op::read) == 80 * page + 16);
    CHECK(pa(arch::Op::write) == 80 * page + 16);
    REQUIRE(table.exchange(leaf, word(80), bench.format.with_rights(word(80), kRead)));
    CHECK(pa(arch::Op::read) == 80 * page + 16);
    CHECK(pa(arch::Op::write) == ~u64{0});
    const u64 top = bench.ram.load64(table.root());
    bench.ram.store64(table.root(), 0);
    CHECK(pa(arch::Op::read) == ~u64{0});
    bench.ram.store64(table.root(), top);
    CHECK(pa(arch::Op::read) == 80 * page + 16);
    bench.port.set_context({second.root(), 2, bench.format.controls()});
    CHECK(pa(arch::Op::read) == 90 * page + 16);
    bench.port.set_context({table.root(), 1, bench.format.controls()});
    CHECK(pa(arch::Op::read) == 80 * page + 16);
  }
}

TEST_CASE("page table: a corrupt table entry is named, not followed") {
  Bench bench(arch::Format::alpha, 1);
  PageTable table(bench.parts, bench.tag);
  table.ensure(0);
  bench.ram.store64(table.root(), bench.ram.load64(table.root()) & ~u64{0x100});  // KRE
  CHECK(test::tripped([&] { table.load(0); }) == "P26");
}

}  // namespace
}  // namespace kilburn::os
