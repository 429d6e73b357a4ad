// SPDX-License-Identifier: Apache-2.0
//
// Copies and comparisons of a reference's bytes: few, and how many is known only then, so that memcpy() and memcmp()
// would cost more to call than they do.
#pragma once

#include <cstddef>
#include <cstring>

#include "sw/core/types.h"

namespace kilburn::os {

namespace detail {
template <class Word>
Word word_at(const std::byte* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
// From the size of one Word to that of two: the first and the last, which may overlap.
template <class Word>
void copy_two(std::byte* to, const std::byte* from, std::size_t n) {
  const Word first = word_at<Word>(from), last = word_at<Word>(from + n - sizeof(Word));
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + n - sizeof last, &last, sizeof last);
}
template <class Word>
bool same_two(const std::byte* a, const std::byte* b, std::size_t n) {
  const std::size_t last = n - sizeof(Word);
  return word_at<Word>(a) == word_at<Word>(b) && word_at<Word>(a + last) == word_at<Word>(b + last);
}
}  // namespace detail

inline void copy_few(std::byte* to, const std::byte* from, std::size_t n) {
  if (n != 0 && n < 4) {  // first, middle, last
    const std::byte first = from[0], middle = from[n / 2], last = from[n - 1];
    to[0] = first;
    to[n / 2] = middle;
    to[n - 1] = last;
  } else if (n >= 4 && n <= 8) {
    detail::copy_two<u32>(to, from, n);
  } else if (n > 8 && n <= 16) {
    detail::copy_two<u64>(to, from, n);
  } else {
    std::memcpy(to, from, n);
  }
}

inline bool same_few(const std::byte* a, const std::byte* b, std::size_t n) {
  if (n != 0 && n < 4) return a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1];
  if (n >= 4 && n <= 8) return detail::same_two<u32>(a, b, n);
  if (n > 8 && n <= 16) return detail::same_two<u64>(a, b, n);
  return std::memcmp(a, b, n) == 0;
}

}  // namespace kilburn::os
