// SPDX-License-Identifier: Apache-2.0
//
// Reads and writes of page-table words. Each write is a compare-and-swap, because the walker may set
// A or D at any instant (SDM 4.8), and each is logged.
#include "sw/pt/page_table.h"

namespace kilburn::os {

PageTable::PageTable(const Parts& parts, SpaceTag& tag) : parts_(parts), tag_(tag), root_(parts.frames.alloc_table()) {}

// The address of the entry of `level`, if the tables above it exist.
std::optional<u64> PageTable::entry_at(u64 va, unsigned to_level) const {
  const PteFormat::Descent found = descend(va, to_level);
  if (found.level != to_level) return std::nullopt;
  return found.at;
}

std::optional<u64> PageTable::leaf_address(u64 va) const { return entry_at(va, 1); }

PageTable::Leaf PageTable::leaf(u64 va) const { return {va, leaf_address(va).value_or(Leaf::kNowhere)}; }

u64 PageTable::load(u64 va) const {
  const PteFormat::Descent found = descend(va, 1);
  if (found.level == 1) return parts_.memory.load64(found.at);
  if (!parts_.format.block_is_large_page() || found.level != 2 || !parts_.format.large(found.word, 2)) return 0;
  const u64 page = (va & (parts_.format.span(2) - 1)) >> parts_.format.info().page_shift;
  return parts_.format.with_frame(found.word, static_cast<Pfn>(parts_.format.leaf_frame(found.word) + page));
}

PageTable::Leaf PageTable::ensure(u64 va) {
  const PteFormat::Descent found = make_tables(va, 1);
  return {va, found.level == 1 ? found.at : Leaf::kNowhere};
}

// The entry of `to_level`, or the large page above it; what lies above it is made.
PteFormat::Descent PageTable::make_tables(u64 va, unsigned to_level) {
  PteFormat::Descent found = descend(va, to_level);
  if (found.level == to_level) return found;
  const arch::FormatInfo info = parts_.format.info();
  while (found.level > to_level && !parts_.format.large(found.word, found.level)) {
    Pfn next = parts_.format.next_table(found.word);
    if (next == kNoFrame) {
      next = parts_.frames.alloc_table();  // zeroed before it is linked (P30)
      constexpr u64 kWritable = 2;         // SDM table 4-19: R/W
      const u64 entry = parts_.format.table(next) ^ (parts_.bug == Bug::table_rights ? kWritable : 0);
      parts_.memory.cas64(found.at, 0, entry);
      const u64 span = parts_.format.span(found.level);
      log_table(va & ~(span - 1), span, 0, entry);
      parts_.yield(va);
    }
    found.at = arch::entry_address(info, frame_address(next), va, --found.level);
    if (found.level > to_level) found.word = parts_.memory.load64(found.at);
  }
  return found;
}

void PageTable::install_large(u64 va, unsigned level, u64 word) {
  parts_.memory.cas64(make_tables(va, level).at, 0, word);
  log_table(va, parts_.format.span(level), 0, word);
  parts_.yield(va);
}

u64 PageTable::top_entry(u64 va) const {
  const arch::FormatInfo& info = parts_.format.info();
  return parts_.memory.load64(arch::entry_address(info, root(), va, info.levels));
}

void PageTable::set_top_entry(u64 va, u64 word) {
  const arch::FormatInfo& info = parts_.format.info();
  const u64 old = parts_.memory.cas64(arch::entry_address(info, root(), va, info.levels), 0, word);
  const u64 span = parts_.format.span(info.levels);
  log_table(va & ~(span - 1), span, old, word);
  parts_.yield(va);
}

bool PageTable::exchange(const Leaf& leaf, u64 expect, u64 desired) {
  if (parts_.splitter != nullptr &&
      (parts_.format.view(expect).block != 0 || (leaf.at == Leaf::kNowhere && large_page(leaf.va) != 0))) {
    parts_.splitter->split_block(*this, leaf.va);
    return false;
  }
  return leaf.at != Leaf::kNowhere ? swap_word(leaf.at, leaf.va, expect, desired)
                                   : exchange_in_block(leaf.va, expect, desired);
}

bool PageTable::exchange_in_block(u64 va, u64 expect, u64 desired) {
  return swap_word(leaf_address(va).value(), va, expect, desired);
}

bool PageTable::swap_word(u64 at, u64 va, u64 expect, u64 desired) {
  const u64 old = parts_.memory.cas64(at, expect, desired);
  if (old != expect) return false;
  log_entry(va, expect, old, desired);
  parts_.yield(va);
  return true;
}

u64 PageTable::large_page(u64 va) const {
  if (!parts_.format.block_is_large_page()) return 0;
  const std::optional<u64> at = entry_at(va, 2);
  if (!at) return 0;
  const u64 word = parts_.memory.load64(*at);
  return parts_.format.large(word, 2) ? word : 0;
}

void PageTable::split_large(u64 va, Pfn table, const std::function<void(u64 word)>& fill) {
  const u64 at = entry_at(va, 2).value(), span = parts_.format.span(2), entry = parts_.format.table(table);
  for (u64 old = parts_.memory.load64(at);;) {
    fill(old);
    const u64 seen = parts_.memory.cas64(at, old, entry);  // the walker may have set A or D meanwhile
    if (seen == old) {
      log_table(va & ~(span - 1), span, old, entry);
      parts_.yield(va);
      return;
    }
    old = seen;
  }
}

Pfn PageTable::take_table(u64 va) {
  const u64 at = entry_at(va, 2).value(), span = parts_.format.span(2);
  u64 old = parts_.memory.load64(at);
  for (u64 seen; (seen = parts_.memory.cas64(at, old, 0)) != old;) old = seen;
  log_table(va & ~(span - 1), span, old, 0);
  parts_.yield(va);
  return parts_.format.next_table(old);
}

u64 PageTable::get_and_clear(u64 va) {
  for (const Leaf entry = leaf(va);;) {
    const u64 old = load(entry);
    if (old == 0 || exchange(entry, old, 0)) return old;
  }
}

void PageTable::overwrite(u64 va, u64 seen, u64 desired) {
  const u64 at = leaf_address(va).value();
  const u64 old = parts_.memory.load64(at);
  parts_.memory.store64(at, desired);
  log_entry(va, seen, old, desired);
}

void PageTable::prune(u64 lo, u64 hi, Gather& gather) { prune(root_, parts_.format.info().levels, 0, lo, hi, gather); }

// True if the table at `table` is empty afterwards.
bool PageTable::prune(Pfn table, unsigned level, u64 base, u64 lo, u64 hi, Gather& gather) {
  const u64 span = parts_.format.span(level);
  bool empty = true;
  for (unsigned n = 0; n < parts_.format.entries(); ++n) {
    const u64 entry = word(table, n);
    if (entry == 0) continue;
    const u64 va = base + n * span;
    if (level > 1 && va < hi && va + span > lo && !parts_.format.large(entry, level)) {
      const Pfn next = parts_.format.next_table(entry);
      if (next != kNoFrame && prune(next, level - 1, va, lo, hi, gather)) {
        // The walker may set A in a table entry (x86-64), so this too is a compare-and-swap.
        const u64 at = frame_address(table) + 8 * n;
        u64 old = entry;
        for (u64 seen; (seen = parts_.memory.cas64(at, old, 0)) != old;) old = seen;
        log_table(va, span, old, 0);
        gather.table_unhooked(tag_);
        gather.free_table_after(next);
        continue;
      }
    }
    empty = false;
  }
  return empty;
}

void PageTable::free_root(Gather& gather) {
  gather.table_unhooked(tag_);
  gather.free_after(root_);
  root_ = kNoFrame;
}

// An entry of a block: a TLB may hold all of the block by it.
void PageTable::log_entry(u64 va, u64 seen, u64 old_word, u64 new_word) const {
  const u64 span = parts_.format.page_size() << parts_.format.view(old_word).block;
  parts_.log.add({.kind = MmEvent::Kind::entry,
                  .space = tag_.id,
                  .va = va & ~(span - 1),
                  .span = span,
                  .seen = seen,
                  .old_word = old_word,
                  .new_word = new_word,
                  .live = parts_.cpus.live(tag_)});
}

void PageTable::log_table(u64 va, u64 span, u64 old_word, u64 new_word) const {
  parts_.log.add({.kind = MmEvent::Kind::table,
                  .space = tag_.id,
                  .va = va,
                  .span = span,
                  .seen = old_word,
                  .old_word = old_word,
                  .new_word = new_word,
                  .live = parts_.cpus.live(tag_)});
}

}  // namespace kilburn::os
