// SPDX-License-Identifier: Apache-2.0
//
// Names of the seeded bugs.
#include "sw/core/bugs.h"

namespace kilburn::os {

namespace {
constexpr BugName kNames[] = {
    {Bug::lost_dirty, "M1", "eviction decides from an entry read when the page was aged: a later store is lost"},
    {Bug::early_free, "M2", "a frame is freed before the invalidation of its mapping is acknowledged"},
    {Bug::early_table_free, "M3", "a table is freed before the invalidation of the entry that named it"},
    {Bug::map_unread, "M4", "a page is mapped although its read from the swap area failed"},
    {Bug::early_invalidate, "M5", "munmap invalidates first and clears the entries then"},
    {Bug::no_coalescing, "M6", "freed buddy blocks are never merged"},
    {Bug::slot_leak, "M7", "swap-in does not release its swap slot"},
    {Bug::asid_ignored, "M8", "every address space has the same ASID"},
    {Bug::free_mapped, "M9", "a frame goes back to the free lists while another process maps it"},
    {Bug::narrow_count, "M10", "a frame counts the entries that map it in 8 bits"},
    {Bug::protect_stale, "M11", "mprotect takes rights away without an invalidation"},
    {Bug::fork_stale, "M12", "fork write-protects the parent without an invalidation"},
    {Bug::swap_word_valid, "M13", "the swap word is written with the valid bit set"},
    {Bug::bare_checksum, "M14", "the checksum of a swapped page leaves out its slot and generation"},
    {Bug::asid_reuse, "M15", "ASIDs start anew without a flush"},
    {Bug::block_torn, "M16", "two pages of a granularity-hint block have each other's frames"},
    {Bug::no_zero_fill, "M17", "a reused frame is handed out without being cleared"},
    {Bug::rss_leak, "M18", "swap-out does not lower the count of resident pages"},
    {Bug::split_hole, "M19", "a block that is split leaves one entry unset"},
    {Bug::roots_only, "M20", "the audits evaluate the roots of the page tables and nothing below"},
    {Bug::stack_gap, "M21", "the stack grows over the areas below it"},
    {Bug::damage_ignored, "M22", "a compressed trace that is damaged or cut off ends there without an error"},
    {Bug::no_yield, "M23", "the yield hook does nothing"},
    {Bug::cow_late_flush, "M24", "copy on write maps the copy before the other CPUs have forgotten the original"},
    {Bug::migrate_early_copy, "M25", "compaction copies a page before its entries are cleared and invalidated"},
    {Bug::clean_rewritten, "M30", "eviction writes a clean page whose slot is still good"},
    {Bug::kswapd_idle, "M31", "kswapd stops at the low mark instead of the high one"},
    {Bug::age_ignored, "M32", "eviction takes pages whatever their age"},
    {Bug::unfair_sweep, "M33", "the sweep stays with one process as long as it has pages"},
    {Bug::oom_kills_init, "M34", "the OOM killer takes the first process"},
    {Bug::dirty_dropped, "M35", "eviction drops dirty pages without writing them"},
    {Bug::rmap_stale, "M36", "mremap moves entries, and their frames still know the old address"},
    {Bug::zero_writable, "M37", "a first read maps the zero page with all the rights of the area"},
    {Bug::lock_ignored, "M38", "eviction takes pages of locked areas"},
    {Bug::unmap_short, "M39", "munmap takes the area away and leaves its last entry"},
    {Bug::protect_short, "M40", "mprotect leaves out the last granule of its range"},
    {Bug::protect_areas_only, "M41", "mprotect changes the areas and not the entries"},
    {Bug::spurious_revokes, "M42", "a spurious fault write-protects the entry"},
    {Bug::read_takes_frame, "M43", "a first read of anonymous memory gets a frame of its own instead of the zero page"},
    {Bug::rss_early, "M44", "a fault counts the page as resident before it has a frame"},
    {Bug::exit_leak, "M45", "the end of a process unmaps its frames and does not free them"},
    {Bug::take_torn, "M46", "taking one frame out of a free block leaves the next block linked to it"},
    {Bug::take_pair, "M47", "taking one frame out of a free block leaves a pair bit as it was"},
    {Bug::take_uncounted, "M48", "taking one frame out of a free block does not lower the count of free frames"},
    {Bug::zone_uncounted, "M49", "frames that compaction takes are not counted in their zone"},
    {Bug::number_inherited, "M50", "a page that moves takes the number of its frame along"},
    {Bug::spare_kept, "M51", "the table of a split stays among the spare tables"},
    {Bug::cache_unlisted, "M52", "a page of a file that loses its last mapping goes on no list"},
    {Bug::table_rights, "M53", "table entries are written without the right to write"},
    {Bug::age_no_flush, "M54", "ageing clears accessed bits and does not invalidate"},
    {Bug::upgrade_lost, "M55", "a fault on a page whose area allows more leaves the entry as it is"},
    {Bug::migrate_pinned, "M56", "a migration leaves its pin on the old frame"},
    {Bug::dma_ignored, "M57", "requests for DMA frames are served from any zone"},
    {Bug::kswapd_hasty, "M58", "kswapd gives up after its first step"},
    {Bug::first_in_first_out, "M59", "eviction takes pages in the order in which they came"},
    {Bug::sync_header_only, "M60", "swap areas are marked clean without their checksums being written"},
    {Bug::kswapd_sums, "M61", "kswapd sleeps when the zones together have enough free frames"},
};
}  // namespace

std::span<const BugName> bug_names() { return kNames; }

std::optional<Bug> bug_from_id(std::string_view id) {
  for (const BugName& entry : kNames) {
    if (entry.id == id) return entry.bug;
  }
  return std::nullopt;
}

}  // namespace kilburn::os
