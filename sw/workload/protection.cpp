// SPDX-License-Identifier: Apache-2.0
//
// Rights: guards, toggles, code that is written, references across every kind of border.
#include "sw/workload/stage.h"

namespace kilburn::os::programs {

// Pages without rights between those of data; each child runs into one of them.
void guard_pages(Stage& s) {
  constexpr u64 kAreas = 4;
  Process& p = s.spawn();
  for (u64 n = 0; n < kAreas; ++n) {
    s.map(p, kArena + 2 * n * kSpan, kSpan);
    s.map(p, kArena + (2 * n + 1) * kSpan, kSpan, 0);
    s.store(p, kArena + 2 * n * kSpan);
  }
  constexpr TraceEvent::Kind kKinds[] = {TraceEvent::Kind::read, TraceEvent::Kind::write, TraceEvent::Kind::fetch};
  for (u64 n = 0; n < 3 * kAreas * s.scale; ++n) {
    Process& child = s.kernel.fork(p);
    const u64 guard = kArena + (2 * (n % kAreas) + 1) * kSpan;
    s.modify(child, guard - kSpan);
    s.dies(child, kKinds[n % 3], guard + n * 8 % kGranule, 4, guard + n * 8 % kGranule);
    s.load(p, guard - kSpan);
  }
  s.expect_least(s.deaths, 12, "processes that hit a guard");
}

void mprotect_toggle(Stage& s) {
  constexpr u64 kPages = 8;
  Process& p = s.spawn();
  s.map(p, kArena, kPages * kSpan);
  for (u64 n = 0; n < kPages; ++n) s.store(p, kArena + n * kSpan);
  for (u64 round = 0; round < 20 * s.scale; ++round) {
    const u64 first = s.random.below(kPages), count = 1 + s.random.below(kPages - first);
    s.protect(p, kArena + first * kSpan, count * kSpan, kRead);
    for (u64 n = 0; n < kPages; ++n) s.load(p, kArena + n * kSpan);
    if (round % 4 == 0) {
      Process& child = s.kernel.fork(p);
      s.dies(child, TraceEvent::Kind::modify, kArena + first * kSpan, 8, kArena + first * kSpan);
    }
    s.protect(p, kArena + first * kSpan, count * kSpan, kRead | kWrite);
    for (u64 n = 0; n < kPages; ++n) s.modify(p, kArena + n * kSpan);
  }
  s.expect_least(s.deaths, 5, "stores into read-only pages");
  s.expect_least(s.kernel.statistics().invalidations, 20, "invalidations");
}

// Code is written, made executable, run, and written again.
void write_code(Stage& s) {
  Process& p = s.spawn();
  s.map(p, kArena, 4 * kSpan);
  for (u64 round = 0; round < 10 * s.scale; ++round) {
    for (u64 at = 0; at < 4 * kSpan; at += 1024) s.store(p, kArena + at, 16);
    s.protect(p, kArena, 4 * kSpan, kRead | kExecute);
    for (u64 at = 0; at < 4 * kSpan; at += 1024) s.fetch(p, kArena + at, 15);
    if (round % 5 == 0) {
      Process& child = s.kernel.fork(p);
      s.dies(child, TraceEvent::Kind::write, kArena + 64, 8, kArena + 64);
    }
    s.protect(p, kArena, 4 * kSpan, kRead | kWrite);
    Process& child = s.kernel.fork(p);
    s.dies(child, TraceEvent::Kind::fetch, kArena + 64, 4, kArena + 64);
  }
  s.expect_least(s.deaths, 12, "processes that wrote code or ran data");
}

// References across a border whose sides are: copied on write and not, in the swap area and not, mapped and not.
void straddle(Stage& s) {
  constexpr u64 kPages = 16;
  Process& p = s.spawn();
  s.map(p, kArena, kPages * kSpan);
  for (u64 n = 0; n < kPages; ++n) s.store(p, kArena + n * kSpan + 100);
  for (u64 round = 0; round < 6 * s.scale; ++round) {
    Process& child = s.kernel.fork(p);
    for (u64 n = 1; n < kPages; n += 2) s.modify(child, kArena + n * kSpan + 200);  // every second is the child's own
    for (u64 n = 1; n < kPages; ++n) {
      const u64 border = kArena + n * kSpan;
      const u16 size = static_cast<u16>(2 + s.random.below(63));
      const u64 at = border - 1 - s.random.below(size - 1u);
      s.modify(child, at, size);
      s.load(p, at, size);
      if (n % 3 == 0) s.store(p, at, size);
      s.load(child, at, size);
    }
    const u64 end = kArena + kPages * kSpan;
    s.dies(child, TraceEvent::Kind::write, end - 3, 8, end);
    s.load(p, end - 16, 16);
  }
  s.expect_least(s.kernel.statistics().straddles, 6 * 3 * (kPages - 1), "references across pages");
  s.expect_forced(s.swapped_in(), 20, "pages swapped in");
}

}  // namespace kilburn::os::programs
