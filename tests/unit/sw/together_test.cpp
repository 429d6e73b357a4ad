// SPDX-License-Identifier: Apache-2.0
//
// What the parts do to each other: files and the disk's time, compaction and caches, kernel memory and blocks on
// several CPUs; and all of it at once, by chance.
#include "sw/hw/soft_tlb_port.h"
#include "sw/io/block_device.h"
#include "tests/catch.h"
#include "tests/unit/sw/cpus.h"

namespace kilburn::os {
namespace {

using test::Cluster;
using test::kFormats;
using test::must;
using test::Script;
using test::tripped;

constexpr u64 kBase = 0x4000000;
constexpr Rights kBoth = kRead | kWrite;

Config config(arch::Format format, u32 frames) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.strict = true;
  return c;
}

Backing shared_file(u32 number) { return {number, 0, AreaKind::file_shared}; }

TEST_CASE("together: while a page of a file comes from the disk another process runs (row 98)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](bool block, unsigned cpus) {
      Config c = config(format, 64);
      c.block = block;
      c.quantum = 20;
      c.audit_every = 30;
      Cluster<> m(c, cpus);
      Script scripts[3];
      for (u32 n = 0; n < 3; ++n) {
        TraceEvent e;
        e.kind = TraceEvent::Kind::map;
        e.rights = kBoth;
        e.address = kBase;
        e.length = 40 * m.page();
        e.file = 1 + n / 2;  // the first two read the same file: one waits for what the other had started
        scripts[n].events.push_back(e);
        for (u64 page = 0; page < 40; ++page) {
          const auto kind = page % 3 == 2 && n != 1 ? TraceEvent::Kind::write : TraceEvent::Kind::read;
          if (n != 0 || kind == TraceEvent::Kind::read) scripts[n].touch(kind, kBase + page * m.page() + 64 * n);
        }
      }
      TraceReader* readers[] = {&scripts[0], &scripts[1], &scripts[2]};
      m.kernel->run(readers);
      const Statistics& s = m.kernel->statistics();
      CHECK((s.blocked > 0) == block);
      CHECK(s.blocked == s.memory.faults[static_cast<size_t>(FaultKind::blocked)]);
      CHECK(s.memory.faults[static_cast<size_t>(FaultKind::file_fill)] > 0);
      CHECK(s.memory.paged_in >= 80);  // two files of 40 pages
      CHECK(s.memory.swapped_in == 0);
      return std::pair(m.kernel->digest(), s.idle_cycles);
    };
    const auto [digest, waited] = run(false, 1);
    const auto [digest2, waited2] = run(true, 1);
    CHECK(digest == digest2);
    CHECK(waited2 < waited);
    CHECK(run(true, 2).first == digest);
  }
}

TEST_CASE("together: killed while its file is read, a process leaves the page in the cache and nothing pinned") {
  Config c = config(arch::Format::x86_64, 64);
  c.quantum = 1000;
  Cluster<> m(c, 1);
  Script a, b;
  TraceEvent e;
  e.kind = TraceEvent::Kind::map;
  e.rights = kRead;
  e.address = kBase;
  e.length = 4096;
  e.file = 1;
  a.events.push_back(e);
  a.touch(TraceEvent::Kind::read, kBase);
  b.map(kBase, 4096);
  for (int n = 0; n < 20; ++n) b.touch(TraceEvent::Kind::write, kBase);
  bool waited = false;
  b.hook_at = 10;
  b.hook = [&] {
    waited = m.kernel->processes()[0]->pending.waiting;
    m.kernel->kill(*m.kernel->processes()[0]);
    m.kernel->audit();
  };
  TraceReader* readers[] = {&a, &b};
  m.kernel->run(readers);
  CHECK(waited);
  CHECK(m.kernel->statistics().killed_asked == 1);
}

TEST_CASE("together: compaction moves pages of files and of shared memory, mapped or only cached (P57)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Cluster<> m(config(format, 160), 2);
    Kernel& k = *m.kernel;
    Memory& memory = k.memory();
    Process& p = k.spawn();
    Process& q = k.spawn();
    REQUIRE(p.cpu != q.cpu);
    const u64 size = m.page(), filler = kBase, file = 2 * kBase, segment = 3 * kBase, cached = 4 * kBase;
    u32 id = 0;
    REQUIRE(memory.shm_get(0, 8 * size, true, id) == 0);
    REQUIRE(k.mmap(p, filler, 64 * size, kBoth) == 0);
    REQUIRE(k.mmap(p, cached, 8 * size, kBoth, shared_file(8)) == 0);
    for (Process* process : {&p, &q}) {
      REQUIRE(k.mmap(*process, file, 8 * size, kBoth, shared_file(7)) == 0);
      REQUIRE(k.shmat(*process, id, segment, kBoth) == 0);
    }
    // Pages to be moved between pages that go.
    for (u64 n = 0; n < 8; ++n) {
      for (u64 f = 0; f < 4; ++f) REQUIRE(m.store(p, filler + (4 * n + f) * size));
      REQUIRE(m.store(p, file + n * size + 8));
      REQUIRE(m.store(q, segment + n * size + 16));
      REQUIRE(m.load(q, file + n * size + 8));
      REQUIRE(m.load(p, segment + n * size + 16));
      REQUIRE(m.store(p, cached + n * size + 24));
    }
    REQUIRE(k.munmap(p, cached, 8 * size) == 0);  // its pages stay in the cache, dirty
    REQUIRE(k.munmap(p, filler, 64 * size) == 0);
    const auto frames = [&](u64 start) {
      std::vector<Pfn> out;
      for (u64 n = 0; n < 8; ++n) out.push_back(memory.format().view(q.space->table.load(start + n * size)).pfn);
      return out;
    };
    const auto cached_frames = [&] {
      std::vector<Pfn> out;
      for (Pfn pfn = 0; pfn < memory.map_of_frames().size(); ++pfn) {
        const Frame& f = memory.map_of_frames()[pfn];
        if (f.object != nullptr && f.object->number == 8) out.push_back(pfn);
      }
      return out;
    };
    const auto old_file = frames(file), old_segment = frames(segment), old_cached = cached_frames();
    REQUIRE(old_cached.size() >= 8);
    // The first pages lie at the bottom already: others move up, away from them.
    REQUIRE(k.mlock(p, file, size) == 0);
    REQUIRE(memory.kcompactd(1000) > 12);
    CHECK(frames(file) != old_file);
    CHECK(frames(file)[0] == old_file[0]);  // locked: it stays
    CHECK(frames(segment) != old_segment);
    CHECK(cached_frames() != old_cached);
    k.audit();
    for (u64 n = 0; n < 8; ++n) {
      REQUIRE(m.load(q, file + n * size + 8));
      REQUIRE(m.load(p, segment + n * size + 16));
      REQUIRE(m.store(q, file + n * size + 8));
      REQUIRE(m.load(p, file + n * size + 8));
    }
    REQUIRE(k.mmap(q, cached, 8 * size, kRead, shared_file(8)) == 0);
    const u64 read = k.statistics().memory.paged_in;
    for (u64 n = 0; n < 8; ++n) REQUIRE(m.load(q, cached + n * size + 24));
    CHECK(k.statistics().memory.paged_in == read);  // all of them were found where they are now
    k.finish();
    CHECK(k.statistics().memory.lost_writes == 0);
  }
}

TEST_CASE("together: vfree reaches every CPU, whatever it runs (P29, P34)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    for (const u64 pages : {2, 12}) {  // page by page, and everything
      Cluster<> m(config(format, 96), 3);
      Kernel& k = *m.kernel;
      KernelMemory& own = k.memory().kernel();
      Process* processes[] = {&k.spawn(), &k.spawn(), &k.spawn()};
      for (Process* p : processes) {
        REQUIRE(k.mmap(*p, kBase, m.page(), kBoth) == 0);
        REQUIRE(m.store(*p, kBase));
      }
      const u64 va = own.vmalloc(pages * m.page());  // the contexts that the CPUs have get the kernel's controls now
      const auto load = [&](unsigned cpu, u64 at) {
        u64 value = 0;
        const auto result = own.access(*m.ports[cpu], *processes[cpu]->space, at, arch::Op::read,
                                       std::as_writable_bytes(std::span(&value, 1)));
        return std::holds_alternative<Done>(result);
      };
      for (unsigned cpu = 0; cpu < 3; ++cpu) {
        for (u64 n = 0; n < pages; ++n) REQUIRE(load(cpu, va + n * m.page()));
      }
      // Invalidations of one space do not touch what is global.
      REQUIRE(k.mprotect(*processes[1], kBase, m.page(), kRead) == 0);
      const u64 hits = m.ports[1]->hits();
      REQUIRE(load(1, va));
      CHECK(m.ports[1]->hits() == hits + 1);
      own.vfree(va);
      for (unsigned cpu = 0; cpu < 3; ++cpu) {
        for (u64 n = 0; n < pages; ++n) CHECK_FALSE(load(cpu, va + n * m.page()));
      }
      k.finish();
    }
  }
}

TEST_CASE("together: an invalidation of a kernel entry counts on the CPU that acknowledged it (P29)") {
  const PteFormat& format = PteFormat::of(arch::Format::x86_64);
  EventLog log;
  OrderChecker checker(format, 100, log, 2);
  const u64 va = format.vmalloc_base(), word = format.kernel_leaf(9, 1);
  checker.event({.kind = MmEvent::Kind::entry, .va = va, .span = 4096, .seen = word, .old_word = word});
  const auto freed = [&] { return tripped([&] { checker.event({.kind = MmEvent::Kind::free, .pfn = 9}); }); };
  checker.event({.kind = MmEvent::Kind::invalidate, .op = Invalidate::page, .cpu = 0, .va = va});
  checker.event({.kind = MmEvent::Kind::acknowledge, .cpu = 0});
  CHECK(freed() == "P29");
  checker.event({.kind = MmEvent::Kind::invalidate, .op = Invalidate::page, .cpu = 1, .va = va});
  CHECK(freed() == "P29");
  checker.event({.kind = MmEvent::Kind::acknowledge, .cpu = 1});
  CHECK(freed() == "");
}

TEST_CASE("together: kernel memory through TLBs that software fills") {
  for (const arch::Format format : {arch::Format::alpha, arch::Format::alpha_x64}) {
    INFO(arch::name(format));
    Config c = config(format, 96);
    c.refill = RefillMode::software;
    Cluster<SoftTlbPort> m(c, 2);
    Kernel& k = *m.kernel;
    KernelMemory& own = k.memory().kernel();
    Process* processes[] = {&k.spawn(), &k.spawn()};
    for (Process* p : processes) {
      REQUIRE(k.mmap(*p, kBase, m.page(), kBoth) == 0);
      REQUIRE(m.store(*p, kBase));
    }
    const u64 area = own.vmalloc(3 * m.page()), block = own.kmalloc(m.page());
    const auto access = [&](unsigned cpu, u64 va, arch::Op op, u64& value) {
      const auto data = std::as_writable_bytes(std::span(&value, 1));
      return std::holds_alternative<Done>(own.access(*m.ports[cpu], *processes[cpu]->space, va, op, data));
    };
    for (const u64 va : {area, area + m.page(), block}) {
      u64 stored = va, found = 0;
      REQUIRE(access(0, va, arch::Op::write, stored));
      REQUIRE(access(1, va, arch::Op::read, found));
      CHECK(found == va);
    }
    u64 unused = 0;
    CHECK_FALSE(access(0, area + 3 * m.page(), arch::Op::read, unused));
    own.vfree(area);
    for (const unsigned cpu : {0u, 1u}) CHECK_FALSE(access(cpu, area, arch::Op::read, unused));
    own.kfree(block);
    k.finish();
  }
}

TEST_CASE("together: a system call that copies a page runs on the CPU of its process (P44)") {
  for (const arch::Format format : kFormats) {
    for (const unsigned now : {1u, 0u}) {  // where it ran before, and elsewhere
      INFO(arch::name(format) << " on CPU " << now);
      Cluster<> m(config(format, 64), 2);
      Kernel& k = *m.kernel;
      Process& p = k.spawn();
      Process& other = k.spawn();
      p.cpu = 1;
      other.cpu = 0;
      for (Process* process : {&p, &other}) REQUIRE(k.mmap(*process, kBase, m.page(), kBoth) == 0);
      REQUIRE(m.load(p, kBase));       // CPU 1 holds the zero page
      REQUIRE(m.store(other, kBase));  // and the kernel was on CPU 0 last
      p.cpu = now;
      REQUIRE(k.mlock(p, kBase, m.page()) == 0);  // gives the page a frame
      REQUIRE(m.load(p, kBase));
      k.finish();
    }
  }
}

TEST_CASE("together: a block on two CPUs comes together and apart (P35)") {
  for (const arch::Format format : kFormats) {
    for (const YieldPolicy yield : {YieldPolicy::none, YieldPolicy::every}) {
      INFO(arch::name(format) << (yield == YieldPolicy::every ? ", with yields" : ""));
      Config c = config(format, 1800);
      c.huge = true;
      c.yield = yield;
      Cluster<> m(c, 2);
      Kernel& k = *m.kernel;
      Process& p = k.spawn();
      const u64 size = m.page(), a = 512 * size * 4;
      REQUIRE(k.mmap(p, a, 512 * size, kBoth) == 0);
      const auto sweep = [&](unsigned cpu) {
        p.cpu = cpu;
        for (u64 n = 0; n < 512; n += 3) REQUIRE(m.load(p, a + n * size + 8));
      };
      for (u64 n = 0; n < 512; ++n) {
        p.cpu = n % 2;
        REQUIRE(m.store(p, a + n * size + 8));
      }
      sweep(0);
      sweep(1);
      REQUIRE(k.memory().khugepaged(*p.space, 1) == 1);
      sweep(0);
      sweep(1);
      k.audit();
      p.cpu = 0;
      REQUIRE(k.mprotect(p, a + 9 * size, size, kRead) == 0);  // apart
      CHECK(k.memory().statistics().split == 1);
      sweep(1);
      sweep(0);
      k.audit();
      k.finish();
    }
  }
}

// A machine on which anything may happen next.
template <class Port>
class Anything {
 public:
  Anything(const Config& c, unsigned cpus) : m_(c, cpus), k_(*m_.kernel), random_(c.seed) {
    for (u32& id : segments_) must(k_.memory().shm_get(0, kPages * m_.page(), true, id) == 0);
    for (unsigned n = 0; n < cpus + 1; ++n) k_.spawn();
  }
  void run(int steps) {
    for (int n = 0; n < steps; ++n) step();
    if (area_ != 0) static_cast<void>(k_.memory().swap_off(area_));
    if (block_ != 0) k_.memory().kernel().kfree(block_);
    if (vmap_ != 0) k_.memory().kernel().vfree(vmap_);
    k_.finish();
  }
  Kernel& kernel() { return k_; }

 private:
  static constexpr u64 kPlaces = 6, kPages = 9;  // where areas may lie, and how long they are: a block fits

  Process& some() {
    for (;;) {
      Process& p = *k_.processes()[random_.below(k_.processes().size())];
      if (p.alive()) {
        p.cpu = static_cast<unsigned>(random_.below(k_.memory().cpus().count()));
        return p;
      }
    }
  }
  u64 place() { return kBase + random_.below(kPlaces) * 16 * m_.page(); }
  u64 part(u64& length) {
    const u64 first = random_.below(kPages);
    length = (1 + random_.below(kPages - first)) * m_.page();
    return place() + first * m_.page();
  }
  size_t alive() const {
    size_t n = 0;
    for (const auto& p : k_.processes()) n += p->alive();
    return n;
  }

  void touch(Process& p) {
    const u64 va = place() + random_.below(kPages) * m_.page() + 8 * random_.below(m_.page() / 8);
    const Vma* vma = p.space->vmas.find(va);
    if (vma == nullptr || vma->rights == 0) return;
    const bool write = (vma->rights & kWrite) != 0 && random_.below(2) == 0;
    must(write ? m_.store(p, va) : m_.load(p, va));
  }

  void map(Process& p) {
    const u64 at = place(), length = kPages * m_.page();
    const u64 which = random_.below(5);
    if (which == 0) {
      static_cast<void>(k_.munmap(p, at, length));
      static_cast<void>(k_.shmat(p, segments_[random_.below(2)], at, kBoth));
    } else {
      const Backing backing = which == 1 ? shared_file(3) : which == 2 ? Backing{4, 0} : Backing{};
      must(k_.mmap(p, at, length, kBoth, backing) == 0);
    }
  }

  void change(Process& p) {
    u64 length = 0;
    const u64 at = part(length);
    switch (random_.below(9)) {
      case 0:
        must(k_.munmap(p, at, length) == 0);
        break;
      case 1:
        static_cast<void>(k_.mprotect(p, at, length, random_.below(2) == 0 ? kRead : kBoth));
        break;
      case 2:
        static_cast<void>(k_.msync(p, at, length));
        break;
      case 3:
        static_cast<void>(k_.madvise(p, at, length, random_.below(2) == 0 ? Advice::dont_need : Advice::will_need));
        break;
      case 4:
        static_cast<void>(k_.mlock(p, at, m_.page()));
        break;
      case 5:
        static_cast<void>(k_.munlock(p, at, length));
        break;
      case 6:
        static_cast<void>(k_.mremap(p, at, length, kBase + kPlaces * 16 * m_.page(), length));
        break;
      case 7:
        static_cast<void>(k_.mremap(p, kBase + kPlaces * 16 * m_.page(), length, at, length));
        break;
      case 8:
        if (alive() < 5) {
          k_.fork(p);
        } else {
          k_.exit(p);
        }
        break;
    }
  }

  // Blocks of 8 pages exist on the Alpha formats: all of one is touched, then perhaps one CPU entry holds it.
  void together(Process& p) {
    const u64 at = place();
    k_.memory().try_to_swap_out(30);  // a block is not worth throwing pages out: there must be room for it
    for (u64 n = 0; n < 8; ++n) {
      const Vma* vma = p.space->vmas.find(at + n * m_.page());
      if (vma == nullptr || (vma->rights & kWrite) == 0) return;
      must(m_.store(p, at + n * m_.page()));
    }
    k_.memory().khugepaged(*p.space, 2);
  }

  void system() {
    Memory& memory = k_.memory();
    switch (random_.below(7)) {
      case 0:
        memory.kcompactd(10);
        break;
      case 1:
        together(some());
        break;
      case 2:
        if (block_ == 0) {
          block_ = memory.kernel().kmalloc(4 * m_.page());
        } else {
          memory.kernel().kfree(std::exchange(block_, 0));
        }
        break;
      case 3:
        if (vmap_ == 0) {
          vmap_ = memory.kernel().vmalloc(2 * m_.page());
        } else {
          memory.kernel().vfree(std::exchange(vmap_, 0));
        }
        break;
      case 4:
        if (area_ == 0) {
          must(memory.swap_on(device_, 200, 5, area_) == 0);
        } else if (memory.swap_off(area_) == 0) {
          area_ = 0;
        }
        break;
      case 5:
        must(memory.write_back_all() == 0);
        break;
      case 6:
        memory.end_transfers();
        break;
    }
  }

  void step() {
    Process& p = some();
    const u64 n = random_.below(100);
    if (n < 80) {
      touch(p);
    } else if (n < 86) {
      map(p);
    } else if (n < 97) {
      change(p);
    } else {
      system();
    }
  }

  Cluster<Port> m_;
  Kernel& k_;
  Random random_;
  std::array<u32, 2> segments_{};
  MemoryDevice device_;
  u32 area_ = 0;
  u64 block_ = 0, vmap_ = 0;
};

TEST_CASE("together: everything at once, on two CPUs, with yields and audits") {
  u64 evictions = 0, moved = 0, blocks = 0, read_back = 0;
  for (const arch::Format format : kFormats) {
    for (const u64 seed : {11, 12, 13, 14}) {
      INFO(arch::name(format) << " seed " << seed);
      Config c = config(format, 72);
      c.seed = seed;
      c.yield = YieldPolicy::random;
      c.huge = true;
      c.nodes = seed % 2 == 0 ? 2 : 1;
      c.audit_every = 50;
      c.asid_bits = seed == 13 ? 2 : 8;
      const auto run = [&](auto& machine) {
        REQUIRE_NOTHROW(machine.run(4000));
        CHECK(machine.kernel().statistics().killed == 0);
        return machine.kernel().statistics().memory;
      };
      MemoryStatistics s;
      if (seed == 14 && format != arch::Format::x86_64) {
        c.refill = RefillMode::software;
        Anything<SoftTlbPort> machine(c, 2);
        s = run(machine);
      } else {
        Anything<test::TlbPort> machine(c, 2);
        s = run(machine);
      }
      evictions += s.swapped_out;
      moved += s.migrated;
      blocks += s.collapsed;
      read_back += s.paged_in;
      CHECK(s.lost_writes == 0);
    }
  }
  CHECK(evictions > 500);
  CHECK(moved > 100);
  // Areas of fewer pages than a block can form none. Of those that could, two in three find no aligned run of eight
  // frames without a table in it, compaction or not (P58 agrees).
  CHECK(blocks > 5);
  CHECK(read_back > 500);
}

}  // namespace
}  // namespace kilburn::os
