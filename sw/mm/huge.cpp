// SPDX-License-Identifier: Apache-2.0
//
// Blocks of pages that one TLB entry covers: 2 MB pages of x86-64, granularity-hint blocks of Alpha.
//
// Together: clear every entry -> invalidate -> acknowledge -> copy into one aligned block -> (x86-64: take the
// table away) -> write the large page, or every entry with its hint. Apart, when any one entry is to change:
// x86-64 fills a table from the large page and swaps it in; Alpha clears the block's entries, because they may
// never differ; then one invalidation of the block, and the acknowledge, before anything else changes.
#include "sw/mm/memory.h"

namespace kilburn::os {

namespace {
u64 block_start(const PteFormat& format, u64 va, unsigned order) { return va & ~((format.page_size() << order) - 1); }
}  // namespace

void Memory::split_block(PageTable& table, u64 va) {
  ++statistics_.split;
  const auto scope = yield_.in(Sequence::collapse);
  const u64 size = format_.page_size();
  Gather g = gather();
  if (format_.block_is_large_page()) {
    const u64 start = block_start(format_, va, format_.blocks().front());
    const Pfn frame = spare_tables_.back();
    if (config_.bug != Bug::spare_kept) spare_tables_.pop_back();
    table.split_large(start, frame, [&](u64 word) {
      for (unsigned n = 0; n < format_.entries(); ++n) {
        const u64 small = format_.with_frame(word, static_cast<Pfn>(format_.leaf_frame(word) + n));
        memory_.store64(frame_address(frame) + 8 * n, config_.bug == Bug::split_hole && n == 7 ? 0 : small);
      }
    });
    g.unhooked(table.tag(), start);
    g.commit();
    return;
  }
  const unsigned order = format_.view(table.load(va)).block;
  const u64 start = block_start(format_, va, order);
  std::vector<u64> words;
  for (u64 n = 0; n < u64{1} << order; ++n) {
    words.push_back(table.load(start + n * size));
    table.exchange_in_block(start + n * size, words.back(), 0);
  }
  g.unhooked(table.tag(), start);  // one page of the block is the whole block
  g.commit();
  for (u64 n = 0; n < u64{1} << order; ++n) {
    if (config_.bug == Bug::split_hole && n == 7) continue;
    PteView v = format_.view(words[n]);
    v.block = 0;
    table.exchange_in_block(start + n * size, 0, format_.leaf(v));
  }
}

// Every page is there, nobody else's, not held, not in a block that large, with the same rights. A and D of the
// block are those of any of its pages.
bool Memory::can_collapse(const AddressSpace& space, u64 start, unsigned order, PteView& common) const {
  for (u64 n = 0; n < u64{1} << order; ++n) {
    const u64 page = start + n * format_.page_size();
    const PteView v = format_.view(space.table.load(page));
    if (v.kind != EntryKind::leaf || !counted(v.pfn) || v.block >= order || space.table.large_page(page) != 0) {
      return false;
    }
    const Frame& frame = map_[v.pfn];
    if (frame.state != FrameState::user || !movable(frame) || frame.count != 1) return false;
    if (n == 0) common = v;
    if (v.rights != common.rights) return false;
    common.young = common.young || v.young;
    common.dirty = common.dirty || v.dirty;
  }
  return true;
}

bool Memory::collapse(AddressSpace& space, u64 start, unsigned order) {
  PteView common;
  if (!can_collapse(space, start, order, common)) return false;
  const auto scope = yield_.in(Sequence::collapse);
  // Without reclaim: a block is worth moving pages together, not throwing others out.
  const FrameRequest request{.order = order, .node = node_};
  Pfn block = buddy_.alloc(request);
  if (block == kNoFrame && compact_for(request)) block = buddy_.alloc(request);
  if (block == kNoFrame) return false;
  const u64 pages = u64{1} << order, size = format_.page_size();
  const auto frame_of = [&](u64 n) {
    return static_cast<Pfn>(block + (config_.bug == Bug::block_torn && n < 2 ? n ^ 1 : n));
  };
  std::vector<Pfn> olds;
  Gather g = gather();
  for (u64 n = 0; n < pages; ++n) {
    const PteView v = format_.view(space.table.get_and_clear(start + n * size));  // smaller blocks are split here
    olds.push_back(v.pfn);
    common.young = common.young || v.young;
    common.dirty = common.dirty || v.dirty;
    g.unhooked(space.tag, start + n * size);
  }
  const bool large = format_.block_is_large_page();
  if (large) {
    spare_tables_.push_back(space.table.take_table(start));
    g.table_unhooked(space.tag);
  }
  g.commit();
  yield_(start);
  buddy_.separate(block, order);
  Gather freed = gather();
  for (u64 n = 0; n < pages; ++n) {
    const Pfn to = frame_of(n);
    copy(olds[n], to);
    check_moved(olds[n], to);
    if (common.dirty) drop_slot(map_[olds[n]]);  // the hardware says no more which page it was
    inherit(olds[n], to);
    freed.free_after(olds[n]);
  }
  common.pfn = block;
  common.block = static_cast<u8>(large ? 0 : order);
  if (large) {
    space.table.install_large(start, 2, format_.large_leaf(common));
  } else {
    for (u64 n = 0; n < pages; ++n) {
      common.pfn = frame_of(n);
      install(space, start + n * size, 0, format_.leaf(common));
    }
  }
  freed.commit();
  ++statistics_.collapsed;
  return true;
}

u32 Memory::khugepaged(AddressSpace& space, u32 blocks) {
  u32 done = 0;
  if (!config_.huge) return done;
  for (const u8 order : format_.blocks()) {
    const u64 span = format_.page_size() << order;
    std::vector<u64> starts;
    space.vmas.for_each([&](const Vma& vma) {
      for (u64 at = (vma.start + span - 1) & ~(span - 1); at + span <= vma.end; at += span) starts.push_back(at);
    });
    for (const u64 start : starts) {
      if (done == blocks) return done;
      done += collapse(space, start, order);
    }
  }
  return done;
}

}  // namespace kilburn::os
