// SPDX-License-Identifier: Apache-2.0
//
// Seeded bugs of the kernel: each is a mistake that a real system made, switched on at run time so
// that the checks can be shown to bite. Ids are those of sw/README.md.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "sw/core/types.h"

namespace kilburn::os {

enum class Bug : u8 {
  none,
  lost_dirty,          // M1: evicts by an entry read long before, overwriting it
  early_free,          // M2: frees a frame before its invalidation is acknowledged
  early_table_free,    // M3: frees a table before the walk caches have forgotten it
  map_unread,          // M4: maps a page whose read failed
  early_invalidate,    // M5: munmap invalidates before it clears the entries
  no_coalescing,       // M6: buddy blocks are never merged
  slot_leak,           // M7: swap-in does not release the slot
  asid_ignored,        // M8: every address space has the same ASID
  free_mapped,         // M9: a frame is freed while another process maps it
  narrow_count,        // M10: a frame counts its mappings in 8 bits
  protect_stale,       // M11: mprotect without invalidation
  fork_stale,          // M12: fork does not invalidate the parent
  swap_word_valid,     // M13: the swap word has the valid bit set
  bare_checksum,       // M14: the checksum of a page leaves out slot and generation
  asid_reuse,          // M15: ASIDs start anew without a flush
  block_torn,          // M16: the pages of a granularity-hint block are not in frames that follow each other
  no_zero_fill,        // M17: a reused frame is not cleared
  rss_leak,            // M18: swap-out does not lower the resident count
  split_hole,          // M19: a split leaves one entry unset
  roots_only,          // M20: the audits look at the roots of the tables only
  stack_gap,           // M21: the stack grows over what lies below it
  damage_ignored,      // M22: a compressed trace that is cut off looks like a short one
  no_yield,            // M23: the yield hook does nothing
  cow_late_flush,      // M24: the copy is mapped before the other CPUs have forgotten the original
  migrate_early_copy,  // M25: compaction copies a page before its entries are cleared and invalidated
  clean_rewritten,     // M30: eviction writes a clean page whose slot is good
  kswapd_idle,         // M31: kswapd stops at the low mark
  age_ignored,         // M32: eviction takes pages that are not old
  unfair_sweep,        // M33: the sweep stays with one process as long as it has pages
  oom_kills_init,      // M34: the OOM killer takes the first process
  dirty_dropped,       // M35: eviction does not write dirty pages
  rmap_stale,          // M36: mremap moves entries, and their frames still know the old address
  zero_writable,       // M37: a first read maps the zero page with all the rights of the area
  lock_ignored,        // M38: eviction takes pages of locked areas
  unmap_short,         // M39: munmap takes the area away and leaves its last entry
  protect_short,       // M40: mprotect leaves out the last granule of its range
  protect_areas_only,  // M41: mprotect changes the areas and not the entries
  spurious_revokes,    // M42: a spurious fault write-protects the entry
  read_takes_frame,    // M43: a first read of anonymous memory gets a frame of its own instead of the zero page
  rss_early,           // M44: a fault counts the page as resident before it has a frame
  exit_leak,           // M45: the end of a process unmaps its frames and does not free them
  take_torn,           // M46: taking one frame out of a free block leaves the next block linked to it
  take_pair,           // M47: taking one frame out of a free block leaves a pair bit as it was
  take_uncounted,      // M48: taking one frame out of a free block does not lower the count of free frames
  zone_uncounted,      // M49: frames that compaction takes are not counted in their zone
  number_inherited,    // M50: a page that moves takes the number of its frame along
  spare_kept,          // M51: the table of a split stays among the spare tables
  cache_unlisted,      // M52: a page of a file that loses its last mapping goes on no list
  table_rights,        // M53: table entries are written without the right to write
  age_no_flush,        // M54: ageing clears accessed bits and does not invalidate
  upgrade_lost,        // M55: a fault on a page whose area allows more leaves the entry as it is
  migrate_pinned,      // M56: a migration leaves its pin on the old frame
  dma_ignored,         // M57: requests for DMA frames are served from any zone
  kswapd_hasty,        // M58: kswapd gives up after its first step
  first_in_first_out,  // M59: eviction takes pages in the order in which they came
  sync_header_only,    // M60: swap areas are marked clean without their checksums being written
  kswapd_sums,         // M61: kswapd sleeps when the zones together have enough free frames
};

struct BugName {
  Bug bug;
  std::string_view id;
  std::string_view text;
};
std::span<const BugName> bug_names();                 // without none
std::optional<Bug> bug_from_id(std::string_view id);  // "M1"; nullopt for any other name

}  // namespace kilburn::os
