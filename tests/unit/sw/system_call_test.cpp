// SPDX-License-Identifier: Apache-2.0
//
// mmap, munmap, mprotect, mremap, brk, exec, exit, and random sequences of them under all checks.
#include <cerrno>

#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using Machine = test::Machine<>;

Config config(arch::Format format, u32 frames = 64) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.strict = true;
  return c;
}

TEST_CASE("system calls: what cannot be is an errno") {
  for (const arch::Format format : kFormats) {
    Machine m(config(format));
    Process& p = m.kernel.spawn();
    const u64 top = m.kernel.memory().format().user_top();
    CHECK(m.kernel.mmap(p, 0x10001, 4096, kRead) == EINVAL);
    CHECK(m.kernel.mmap(p, 0x10000, 0, kRead) == EINVAL);
    CHECK(m.kernel.mmap(p, top - 4096, 4097, kRead) == EINVAL);
    CHECK(m.kernel.mmap(p, 0x10000, ~u64{0}, kRead) == EINVAL);
    CHECK(m.kernel.mmap(p, top - 4096, 4096, kRead) == 0);
    CHECK(m.kernel.mprotect(p, 0x10000, 4096, kRead) == ENOMEM);  // nothing there
    CHECK(m.kernel.munmap(p, 0x10000, 4096) == 0);                // nor here, which is fine
    CHECK(m.kernel.mremap(p, 0x10000, 4096, 0x20000, 4096) == EFAULT);
    m.kernel.finish();
  }
}

TEST_CASE("system calls: lengths are rounded up (munmap(0x483c000, 64519))") {
  Machine m(config(arch::Format::x86_64));
  Process& p = m.kernel.spawn();
  REQUIRE(m.kernel.mmap(p, 0x483c000, 64519, kRead | kWrite) == 0);
  CHECK(m.store(p, 0x484bfff, 1));  // the last byte of the 16th page
  REQUIRE(m.kernel.munmap(p, 0x483c000, 64519) == 0);
  CHECK(p.space->vmas.count() == 0);
  CHECK(p.space->rss == 0);
  CHECK_FALSE(m.load(p, 0x484bfff, 1));
  m.kernel.finish();
}

TEST_CASE("system calls: munmap frees pages and tables, in the middle too") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format));
    Process& p = m.kernel.spawn();
    const u32 before = m.kernel.memory().buddy().free_frames();
    const u64 a = m.kernel.mmap_anywhere(p, 9 * m.page(), kRead | kWrite);
    for (u64 n = 0; n < 9; ++n) REQUIRE(m.store(p, a + n * m.page()));
    REQUIRE(m.kernel.munmap(p, a + 3 * m.page(), 2 * m.page()) == 0);
    m.kernel.audit();
    CHECK(p.space->rss == 7);
    CHECK(m.load(p, a + 2 * m.page()));
    CHECK(m.load(p, a + 5 * m.page()));
    REQUIRE(m.kernel.munmap(p, a, 9 * m.page()) == 0);
    CHECK(m.kernel.memory().buddy().free_frames() == before);
    m.kernel.finish();
  }
}

TEST_CASE("system calls: a mapping over another starts anew") {
  for (const arch::Format format : kFormats) {
    Machine m(config(format));
    Process& p = m.kernel.spawn();
    REQUIRE(m.kernel.mmap(p, 0x40000, 0x8000, kRead | kWrite) == 0);
    for (u64 va = 0x40000; va < 0x48000; va += 0x1000) REQUIRE(m.store(p, va));
    REQUIRE(m.kernel.mmap(p, 0x43000, 0x2000, kRead | kWrite) == 0);
    for (u64 va = 0x40000; va < 0x48000; va += 0x1000) REQUIRE(m.load(p, va));  // the oracle knows which are zero
    m.kernel.finish();
  }
}

TEST_CASE("system calls: on 8 KB pages two areas of 4 KB share a page") {
  Machine m(config(arch::Format::alpha));
  Process& p = m.kernel.spawn();
  REQUIRE(m.kernel.mmap(p, 0x40000, 0x1000, kRead | kWrite) == 0);
  REQUIRE(m.store(p, 0x40010));
  REQUIRE(m.kernel.mmap(p, 0x41000, 0x1000, kRead | kExecute, {2, 0x3000}) == 0);
  CHECK(m.load(p, 0x40010));
  CHECK(m.load(p, 0x41010));
  CHECK(m.fetch(p, 0x41010));
  CHECK(p.space->rss == 1);
  m.kernel.audit();
  REQUIRE(m.kernel.munmap(p, 0x40000, 0x1000) == 0);
  m.kernel.audit();  // the writable half is gone: so is the write right (P24)
  CHECK(m.load(p, 0x41010));
  REQUIRE(m.kernel.mmap(p, 0x40000, 0x1000, kRead) == 0);
  CHECK(m.load(p, 0x40010));  // zero again
  m.kernel.finish();
}

TEST_CASE("system calls: mremap that finds no memory leaves the process as it was, and the checks on") {
  for (const arch::Format format : test::kFormats) {
    INFO(arch::name(format));
    Config c = config(format);
    c.frames = 40;
    c.swap_slots = 6;
    test::Machine<> m(c);
    Memory& memory = m.kernel.memory();
    Process& p = m.kernel.spawn();
    const u64 from = 0x100000, fill = 0x400000, to = memory.format().user_top() / 2;
    REQUIRE(m.kernel.mmap(p, from, 8 * m.page(), kRead | kWrite) == 0);
    REQUIRE(m.kernel.mmap(p, fill, 100 * m.page(), kRead | kWrite) == 0);
    for (u64 n = 0; n < 8; ++n) REQUIRE(m.store(p, from + n * m.page()));
    u64 filled = 0;
    const auto fill_up = [&] {
      for (;; ++filled) m.store(p, fill + filled * m.page());
    };
    REQUIRE_THROWS_AS(fill_up(), OutOfMemory);
    REQUIRE_THROWS_AS(m.kernel.mremap(p, from, 8 * m.page(), to, 8 * m.page()), OutOfMemory);  // for the tables
    m.kernel.audit();
    CHECK(p.space->vmas.find(to) == nullptr);
    u64 swapped = 0;
    p.space->table.for_each_leaf(0, memory.format().user_top(), [&](u64 va, u64 word) {
      const PteView v = memory.format().view(word);
      if (v.kind == EntryKind::swap && memory.swap()[v.slot].cached == kNoFrame) swapped = va;
    });
    REQUIRE(swapped != 0);
    const u64 gone = swapped == fill ? fill + m.page() : fill;
    REQUIRE(m.kernel.munmap(p, gone, m.page()) == 0);
    for (u64 n = 0; n < 8; ++n) REQUIRE(m.load(p, from + n * m.page()));
    // A store that the kernel does not know of: found when the entry becomes present, not only by the load.
    p.space->table.for_each_leaf(0, memory.format().user_top(), [&](u64 va, u64 word) {
      const PteView v = memory.format().view(word);
      if (v.kind == EntryKind::swap && memory.swap()[v.slot].cached == kNoFrame) swapped = va;
    });
    const std::byte other{0x42};
    p.oracle.store(swapped + 100, std::span(&other, 1));
    CHECK(test::tripped([&] { m.load(p, swapped); }) == "P45");
  }
}

TEST_CASE("system calls: mremap moves the bytes, grows and shrinks") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 24));
    Process& p = m.kernel.spawn();
    REQUIRE(m.kernel.mmap(p, 0x100000, 0x8000, kRead | kWrite) == 0);
    for (u64 va = 0x100000; va < 0x108000; va += 0x800) REQUIRE(m.store(p, va));
    // To a place that lies differently in its pages, and larger.
    REQUIRE(m.kernel.mremap(p, 0x100000, 0x8000, 0x203000, 0x20000) == 0);
    for (u64 va = 0x203000; va < 0x223000; va += 0x800) REQUIRE(m.load(p, va));
    for (u64 va = 0x203000; va < 0x223000; va += 0x1000) REQUIRE(m.store(p, va));
    REQUIRE(m.kernel.mremap(p, 0x203000, 0x20000, 0x203000, 0x3000) == 0);
    REQUIRE(m.kernel.mremap(p, 0x203000, 0x3000, 0x203000, 0x5000) == 0);
    for (u64 va = 0x203000; va < 0x208000; va += 0x800) REQUIRE(m.load(p, va));
    m.kernel.audit();
    CHECK_FALSE(m.load(p, 0x100000));
    m.kernel.finish();
  }
}

TEST_CASE("system calls: brk grows and shrinks the heap") {
  for (const arch::Format format : kFormats) {
    Machine m(config(format));
    Process& p = m.kernel.spawn();
    REQUIRE(m.kernel.brk(p, 0x35000) == 0);  // where the heap starts
    CHECK(p.space->vmas.count() == 0);
    REQUIRE(m.kernel.brk(p, 0x37710) == 0);
    CHECK(m.store(p, 0x37000));
    REQUIRE(m.kernel.brk(p, 0x36388) == 0);
    REQUIRE(m.kernel.brk(p, 0x38000) == 0);
    CHECK(m.load(p, 0x37000));  // zero again
    CHECK(m.store(p, 0x37ff8));
    m.kernel.finish();
  }
}

TEST_CASE("system calls: exec starts with nothing, exit leaves nothing") {
  Machine m(config(arch::Format::x86_64));
  const u32 before = m.kernel.memory().buddy().free_frames();
  Process& p = m.kernel.spawn();
  REQUIRE(m.kernel.mmap(p, 0x10000, 0x4000, kRead | kWrite) == 0);
  REQUIRE(m.store(p, 0x10000));
  m.kernel.exec(p);
  CHECK(p.space->vmas.count() == 0);
  REQUIRE(m.kernel.mmap(p, 0x10000, 0x4000, kRead | kWrite) == 0);
  CHECK(m.load(p, 0x10000));
  m.kernel.exit(p);
  CHECK(m.kernel.memory().buddy().free_frames() == before);
  m.kernel.finish();
}

// Everything at once: up to four processes do what they like with 160 granules on few frames. The oracle,
// the order checks and all audits are the judges.
template <class Port, class... Arguments>
void storm(arch::Format format, u64 seed, YieldPolicy yield, Arguments... arguments) {
  Config c = config(format, format == arch::Format::alpha ? 34 : 56);  // pages are twice as large there
  c.seed = seed;
  c.yield = yield;
  c.asid_bits = 2;
  test::Machine<Port> m(c, arguments...);
  INFO(arch::name(format) << " seed " << seed);
  Random random(seed);
  std::vector<Process*> live{&m.kernel.spawn()};
  const u64 base = 0x700000;
  for (int step = 0; step < 1000; ++step) {
    Process& p = *live[random.below(live.size())];
    const u64 start = base + (random.below(160) << kGranuleShift);
    const u64 length = (1 + random.below(20)) << kGranuleShift;
    const Rights rights = with_read(static_cast<unsigned>(random.below(8)));
    switch (random.below(40)) {
      case 0:
      case 1:
        m.kernel.mmap(p, start, length, kRead | kWrite);
        break;
      case 2:
        m.kernel.mmap(p, start, length, rights, {static_cast<u32>(1 + random.below(3)), start});
        break;
      case 3:
        m.kernel.munmap(p, start, length);
        break;
      case 4:
        m.kernel.mprotect(p, start, length, rights);
        break;
      case 5:
        m.kernel.mremap(p, start, length, base + (random.below(160) << kGranuleShift),
                        length + (random.below(3) << kGranuleShift));
        break;
      case 6:
        m.kernel.brk(p, 0x900000 + random.below(0x8000));
        break;
      case 7:
        if (live.size() < 4) live.push_back(&m.kernel.fork(p));
        break;
      case 8:
        if (live.size() > 1 && random.below(3) == 0) {
          m.kernel.exit(p);
          std::erase(live, &p);
        }
        break;
      default: {
        // Only what an area of the process allows, so that it lives on.
        const u64 va = start + random.below(kGranule);
        const Vma* vma = p.space->vmas.find(va);
        const u16 size = static_cast<u16>(1 + random.below(16));
        if (vma == nullptr || va + size > vma->end) break;
        const auto kind = static_cast<TraceEvent::Kind>(random.below(4));
        const Rights needed = kind == TraceEvent::Kind::fetch  ? kExecute
                              : kind == TraceEvent::Kind::read ? kRead
                                                               : kWrite;
        if ((vma->rights & needed) != 0) REQUIRE(m.kernel.reference(p, kind, va, size));
      }
    }
    if (step % 40 == 0) m.kernel.audit();
  }
  m.kernel.finish();
  CHECK(m.kernel.statistics().memory.swapped_out > 0);
}

TEST_CASE("system calls: random sequences pass every check") {
  for (const arch::Format format : kFormats) {
    for (u64 seed = 1; seed <= 4; ++seed) storm<ArchMmuPort>(format, seed, YieldPolicy::none);
  }
}

TEST_CASE("system calls: random sequences on a TLB that forgets nothing, with speculation at every step") {
  for (const arch::Format format : kFormats) {
    for (u64 seed = 11; seed <= 12; ++seed) {
      storm<test::TlbPort>(format, seed, YieldPolicy::none);
      storm<test::TlbPort>(format, seed, YieldPolicy::every);
      storm<test::TlbPort>(format, seed, YieldPolicy::random);
    }
  }
}

}  // namespace
}  // namespace kilburn::os
