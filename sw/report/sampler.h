// SPDX-License-Identifier: Apache-2.0
//
// How memory, faults and the TLB went over a run: samples at equal distances of references, of bounded number. When
// there is no room for more, every second one goes and the distance doubles.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "sw/os/kernel.h"

namespace kilburn::os {

enum class MemoryUse : u8 { free, anonymous, cache, tables, kernel };
inline constexpr size_t kMemoryUses = 5;
std::string_view name(MemoryUse);
MemoryUse use_of(const Frame&);

// Lookups of the TLBs that were answered, and that were not.
struct TlbCounts {
  u64 hits = 0, misses = 0;
};

struct Sample {
  static constexpr size_t kResidents = 6;
  struct Resident {
    u32 process = 0;  // 0: none
    u64 pages = 0;
  };

  u64 references = 0;
  u64 cycles = 0;                                       // of the clock
  std::array<u64, kMemoryUses> frames{};                // now
  std::array<u64, Buddy::kMaxOrder + 1> free_frames{};  // now, by the order of the free block that they are in
  std::array<Resident, kResidents> residents{};         // now: the largest processes, largest first
  u64 other_pages = 0;                                  // of all other processes
  u64 young_pages = 0;                                  // pages used since they were last aged: working sets
  u64 slots_used = 0;                                   // of the swap area
  std::array<u64, kFaultKinds> faults{};                // since the start, as all below
  u64 swapped_in = 0, swapped_out = 0, invalidations = 0;
  TlbCounts tlb;
};

class Sampler {
 public:
  using Tlb = std::function<TlbCounts()>;
  static constexpr size_t kCapacity = 256;
  // `tlb` empty: the MMU does not count.
  explicit Sampler(Kernel& kernel, Tlb tlb = {}, size_t capacity = kCapacity);

  // When the next sample is due, in references.
  u64 due() const { return due_; }
  // Takes it if it is due.
  void look(u64 references) {
    if (references >= due_) take();
  }
  // The end of the run is always a sample.
  void finish();

  const std::vector<Sample>& samples() const { return samples_; }
  u64 interval() const { return interval_; }

 private:
  Sample now();
  void take();
  void thin_out();

  Kernel& kernel_;
  Tlb tlb_;
  size_t capacity_;
  u64 interval_;
  u64 due_;
  std::vector<Sample> samples_;
};

}  // namespace kilburn::os
