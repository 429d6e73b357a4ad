// SPDX-License-Identifier: Apache-2.0
//
// The buddy allocator with full coalescing and all its checks against a plain one without checks:
// intrusive lists, an order byte a frame, a mask of non-empty lists (the floor). Both serve one
// recorded sequence over 64 Ki frames kept about 60 % full; the number is for an alloc+free pair.
#include <vector>

#include "sw/mm/buddy.h"
#include "tb/random.h"
#include "tests/bench/compare.h"

namespace kilburn::bench {
namespace {

constexpr arch::u32 kFrames = 1u << 16;
constexpr unsigned kOperations = 400000;
constexpr arch::u32 kNone = ~0u;

class PlainBuddy {
 public:
  PlainBuddy() : next_(kFrames), previous_(kFrames), order_(kFrames, kUsed) {
    for (auto& head : heads_) head = kNone;
    for (arch::u32 n = 0; n < kFrames; n += 1u << kMax) push(n, kMax);
  }
  arch::u32 alloc(unsigned order) {
    const unsigned above = mask_ >> order << order;
    if (above == 0) return kNone;
    unsigned found = static_cast<unsigned>(__builtin_ctz(above));
    const arch::u32 block = heads_[found];
    remove(block, found);
    while (found > order) {
      --found;
      push(block + (1u << found), found);
    }
    return block;
  }
  void free(arch::u32 block, unsigned order) {
    for (; order < kMax; ++order) {
      const arch::u32 other = block ^ (1u << order);
      if (order_[other] != order) break;
      remove(other, order);
      block &= other;
    }
    push(block, order);
  }

 private:
  static constexpr unsigned kMax = 10;
  static constexpr arch::u8 kUsed = 0xff;
  void push(arch::u32 n, unsigned order) {
    next_[n] = heads_[order];
    previous_[n] = kNone;
    if (next_[n] != kNone) previous_[next_[n]] = n;
    heads_[order] = n;
    order_[n] = static_cast<arch::u8>(order);
    mask_ |= 1u << order;
  }
  void remove(arch::u32 n, unsigned order) {
    if (previous_[n] == kNone)
      heads_[order] = next_[n];
    else
      next_[previous_[n]] = next_[n];
    if (next_[n] != kNone) previous_[next_[n]] = previous_[n];
    if (heads_[order] == kNone) mask_ &= ~(1u << order);
    order_[n] = kUsed;
  }
  std::vector<arch::u32> next_, previous_;
  std::vector<arch::u8> order_;
  arch::u32 heads_[kMax + 1];
  unsigned mask_ = 0;
};

// What to do, drawn once: allocate an order, or free the live block at a place.
struct Operation {
  bool alloc;
  arch::u8 order;
  arch::u32 place;
};

std::vector<Operation> sequence(unsigned max_order) {
  tb::Random random(31);
  std::vector<Operation> list;
  std::vector<unsigned> live;
  arch::u64 used = 0;
  while (list.size() < kOperations) {
    if (used < kFrames * 6 / 10 || live.empty()) {
      unsigned order = 0;
      while (order < max_order && random.one_in(2)) ++order;
      live.push_back(order);
      used += arch::u64{1} << order;
      list.push_back({true, static_cast<arch::u8>(order), 0});
    } else {
      const auto place = static_cast<arch::u32>(random.below(live.size()));
      used -= arch::u64{1} << live[place];
      list.push_back({false, static_cast<arch::u8>(live[place]), place});
      live[place] = live.back();
      live.pop_back();
    }
  }
  return list;
}

template <class Alloc, class Free>
arch::u64 replay(const std::vector<Operation>& list, std::vector<arch::u32>& live, Alloc&& alloc, Free&& free) {
  live.clear();
  arch::u64 failed = 0;
  for (const auto& operation : list) {
    if (operation.alloc) {
      live.push_back(alloc(operation.order));
      failed += live.back() == kNone;
    } else {
      if (live[operation.place] != kNone) free(live[operation.place], operation.order);
      live[operation.place] = live.back();
      live.pop_back();
    }
  }
  for (arch::u32 block : live) benchmark::DoNotOptimize(block);
  return failed;
}

void buddy_pair(benchmark::State& state) {
  const auto list = sequence(static_cast<unsigned>(state.range(0)));
  std::vector<arch::u32> live;
  live.reserve(kFrames);
  PlainBuddy* plain = nullptr;
  os::MemMap map(kFrames);
  arch::u64 failed = 0;
  against_floor(
      state, kOperations / 2.0,
      [&] {
        delete plain;
        plain = new PlainBuddy;
        failed += replay(
            list, live, [&](unsigned o) { return plain->alloc(o); },
            [&](arch::u32 n, unsigned o) { plain->free(n, o); });
      },
      [&] {
        os::Buddy buddy(map, 0, kFrames);
        failed += replay(
            list, live, [&](unsigned o) { return buddy.alloc(o); },
            [&](arch::u32 n, unsigned o) { failed += buddy.free(n, o) != os::Buddy::Error::none; });
      });
  delete plain;
  if (failed != 0) state.SkipWithError("an allocation failed");
}
BENCHMARK(buddy_pair)->ArgName("max_order")->Arg(0)->Arg(9)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kilburn::bench
