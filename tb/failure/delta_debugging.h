// SPDX-License-Identifier: Apache-2.0
//
// ddmin (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002): a list from
// which no single element can be taken without losing what `fails` asks for.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

namespace kilburn::tb {

// `fails(list)`: true if the list still shows the failure; it may cut the list down further, to what the failure took.
// `items` fails already. Ends early, with the best list so far, when `enough()` says so.
template <class T, class Fails, class Enough>
std::vector<T> ddmin(std::vector<T> items, const Fails& fails, const Enough& enough) {
  std::size_t parts = 2;
  while (!items.empty() && !enough()) {
    parts = std::min(parts, items.size());
    bool reduced = false;
    // From the end: what follows the cause goes first, and what comes before keeps its meaning.
    for (std::size_t part = parts; part-- > 0 && !enough();) {
      const std::size_t from = items.size() * part / parts;
      const std::size_t to = items.size() * (part + 1) / parts;
      std::vector<T> rest(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(from));
      rest.insert(rest.end(), items.begin() + static_cast<std::ptrdiff_t>(to), items.end());
      if (!fails(rest)) continue;
      items = std::move(rest);
      parts = std::max<std::size_t>(parts - 1, 2);
      reduced = true;
      break;
    }
    if (reduced) continue;
    if (parts >= items.size()) break;
    parts = std::min(parts * 2, items.size());
  }
  return items;
}

}  // namespace kilburn::tb
