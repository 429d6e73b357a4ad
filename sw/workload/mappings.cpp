// SPDX-License-Identifier: Apache-2.0
//
// mmap and its kin: the mmap tests of Pintos in Linux' meaning, churn, tables that grow and go.
#include <cerrno>

#include "sw/workload/stage.h"

namespace kilburn::os::programs {

// A mapping over another one replaces it: its pages are new.
void mmap_overlap(Stage& s) {
  Process& p = s.spawn();
  for (u64 round = 0; round < 8 * s.scale; ++round) {
    s.map(p, kArena, 8 * kSpan);
    for (u64 n = 0; n < 8; ++n) s.store(p, kArena + n * kSpan);
    s.map(p, kArena + 2 * kSpan, 4 * kSpan, kRead | kWrite, {4, round * kSpan});
    for (u64 n = 0; n < 8; ++n) s.load(p, kArena + n * kSpan);
    s.modify(p, kArena + 3 * kSpan + 8);
    s.map(p, kArena + 5 * kSpan, 2 * kSpan);
    for (u64 n = 0; n < 8; ++n) s.load(p, kArena + n * kSpan);
  }
  s.expect_least(s.file_faults(), 8, "pages filled from the file");
}

// Over pages of a stack in use.
void mmap_over_stk(Stage& s) {
  const u64 top = kArena + 16 * kSpan;
  for (u64 round = 0; round < s.scale; ++round) {
    Process& p = s.spawn();
    s.map(p, kArena, 16 * kSpan);
    for (u64 at = top - 8; at > top - 8 * kSpan; at -= 512) s.store(p, at);
    s.map(p, top - 4 * kSpan, 2 * kSpan, kRead);
    for (u64 at = top - 8; at > top - 8 * kSpan; at -= 512) s.load(p, at);
    s.dies(p, TraceEvent::Kind::write, top - 3 * kSpan, 8, top - 3 * kSpan);
  }
}

void mmap_misalign(Stage& s) {
  Process& p = s.spawn();
  for (u64 round = 0; round < s.scale; ++round) {
    for (const u64 off : {u64{1}, u64{8}, u64{512}, u64{4095}}) {
      s.expect(s.kernel.mmap(p, kArena + off, kSpan, kRead) == EINVAL, "mmap at an odd address is allowed");
      s.expect(s.kernel.munmap(p, kArena + off, kSpan) == EINVAL, "munmap at an odd address is allowed");
    }
    s.map(p, kArena, kSpan);
    s.store(p, kArena + kSpan - 8);  // refused calls changed nothing
    if (round + 1 < s.scale) s.unmap(p, kArena, kSpan);
  }
  s.fact("calls refused", 8 * s.scale);
}

void mmap_zero(Stage& s) {
  for (u64 round = 0; round < s.scale; ++round) {
    Process& p = s.spawn();
    s.expect(s.kernel.mmap(p, kArena, 0, kRead) == EINVAL, "mmap of nothing is allowed");
    s.expect(s.kernel.munmap(p, kArena, 0) == EINVAL, "munmap of nothing is allowed");
    s.unmap(p, kArena, kSpan);  // where nothing is: allowed
    s.map(p, kArena, 1);        // one byte is a page
    s.store(p, kArena + kGranule - 8);
    s.dies(p, TraceEvent::Kind::read, kArena + kSpan, 1, kArena + kSpan);
  }
}

// The same file twice: the same bytes, until one side stores.
void mmap_twice(Stage& s) {
  Process& p = s.spawn();
  const u64 pages = 6 * s.scale, other = kArena + 2 * pages * kSpan;
  s.map(p, kArena, pages * kSpan, kRead | kWrite, {9, kSpan});
  s.map(p, other, pages * kSpan, kRead | kWrite, {9, kSpan});
  for (u64 n = 0; n < pages; ++n) {
    s.load(p, kArena + n * kSpan, 64);
    s.load(p, other + n * kSpan, 64);
    s.store(p, kArena + n * kSpan + 16);
    s.load(p, kArena + n * kSpan, 64);
    s.load(p, other + n * kSpan, 64);
  }
  s.expect_least(s.file_faults(), 2 * pages, "pages filled from the file");
}

// A child has the parent's mappings; what it unmaps is the parent's still.
void mmap_inherit(Stage& s) {
  Process& p = s.spawn();
  s.map(p, kArena, 6 * kSpan);
  for (u64 n = 0; n < 6; ++n) s.store(p, kArena + n * kSpan);
  for (u64 round = 0; round < 4 * s.scale; ++round) {
    Process& child = s.kernel.fork(p);
    for (u64 n = 0; n < 6; ++n) s.load(child, kArena + n * kSpan);
    s.unmap(child, kArena, 3 * kSpan);
    s.modify(child, kArena + 4 * kSpan);
    s.modify(p, kArena + round % 6 * kSpan);
    s.dies(child, TraceEvent::Kind::read, kArena + kSpan, 8, kArena + kSpan);
    for (u64 n = 0; n < 6; ++n) s.load(p, kArena + n * kSpan);
  }
  s.expect_least(s.faults(FaultKind::cow_copy), 4, "copies on write");
}

// What a process maps is gone when it ends.
void mmap_exit(Stage& s) {
  for (u64 round = 0; round < 10 * s.scale; ++round) {
    Process& p = s.spawn();
    s.map(p, kArena, 12 * kSpan);
    for (u64 n = 0; n < 12; ++n) s.load(p, kArena + n * kSpan), s.store(p, kArena + n * kSpan);
    s.kernel.exit(p);
  }
  s.expect_least(s.faults(FaultKind::zero_page), 120, "zero pages");
}

// Mappings come and go in more processes than there are address-space numbers.
void mmap_churn(Stage& s) {
  constexpr u64 kProcesses = 6, kWindow = 10;
  std::vector<Process*> all;
  for (u64 n = 0; n < kProcesses; ++n) all.push_back(&s.spawn());
  std::vector<std::vector<bool>> mapped(kProcesses, std::vector<bool>(kWindow));
  for (u64 step = 0; step < 1500 * s.scale; ++step) {
    const u64 who = s.random.below(kProcesses), page = s.random.below(kWindow);
    Process& p = *all[who];
    const u64 at = kArena + page * kSpan;
    if (!mapped[who][page]) {
      s.map(p, at, kSpan);
      s.store(p, at + step % 512 * 8);
    } else if (s.random.below(3) == 0) {
      s.unmap(p, at, kSpan);
    } else {
      s.modify(p, at + s.random.below(1024) * 8);
      continue;
    }
    mapped[who][page] = !mapped[who][page];
  }
  // With more CPUs there are more numbers; with a flush at every switch there are none.
  const bool scarce = s.kernel.memory().cpus().count() == 1 && s.kernel.config().switch_policy == SwitchPolicy::tagged;
  s.expect_least(s.kernel.statistics().asid_wraps, scarce ? 100 : 0, "wraps of the address-space numbers");
}

// An area moves and grows with its bytes, also those in the swap area.
void mremap_grow(Stage& s) {
  Process& p = s.spawn();
  for (u64 again = 0; again < s.scale; ++again) {
    u64 at = kArena, pages = 2;
    s.map(p, at, pages * kSpan);
    for (u64 round = 0; round < 7; ++round) {
      for (u64 n = 0; n < pages; ++n) s.modify(p, at + n * kSpan + round * 8);
      const u64 to = kArena + (round % 2 == 0 ? 32 : 0) * kSpan;
      s.expect(s.kernel.mremap(p, at, pages * kSpan, to, (pages + 2) * kSpan) == 0, "mremap is refused");
      at = to;
      pages += 2;
      for (u64 n = 0; n < pages; ++n) s.load(p, at + n * kSpan, 64);
    }
    if (again + 1 < s.scale) s.unmap(p, at, pages * kSpan);
  }
  s.expect_forced(s.swapped_in(), 4 * s.scale, "pages swapped in");
}

void brk_breathe(Stage& s) {
  Process& p = s.spawn();
  const u64 base = kArena;
  s.expect(s.kernel.brk(p, base) == 0, "brk is refused");
  for (u64 round = 0; round < 12 * s.scale; ++round) {
    const u64 pages = 4 + s.random.below(20);
    s.expect(s.kernel.brk(p, base + pages * kSpan) == 0, "brk is refused");
    for (u64 n = 0; n < pages; ++n) {
      if (n % 2 == 0) s.load(p, base + n * kSpan, 128);
      s.store(p, base + n * kSpan + 64);
      s.load(p, base + n * kSpan, 128);
    }
    s.expect(s.kernel.brk(p, base + 2 * kSpan) == 0, "brk is refused");
    s.load(p, base + kSpan, 256);
  }
  s.expect_least(s.faults(FaultKind::first_touch) + s.faults(FaultKind::zero_page), 48, "pages touched first");
}

// Far apart, so that every page needs tables of its own; unmapped, the tables are free for the next round.
void pt_grow(Stage& s) {
  constexpr u64 kStride = u64{1} << 34;  // another entry in every format's second level at least
  Process& p = s.spawn();
  for (u64 round = 0; round < 6 * s.scale; ++round) {
    for (u64 n = 0; n < 6; ++n) {
      const u64 at = kArena + n * kStride + (n + round) * kSpan;
      s.map(p, at, kSpan);
      s.modify(p, at);
    }
    for (u64 n = 0; n < 6; ++n) s.load(p, kArena + n * kStride + (n + round) * kSpan);
    for (u64 n = 0; n < 6; ++n) s.unmap(p, kArena + n * kStride + (n + round) * kSpan, kSpan);
  }
  s.expect_least(s.kernel.statistics().memory.frames_peak, 6 * 2, "frames at most in use");
}

}  // namespace kilburn::os::programs
