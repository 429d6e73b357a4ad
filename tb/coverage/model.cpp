// SPDX-License-Identifier: Apache-2.0
//
// The names of all axes and items; the fingerprint.
#include "tb/coverage/model.h"

#include <algorithm>
#include <boost/uuid/detail/sha1.hpp>
#include <cstdio>

namespace kilburn::coverage {

namespace {

std::string joined(const std::vector<std::string>& words, const char* none) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? none : text;
}

// The bins of an axis of numbers: their bits by name.
std::string number_text(unsigned number, unsigned style) {
  static constexpr const char* kNames[4][6] = {{"P", "W", "U", "RSVD", "I/D", "PK"},
                                               {"WP", "SMEP", "SMAP", "AC", "NXE", "PKE"},
                                               {"V", "FOR", "FOW", "FOE", "enable", ""},
                                               {"V", "KRE", "", "", "", ""}};
  std::vector<std::string> words;
  for (unsigned bit = 0; bit < 6; ++bit) {
    if ((number >> bit & 1) != 0) words.emplace_back(kNames[style][bit]);
  }
  char hex[16];
  std::snprintf(hex, sizeof hex, "0x%x ", number);
  return (style == 0 ? hex : "") + joined(words, "none");
}

struct Numbers {
  static std::vector<std::string> bins(unsigned count, unsigned style) {
    std::vector<std::string> texts;
    for (unsigned n = 0; n < count; ++n) texts.push_back(number_text(n, style));
    return texts;
  }
};

template <class A>
AxisText axis_text();

void add(std::vector<std::string>& bins, const char* text) { bins.emplace_back(text); }
void add(std::vector<std::string>& bins, const std::vector<std::string>& texts) {
  bins.insert(bins.end(), texts.begin(), texts.end());
}

#define KILBURN_AXIS(name, heading) \
  template <>                       \
  AxisText axis_text<name>() {      \
    AxisText axis{heading, {}};
#define KILBURN_BIN(name, text) add(axis.bins, text);
#define KILBURN_NUMBERS(count, style) add(axis.bins, Numbers::bins(count, style));
#define KILBURN_AXIS_END \
  return axis;           \
  }
#include "tb/coverage/axes.def"

template <class... A>
std::vector<AxisText> axes_text() {
  return {axis_text<A>()...};
}

std::vector<Item> all_items() {
  std::vector<Item> items;
#define KILBURN_ITEM(name, id, says, hint, ...) \
  items.push_back({ItemId::name, id, says, hint, axes_text<__VA_ARGS__>(), 0, 0});
#include "tb/coverage/items.def"
  for (std::size_t n = 0; n < kItems; ++n) {
    items[n].offset = kOffsets[n];
    items[n].size = static_cast<u32>(kSizes[n]);
  }
  return items;
}

std::string digest(const std::vector<Item>& items) {
  std::string text;
  for (const Item& item : items) {
    text += item.id + "\n";
    for (const AxisText& axis : item.axes) {
      text += " " + axis.title + "\n";
      for (const std::string& bin : axis.bins) text += "  " + bin + "\n";
    }
  }
  boost::uuids::detail::sha1 sha;
  sha.process_bytes(text.data(), text.size());
  unsigned words[5];
  sha.get_digest(words);
  char hex[24];
  std::snprintf(hex, sizeof hex, "%08x%08x", words[0], words[1]);
  return hex;
}

}  // namespace

std::string Item::bin_text(u32 bin) const {
  u32 rest = bin - offset;
  std::string text;
  for (std::size_t n = axes.size(); n-- > 0;) {
    const auto bins = static_cast<u32>(axes[n].bins.size());
    text = axes[n].bins[rest % bins] + (text.empty() ? "" : ", ") + text;
    rest /= bins;
  }
  return text;
}

Model::Model()
    : items_(all_items()),
      standing_(kAllBins, Standing::reachable),
      reason_(kAllBins, 0),
      reasons_{""},
      fingerprint_(digest(items_)) {
  std::vector<bool> decided(kAllBins);
  for (const BinRule& rule : rules_of_bins()) {
    reasons_.emplace_back(rule.reason);
    const Item& item = items_[static_cast<std::size_t>(rule.item)];
    for (u32 index = 0; index < item.size; ++index) {
      const u32 bin = item.offset + index;
      if (decided[bin] || !rule.covers(index)) continue;
      decided[bin] = true;
      standing_[bin] = rule.standing;
      reason_[bin] = static_cast<u16>(reasons_.size() - 1);
    }
  }
}

const Model& Model::get() {
  static const Model model;
  return model;
}

const Item* Model::find(std::string_view id) const {
  const auto at = std::find_if(items_.begin(), items_.end(), [&](const Item& item) { return item.id == id; });
  return at == items_.end() ? nullptr : &*at;
}

const Item& Model::item_of(u32 bin) const {
  const auto after = std::upper_bound(kOffsets.begin(), kOffsets.end(), bin);
  return items_[static_cast<std::size_t>(after - kOffsets.begin()) - 1];
}

u32 Model::reachable(const Item& item) const {
  u32 count = 0;
  for (u32 bin = item.offset; bin < item.offset + item.size; ++bin) count += standing_[bin] == Standing::reachable;
  return count;
}

}  // namespace kilburn::coverage
