// SPDX-License-Identifier: Apache-2.0
//
// Reference patterns of algorithms: recursion, strides, dependent loads, streams.
#include <algorithm>
#include <numeric>

#include "sw/workload/stage.h"

namespace kilburn::os::programs {

namespace {

// Quicksort of [lo, hi) as its references; the keys are the host's.
void quicksort(Stage& s, Process& p, std::vector<u64>& keys, u64 base, size_t lo, size_t hi) {
  while (hi - lo > 1) {
    const u64 pivot = keys[lo + s.random.below(hi - lo)];
    size_t left = lo, right = hi - 1;
    while (true) {
      while (s.load(p, base + left * 8), keys[left] < pivot) ++left;
      while (s.load(p, base + right * 8), keys[right] > pivot) --right;
      if (left >= right) break;
      std::swap(keys[left], keys[right]);
      s.store(p, base + left++ * 8);
      s.store(p, base + right-- * 8);
    }
    const size_t middle = std::clamp(right + 1, lo + 1, hi - 1);
    quicksort(s, p, keys, base, lo, middle);
    lo = middle;
  }
}

void matmul(Stage& s, bool columns) {
  const u64 n = 24, row = kSpan;  // a row is a page, as in a matrix of 1024 doubles
  Process& p = s.spawn();
  const u64 a = kArena, b = a + n * row, c = b + n * row;
  s.map(p, a, 3 * n * row);
  for (u64 at = 0; at < 2 * n; ++at) {
    for (u64 k = 0; k < n; ++k) s.store(p, a + at * row + k * 8);
  }
  for (u64 x = 0; x < n * s.scale; ++x) {
    const u64 i = x % n;
    for (u64 j = 0; j < n; ++j) {
      for (u64 k = 0; k < n; ++k) {
        s.load(p, a + i * row + k * 8);
        s.load(p, columns ? b + k * row + j * 8 : b + j * row + k * 8);
      }
      s.store(p, c + i * row + j * 8);
    }
  }
  s.expect_forced(s.swapped_in(), columns ? 100 : 10, "pages swapped in");
}

}  // namespace

void qsort_parallel(Stage& s) {
  constexpr u64 kWorkers = 4;
  const size_t words = 1500 * s.scale;
  Process& parent = s.spawn();
  const u64 piece = granule_up(words * 8 + kSpan) & ~(kSpan - 1);
  s.map(parent, kArena, kWorkers * piece);
  std::vector<std::vector<u64>> keys(kWorkers, std::vector<u64>(words));
  std::vector<u64> before, after;
  for (u64 w = 0; w < kWorkers; ++w) {
    for (size_t n = 0; n < words; ++n) {
      keys[w][n] = s.random.below(1 << 20);
      s.store(parent, kArena + w * piece + n * 8);
    }
    before.insert(before.end(), keys[w].begin(), keys[w].end());
  }
  for (u64 w = 0; w < kWorkers; ++w) {
    Process& worker = s.kernel.fork(parent);
    quicksort(s, worker, keys[w], kArena + w * piece, 0, words);
    s.expect(std::is_sorted(keys[w].begin(), keys[w].end()), "quicksort does not sort");
    after.insert(after.end(), keys[w].begin(), keys[w].end());
  }
  // The histogram: the same keys as before.
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  s.expect(before == after, "quicksort loses keys");
  s.expect_least(s.copies(), kWorkers, "copies on write");
}

void matmul_rows(Stage& s) { matmul(s, false); }
void matmul_columns(Stage& s) { matmul(s, true); }

void pointer_chase(Stage& s) {
  const u64 pages = 40;
  Process& p = s.spawn();
  s.map(p, kArena, pages * kSpan);
  std::vector<u64> next(pages);
  std::iota(next.begin(), next.end(), u64{0});
  for (u64 n = pages - 1; n > 0; --n) std::swap(next[n], next[s.random.below(n)]);  // Sattolo: one cycle
  for (u64 n = 0; n < pages; ++n) s.store(p, kArena + n * kSpan + next[n] * 8);
  u64 at = 0;
  for (u64 step = 0; step < 20 * pages * s.scale; ++step) {
    s.load(p, kArena + at * kSpan + next[at] * 8);
    at = next[at];
  }
  s.expect(at == 0, "the chain is no single cycle");
  s.expect_forced(s.swapped_in(), 10 * pages, "pages swapped in");
}

void hash_join(Stage& s) {
  const u64 buckets = 2048, tuples = 3000 * s.scale;
  Process& p = s.spawn();
  const u64 table = kArena, build = table + buckets * 64, probe = build + tuples * 16;
  s.map(p, table, granule_up(buckets * 64 + 2 * tuples * 16));
  for (u64 n = 0; n < tuples; ++n) s.store(p, build + n * 16, 16);
  for (u64 n = 0; n < tuples; ++n) s.store(p, probe + n * 16, 16);
  for (u64 n = 0; n < tuples; ++n) {
    s.load(p, build + n * 16, 16);
    s.modify(p, table + s.random.below(buckets) * 64, 8);
  }
  for (u64 n = 0; n < tuples; ++n) {
    s.load(p, probe + n * 16, 16);
    s.load(p, table + s.random.below(buckets) * 64, 32);
  }
  s.expect_forced(s.swapped_in(), 100, "pages swapped in");
}

void sequential_read(Stage& s) {
  const u64 pages = 60 * s.scale;
  Process& p = s.spawn();
  s.map(p, kArena, pages * kSpan, kRead, {3, 0});
  for (int round = 0; round < 2; ++round) {
    for (u64 at = 0; at < pages * kSpan; at += 512) s.load(p, kArena + at, 64);
  }
  s.expect_least(s.file_faults(), pages, "pages filled from the file");
  s.expect_forced(s.kernel.statistics().memory.dropped, pages, "clean pages dropped");
  s.expect(s.swapped_out() == 0, "a clean page of a file was written to the swap area");
}

}  // namespace kilburn::os::programs
