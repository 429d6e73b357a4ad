// SPDX-License-Identifier: Apache-2.0
//
// Both caches are small and searched entry by entry.
#include "tb/dut/models/wild_tables.h"

#include <algorithm>

#include "model/arch/layout.h"

namespace kilburn::tb::wild {
namespace {
namespace inv = arch::layout::Inv;

// The place of the same key, else a free one, else any.
template <class Places, class Same>
auto& place(Places& places, Random& random, Same&& same) {
  auto found = std::find_if(places.begin(), places.end(), [&](const auto& p) { return p.used && same(p); });
  if (found == places.end()) found = std::find_if(places.begin(), places.end(), [](const auto& p) { return !p.used; });
  return found == places.end() ? random.pick(places) : *found;
}
}  // namespace

void WildTables::configure(const WildConfig& config, const arch::FormatInfo& widest, Bug bug) {
  *this = {};
  bug_ = bug;
  page_shift_ = widest.page_shift;
  index_bits_ = widest.index_bits;
  va_mask_ = (u64{1} << widest.va_bits) - 1;
  for (unsigned level = kFirst; level <= kLast; ++level) prefixes_[level].resize(config.psc_entries);
  words_.resize(config.pwc_entries);
  shared_ = config.pwc_shared;
}

std::optional<Start> WildTables::start(u64 va, Tag tag, Random& random) const {
  for (unsigned level = kFirst; level <= kLast; ++level) {
    for (const Prefix& p : prefixes_[level]) {
      if (!p.used || p.prefix != prefix(va, level)) continue;
      if (!(p.tag == tag) && (bug_ != Bug::pscasid || p.tag.controls != tag.controls)) continue;
      // A shorter prefix is as legal as the longest.
      if (bug_ == Bug::none && random.one_in(8)) break;
      Start next = p.next;
      if (bug_ == Bug::pscrights) next.above = {};
      return next;
    }
  }
  return std::nullopt;
}

void WildTables::fill(unsigned level, u64 va, Tag tag, const Start& next, Random& random) {
  auto& places = prefixes_[level];
  if (places.empty()) return;
  const u64 key = prefix(va, level);
  place(places, random, [&](const Prefix& p) { return p.prefix == key && p.tag == tag; }) = {key, tag, true, next};
}

std::optional<u64> WildTables::word(u64 pa, Tag tag) const {
  const Tag key = word_tag(tag);
  for (const Word& w : words_) {
    if (w.used && w.pa == pa && w.tag == key) return w.value;
  }
  return std::nullopt;
}

void WildTables::fill_word(u64 pa, u64 value, Tag tag, Random& random) {
  if (words_.empty()) return;
  const Tag key = word_tag(tag);
  place(words_, random, [&](const Word& w) { return w.pa == pa && w.tag == key; }) = {pa, value, key, true};
}

void WildTables::maintain(u8 op, u64 va, u16 asid) {
  const bool every = op == inv::ALL || op == inv::NONGLOBAL;
  const bool by_page = op >= inv::PAGE;
  const bool keeps = (bug_ == Bug::t64 && by_page) || (bug_ == Bug::t75b && op == inv::ALL);
  for (unsigned level = kFirst; level <= kLast && !keeps; ++level) {
    for (Prefix& p : prefixes_[level]) {
      if (!every && p.tag.asid != asid) continue;
      if (bug_ == Bug::t64b && by_page && p.prefix != prefix(va, level)) continue;
      p.used = false;
    }
  }
  if ((bug_ == Bug::pwcinv && by_page) || keeps) return;
  // A word that every address space may use is dropped when any one of them would drop its own.
  for (Word& w : words_) {
    if (every || shared_ || w.tag.asid == asid) w.used = false;
  }
}

void WildTables::page_fault(u64 va, u16 asid) {
  for (unsigned level = kFirst; level <= kLast; ++level) {
    const u64 key = prefix(va, level);
    for (Prefix& p : prefixes_[level]) {
      if (p.prefix == key && p.tag.asid == asid) p.used = false;
    }
  }
  for (Word& w : words_) w.used = false;
}

void WildTables::drop_any(Random& random) {
  auto& places = prefixes_[random.between(kFirst, kLast)];
  if (!places.empty()) random.pick(places).used = false;
  if (!words_.empty()) random.pick(words_).used = false;
}

}  // namespace kilburn::tb::wild
