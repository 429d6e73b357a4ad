// SPDX-License-Identifier: Apache-2.0
//
// ddmin on lists whose smallest failing part is known.
#include "tb/failure/delta_debugging.h"

#include <set>

#include "tests/catch.h"

using kilburn::tb::ddmin;

namespace {

std::vector<int> numbers(int count) {
  std::vector<int> list;
  for (int n = 0; n < count; ++n) list.push_back(n);
  return list;
}

bool holds(const std::vector<int>& list, const std::set<int>& wanted) {
  std::size_t found = 0;
  for (const int n : list) found += wanted.contains(n);
  return found == wanted.size();
}

const auto never = [] { return false; };

}  // namespace

TEST_CASE("ddmin finds the elements that the failure needs, wherever they stand") {
  const std::set<int> wanted = GENERATE(std::set<int>{0}, std::set<int>{999}, std::set<int>{3, 17, 800},
                                        std::set<int>{500, 501}, std::set<int>{0, 333, 666, 999});
  const auto least = ddmin(
      numbers(1000), [&](std::vector<int>& list) { return holds(list, wanted); }, never);
  CHECK(std::set<int>(least.begin(), least.end()) == wanted);
  CHECK(least.size() == wanted.size());
}

TEST_CASE("ddmin leaves nothing that could be taken away, also when parts depend on each other") {
  // An odd number of elements of 7 to 20, and the first element: no smaller list is reached by halving alone.
  const auto fails = [](std::vector<int>& list) {
    int odd = 0;
    for (const int n : list) odd += n >= 7 && n < 20;
    return odd % 2 == 1 && !list.empty() && list.front() == 0;
  };
  const auto least = ddmin(numbers(40), fails, never);
  REQUIRE(least.front() == 0);
  for (std::size_t n = 0; n < least.size(); ++n) {
    auto fewer = least;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK_FALSE(fails(fewer));
  }
}

TEST_CASE("the predicate may cut the list to what the failure took") {
  unsigned tries = 0;
  const auto least = ddmin(
      numbers(4096),
      [&](std::vector<int>& list) {
        ++tries;
        const auto at = std::find(list.begin(), list.end(), 5);
        if (at == list.end()) return false;
        list.erase(at + 1, list.end());
        return true;
      },
      never);
  CHECK(least == std::vector<int>{5});
  CHECK(tries < 40);
}

TEST_CASE("ddmin stops when it is told to, with a list that fails") {
  unsigned tries = 0;
  const auto list = ddmin(
      numbers(1000),
      [&](std::vector<int>& l) {
        return ++tries, holds(l, {1, 998});
      },
      [&] { return tries >= 5; });
  CHECK(tries <= 5);
  CHECK(holds(list, {1, 998}));
}

TEST_CASE("a failure that needs nothing leaves an empty list") {
  CHECK(ddmin(
            numbers(10), [](std::vector<int>&) { return true; }, never)
            .empty());
}
