// SPDX-License-Identifier: Apache-2.0
//
// More pages than frames: the paging tests of Pintos, and loops that defeat any replacement by recency.
#include <algorithm>
#include <numeric>

#include "sw/workload/stage.h"

namespace kilburn::os::programs {

namespace {

constexpr u64 kWordsAPage = 32;  // of a page that a program uses, to keep the runs short

u64 word(u64 base, u64 n) { return base + n / kWordsAPage * kSpan + n % kWordsAPage * 8; }

// Insertion sort of [lo, hi) as its references: the keys are the host's, the bytes the kernel's.
void sort_piece(Stage& s, Process& p, u64 base, std::vector<u64>& keys, size_t lo, size_t hi) {
  for (size_t n = lo + 1; n < hi; ++n) {
    s.load(p, word(base, n));
    size_t at = n;
    for (; at > lo && keys[at - 1] > keys[at]; --at) {
      s.load(p, word(base, at - 1));
      s.store(p, word(base, at));
      std::swap(keys[at - 1], keys[at]);
    }
    s.store(p, word(base, at));
  }
}

// Sorts pieces in children of the process, again in itself, and merges them into a second array.
void merge(Stage& s, u64 base, Backing backing, bool at_once, bool downwards) {
  constexpr size_t kPieces = 4, kWords = 16 * kWordsAPage;
  const size_t words = kWords * s.scale, piece = words / kPieces;
  const u64 bytes = words / kWordsAPage * kSpan, result = base + 2 * bytes;
  Process& p = s.spawn();
  s.map(p, base, bytes, kRead | kWrite, backing);
  s.map(p, result, bytes);
  std::vector<u64> keys(words);
  for (size_t n = 0; n < words; ++n) {
    keys[n] = s.random.below(1000);
    s.store(p, word(base, downwards ? words - 1 - n : n));
  }
  const auto piece_of = [&](Process& who, std::vector<u64>& of, size_t n) {
    sort_piece(s, who, base, of, n * piece, (n + 1) * piece);
  };
  std::vector<Process*> children;
  for (size_t n = 0; n < kPieces; ++n) {
    Process& child = s.kernel.fork(p);
    children.push_back(&child);
    if (at_once) continue;
    auto own = keys;
    piece_of(child, own, n);
    s.kernel.exit(child);
  }
  for (size_t n = 0; at_once && n < kPieces; ++n) {
    auto own = keys;
    piece_of(*children[n], own, n);
  }
  for (size_t n = 0; at_once && n < kPieces; ++n) s.kernel.exit(*children[n]);
  for (size_t n = 0; n < kPieces; ++n) piece_of(p, keys, n);
  size_t at[kPieces];
  for (size_t n = 0; n < kPieces; ++n) at[n] = n * piece;
  for (size_t out = 0; out < words; ++out) {
    size_t least = kPieces;
    for (size_t n = 0; n < kPieces; ++n) {
      if (at[n] < (n + 1) * piece && (least == kPieces || keys[at[n]] < keys[at[least]])) least = n;
    }
    s.load(p, word(base, at[least]++));
    s.store(p, word(result, out));
  }
  // A shared page that went to the swap area comes back as a copy of its own.
  s.expect_least(s.faults(FaultKind::cow_copy) + s.faults(FaultKind::swap_in), kPieces, "copies");
  s.expect_forced(s.swapped_in(), 8, "pages swapped in");
}

// A loop over more pages than there are frames for: a policy by recency always evicts the next one. Where hardware
// that walks ahead makes pages young, recency is not known, and what does not fit is what any policy reads again.
void loop(Stage& s, u64 pages, u64 least) {
  constexpr u64 kFit = 24;  // workload.cpp gives them no more
  const u64 rounds = 4 * s.scale;
  Process& p = s.spawn();
  s.map(p, kArena, pages * kSpan);
  for (u64 round = 0; round < rounds; ++round) {
    for (u64 n = 0; n < pages; ++n) s.modify(p, kArena + n * kSpan + round % 64 * 8);
  }
  const bool recency = s.kernel.statistics().young_untouched == 0;
  s.expect_forced(s.swapped_in(), (recency ? least : pages - kFit) * (rounds - 1), "pages swapped in");
}

}  // namespace

void page_linear(Stage& s) {
  const u64 pages = 48 * s.scale;
  Process& p = s.spawn();
  s.map(p, kArena, pages * kSpan);
  for (u64 at = 0; at < pages * kSpan; at += 512) s.store(p, kArena + at);
  for (u64 at = 0; at < pages * kSpan; at += 512) s.load(p, kArena + at);
  for (u64 at = 0; at < pages * kSpan; at += 2048) s.load(p, kArena + at, 512);
  s.expect_forced(s.swapped_in(), pages, "pages swapped in");
}

void page_shuffle(Stage& s) {
  const u64 pages = 24 * s.scale, words = pages * kWordsAPage;
  Process& p = s.spawn();
  s.map(p, kArena, pages * kSpan);
  for (u64 n = 0; n < words; ++n) s.store(p, word(kArena, n));
  for (u64 n = words - 1; n > 0; --n) {
    const u64 other = s.random.below(n + 1);
    s.load(p, word(kArena, n));
    s.load(p, word(kArena, other));
    s.store(p, word(kArena, n));
    s.store(p, word(kArena, other));
  }
  s.expect_forced(s.swapped_in(), pages, "pages swapped in");
}

void page_merge_seq(Stage& s) { merge(s, kArena, {}, false, false); }
void page_merge_par(Stage& s) { merge(s, kArena, {}, true, false); }
void page_merge_stk(Stage& s) { merge(s, kArena, {}, true, true); }
void page_merge_mm(Stage& s) {
  merge(s, kArena, {7, 0}, true, false);
  s.expect_least(s.file_faults(), 8, "pages filled from the file");
}

void thrash(Stage& s) { loop(s, 25, 20); }
void thrash_ten_percent(Stage& s) { loop(s, 27, 22); }

void swap_full(Stage& s) {
  constexpr u64 kPages = 24;
  Process& p = s.spawn();
  s.map(p, kArena, kPages * kSpan);
  for (u64 round = 0; round < 6 * s.scale; ++round) {
    for (u64 n = 0; n < kPages; ++n) s.modify(p, kArena + s.random.below(kPages) * kSpan + n * 8);
    for (u64 n = 0; n < kPages; ++n) s.load(p, kArena + n * kSpan + n * 8);
  }
  s.expect_forced(s.kernel.statistics().memory.swap_full, 1, "evictions without a slot");
}

}  // namespace kilburn::os::programs
