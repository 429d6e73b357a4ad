// SPDX-License-Identifier: Apache-2.0
//
// Recording and forgetting of versions.
#include "tb/admissible/versions.h"

#include <algorithm>

namespace kilburn::admissible {

Versions::Versions(os::PhysMem& memory, u64 limit)
    : memory_(memory), last_word_(memory.size() - 8), limit_(limit < 4 ? 4 : limit) {
  if (auto* const ram = dynamic_cast<os::RamMem*>(&memory)) bytes_ = ram->data();
}

bool Versions::write(Time time, u64 pa, u64 before, u64 after, bool seen) {
  if (before == after) return false;  // the word holds on to its value
  last_write_ = time;
  Word& word = words_[pa];
  if (word.changes.empty()) {
    set_place(pa);
    word.changes.push_back({before, kAlways, time, 0, true});
    ++versions_;
  }
  Change& last = word.changes.back();
  last.to = time;
  last.seen = last.seen || seen;
  const u32 number = last.number + 1;
  word.changes.push_back({after, time, kForever, number, false});
  ++versions_;
  return word.changes.size() > std::min<std::size_t>(word.shorten_at, limit_);
}

// What no walker has read is in no MMU. What a request that waits could have met is kept, so that it stays fresh.
void Versions::shorten(u64 pa, Time open) {
  Word& word = words_[pa];
  const std::size_t before = word.changes.size();
  const auto last = word.changes.end() - 1;
  word.changes.erase(
      std::remove_if(word.changes.begin(), last, [&](const Change& c) { return !c.seen && c.to < open; }), last);
  versions_ -= before - word.changes.size();
  // A quarter at once, so that the move is paid for by many writes.
  if (word.changes.size() > limit_) give_up(word, limit_ / 4);
  word.shorten_at = 2 * word.changes.size() + kShort;
}

void Versions::give_up(Word& word, std::size_t oldest) {
  word.forgotten = word.changes[oldest - 1].to;
  word.changes.erase(word.changes.begin(), word.changes.begin() + static_cast<std::ptrdiff_t>(oldest));
  versions_ -= oldest;
  given_up_ += oldest;
}

void Versions::collect(Time oldest) {
  for (auto word = words_.begin(); word != words_.end();) {
    auto& changes = word->second.changes;
    std::size_t keep = changes.size() - 1;
    while (keep != 0 && changes[keep].from >= oldest) --keep;
    versions_ -= keep;
    changes.erase(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(keep));
    // A word with one version, that was there before anybody can ask, is what memory says.
    if (changes.size() == 1 && changes.front().from < oldest && word->second.forgotten < oldest) {
      --versions_;
      words_.erase(word++);
    } else {
      ++word;
    }
  }
  places_.fill(0);
  for (const auto& [pa, word] : words_) set_place(pa);
  if (versions_ > kMost) give_up();
  next_collection_ = 2 * versions_ + kFirstCollection;
}

// Nothing was invalidated for very long: of every word only the newest versions stay.
void Versions::give_up() {
  constexpr std::size_t kLeft = 2;
  for (auto& [pa, word] : words_) {
    auto& changes = word.changes;
    if (changes.size() > kLeft) give_up(word, changes.size() - kLeft);
  }
}

void Versions::clear() {
  words_.clear();
  places_.fill(0);
  versions_ = 0;
  next_collection_ = kFirstCollection;
}

}  // namespace kilburn::admissible
