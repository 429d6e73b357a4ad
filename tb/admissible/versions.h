// SPDX-License-Identifier: Apache-2.0
//
// What page-table words held when. Only words that were written have a history; every other word is what memory
// says. Old versions go when nothing can refer to them; beyond a bound the oldest go all the same, and a question
// that reaches so far back is answered with "not known".
#pragma once

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <optional>

#include "sw/hw/ram.h"
#include "tb/admissible/time.h"

namespace kilburn::admissible {

// A value and the time that a word held it, both ends included.
struct Version {
  u64 value;
  Time from;
  Time to;
};

class Versions {
 public:
  // `memory` holds what every word is now.
  explicit Versions(os::PhysMem& memory, u64 limit = 1024);

  // `seen`: a walker may have read `before`. Returns whether the word has so many versions that shorten() is due.
  bool write(Time time, u64 pa, u64 before, u64 after, bool seen = true);
  // Drops what no walker has read and no request waiting since `open` met; what is then too much is given up.
  void shorten(u64 pa, Time open);

  std::optional<u64> now(u64 pa) const {
    if (pa > last_word_) return std::nullopt;
    if (bytes_ == nullptr) return memory_.load64(pa);
    u64 value;
    std::memcpy(&value, bytes_ + pa, sizeof value);
    return value;
  }

  // Calls visit(version, age) from the newest version to the oldest that was still held at `since`; age counts the
  // versions after it. Stops when visit returns true, and returns that. No call for a word outside memory.
  template <class Visit>
  bool newest_first(u64 pa, Time since, Visit&& visit) const {
    const auto word = may_have_history(pa) ? words_.find(pa) : words_.end();
    if (word == words_.end()) {
      const auto value = now(pa);
      return value && visit(Version{*value, kAlways, kForever}, 0u);
    }
    const Word& w = word->second;
    // By index: with Boost's assertions on, GCC 12 sees the container's reverse iterator read before its beginning.
    const Change* const changes = w.changes.data();
    const std::size_t count = w.changes.size();
    for (std::size_t n = count; n > 0; --n) {
      const Change& change = changes[n - 1];
      if (change.to < since) return false;
      if (visit(Version{change.value, change.from, change.to}, changes[count - 1].number - change.number)) return true;
    }
    return false;
  }
  // Calls visit(pa) for those of `count` words from `pa` on, in order, that may have a history or hold a value with
  // (value & mask) == wanted. Stops when visit returns true, and returns that.
  template <class Visit>
  bool any_like(u64 pa, u64 count, u64 mask, u64 wanted, Visit&& visit) const {
    if (pa > last_word_) return false;
    for (const u64 end = pa + 8 * std::min(count, (last_word_ - pa) / 8 + 1); pa != end;) {
      // As many at once as the places of one word stand for; most often none has a history.
      const u64 stop = std::min(end, (pa | 511) + 1);
      u64 places = places_[pa / 8 % kPlaces / 64] >> (pa / 8 % 64);
      for (; pa != stop; pa += 8, places >>= 1) {
        if (((places & 1) != 0 || (*now(pa) & mask) == wanted) && visit(pa)) return true;
      }
    }
    return false;
  }
  // Whether versions of this word that were held at `since` or later have been given up.
  bool forgotten(u64 pa, Time since) const {
    if (given_up_ == 0 || !may_have_history(pa)) return false;
    const auto word = words_.find(pa);
    return word != words_.end() && word->second.forgotten >= since && word->second.forgotten != kAlways;
  }
  // When the word was written last, kAlways if never.
  Time changed(u64 pa) const {
    if (!may_have_history(pa)) return kAlways;
    const auto word = words_.find(pa);
    return word == words_.end() ? kAlways : word->second.changes.back().from;
  }

  // Nothing will ask for versions that ended before `oldest`.
  void collect(Time oldest);
  bool due() const { return versions_ > next_collection_; }

  std::size_t words() const { return words_.size(); }
  std::size_t versions() const { return versions_; }
  u64 given_up() const { return given_up_; }  // versions dropped at the bound
  Time last_write() const { return last_write_; }
  void clear();

 private:
  static constexpr std::size_t kShort = 64;

  struct Change {
    u64 value;
    Time from;
    Time to;
    u32 number;  // of the word's versions; some between may have been dropped
    bool seen;   // a walker may have read it
  };
  struct Word {
    boost::container::small_vector<Change, 2> changes;  // oldest first, never empty
    Time forgotten = kAlways;                           // end of the last version given up
    std::size_t shorten_at = kShort;                    // versions
  };

  // Most words have no history, and most of those are seen here to have none, without a search: one bit for all
  // words whose addresses differ by a multiple of 512 KB.
  static constexpr u64 kPlaces = u64{1} << 16;
  bool may_have_history(u64 pa) const { return (places_[pa / 8 % kPlaces / 64] >> (pa / 8 % 64) & 1) != 0; }
  void set_place(u64 pa) { places_[pa / 8 % kPlaces / 64] |= u64{1} << (pa / 8 % 64); }

  void give_up();
  void give_up(Word&, std::size_t oldest);

  os::PhysMem& memory_;
  u64 last_word_;                     // address of the last word of memory
  const std::byte* bytes_ = nullptr;  // of memory that can be read without asking it
  u64 limit_;
  boost::unordered_flat_map<u64, Word> words_;
  std::array<u64, kPlaces / 64> places_{};  // words of words_
  std::size_t versions_ = 0;
  std::size_t next_collection_ = kFirstCollection;
  u64 given_up_ = 0;
  Time last_write_ = kAlways;

  static constexpr std::size_t kFirstCollection = 4096;
  static constexpr std::size_t kMost = std::size_t{1} << 22;  // versions, of all words
};

}  // namespace kilburn::admissible
