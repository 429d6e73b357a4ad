// SPDX-License-Identifier: Apache-2.0
//
// The page tables of one address space. They exist only in simulated memory: this class holds the
// number of the root frame and nothing else, so there is no copy to disagree with (P26).
#pragma once

#include <functional>
#include <optional>

#include "sw/core/errors.h"
#include "sw/mm/gather.h"
#include "sw/pt/format.h"

namespace kilburn::os {

// Where table frames come from: zeroed, pinned for as long as they are tables. May reclaim pages.
class TableFrames {
 public:
  virtual Pfn alloc_table() = 0;

 protected:
  ~TableFrames() = default;
};

class PageTable;

// Takes apart the block that holds an entry, before that entry alone can change.
class BlockSplitter {
 public:
  virtual void split_block(PageTable&, u64 va) = 0;

 protected:
  ~BlockSplitter() = default;
};

class PageTable {
 public:
  struct Parts {  // what every table of a kernel shares
    PhysMem& memory;
    const PteFormat& format;
    TableFrames& frames;
    EventLog& log;
    const Cpus& cpus;
    Yield& yield;
    BlockSplitter* splitter = nullptr;  // null: there are no blocks
    Bug bug = Bug::none;
  };
  // `tag` is that of the address space and outlives the table.
  PageTable(const Parts& parts, SpaceTag& tag);
  // Over a root that exists: the kernel's own table.
  PageTable(const Parts& parts, SpaceTag& tag, Pfn root) : parts_(parts), tag_(tag), root_(root) {}

  Pfn root_frame() const { return root_; }
  u64 root() const { return u64{root_} << parts_.format.info().page_shift; }
  const PteFormat& format() const { return parts_.format; }

  // The leaf word for `va`, 0 where a table is missing. Under a large page: what the small page's word would be.
  u64 load(u64 va) const;
  // Where the leaf entry of a page is, so that one walk serves all that is done with it. It stays there until the
  // entry's table is unhooked (prune, take_table), which no fault and no reclaim does.
  struct Leaf {
    static constexpr u64 kNowhere = ~u64{0};  // a table is missing, or the page is part of a large one
    u64 va = 0;
    u64 at = kNowhere;
  };
  Leaf leaf(u64 va) const;
  // The address in it; nothing where there is none.
  std::optional<u64> leaf_address(u64 va) const;
  // Makes the tables down to the leaf entry of `va`; allocates, so any entry may change before it returns.
  Leaf ensure(u64 va);
  // As load(va), exchange(va), update(va): without a walk.
  u64 load(const Leaf& leaf) const { return leaf.at != Leaf::kNowhere ? parts_.memory.load64(leaf.at) : load(leaf.va); }
  bool exchange(const Leaf& leaf, u64 expect, u64 desired);
  template <class Edit>
  u64 update(const Leaf& leaf, Edit&& edit) {
    for (;;) {
      const u64 old = load(leaf);
      const u64 desired = edit(old);
      if (old == desired || exchange(leaf, old, desired)) return desired;
    }
  }
  // One compare-and-swap of the leaf entry (its table exists): false if memory held another word. An entry in a
  // block has the block split first, and false is returned: what was seen is not what memory holds any more.
  bool exchange(u64 va, u64 expect, u64 desired) { return exchange(leaf(va), expect, desired); }
  // Clears the leaf entry and returns what it held at that instant, A and D included.
  u64 get_and_clear(u64 va);
  // The entry as `edit` makes it from what memory holds at that instant; returns the new word.
  template <class Edit>
  u64 update(u64 va, Edit&& edit) {
    return update(leaf(va), edit);
  }
  // A large leaf: the entry of `level` for `va`, which was 0.
  void install_large(u64 va, unsigned level, u64 word);
  // --- blocks (mm/huge.cpp) ---
  SpaceTag& tag() const { return tag_; }
  // As exchange(), whatever block the entry is in.
  bool exchange_in_block(u64 va, u64 expect, u64 desired);
  // The entry of level 2 for `va` if it is a large page, else 0.
  u64 large_page(u64 va) const;
  // Replaces it by a table of small pages that is filled from it by `fill(word)`; A and D of the last moment go along.
  void split_large(u64 va, Pfn table, const std::function<void(u64 word)>& fill);
  // Takes the last table for `va` out of its parent: all its entries are 0. The caller invalidates, then it is his.
  Pfn take_table(u64 va);
  // The entry for `va` in the root; copying it makes the tables below it common to two spaces.
  u64 top_entry(u64 va) const;
  void set_top_entry(u64 va, u64 word);
  // Seeded bug M1: a plain store over whatever is there now, decided from `seen`.
  void overwrite(u64 va, u64 seen, u64 desired);

  // Calls fn(va, word) for every leaf entry that is not 0 with lo <= va < hi, ascending. Entries may
  // be changed, and tables added, meanwhile.
  template <class Fn>
  void for_each_leaf(u64 lo, u64 hi, Fn&& fn) const {
    visit(root_, parts_.format.info().levels, 0, lo, hi, fn);
  }
  // Calls fn(pfn, parent, level) for each table of the user half, parents first; the root has parent kNoFrame.
  template <class Fn>
  void for_each_table(Fn&& fn) const {
    fn(root_, kNoFrame, parts_.format.info().levels);
    visit_tables(root_, parts_.format.info().levels, 0, parts_.format.entries() / 2, fn);
  }
  // The same for the kernel half, without the root.
  template <class Fn>
  void for_each_kernel_table(Fn&& fn) const {
    visit_tables(root_, parts_.format.info().levels, parts_.format.entries() / 2, parts_.format.entries(), fn);
  }

  // Unhooks tables under [lo, hi) that hold no entry; their frames go when the gather commits.
  void prune(u64 lo, u64 hi, Gather&);
  // Gives the root frame to the gather: the last act. The space must be empty and pruned.
  void free_root(Gather&);

 private:
  u64 frame_address(Pfn pfn) const { return u64{pfn} << parts_.format.info().page_shift; }
  u64 word(Pfn table, unsigned index) const { return parts_.memory.load64(frame_address(table) + 8 * index); }
  PteFormat::Descent descend(u64 va, unsigned to_level) const {
    return parts_.format.descend(parts_.memory, root(), va, to_level);
  }
  PteFormat::Descent make_tables(u64 va, unsigned to_level);
  std::optional<u64> entry_at(u64 va, unsigned level) const;
  bool swap_word(u64 at, u64 va, u64 expect, u64 desired);
  bool prune(Pfn table, unsigned level, u64 base, u64 lo, u64 hi, Gather&);
  void log_entry(u64 va, u64 seen, u64 old_word, u64 new_word) const;
  void log_table(u64 va, u64 span, u64 old_word, u64 new_word) const;

  template <class Fn>
  void visit(Pfn table, unsigned level, u64 base, u64 lo, u64 hi, Fn& fn) const {
    const u64 span = parts_.format.span(level);
    const unsigned first = lo > base ? static_cast<unsigned>((lo - base) / span) : 0;
    for (unsigned n = first; n < parts_.format.entries(); ++n) {
      const u64 va = base + n * span;
      if (va >= hi) return;
      const u64 entry = word(table, n);
      if (entry == 0) continue;
      if (level == 1) {
        if (va >= lo) fn(va, entry);
      } else if (parts_.format.large(entry, level)) {
        for (unsigned at = 0; at < parts_.format.entries(); ++at) {
          const u64 page = va + at * parts_.format.page_size();
          // Split by fn, perhaps: then the small entries are read.
          if (page >= lo && page < hi) {
            const u64 now = load(page);
            if (now != 0) fn(page, now);
          }
        }
      } else if (const Pfn next = parts_.format.next_table(entry); next != kNoFrame) {
        visit(next, level - 1, va, lo, hi, fn);
      }
    }
  }
  template <class Fn>
  void visit_tables(Pfn table, unsigned level, unsigned from, unsigned to, Fn& fn) const {
    if (level == 1) return;
    for (unsigned n = from; n < to; ++n) {
      const u64 entry = word(table, n);
      if (parts_.format.large(entry, level)) continue;
      const Pfn next = parts_.format.next_table(entry);
      if (next == kNoFrame) continue;
      fn(next, table, level - 1);
      visit_tables(next, level - 1, 0, parts_.format.entries(), fn);
    }
  }

  Parts parts_;
  SpaceTag& tag_;
  Pfn root_;
};

}  // namespace kilburn::os
