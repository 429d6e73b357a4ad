// SPDX-License-Identifier: Apache-2.0
//
// Knows every byte that each process last stored, and compares what it loads: the end-to-end check of
// translation, copy-on-write and swapping (P42, P45). It learns only what the program sees: system
// calls and accesses; of page tables it knows nothing.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <unordered_map>

#include "model/arch/types.h"
#include "sw/mm/event_log.h"
#include "sw/mm/file_contents.h"
#include "sw/mm/vma.h"
#include "sw/pt/format.h"

namespace kilburn::os {

// What files, segments and devices hold, whoever maps them: by object and 4 KB of it.
class SharedBytes {
 public:
  using Bytes = std::array<std::byte, kGranule>;
  // `contents`: what files hold at first; null: made-up words.
  explicit SharedBytes(const FileContents* contents = nullptr) : contents_(contents) {}
  const std::shared_ptr<Bytes>& at(u32 object, u64 offset);

 private:
  const FileContents* contents_;
  std::map<std::pair<u32, u64>, std::shared_ptr<Bytes>> granules_;
};

class OracleSpace {
 public:
  using Bytes = std::array<std::byte, kGranule>;
  struct Granule {
    std::shared_ptr<Bytes> bytes;  // shared after a fork until one side stores, or for good
    bool common = false;           // an object's own bytes: stores are everybody's
    bool loaded = false;           // loaded or fetched since the entry was last made old
    bool written = false;          // stored to since then
    bool stored = false;           // stored to since the page was last brought in
  };

  OracleSpace() = default;
  OracleSpace(const OracleSpace&) = delete;
  OracleSpace& operator=(const OracleSpace&) = delete;

  // Where objects' bytes are, and how many granules a page has: a store to a private page of a file
  // parts the whole page from the file.
  void use(SharedBytes& shared, u64 page_granules) {
    shared_ = &shared;
    page_granules_ = page_granules;
  }
  void clear();
  void fork_from(const OracleSpace& parent);
  void map(u64 start, u64 end, Backing);
  void unmap(u64 start, u64 end);
  void forget(u64 start, u64 end) { erase(start, end); }  // back to what the areas say
  void move(u64 from, u64 old_end, u64 to, u64 new_end);

  void store(u64 va, std::span<const std::byte> bytes);
  // Throws Violation "oracle" if `bytes` are not what was last stored at `va`.
  void check_load(u64 va, std::span<const std::byte> bytes);

  bool touched(u64 va, u64 span) const;  // since the entry was last made old
  // Hardware's A and D are about to be cleared for [va, va + span).
  void forget_touched(u64 va, u64 span);
  void forget_stored(u64 va, u64 span);

  const Granule* find(u64 granule_number) const;
  // Touched granules in address order: fn(va, bytes).
  void for_each(const std::function<void(u64, const Bytes&)>& fn) const;
  u64 loads() const { return loads_; }
  size_t granules() const { return granules_.size(); }

 private:
  static constexpr size_t kWays = 128;
  struct Line {
    u64 number = ~u64{0};
    Granule* granule = nullptr;
  };
  Granule& granule(u64 va) {
    const u64 number = va >> kGranuleShift;
    Line& line = lines_[number % kWays];
    if (line.number != number) line = {number, &slow(number)};
    return *line.granule;
  }
  Granule& slow(u64 number);
  void part(u64 number);
  void erase(u64 start, u64 end);
  void forget_lines() { lines_.fill({}); }

  struct Region {
    u64 end;
    Backing backing;
  };
  void carve(u64 start, u64 end);
  Backing backing_at(u64 va) const;

  std::unordered_map<u64, Granule> granules_;
  std::map<u64, Region> regions_;  // files only, by start
  std::array<Line, kWays> lines_{};
  u64 loads_ = 0;
  SharedBytes own_;  // of a space that shares with no other
  SharedBytes* shared_ = &own_;
  u64 page_granules_ = 1;
  std::map<u64, std::shared_ptr<Bytes>> parted_;  // what untouched granules of parted pages show
};

}  // namespace kilburn::os
