// SPDX-License-Identifier: Apache-2.0
//
// Memory that is short in every way there is: too small, in the wrong zone or node, in pieces, taken away.
#include "sw/workload/stage.h"

namespace kilburn::os::programs {

namespace {
void fill(Stage& s, Process& p, u64 base, u64 pages) {
  s.map(p, base, pages * kSpan);
  for (u64 n = 0; n < pages; ++n) s.store(p, base + n * kSpan);
}
// The same of a process that may be killed for its memory.
void fill_while_alive(Stage& s, Process& p, u64 base, u64 pages) {
  s.map(p, base, pages * kSpan);
  for (u64 n = 0; n < pages && p.alive(); ++n) s.kernel.reference(p, TraceEvent::Kind::write, base + n * kSpan, 8);
}
void load_if_alive(Stage& s, Process& p, u64 va) {
  if (p.alive()) s.load(p, va);
}
// The process moves on to the next CPU, so that its translations are in the TLBs of all.
void migrate(Stage& s, Process& p) { p.cpu = (p.cpu + 1) % s.kernel.memory().cpus().count(); }
}  // namespace

// One process grows until it or a neighbour must go; the first one and what is left keep their bytes.
void oom(Stage& s) {
  Process& first = s.spawn();
  fill(s, first, kArena, 4);
  Process& neighbour = s.spawn();
  fill_while_alive(s, neighbour, kArena, 4);
  constexpr u64 kPages = 60;
  for (u64 round = 0; round < s.scale; ++round) {
    Process& grower = s.spawn();
    fill_while_alive(s, grower, kArena, kPages);
    for (u64 n = 0; n < 4; ++n) s.load(first, kArena + n * kSpan);
    for (u64 n = 0; n < 4; ++n) load_if_alive(s, neighbour, kArena + n * kSpan);
    if (grower.alive() && round + 1 < s.scale) s.kernel.exit(grower);
  }
  s.expect_forced(s.kernel.statistics().killed_oom, s.scale, "processes killed for memory");
}

// The same among processes that share their pages: what a killed one shared stays with the others.
void oom_shared(Stage& s) {
  Process& first = s.spawn();
  fill(s, first, kArena, 12);
  Process& reader = s.kernel.fork(first);
  constexpr u64 kPages = 60;
  for (u64 round = 0; round < s.scale; ++round) {
    Process& grower = s.kernel.fork(first);
    s.map(grower, 2 * kArena, kPages * kSpan);
    for (u64 n = 0; n < kPages && grower.alive(); ++n) {
      if (!s.kernel.reference(grower, TraceEvent::Kind::write, 2 * kArena + n * kSpan, 8)) break;
      load_if_alive(s, reader, kArena + n % 12 * kSpan);
    }
    for (u64 n = 0; n < 12; ++n) {
      s.load(first, kArena + n * kSpan);
      load_if_alive(s, reader, kArena + n * kSpan);
    }
    if (grower.alive() && round + 1 < s.scale) s.kernel.exit(grower);
  }
  s.expect_forced(s.kernel.statistics().killed_oom, s.scale, "processes killed for memory");
}

// A loop that does not fit until the alarm goes off.
void thrash_alarm(Stage& s) {
  Process& p = s.spawn();
  s.map(p, kArena, 40 * kSpan);
  for (u64 round = 0; round < 20 * s.scale; ++round) {
    for (u64 n = 0; n < 40; ++n) s.modify(p, kArena + n * kSpan + round % 64 * 8);
  }
  s.expect_forced(s.kernel.statistics().memory.thrash.alarms, 1, "alarms", true);
  s.expect_forced(s.kernel.statistics().memory.thrash.near, 300, "near refaults", true);
}

// The background task keeps frames free for two processes that take them.
void kswapd(Stage& s) {
  Process& a = s.spawn();
  Process& b = s.spawn();
  s.map(a, kArena, 30 * kSpan);
  s.map(b, kArena, 30 * kSpan);
  for (u64 round = 0; round < 8 * s.scale; ++round) {
    for (u64 n = 0; n < 30; ++n) {
      s.modify(a, kArena + n * kSpan + round % 64 * 8);
      s.load(b, kArena + (29 - n) * kSpan);
      s.store(b, kArena + s.random.below(30) * kSpan + 16);
    }
  }
  s.expect_forced(s.kernel.statistics().memory.kswapd_wakes, 2, "times that kswapd woke", true);
  s.expect_forced(s.kernel.statistics().memory.kswapd_freed, 100, "frames freed by kswapd", true);
}

// Buffers for a device that reaches the DMA zone only, which processes have filled: their pages there must go.
void zone_dma(Stage& s) {
  Process& p = s.spawn();
  fill(s, p, kArena, 46);
  Memory& memory = s.kernel.memory();
  const u64 page = memory.format().page_size();
  for (u64 round = 0; round < 4 * s.scale; ++round) {
    u64 buffers[3];
    for (u64& buffer : buffers) {
      buffer = s.take_block(page, ZoneKind::dma);
      s.expect_room(buffer != 0, "no frame for a device");
    }
    for (u64 n = 0; n < 46; ++n) s.modify(p, kArena + n * kSpan + round % 64 * 8);
    for (const u64 buffer : buffers) s.give_block(buffer);
    for (u64 n = 0; n < 46; ++n) s.modify(p, kArena + n * kSpan + 512);
  }
  s.expect_forced(s.kernel.statistics().memory.direct_reclaims, 1, "direct reclaims");
}

// Blocks of frames out of a memory in pieces, while the pages that move are in use.
void compaction(Stage& s) {
  Process& p = s.spawn();
  Memory& memory = s.kernel.memory();
  const u64 page = memory.format().page_size();
  for (u64 round = 0; round < 3 * s.scale; ++round) {
    const u64 base = kArena + round * 64 * kSpan;
    fill(s, p, base, 48);
    for (u64 n = 0; n < 48; n += 2) s.unmap(p, base + n * kSpan, kSpan);
    const u64 block = s.take_block(16 * page);
    s.expect_room(block != 0, "no block of frames");
    for (u64 n = 1; n < 48; n += 2) s.modify(p, base + n * kSpan);
    s.give_block(block);
    s.unmap(p, base, 48 * kSpan);
  }
  s.expect_forced(memory.statistics().migrated, 4, "pages moved");
}

// All that a process of the second node uses comes to lie in the first one.
void numa_remote(Stage& s) {
  Process& p = s.spawn();
  s.run_on_node(0);
  fill(s, p, kArena, 12);
  s.run_on_node(1);
  u64 remote = 0;
  for (u64 round = 0; round < 20 * s.scale; ++round) {
    for (u64 n = 0; n < 12; ++n) {
      s.modify(p, kArena + n * kSpan);
      const PteView v = s.kernel.memory().format().view(p.space->table.load(kArena + n * kSpan));
      remote += v.kind == EntryKind::leaf && s.kernel.memory().buddy().node_of(v.pfn) == 0;
    }
  }
  s.run_on_node(0);
  s.expect_forced(remote, 240, "accesses to the other node", true);
}

// A second swap area is given and taken while processes swap.
void swapoff_load(Stage& s) {
  static thread_local MemoryDevice device;  // outlives the kernel, which writes to it at its end
  device.bytes().clear();
  Process& a = s.spawn();
  Process& b = s.spawn();
  fill(s, a, kArena, 20);
  fill(s, b, kArena, 20);
  for (u64 round = 0; round < 3 * s.scale; ++round) {
    u32 area = 0;
    s.expect(s.swap_on(device, 200, 5, area) == 0, "swapon is refused");
    for (u64 n = 0; n < 60; ++n) {
      s.modify(a, kArena + s.random.below(20) * kSpan);
      s.modify(b, kArena + s.random.below(20) * kSpan + 8);
    }
    s.expect(s.swap_off(area) == 0, "swapoff is refused");
    for (u64 n = 0; n < 20; ++n) s.load(a, kArena + n * kSpan);
    for (u64 n = 0; n < 20; ++n) s.load(b, kArena + n * kSpan);
  }
  s.expect_forced(s.swapped_out(), 30, "pages swapped out");
}

// A producer and a consumer share a segment that is removed while both are attached.
void shm_rmid(Stage& s) {
  constexpr u64 kPages = 8;
  Memory& memory = s.kernel.memory();
  u32 id = 0;
  s.expect(s.new_segment(kPages * kSpan, id) == 0, "shmget is refused");
  Process& producer = s.spawn();
  Process& consumer = s.spawn();
  s.expect(s.kernel.shmat(producer, id, kArena, kRead | kWrite) == 0, "shmat is refused");
  s.expect(s.kernel.shmat(consumer, id, 2 * kArena, kRead) == 0, "shmat is refused");
  fill(s, producer, 4 * kArena, 12);
  for (u64 round = 0; round < 10 * s.scale; ++round) {
    if (round == 3) s.expect(s.remove_segment(id) == 0, "IPC_RMID is refused");
    for (u64 n = 0; n < kPages; ++n) {
      s.store(producer, kArena + n * kSpan + round % 100 * 8);
      s.modify(producer, 4 * kArena + n % 12 * kSpan);
      s.load(consumer, 2 * kArena + n * kSpan + round % 100 * 8);
    }
  }
  s.expect(memory.segment(id) != nullptr, "the segment is gone with its users");
  s.expect(s.kernel.shmdt(producer, kArena) == 0, "shmdt is refused");
  for (u64 n = 0; n < kPages; ++n) s.load(consumer, 2 * kArena + n * kSpan);
  s.expect(s.kernel.shmdt(consumer, 2 * kArena) == 0, "shmdt is refused");
  s.expect(memory.segment(id) == nullptr, "the segment stays without users");
  s.expect_forced(s.kernel.statistics().memory.freed_from_segments, 8, "pages of the segment evicted");
}

// Large blocks lose a page, then a right, then everything, while they are in use.
void huge_split(Stage& s) {
  Memory& memory = s.kernel.memory();
  constexpr u64 base = kArena, spans = 512, bytes = spans * kSpan;  // one block of Alpha, two of x86-64
  for (u64 round = 0; round < s.scale; ++round) {
    Process& p = s.spawn();
    s.map(p, base, bytes);
    for (u64 at = 0; at < bytes; at += kGranule) s.store(p, base + at);
    s.expect_room(s.collapse(p, 4) >= 1, "no block comes together");
    s.load(p, base + 8);
    s.unmap(p, base + 10 * kSpan, kSpan);
    s.protect(p, base + 20 * kSpan, 4 * kSpan, kRead);
    for (u64 n = 0; n < spans; n += 7) {
      if (n != 10) s.load(p, base + n * kSpan);
    }
    s.dies(p, TraceEvent::Kind::write, base + 21 * kSpan, 8, base + 21 * kSpan);
  }
  s.expect_least(memory.statistics().split, s.scale, "blocks split");
}

// Parents and children on every CPU store to what they share, page by page, and move on.
void cow_storm(Stage& s) {
  constexpr u64 kPages = 8;
  Process& p = s.spawn();
  fill(s, p, kArena, kPages);
  for (u64 round = 0; round < 20 * s.scale; ++round) {
    Process* children[3];
    for (Process*& child : children) child = &s.kernel.fork(p);
    for (u64 n = 0; n < kPages; ++n) {
      for (Process* child : children) {
        s.load(*child, kArena + n * kSpan);
        migrate(s, *child);
        s.modify(*child, kArena + n * kSpan);
      }
      migrate(s, p);
      s.modify(p, kArena + n * kSpan + 64);
      for (Process* child : children) s.load(*child, kArena + n * kSpan);
    }
    for (Process* child : children) s.kernel.exit(*child);
  }
  s.expect_least(s.copies(), 20 * s.scale * kPages * 3, "copies on write");
}

// Rights come and go under processes that change CPUs between any two references.
void mprotect_storm(Stage& s) {
  constexpr u64 kPages = 6;
  Process& a = s.spawn();
  Process& b = s.spawn();
  for (Process* p : {&a, &b}) fill(s, *p, kArena, kPages);
  for (u64 round = 0; round < 60 * s.scale; ++round) {
    for (Process* p : {&a, &b}) {
      const u64 at = kArena + s.random.below(kPages) * kSpan;
      s.modify(*p, at);
      migrate(s, *p);
      s.protect(*p, at, kSpan, kRead);
      s.load(*p, at);
      migrate(s, *p);
      s.load(*p, at);
      s.protect(*p, at, kSpan, kRead | kWrite);
      s.store(*p, at + 8);
    }
  }
  for (Process* p : {&a, &b}) {
    s.protect(*p, kArena, kSpan, kRead);
    migrate(s, *p);
    s.dies(*p, TraceEvent::Kind::write, kArena, 8, kArena);
  }
  s.expect_least(s.kernel.statistics().invalidations, 60 * s.scale, "invalidations");
}

}  // namespace kilburn::os::programs
