// SPDX-License-Identifier: Apache-2.0
//
// The functional coverage model as data: axes, items (a point is an item of one axis, a cross of several), and the
// rules that name illegal and unreachable bins. All bins of all items lie in one array, so a sample is an index.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::coverage {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

#define KILBURN_AXIS(name, title) enum class name : u8 {
#define KILBURN_BIN(name, text) name,
#define KILBURN_NUMBERS(count, style) kNumbers = (count)-1,
#define KILBURN_AXIS_END \
  kBins                  \
  }                      \
  ;
#include "tb/coverage/axes.def"

template <class A>
inline constexpr std::size_t kBinsOf = static_cast<std::size_t>(A::kBins);

enum class ItemId : u8 {
#define KILBURN_ITEM(name, id, says, hint, ...) name,
#include "tb/coverage/items.def"
  kItems
};
inline constexpr std::size_t kItems = static_cast<std::size_t>(ItemId::kItems);

// The axes of an item, and the bin of one place on each.
template <class... A>
struct AxesOf {
  static constexpr std::size_t kSize = (kBinsOf<A> * ...);
  static constexpr std::size_t index(A... at) {
    std::size_t n = 0;
    ((n = n * kBinsOf<A> + static_cast<std::size_t>(at)), ...);
    return n;
  }
};
template <ItemId>
struct ItemAxes;
#define KILBURN_ITEM(name, id, says, hint, ...) \
  template <>                                   \
  struct ItemAxes<ItemId::name> : AxesOf<__VA_ARGS__> {};
#include "tb/coverage/items.def"

inline constexpr std::array<std::size_t, kItems> kSizes = {
#define KILBURN_ITEM(name, id, says, hint, ...) ItemAxes<ItemId::name>::kSize,
#include "tb/coverage/items.def"
};
inline constexpr std::array<u32, kItems + 1> kOffsets = [] {
  std::array<u32, kItems + 1> offsets{};
  for (std::size_t n = 0; n < kItems; ++n) offsets[n + 1] = static_cast<u32>(offsets[n] + kSizes[n]);
  return offsets;
}();
inline constexpr u32 kAllBins = kOffsets[kItems];

// Where the counter of a place stands.
template <ItemId I, class... A>
constexpr u32 bin_of(A... at) {
  return kOffsets[static_cast<std::size_t>(I)] + static_cast<u32>(ItemAxes<I>::index(at...));
}

// --- the model for reports ------------------------------------------------------------------------
struct AxisText {
  std::string title;
  std::vector<std::string> bins;
};
enum class Standing : u8 { reachable, unreachable, illegal };
struct Item {
  ItemId number;
  std::string id, says, hint;
  std::vector<AxisText> axes;
  u32 offset = 0, size = 0;
  bool is_point() const { return axes.size() == 1; }
  std::string bin_text(u32 bin) const;  // "read, user, 4 KB, translated"; `bin` of the whole array
};
class Model {
 public:
  static const Model& get();

  const std::vector<Item>& items() const { return items_; }
  const Item* find(std::string_view id) const;
  const Item& item_of(u32 bin) const;
  Standing standing(u32 bin) const { return standing_[bin]; }
  // Of a bin that is not reachable: why.
  const std::string& reason(u32 bin) const { return reasons_[reason_[bin]]; }
  // Changes whenever an item, an axis or a bin does: counts of different models are never added.
  const std::string& fingerprint() const { return fingerprint_; }
  u32 reachable(const Item&) const;

 private:
  Model();
  std::vector<Item> items_;
  std::vector<Standing> standing_;
  std::vector<u16> reason_;
  std::vector<std::string> reasons_;
  std::string fingerprint_;
};

// The rules, in rules.cpp: the first one that covers a bin decides.
struct BinRule {
  ItemId item;
  Standing standing;
  bool (*covers)(u32 index);  // inside the item
  const char* reason;
};
const std::vector<BinRule>& rules_of_bins();

}  // namespace kilburn::coverage
