// SPDX-License-Identifier: Apache-2.0
//
// Measures the shim: buddy pair against its floor, fault round trip, references a second, log lines a second.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "sw/core/random.h"
#include "sw/hw/arch_port.h"
#include "sw/os/kernel.h"
#include "sw/trace/lackey.h"

namespace kilburn::os {
namespace {

template <class Fn>
double best_seconds(int rounds, Fn&& fn) {
  double best = 1e9;
  for (int n = 0; n < rounds; ++n) {
    const auto start = std::chrono::steady_clock::now();
    fn();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

// 64 Ki frames, 60 % in use, random frees: the same trace for the allocator and for a list that only pops
// and pushes the same frames.
void buddy_pair() {
  constexpr u32 kFrames = 65536, kPairs = 400000;
  constexpr u32 kHeld = kFrames * 6 / 10;
  double buddy_best = 1e9, floor_best = 1e9;
  for (int round = 0; round < 5; ++round) {
    {
      MemMap map(kFrames);
      Buddy buddy(map, 0, kFrames);
      std::vector<Pfn> held;
      for (u32 n = 0; n < kHeld; ++n) held.push_back(buddy.alloc(0));
      Random random(1);
      for (u32 n = 0; n < kPairs / 4; ++n) {  // to a steady state
        Pfn& pfn = held[random.below(kHeld)];
        static_cast<void>(buddy.free(pfn, 0));
        pfn = buddy.alloc(0);
      }
      buddy_best = std::min(buddy_best, best_seconds(1, [&] {
                              for (u32 n = 0; n < kPairs; ++n) {
                                Pfn& pfn = held[random.below(kHeld)];
                                static_cast<void>(buddy.free(pfn, 0));
                                pfn = buddy.alloc(0);
                              }
                            }));
    }
    {
      MemMap map(kFrames);
      FrameList list;
      for (Pfn n = 0; n < kFrames; ++n) list.push_back(map[n]);
      std::vector<Pfn> held;
      for (u32 n = 0; n < kHeld; ++n) {
        held.push_back(list.front().map_nr);
        list.pop_front();
      }
      Random random(1);
      floor_best = std::min(floor_best, best_seconds(1, [&] {
                              for (u32 n = 0; n < kPairs; ++n) {
                                Pfn& pfn = held[random.below(kHeld)];
                                map[pfn].state = FrameState::free;
                                list.push_front(map[pfn]);
                                Frame& front = list.front();
                                list.pop_front();
                                front.state = FrameState::kernel;
                                pfn = front.map_nr;
                              }
                            }));
      list.clear();
    }
  }
  std::printf("buddy alloc+free pair   %6.1f ns   floor (list pop+push) %6.1f ns   ratio %.2f\n",
              buddy_best / kPairs * 1e9, floor_best / kPairs * 1e9, buddy_best / floor_best);
}

// A store to an untouched page: fault, frame, zeroing, entry, retry; no checks, memory of the host warm.
void fault_round_trip(arch::Format format) {
  constexpr u64 kPages = 20000;
  for (const bool poison : {true, false}) {
    double best = 1e9;
    MemoryConfig c;
    c.format = format;
    c.frames = 24000;
    c.poison = poison;
    RamMem ram(u64{c.frames} << arch::info(format).page_shift);
    std::fill(ram.data(), ram.data() + ram.size(), std::byte{1});
    for (int round = 0; round < 5; ++round) {
      ArchMmuPort port(format, ram);
      MemoryDevice device;
      Memory memory(ram, port, device, c);
      const auto space = memory.create(1);
      const u64 page = memory.format().page_size();
      memory.map(*space, 0x10000000, kPages * page, kRead | kWrite, {});
      memory.load(0, *space);
      std::byte data[8] = {};
      best = std::min(best, best_seconds(1, [&] {
                        for (u64 n = 0; n < kPages; ++n) {
                          const Access access{0x10000000 + n * page, arch::Op::write, arch::Mode::user, data};
                          if (std::holds_alternative<FaultInfo>(port.access(access))) {
                            memory.fault(*space, access.va, access.op);
                            static_cast<void>(port.access(access));
                          }
                        }
                      }));
      memory.leave(0);
      memory.destroy(*space);
    }
    std::printf("%-9s first touch: fault, frame, zeroing, entry, retry %6.0f ns%s\n",
                std::string(arch::name(format)).c_str(), best / kPages * 1e9, poison ? "" : " (no poison)");
  }
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
    os::fault_round_trip(format);
    os::references(format, path);
  }
  os::lines(path);
}
