// SPDX-License-Identifier: Apache-2.0
//
// Files, shared memory, devices and guards: what the kinds of areas show, keep, and write back.
#include <cerrno>
#include <cstring>

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

constexpr Rights kBoth = kRead | kWrite;
Backing shared_file(u32 number, u64 offset = 0) { return {number, offset, AreaKind::file_shared}; }

PteView entry(Machine& m, Process& p, u64 va) {
  return m.kernel.memory().format().view(p.space->table.load(va & ~(m.page() - 1)));
}
u64 word_at(Machine& m, Process& p, u64 va) {
  u64 word = 0;
  REQUIRE(m.kernel.memory().peek(*p.space, va, std::as_writable_bytes(std::span(&word, 1))));
  return word;
}

TEST_CASE("shared: two processes map one frame of a file, and see each other's stores (P44)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format));
    Process& p = m.kernel.spawn();
    Process& q = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 4 * m.page(), kBoth, shared_file(7, 2 * m.page()));
    const u64 b = m.kernel.mmap_anywhere(q, 4 * m.page(), kBoth, shared_file(7, 2 * m.page()));
    REQUIRE(m.load(p, a + 8));
    CHECK(word_at(m, p, a + 8) == file_word(7, 2 * m.page() + 8));
    REQUIRE(m.load(q, b + 8));
    CHECK(entry(m, p, a).pfn == entry(m, q, b).pfn);
    REQUIRE(m.store(p, a + 16));
    REQUIRE(m.load(q, b + 16));
    CHECK(word_at(m, q, b + 16) == word_at(m, p, a + 16));
    CHECK(word_at(m, q, b + 16) != file_word(7, 2 * m.page() + 16));
    CHECK(m.faults(FaultKind::cow_copy) == 0);
    m.kernel.audit();
    m.kernel.finish();
  }
}

TEST_CASE("shared: stores survive eviction and the process that made them (P44, P45)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 20));
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 30 * m.page(), kBoth, shared_file(7));
    for (u64 n = 0; n < 30; ++n) REQUIRE(m.store(p, a + n * m.page() + 8 * n));
    for (u64 n = 0; n < 30; ++n) REQUIRE(m.load(p, a + n * m.page() + 8 * n));
    const u64 stored = word_at(m, p, a);
    m.kernel.audit();
    m.kernel.exit(p);
    CHECK(m.kernel.statistics().memory.paged_out >= 15);
    CHECK(m.kernel.statistics().memory.swapped_out == 0);
    Process& q = m.kernel.spawn();
    REQUIRE(m.kernel.mmap(q, a, 30 * m.page(), kBoth, shared_file(7)) == 0);
    for (u64 n = 0; n < 30; ++n) REQUIRE(m.load(q, a + n * m.page() + 8 * n));
    CHECK(word_at(m, q, a) == stored);
    m.kernel.finish();
    CHECK(m.kernel.statistics().memory.lost_writes == 0);
  }
}

TEST_CASE("shared: a private mapping follows the file until its first store, then no more") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 24));
    Process& writer = m.kernel.spawn();
    Process& reader = m.kernel.spawn();
    const u64 size = m.page();
    const u64 a = m.kernel.mmap_anywhere(writer, 2 * size, kBoth, shared_file(3));
    const u64 b = m.kernel.mmap_anywhere(reader, 2 * size, kBoth, {3, 0});
    REQUIRE(m.load(reader, b));
    CHECK((entry(m, reader, b).rights & kWrite) == 0);
    REQUIRE(m.store(writer, a + 64));
    REQUIRE(m.load(reader, b + 64));
    CHECK(word_at(m, reader, b + 64) == word_at(m, writer, a + 64));
    REQUIRE(m.store(reader, b + 128));
    CHECK(entry(m, reader, b).pfn != entry(m, writer, a).pfn);
    REQUIRE(m.store(writer, a + 64));
    REQUIRE(m.store(writer, a + size - 8));  // the page's other granule, where pages have two
    REQUIRE(m.load(reader, b + 64));
    REQUIRE(m.load(reader, b + size - 8));
    CHECK(word_at(m, reader, b + 64) != word_at(m, writer, a + 64));
    CHECK(word_at(m, reader, b + size - 8) == file_word(3, size - 8));
    CHECK(word_at(m, writer, a + 128) == file_word(3, 128));
    m.kernel.finish();
  }
}

TEST_CASE("shared: the page cache is asked before the device, read-ahead grows from 3 to 31 pages") {
  Machine m(config(arch::Format::x86_64, 400));
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, 128 * m.page(), kRead, {9, 0});
  REQUIRE(m.load(p, a));
  CHECK(m.kernel.statistics().memory.read_ahead == 3);  // L24 MIN_READAHEAD
  for (u64 n = 1; n < 128; ++n) REQUIRE(m.load(p, a + n * m.page()));
  const u64 major = m.faults(FaultKind::file_fill), minor = m.faults(FaultKind::page_cache);
  CHECK(major + minor == 128);
  CHECK(major <= 8);  // 1, 3, 6, 12, 24, 31, 31, ... pages at a time
  Process& q = m.kernel.spawn();
  const u64 reads = m.kernel.statistics().memory.paged_in;
  const u64 b = m.kernel.mmap_anywhere(q, 128 * m.page(), kRead, {9, 0});
  for (u64 n = 0; n < 128; ++n) REQUIRE(m.load(q, b + n * m.page()));
  CHECK(m.kernel.statistics().memory.paged_in <= reads + 31);  // what was read ahead of the end
  CHECK(m.faults(FaultKind::file_fill) == major);
  // Backwards: the window stays small.
  Machine back(config(arch::Format::x86_64, 400));
  Process& r = back.kernel.spawn();
  const u64 c = back.kernel.mmap_anywhere(r, 128 * back.page(), kRead, {9, 0});
  REQUIRE(back.load(r, c + 100 * back.page()));
  REQUIRE(back.load(r, c + 50 * back.page()));
  CHECK(back.kernel.statistics().memory.read_ahead == 6);
  m.kernel.finish();
  back.kernel.finish();
}

TEST_CASE("shared: msync makes the page clean and write-protected, the next store faults (3.8 number 11)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    test::Machine<test::TlbPort> m(config(format));  // with a TLB that forgets nothing by itself
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 2 * m.page(), kBoth, shared_file(5));
    const auto view = [&] { return m.kernel.memory().format().view(p.space->table.load(a)); };
    REQUIRE(m.store(p, a));
    CHECK(view().dirty);
    const u64 invalidations = m.kernel.statistics().invalidations;
    REQUIRE(m.kernel.msync(p, a, m.page()) == 0);
    CHECK_FALSE(view().dirty);
    CHECK((view().rights & kWrite) == 0);
    CHECK(m.kernel.statistics().invalidations == invalidations + 1);
    CHECK(m.kernel.statistics().memory.written_back == 1);
    m.kernel.audit();
    REQUIRE(m.kernel.msync(p, a, m.page()) == 0);
    CHECK(m.kernel.statistics().memory.written_back == 1);  // clean
    REQUIRE(m.store(p, a + 8));
    CHECK(m.faults(FaultKind::upgrade) == 1);
    CHECK(view().dirty);
    REQUIRE(m.kernel.msync(p, a, 2 * m.page()) == 0);
    CHECK(m.kernel.statistics().memory.written_back == 2);
    CHECK(m.kernel.msync(p, a + 8, m.page()) == EINVAL);
    CHECK(m.kernel.msync(p, a + 16 * m.page(), m.page()) == ENOMEM);
    m.kernel.finish();
  }
}

TEST_CASE("shared: a fork shares files and segments, and copies the rest") {
  for (const arch::Format format : kFormats) {
    Machine m(config(format));
    Process& parent = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(parent, m.page(), kBoth, shared_file(5));
    const u64 b = m.kernel.mmap_anywhere(parent, m.page(), kBoth);
    REQUIRE(m.store(parent, a));
    REQUIRE(m.store(parent, b));
    Process& child = m.kernel.fork(parent);
    REQUIRE(m.store(child, a + 8));
    REQUIRE(m.store(child, b + 8));
    REQUIRE(m.load(parent, a + 8));
    REQUIRE(m.load(parent, b + 8));
    CHECK(entry(m, parent, a).pfn == entry(m, child, a).pfn);
    CHECK(entry(m, parent, b).pfn != entry(m, child, b).pfn);
    m.kernel.audit();
    m.kernel.finish();
  }
}

TEST_CASE("shared: past the end of a file is SIGBUS, until it grows") {
  Machine m(config(arch::Format::x86_64));
  m.kernel.memory().set_file_length(4, 0x2000);
  Process& p = m.kernel.spawn();
  Process& q = m.kernel.spawn();
  for (Process* x : {&p, &q}) REQUIRE(m.kernel.mmap(*x, 0x100000, 0x4000, kBoth, shared_file(4)) == 0);
  CHECK(m.load(p, 0x101000));
  CHECK_FALSE(m.load(p, 0x102000));
  CHECK(p.killed_by == Signal::bus);
  m.kernel.memory().set_file_length(4, 0x4000);
  CHECK(m.load(q, 0x102000));
  m.kernel.finish();
}

TEST_CASE("shared: areas of whole pages are not cut inside one") {
  Machine m(config(arch::Format::alpha));  // 8 KB
  Process& p = m.kernel.spawn();
  CHECK(m.kernel.mmap(p, 0x41000, 0x2000, kBoth, shared_file(5)) == EINVAL);
  CHECK(m.kernel.mmap(p, 0x40000, 0x2000, kBoth, shared_file(5, 0x1000)) == EINVAL);
  REQUIRE(m.kernel.mmap(p, 0x40000, 0x3000, kBoth, shared_file(5)) == 0);  // two pages
  CHECK(m.store(p, 0x43ff8));
  CHECK(m.kernel.munmap(p, 0x41000, 0x1000) == EINVAL);
  CHECK(m.kernel.mmap(p, 0x41000, 0x1000, kBoth) == EINVAL);
  CHECK(m.kernel.mprotect(p, 0x43000, 0x1000, kRead) == EINVAL);
  REQUIRE(m.kernel.munmap(p, 0x42000, 0x1000) == 0);  // rounded up, as a length always is
  CHECK(p.space->vmas.find(0x43000) == nullptr);
  m.kernel.finish();
}

TEST_CASE("shared: mremap takes the object's pages along") {
  for (const arch::Format format : kFormats) {
    Machine m(config(format));
    Process& p = m.kernel.spawn();
    REQUIRE(m.kernel.mmap(p, 0x100000, 4 * m.page(), kBoth, shared_file(5)) == 0);
    for (u64 n = 0; n < 4; ++n) REQUIRE(m.store(p, 0x100000 + n * m.page()));
    REQUIRE(m.kernel.mremap(p, 0x100000, 4 * m.page(), 0x200000, 6 * m.page()) == 0);
    for (u64 n = 0; n < 6; ++n) REQUIRE(m.load(p, 0x200000 + n * m.page()));
    CHECK(word_at(m, p, 0x200000 + 5 * m.page()) == file_word(5, 5 * m.page()));
    m.kernel.audit();
    m.kernel.finish();
  }
}

// --- shared memory --------------------------------------------------------------------------------

TEST_CASE("shm: attached twice, swapped out from all, and back (P44)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 24));
    Memory& memory = m.kernel.memory();
    u32 id = 0;
    REQUIRE(memory.shm_get(77, 8 * m.page(), true, id) == 0);
    u32 same = 0;
    CHECK(memory.shm_get(77, m.page(), false, same) == 0);
    CHECK(same == id);
    Process& p = m.kernel.spawn();
    Process& q = m.kernel.spawn();
    REQUIRE(m.kernel.shmat(p, id, 0x100000, kBoth) == 0);
    REQUIRE(m.kernel.shmat(q, id, 0x200000, kBoth) == 0);
    CHECK(memory.segment(id)->areas == 2);
    for (u64 n = 0; n < 8; ++n) {
      REQUIRE(m.store(p, 0x100000 + n * m.page()));
      REQUIRE(m.load(q, 0x200000 + n * m.page()));
    }
    CHECK(entry(m, p, 0x100000).pfn == entry(m, q, 0x200000).pfn);
    m.kernel.audit();
    const u64 rss = p.space->rss;
    CHECK(rss == 8);
    // Row 75: all entries of all attaches go.
    CHECK(memory.shm_swap(8) == 8);
    CHECK(p.space->rss == 0);
    CHECK(q.space->rss == 0);
    CHECK(memory.statistics().swapped_out == 8);
    m.kernel.audit();
    for (u64 n = 0; n < 8; ++n) REQUIRE(m.load(q, 0x200000 + n * m.page()));
    CHECK(memory.statistics().swapped_in == 8);
    m.kernel.audit();
    CHECK(memory.shm_swap(8) == 8);  // clean: not written again (P48)
    CHECK(memory.statistics().swapped_out == 8);
    CHECK(memory.statistics().evicted_unwritten == 8);
    REQUIRE(m.load(p, 0x100000));
    REQUIRE(m.store(p, 0x100008));
    m.kernel.audit();
    REQUIRE(m.load(q, 0x200008));
    m.kernel.finish();
  }
}

TEST_CASE("shm: a removed segment lives until its last attach goes, and leaves nothing") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Machine m(config(format, 30));
    Memory& memory = m.kernel.memory();
    Process& p = m.kernel.spawn();
    Process& q = m.kernel.spawn();
    u32 id = 0;
    REQUIRE(memory.shm_get(0, 4 * m.page(), false, id) == 0);
    REQUIRE(m.kernel.shmat(p, id, 0x100000, kBoth) == 0);
    for (u64 n = 0; n < 4; ++n) REQUIRE(m.store(p, 0x100000 + n * m.page()));
    Process& child = m.kernel.fork(p);
    CHECK(memory.segment(id)->areas == 2);
    REQUIRE(memory.shm_remove(id) == 0);
    CHECK(m.kernel.shmat(q, id, 0x100000, kBoth) == EINVAL);  // removed
    REQUIRE(m.load(child, 0x100000));
    CHECK(memory.shm_swap(2) == 2);  // two of its pages are in swap when it ends
    REQUIRE(m.kernel.shmdt(p, 0x100000) == 0);
    CHECK(memory.segment(id) != nullptr);
    m.kernel.exit(child);
    CHECK(memory.segment(id) == nullptr);
    CHECK(memory.pages().size() == 0);
    CHECK(memory.swap().free_slots() == memory.swap().slots());
    m.kernel.audit();
    CHECK(m.kernel.shmdt(p, 0x100000) == EINVAL);
    CHECK(memory.shm_remove(id) == EINVAL);
    CHECK(memory.shm_get(5, 0, true, id) == EINVAL);
    CHECK(memory.shm_get(5, 4096, false, id) == ENOENT);
    m.kernel.finish();
  }
}

// --- devices and guards ---------------------------------------------------------------------------

TEST_CASE("device: frames past the end of memory, not counted, uncached on x86-64 (row 89)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format, 30);
    c.device_frames = 4;
    RamMem ram(u64{c.frames + c.device_frames} << arch::info(format).page_shift);
    ArchMmuPort port(format, ram);
    Kernel kernel(ram, port, port, c);
    const u64 size = kernel.memory().format().page_size();
    Process& p = kernel.spawn();
    CHECK(kernel.mmap(p, 0x100000, 5 * size, kBoth, {0, 0, AreaKind::device}) == ENXIO);
    CHECK(kernel.mmap(p, 0x100000, size, kRead | kExecute, {0, 0, AreaKind::device}) == EACCES);
    REQUIRE(kernel.mmap(p, 0x100000, 3 * size, kBoth, {0, size, AreaKind::device}) == 0);
    Process& q = kernel.fork(p);
    REQUIRE(kernel.reference(p, TraceEvent::Kind::write, 0x100010, 8));
    const PteView v = kernel.memory().format().view(p.space->table.load(0x100000));
    CHECK(v.pfn == 31);
    CHECK(v.uncached == (format == arch::Format::x86_64));
    CHECK(p.space->rss == 0);
    REQUIRE(kernel.reference(q, TraceEvent::Kind::read, 0x100010, 8));
    u64 stored = 0, there = 0;
    REQUIRE(kernel.memory().peek(*p.space, 0x100010, std::as_writable_bytes(std::span(&stored, 1))));
    ram.read(31 * size + 0x10, std::as_writable_bytes(std::span(&there, 1)));
    CHECK(stored == there);
    CHECK(stored != 0);
    REQUIRE(kernel.mprotect(p, 0x100000, size, kRead) == 0);
    REQUIRE(kernel.mprotect(p, 0x100000, size, kBoth) == 0);
    REQUIRE(kernel.reference(p, TraceEvent::Kind::write, 0x100018, 8));
    kernel.audit();
    kernel.finish();
  }
}

TEST_CASE("guard: nobody gets in, and no mprotect opens it") {
  Machine m(config(arch::Format::x86_64));
  Process& p = m.kernel.spawn();
  CHECK(m.kernel.mmap(p, 0x100000, 0x1000, kRead, {0, 0, AreaKind::guard}) == EACCES);
  REQUIRE(m.kernel.mmap(p, 0x100000, 0x1000, 0, {0, 0, AreaKind::guard}) == 0);
  CHECK(m.kernel.mprotect(p, 0x100000, 0x1000, kRead) == EACCES);
  CHECK_FALSE(m.load(p, 0x100000));
  CHECK(p.killed_by == Signal::segv);
  m.kernel.finish();
}

// --- all of it at once ----------------------------------------------------------------------------

template <class Port>
void storm(arch::Format format, u64 seed, YieldPolicy yield) {
  Config c = config(format, format == arch::Format::alpha ? 36 : 44);
  c.seed = seed;
  c.yield = yield;
  c.asid_bits = 2;
  test::Machine<Port> m(c);
  INFO(arch::name(format) << " seed " << seed);
  Memory& memory = m.kernel.memory();
  Random random(seed);
  u32 id = 0;
  REQUIRE(memory.shm_get(1, 12 * m.page(), true, id) == 0);
  std::vector<Process*> live{&m.kernel.spawn(), &m.kernel.spawn()};
  const u64 files = 0x800000, segment = 0x4000000, priv = 0x6000000;
  for (int step = 0; step < 900; ++step) {
    Process& p = *live[random.below(live.size())];
    const u64 first = random.below(16), pages = 1 + random.below(8);
    switch (random.below(30)) {
      case 0:
      case 1:
        m.kernel.mmap(p, files + first * m.page(), pages * m.page(), kBoth, shared_file(2, first * m.page()));
        break;
      case 2:
        m.kernel.mmap(p, files + first * m.page(), pages * m.page(), kBoth, {2, first * m.page()});
        break;
      case 3:
        m.kernel.munmap(p, files + first * m.page(), pages * m.page());
        break;
      case 4:
        m.kernel.shmat(p, id, segment, kBoth);
        break;
      case 5:
        m.kernel.shmdt(p, segment);
        break;
      case 6:
        m.kernel.msync(p, files + first * m.page(), pages * m.page());
        break;
      case 7:
        m.kernel.mmap(p, priv + first * m.page(), pages * m.page(), kBoth);
        break;
      case 8:
        if (live.size() < 4) live.push_back(&m.kernel.fork(p));
        break;
      case 9:
        if (live.size() > 2) {
          m.kernel.exit(p);
          std::erase(live, &p);
        }
        break;
      case 10:
        memory.shm_swap(2);
        break;
      case 11:
        memory.try_to_swap_out(2);
        break;
      default: {
        const u64 base[] = {files, segment, priv};
        const u64 va = base[random.below(3)] + random.below(12) * m.page() + random.below(m.page() - 8);
        const Vma* vma = p.space->vmas.find(va);
        if (vma == nullptr || va + 8 > vma->end) break;
        REQUIRE((random.below(2) == 0 ? m.load(p, va) : m.store(p, va)));
      }
    }
    if (step % 30 == 0) m.kernel.audit();
  }
  m.kernel.finish();
  CHECK(m.kernel.statistics().memory.lost_writes == 0);
  CHECK(m.kernel.statistics().memory.paged_out > 0);
}

TEST_CASE("shared: random sequences pass every check") {
  for (const arch::Format format : kFormats) {
    for (u64 seed = 1; seed <= 4; ++seed) storm<ArchMmuPort>(format, seed, YieldPolicy::none);
    for (u64 seed = 5; seed <= 6; ++seed) {
      storm<test::TlbPort>(format, seed, YieldPolicy::every);
      storm<test::TlbPort>(format, seed, YieldPolicy::random);
    }
  }
}

}  // namespace
}  // namespace kilburn::os
