// SPDX-License-Identifier: Apache-2.0
//
// Measures the shim: buddy pair against its floor, fault round trip, references a second, log lines a second.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "sw/core/random.h"
#include "sw/hw/arch_port.h"
#include "sw/os/kernel.h"
#include "sw/trace/lackey.h"
#include "tests/unit/sw/plain_buddy.h"

namespace kilburn::os {
namespace {

// Of the processor, not of the clock on the wall: other programs run beside.
double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <class Fn>
double best_seconds(int rounds, Fn&& fn) {
  double best = 1e9;
  for (int n = 0; n < rounds; ++n) {
    const double start = processor_seconds();
    fn();
    best = std::min(best, processor_seconds() - start);
  }
  return best;
}

// What to do, drawn once: allocate an order, or free the live block at a place.
struct BuddyStep {
  bool alloc;
  u8 order;
  u32 place;
};
constexpr u32 kBuddyFrames = 65536;

// About 60 % in use, random frees; orders 0 to max_order, each half as often as the one below.
std::vector<BuddyStep> buddy_steps(unsigned max_order) {
  Random random(31);
  std::vector<BuddyStep> steps;
  std::vector<unsigned> live;
  u64 used = 0;
  while (steps.size() < 400000) {
    if (used < kBuddyFrames * 6 / 10 || live.empty()) {
      unsigned order = 0;
      while (order < max_order && random.below(2) == 0) ++order;
      live.push_back(order);
      used += u64{1} << order;
      steps.push_back({true, static_cast<u8>(order), 0});
    } else {
      const auto place = static_cast<u32>(random.below(live.size()));
      used -= u64{1} << live[place];
      steps.push_back({false, static_cast<u8>(live[place]), place});
      live[place] = live.back();
      live.pop_back();
    }
  }
  return steps;
}

// ns a pair of one allocation and one release.
template <class Alloc, class Free>
double replay(const std::vector<BuddyStep>& steps, Alloc&& alloc, Free&& free) {
  static std::vector<Pfn> live;
  live.clear();
  live.reserve(kBuddyFrames);
  const double s = best_seconds(1, [&] {
    for (const BuddyStep& step : steps) {
      if (step.alloc) {
        live.push_back(alloc(step.order));
      } else {
        free(live[step.place], step.order);
        live[step.place] = live.back();
        live.pop_back();
      }
    }
  });
  return s / (static_cast<double>(steps.size()) / 2) * 1e9;
}

// The line is 1.4 times the plain list allocator that splits and merges; a list that only pops and pushes
// single frames is the floor of any list, and serves order 0 alone.
void buddy_pair() {
  for (const unsigned max_order : {0u, 9u}) {
    const auto steps = buddy_steps(max_order);
    double plain_best = 1e9, buddy_best = 1e9, zoned_best = 1e9, pop_best = 1e9;
    MemMap map(kBuddyFrames);
    for (int round = 0; round < 9; ++round) {
      {
        test::PlainBuddy plain(kBuddyFrames);
        plain_best = std::min(plain_best, replay(
                                              steps, [&](unsigned o) { return plain.alloc(o); },
                                              [&](Pfn pfn, unsigned o) { plain.free(pfn, o); }));
      }
      {
        Buddy buddy(map, 0, kBuddyFrames);
        buddy_best = std::min(buddy_best, replay(
                                              steps, [&](unsigned o) { return buddy.alloc(o); },
                                              [&](Pfn pfn, unsigned o) { static_cast<void>(buddy.free(pfn, o)); }));
      }
      {
        FrameAllocator frames(map, {.frames = kBuddyFrames}, 0);
        zoned_best = std::min(zoned_best, replay(
                                              steps, [&](unsigned o) { return frames.alloc({.order = o}); },
                                              [&](Pfn pfn, unsigned o) { static_cast<void>(frames.free(pfn, o)); }));
      }
      if (max_order == 0) {
        FrameList list;
        for (Pfn n = 0; n < kBuddyFrames; ++n) list.push_back(map[n]);
        pop_best = std::min(pop_best, replay(
                                          steps,
                                          [&](unsigned) {
                                            const Pfn pfn = list.front().map_nr;
                                            list.pop_front();
                                            return pfn;
                                          },
                                          [&](Pfn pfn, unsigned) { list.push_front(map[pfn]); }));
        list.clear();
      }
    }
    std::printf(
        "buddy pair, orders 0 to %u %6.1f ns   plain list allocator %6.1f ns   ratio %.2f   with zones %6.1f ns",
        max_order, buddy_best, plain_best, buddy_best / plain_best, zoned_best);
    if (max_order == 0) std::printf("   list pop+push %6.1f ns", pop_best);
    std::printf("\n");
  }
}

// A store to an untouched page: fault, frame, zeroing, entry, retry; no checks. What the port takes of it, for the
// access that faults and the one that does not, is measured by itself. `pages` at a time: few that the host's caches
// hold, or so many that zeroing a frame waits for the host's memory.
void fault_round_trip(arch::Format format, u64 pages, int rounds) {
  double best = 1e9, port_best = 1e9;
  MemoryConfig c;
  c.format = format;
  c.frames = static_cast<u32>(pages + pages / 5);
  c.poison = false;
  RamMem ram(u64{c.frames} << arch::info(format).page_shift);
  std::fill(ram.data(), ram.data() + ram.size(), std::byte{1});
  ArchMmuPort port(format, ram);
  MemoryDevice device;
  Memory memory(ram, port, device, c);
  const auto space = memory.create(1);
  memory.load(0, *space);
  const u64 page = memory.format().page_size(), start = 0x10000000;
  std::byte data[8] = {};
  const auto access_all = [&] {
    for (u64 n = 0; n < pages; ++n) {
      static_cast<void>(port.access({start + n * page, arch::Op::write, arch::Mode::user, data}));
    }
  };
  for (int round = 0; round < rounds; ++round) {
    memory.map(*space, start, pages * page, kRead | kWrite, {});
    const double faulting = best_seconds(1, access_all);
    best = std::min(best, best_seconds(1, [&] {
                      for (u64 n = 0; n < pages; ++n) {
                        const Access access{start + n * page, arch::Op::write, arch::Mode::user, data};
                        if (std::holds_alternative<FaultInfo>(port.access(access))) {
                          memory.fault(*space, access.va, access.op);
                          static_cast<void>(port.access(access));
                        }
                      }
                    }));
    memory.leave(0);
    memory.load(0, *space);  // the port knows none of these walks, as after a fault
    port_best = std::min(port_best, faulting + best_seconds(1, access_all));
    memory.unmap(*space, start, pages * page);
  }
  memory.leave(0);
  memory.destroy(*space);
  const double to_ns = 1e9 / static_cast<double>(pages);
  std::printf(
      "%-9s first touch, %5llu pages: fault, frame, zeroing, entry, retry %5.0f ns, the port %4.0f, beyond it %5.0f\n",
      std::string(arch::name(format)).c_str(), static_cast<unsigned long long>(pages), best * to_ns, port_best * to_ns,
      (best - port_best) * to_ns);
}

void references(arch::Format format, const std::string& path) {
  Config c;
  c.format = format;
  c.frames = 64;
  u64 count = 0;
  const double s = best_seconds(3, [&] {
    RamMem ram(u64{c.frames} << arch::info(format).page_shift);
    ArchMmuPort port(format, ram);
    Kernel kernel(ram, port, port, c);
    const auto reader = LackeyReader::open(path);
    kernel.run(*reader);
    count = kernel.statistics().references;
  });
  std::printf("%-9s %.2f M references/s (%llu references, all checks on)\n", std::string(arch::name(format)).c_str(),
              static_cast<double>(count) / s / 1e6, static_cast<unsigned long long>(count));
}

void lines(const std::string& path) {
  u64 count = 0;
  const double s = best_seconds(3, [&] {
    const auto reader = LackeyReader::open(path);
    count = 0;
    for (TraceEvent e; reader->next(e);) ++count;
  });
  std::printf("lackey reader %.1f M lines/s\n", static_cast<double>(count) / s / 1e6);
}

}  // namespace
}  // namespace kilburn::os

int main(int argc, char** argv) {
  using namespace kilburn;
  const std::string path = argc > 1 ? argv[1] : std::string(KILBURN_TEST_DATA) + "/traces/mini.28871.lk";
  os::buddy_pair();
  for (const arch::Format format : {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64}) {
    os::fault_round_trip(format, 100, 200);
    os::fault_round_trip(format, 20000, 5);
    os::references(format, path);
  }
  os::lines(path);
}
