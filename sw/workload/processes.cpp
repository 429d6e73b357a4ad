// SPDX-License-Identifier: Apache-2.0
//
// Many processes: forks and shared frames, ends in the middle, switches.
#include <algorithm>

#include "sw/workload/stage.h"

namespace kilburn::os::programs {

// A thousand children in waves; each changes a page of its own copy. Every seventh is killed on the way.
void fork_storm(Stage& s) {
  constexpr u64 kWave = 50, kPages = 4;
  Process& p = s.spawn();
  s.map(p, kArena, kPages * kSpan);
  for (u64 n = 0; n < kPages; ++n) s.store(p, kArena + n * kSpan);
  const u64 children = 1000 * s.scale;
  for (u64 born = 0; born < children; born += kWave) {
    std::vector<Process*> wave;
    for (u64 n = 0; n < kWave; ++n) {
      wave.push_back(&s.kernel.fork(p));
      s.modify(p, kArena + n % kPages * kSpan + 8);
    }
    for (u64 n = 0; n < kWave; ++n) {
      s.load(*wave[n], kArena + n % kPages * kSpan, 32);
      s.modify(*wave[n], kArena + (n + 1) % kPages * kSpan);
    }
    for (u64 n = 0; n < kWave; ++n) {
      if (n % 7 == 0) {
        s.dies(*wave[n], TraceEvent::Kind::write, kArena + kPages * kSpan, 8, kArena + kPages * kSpan);
      } else {
        s.kernel.exit(*wave[n]);
      }
    }
  }
  s.fact("children", children);
  s.expect_least(s.copies(), children, "copies on write");
  s.expect_least(s.deaths, children / 10, "children killed");
}

// One frame in the tables of more processes than a counter of 8 bits (at scale 220: of 16 bits) can count.
void fork_sharers(Stage& s) {
  Process& p = s.spawn();
  s.map(p, kArena, kSpan);
  s.store(p, kArena);
  std::vector<Process*> children;
  for (u64 n = 0; n < 300 * u64{s.scale}; ++n) {
    children.push_back(&s.kernel.fork(p));
    s.load(*children.back(), kArena);
  }
  u64 most = 0;
  const MemMap& frames = s.kernel.memory().map_of_frames();
  for (Pfn pfn = Memory::kFirstFrame; pfn < s.kernel.config().frames; ++pfn) {
    most = std::max<u64>(most, frames[pfn].rmap.size());
  }
  s.expect_least(most, 300 * u64{s.scale}, "sharers of a frame");
  s.modify(p, kArena);
  for (size_t n = 0; n < children.size(); n += 3) s.modify(*children[n], kArena);
  for (Process* child : children) s.load(*child, kArena);
  for (Process* child : children) s.kernel.exit(*child);
  s.modify(p, kArena);
}

// Each generation forks the next, changes a page and lets its parent end.
void fork_chain(Stage& s) {
  constexpr u64 kPages = 12;
  Process* p = &s.spawn();
  s.map(*p, kArena, kPages * kSpan);
  for (u64 n = 0; n < kPages; ++n) s.store(*p, kArena + n * kSpan);
  for (u64 generation = 0; generation < 30 * s.scale; ++generation) {
    Process& child = s.kernel.fork(*p);
    s.modify(*p, kArena + generation % kPages * kSpan);
    s.modify(child, kArena + (generation + 5) % kPages * kSpan + 8);
    s.kernel.exit(*p);
    p = &child;
    s.modify(*p, kArena + (generation + 8) % kPages * kSpan + 16);
    for (u64 n = 0; n < kPages; ++n) s.load(*p, kArena + n * kSpan, 16);
  }
  s.expect_least(s.faults(FaultKind::cow_reuse), 10, "pages kept by their last owner");
}

// Children that share pages and swap are killed between the references of the others.
void kill_middle(Stage& s) {
  constexpr u64 kPages = 14, kChildren = 3;
  Process& p = s.spawn();
  s.map(p, kArena, kPages * kSpan);
  for (u64 n = 0; n < kPages; ++n) s.store(p, kArena + n * kSpan);
  for (u64 round = 0; round < 5 * s.scale; ++round) {
    std::vector<Process*> children;
    for (u64 n = 0; n < kChildren; ++n) children.push_back(&s.kernel.fork(p));
    for (u64 step = 0; step < 60; ++step) {
      for (u64 n = 0; n < kChildren; ++n) {
        if (!children[n]->alive()) continue;
        if (step == 20 * (n + 1) - 1) {
          s.dies(*children[n], TraceEvent::Kind::write, 0x1000 + n * kSpan, 8, 0x1000 + n * kSpan);
        } else {
          s.modify(*children[n], kArena + s.random.below(kPages) * kSpan + step * 8);
        }
      }
      s.load(p, kArena + s.random.below(kPages) * kSpan);
    }
  }
  s.expect_least(s.deaths, 15, "processes killed");
  s.expect_forced(s.swapped_in(), 50, "pages swapped in");
}

// Another process runs after every reference.
void context_storm(Stage& s) {
  constexpr u64 kProcesses = 8;
  std::vector<Process*> all;
  for (u64 n = 0; n < kProcesses; ++n) {
    all.push_back(&s.spawn());
    s.map(*all.back(), kArena, 4 * kSpan);
  }
  for (u64 step = 0; step < 8000 * u64{s.scale}; ++step) {
    Process& p = *all[step % kProcesses];
    s.modify(p, kArena + s.random.below(4) * kSpan + s.random.below(512) * 8);
  }
  s.expect_least(s.kernel.statistics().context_switches, 8000 * u64{s.scale} - 1, "context switches");
}

}  // namespace kilburn::os::programs
