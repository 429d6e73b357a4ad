// SPDX-License-Identifier: Apache-2.0
//
// Recording and forgetting of versions.
#include "tb/admissible/versions.h"

namespace kilburn::admissible {

void Versions::write(Time time, u64 pa, u64 before, u64 after) {
  if (before == after) return;  // the word holds on to its value
  last_write_ = time;
  Word& word = words_[pa];
  if (word.changes.empty()) {
    word.changes.push_back({before, kAlways});
    ++versions_;
  }
  word.changes.push_back({after, time});
  ++versions_;
  if (word.changes.size() <= limit_) return;
  // A quarter at once, so that the move is paid for by many writes.
  const auto gone = static_cast<std::ptrdiff_t>(limit_ / 4);
  word.forgotten = word.changes[static_cast<std::size_t>(gone)].from;
  word.changes.erase(word.changes.begin(), word.changes.begin() + gone);
  versions_ -= static_cast<std::size_t>(gone);
  given_up_ += static_cast<u64>(gone);
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
  if (versions_ > kMost) give_up();
  next_collection_ = 2 * versions_ + kFirstCollection;
}

// Nothing was invalidated for very long: of every word only the newest versions stay.
void Versions::give_up() {
  constexpr std::size_t kLeft = 2;
  for (auto& [pa, word] : words_) {
    auto& changes = word.changes;
    if (changes.size() <= kLeft) continue;
    const std::size_t gone = changes.size() - kLeft;
    word.forgotten = changes[gone].from;
    changes.erase(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(gone));
    versions_ -= gone;
    given_up_ += gone;
  }
}

void Versions::clear() {
  words_.clear();
  versions_ = 0;
  next_collection_ = kFirstCollection;
}

}  // namespace kilburn::admissible
