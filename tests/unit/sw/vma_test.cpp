// SPDX-License-Identifier: Apache-2.0
//
// Memory areas against a map of single granules (P19 to P23).
#include "sw/mm/vma.h"

#include <map>

#include "sw/core/errors.h"
#include "sw/core/random.h"
#include "tests/catch.h"

namespace kilburn::os {
namespace {

constexpr u64 kTop = u64{1} << 42;

struct Area {
  u64 start, end;
  Rights rights;
  bool operator==(const Area&) const = default;
};
std::vector<Area> areas(const VmaSet& set) {
  std::vector<Area> out;
  set.for_each([&](const Vma& v) { out.push_back({v.start, v.end, v.rights}); });
  return out;
}

TEST_CASE("vma: equal neighbours merge, others do not") {
  VmaSet set;
  set.insert(0x2000, 0x4000, kRead, {});
  set.insert(0x4000, 0x6000, kRead, {});
  CHECK(set.count() == 1);
  set.insert(0x1000, 0x2000, kRead | kWrite, {});
  CHECK(areas(set) == std::vector<Area>{{0x1000, 0x2000, kRead | kWrite}, {0x2000, 0x6000, kRead}});
  set.set_rights(0x1000, 0x2000, kRead);
  CHECK(areas(set) == std::vector<Area>{{0x1000, 0x6000, kRead}});
  set.check(kTop);
}

TEST_CASE("vma: parts of one file merge only in the order of the file") {
  VmaSet set;
  set.insert(0x1000, 0x3000, kRead, {7, 0x5000});
  set.insert(0x3000, 0x4000, kRead, {7, 0x7000});
  CHECK(set.count() == 1);
  set.insert(0x4000, 0x5000, kRead, {7, 0x7000});
  CHECK(set.count() == 2);
  set.remove(0x2000, 0x3000);
  REQUIRE(set.find(0x3000) != nullptr);
  CHECK(set.find(0x3000)->backing == Backing{7, 0x7000});
  CHECK(set.find(0x2fff) == nullptr);
}

TEST_CASE("vma: changing the rights of the middle splits into three and back") {
  VmaSet set;
  set.insert(0x10000, 0x20000, kRead | kWrite, {});
  set.set_rights(0x14000, 0x15000, kRead);
  CHECK(areas(set) == std::vector<Area>{{0x10000, 0x14000, 3}, {0x14000, 0x15000, 1}, {0x15000, 0x20000, 3}});
  set.set_rights(0x14000, 0x15000, kRead | kWrite);
  CHECK(set.count() == 1);
}

TEST_CASE("vma: overlap is refused") {
  VmaSet set;
  set.insert(0x2000, 0x4000, kRead, {});
  CHECK_THROWS_AS(set.insert(0x3000, 0x5000, kRead, {}), Violation);
  CHECK_THROWS_AS(set.insert(0x1000, 0x2001, kRead, {}), Violation);
  CHECK_THROWS_AS(set.insert(0x5000, 0x5000, kRead, {}), Violation);
}

TEST_CASE("vma: gaps") {
  VmaSet set;
  set.insert(0x10000, 0x12000, kRead, {});
  set.insert(0x14000, 0x20000, kRead, {});
  CHECK(set.find_gap(0x2000, 0x10000, kTop, 0x1000) == 0x12000);
  CHECK(set.find_gap(0x3000, 0x10000, kTop, 0x1000) == 0x20000);
  CHECK(set.find_gap(0x2000, 0x10000, kTop, 0x4000) == 0x20000);
  CHECK(set.find_gap(0x1000, 0x10000, 0x12000, 0x1000) == 0);
}

TEST_CASE("vma: random operations equal a map of granules") {
  for (u64 seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    VmaSet set;
    std::map<u64, std::pair<Rights, Backing>> granules;
    for (int step = 0; step < 400; ++step) {
      const u64 first = 16 + random.below(64), count = 1 + random.below(16);
      const u64 start = first << kGranuleShift, end = (first + count) << kGranuleShift;
      const Rights rights = with_read(static_cast<unsigned>(random.below(8)));
      switch (random.below(3)) {
        case 0: {
          const Backing backing =
              random.below(2) == 0 ? Backing{} : Backing{static_cast<u32>(1 + random.below(2)), start};
          set.remove(start, end);
          set.insert(start, end, rights, backing);
          for (u64 va = start; va < end; va += kGranule) granules[va] = {rights, backing.at(va - start)};
          break;
        }
        case 1:
          set.remove(start, end);
          for (u64 va = start; va < end; va += kGranule) granules.erase(va);
          break;
        default:
          set.set_rights(start, end, rights);
          for (auto& [va, value] : granules) {
            if (va >= start && va < end) value.first = rights;
          }
      }
      set.check(kTop);
      size_t runs = 0;
      const std::pair<Rights, Backing>* before = nullptr;
      for (u64 va = 0; va < (100u << kGranuleShift); va += kGranule) {
        const auto expected = granules.find(va);
        const Vma* found = set.find(va + random.below(kGranule));
        REQUIRE((found != nullptr) == (expected != granules.end()));
        if (found == nullptr) {
          before = nullptr;
          continue;
        }
        REQUIRE(found->rights == expected->second.first);
        REQUIRE(found->backing.at(va - found->start) == expected->second.second);
        // As few areas as there are runs of equal granules.
        if (before == nullptr || before->first != expected->second.first ||
            !(before->second.at(kGranule) == expected->second.second)) {
          ++runs;
        }
        before = &expected->second;
      }
      REQUIRE(set.count() == runs);
      const u64 lo = random.below(80) << kGranuleShift, hi = lo + ((1 + random.below(8)) << kGranuleShift);
      bool covered = true;
      Rights sum = 0;
      for (u64 va = lo; va < hi; va += kGranule) {
        const auto it = granules.find(va);
        covered = covered && it != granules.end();
        if (it != granules.end()) sum = static_cast<Rights>(sum | it->second.first);
      }
      REQUIRE(set.covered(lo, hi) == covered);
      REQUIRE(set.coverage(lo, hi).rights == sum);
    }
  }
}

}  // namespace
}  // namespace kilburn::os
