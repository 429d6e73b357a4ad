// SPDX-License-Identifier: Apache-2.0
//
// The architectural walk with every rule against a plain loop that checks presence and the rights of
// one access kind (the floor).
#include <vector>

#include "model/arch/walk.h"
#include "tests/bench/compare.h"

namespace kilburn::bench {
namespace {

constexpr unsigned kPages = 4096;
constexpr unsigned kWalks = 65536;

// Tables for kPages consecutive pages from va 0, every level filled by hand.
struct Tables {
  std::vector<arch::u64> words;
  arch::u64 root = 0;

  explicit Tables(arch::Format format) {
    const auto f = arch::info(format);
    const arch::u64 table_words = arch::u64{1} << f.index_bits;
    arch::u64 next = 0;
    auto new_table = [&] {
      words.resize(words.size() + table_words);
      return next++ * table_words * 8;
    };
    auto link = [&](arch::u64 pa, bool leaf) {
      if (format == arch::Format::x86_64) return pa | 0x67;            // P RW US A D
      return (pa >> f.page_shift) << 32 | (leaf ? 0x3301u : 0x3301u);  // V KRE URE KWE UWE
    };
    root = new_table();
    for (arch::u64 page = 0; page < kPages; ++page) {
      arch::u64 table = root;
      const arch::u64 va = page << f.page_shift;
      for (unsigned level = f.levels; level > 1; --level) {
        const arch::u64 at = arch::entry_address(f, table, va, level) / 8;
        if (words[at] == 0) {
          const arch::u64 below = new_table();
          words[at] = link(below, false);
        }
        table = format == arch::Format::x86_64 ? words[at] & 0xffffffffff000 : (words[at] >> 32) << f.page_shift;
      }
      words[arch::entry_address(f, table, va, 1) / 8] = link((page + 1024) << f.page_shift, true);
    }
  }
  std::optional<arch::u64> operator()(arch::u64 pa) const {
    if (pa / 8 >= words.size()) return std::nullopt;
    return words[pa / 8];
  }
};

// Addresses in an order that the prefetcher does not guess.
std::vector<arch::u64> addresses(arch::Format format) {
  std::vector<arch::u64> list(kWalks);
  arch::u64 x = 1;
  for (auto& va : list) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    va = ((x >> 40) % kPages) << arch::info(format).page_shift | (x >> 20 & 0xff8);
  }
  return list;
}

template <arch::Format kFormat>
arch::u64 plain_loop(const Tables& tables, arch::u64 va) {
  constexpr auto f = arch::info(kFormat);
  arch::u64 table = tables.root;
  for (unsigned level = f.levels;; --level) {
    const auto word = tables(arch::entry_address(f, table, va, level));
    if (!word) return ~arch::u64{0};
    if (!(*word & 1)) return ~arch::u64{0};
    if constexpr (kFormat == arch::Format::x86_64) {
      if ((*word & 6) != 6) return ~arch::u64{0};
      table = *word & 0xffffffffff000;
    } else {
      if (level == 1 && (*word & 0x206) != 0x200) return ~arch::u64{0};
      table = (*word >> 32) << f.page_shift;
    }
    if (level == 1) return table | (va & ((arch::u64{1} << f.page_shift) - 1));
  }
}

template <arch::Format kFormat>
void walk(benchmark::State& state) {
  const Tables tables(kFormat);
  const auto list = addresses(kFormat);
  const arch::Context context{tables.root, 1, kFormat == arch::Format::x86_64 ? 0xfu : 0u};
  arch::u64 floor_sum = 0, sum = 0;
  against_floor(
      state, kWalks,
      [&] {
        floor_sum = 0;
        for (arch::u64 va : list) floor_sum += plain_loop<kFormat>(tables, va);
        benchmark::DoNotOptimize(floor_sum);
      },
      [&] {
        sum = 0;
        for (arch::u64 va : list) {
          sum += arch::walk(kFormat, {}, context, {va, arch::Op::read, arch::Mode::user, false}, tables).pa;
        }
        benchmark::DoNotOptimize(sum);
      });
  if (sum != floor_sum) state.SkipWithError("the walk and the plain loop disagree");
}

BENCHMARK_TEMPLATE(walk, arch::Format::x86_64)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(walk, arch::Format::alpha)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(walk, arch::Format::alpha_x64)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kilburn::bench
