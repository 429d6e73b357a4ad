// SPDX-License-Identifier: Apache-2.0
//
// The table of properties. Ids are those of the design; sw/README.md names the mutant of each.
#include "sw/check/properties.h"

#include <algorithm>

namespace kilburn::os {

namespace {
constexpr Property kProperties[] = {
    {"P1", "every frame is in exactly one state, and in the lists of that state", When::interval,
     "audit_frames.cpp one_state; buddy.cpp check"},
    {"P2", "no frame is both free and mapped, none in two roles", When::interval, "audit_frames.cpp free_not_mapped"},
    {"P3", "a frame's count is the number of entries that map it, its pins are those of transfers", When::interval,
     "audit_frames.cpp counts"},
    {"P4", "the reverse map and the entries in the tables are the same, from both sides", When::interval,
     "audit_frames.cpp reverse_map"},
    {"P5", "the states add up to all frames, the zones' counters too", When::interval,
     "audit_frames.cpp sums; frame_allocator.cpp check"},
    {"P6", "each frame carries its own number", When::interval, "audit_frames.cpp numbers"},
    {"P7", "the zero page is zero, not counted, and never writable", When::interval, "audit_frames.cpp zero_page"},
    {"P8", "free frames hold their mark: nobody wrote to them", When::interval, "audit_frames.cpp poison"},
    {"P9", "a table has one parent", When::interval, "audit_frames.cpp one_parent"},
    {"P10", "locked pages stay in memory, pinned and kernel frames where they were put", When::interval,
     "audit_entries.cpp locked_pages; audit_frames.cpp kernel_memory"},
    {"P11", "free blocks are aligned to their size and disjoint", When::interval, "buddy.cpp check"},
    {"P12", "two free buddies of one order are always merged", When::interval, "buddy.cpp check"},
    {"P13", "the pair bits and tags say what the free lists say", When::interval, "buddy.cpp check"},
    {"P14", "taking everything and giving it back in any order restores the free blocks", When::test,
     "allocation.cpp require_restored; buddy_test"},
    {"P15", "the count of free frames is the sum over the lists and the number of frames marked free", When::interval,
     "buddy.cpp check"},
    {"P16", "a request is refused exactly if no aligned run of free frames serves it", When::test,
     "allocation.cpp require_justified; buddy_test"},
    {"P17", "a wrong release is named and changes nothing", When::change, "memory.cpp release_block; buddy_test", true},
    {"P18", "zones keep to their ranges, DMA requests to the DMA zone", When::interval,
     "frame_allocator.cpp check; kernel_memory.cpp check"},
    {"P19", "areas are ordered, disjoint, not empty, aligned, below the user's top", When::interval,
     "vma.cpp check, insert, grow_down"},
    {"P20", "the tree of areas is balanced, and equals an interval map after any calls", When::interval,
     "vma.cpp check; area_test"},
    {"P21", "the tree finds what a linear search finds", When::interval, "vma.cpp check_find"},
    {"P22", "munmap leaves no area, entry or translation inside, and all else as it was", When::fault,
     "witness.cpp unmapped; probe.cpp"},
    {"P23", "mprotect changes the rights inside and nothing else, whatever it splits or merges", When::fault,
     "witness.cpp protected_as"},
    {"P24", "no entry outside an area, none that allows more than it", When::interval,
     "audit_entries.cpp entries_in_areas"},
    {"P25", "the architecture's walk of the tables is what the kernel reads and what the MMU answers", When::interval,
     "audit_entries.cpp walks, reached; probe.cpp"},
    {"P26", "what the kernel takes from a table is what memory holds there, and is a table or frame", When::change,
     "page_table.h holds no entry; format next_table; frame.cpp at; census.cpp", true},
    {"P27", "no translation is used after its invalidation is acknowledged", When::access,
     "processor.cpp check_translation"},
    {"P28", "every entry that loses rights, dirty or its frame is invalidated before a program runs on", When::change,
     "order.cpp check_settled"},
    {"P29", "unhook, invalidate, acknowledge, free: in this order, pages and tables", When::change, "order.cpp event"},
    {"P30", "the contents of a page are complete before its entry is", When::change, "witness.cpp check_contents"},
    {"P31", "a page that was touched since it was made old is young", When::interval,
     "audit_entries.cpp young_and_dirty"},
    {"P32", "a page that was stored to is dirty, and no dirty bit is overwritten", When::access,
     "processor.cpp check_translation; order.cpp entry; audit_entries.cpp"},
    {"P33", "a word that is not valid never translates, and is 0, a swap word or poison", When::change,
     "order.cpp entry; census.cpp; audit_entries.cpp walks"},
    {"P34", "an ASID changes hands after a flush only; what is global survives a space's flush", When::change,
     "order.cpp context; audit_entries.cpp asids"},
    {"P35", "a large page or hint block is aligned, contiguous, uniform", When::interval, "audit_entries.cpp blocks"},
    {"P36", "refill by software gives the data and faults of refill by hardware", When::test,
     "compare.cpp; block_test"},
    {"P37", "every format gives the same signals and the same bytes", When::test, "compare.cpp; kernel_test"},
    {"P38", "an access succeeds or ends in a signal after at most 3 faults", When::access, "processor.cpp touch", true},
    {"P39", "after a failed allocation entry and counts are as before", When::fault,
     "witness.cpp FaultWitness::failed"},
    {"P40", "a signal ends its owner alone and frees all that it alone owned", When::fault,
     "witness.cpp KillWitness::ended"},
    {"P41", "a spurious fault changes nothing", When::fault, "witness.cpp FaultWitness::ended"},
    {"P42", "after a fork each side's bytes are its own; no copy is mapped while others may read the original",
     When::change, "order.cpp entry; oracle; fault_test"},
    {"P43", "a read of untouched anonymous memory takes no frame", When::fault, "witness.cpp FaultWitness::ended"},
    {"P44", "a store to a shared page is seen by everybody at once", When::change, "kernel.cpp witness; shared_test"},
    {"P45", "a page comes back from the swap area as it was last stored", When::change, "witness.cpp check_contents"},
    {"P46", "a slot's users are the words that name it; none is lost", When::interval,
     "audit_storage.cpp slots; swap.cpp"},
    {"P47", "results do not depend on frames, policy, seed, format or MMU", When::test, "compare.cpp; kernel_test"},
    {"P48", "a clean page with a good slot is not written again", When::change, "reclaim.cpp event"},
    {"P49", "a page that was stored to is never dropped, a clean one is what its device has", When::interval,
     "audit_storage.cpp clean_pages; witness.cpp check_contents"},
    {"P50", "reclaim frees something or says that it cannot, within bounds", When::change, "reclaim.cpp event"},
    {"P51", "kswapd goes on to high, direct reclaim starts below min", When::change, "reclaim.cpp event"},
    {"P52", "ages stay within bounds, and what is evicted was old", When::change, "reclaim.cpp event"},
    {"P53", "while everything is touched, nothing goes before one full round", When::test,
     "reclaim.cpp require_full_round; reclaim_test"},
    {"P54", "equal processes lose equal shares", When::change, "reclaim.cpp event"},
    {"P55", "no fault of a device gives a process wrong data", When::interval,
     "audit_storage.cpp clean_pages; witness.cpp check_contents; fault_matrix_test"},
    {"P56", "wherever the machine stops, the swap image does not contradict itself", When::test,
     "swap_image.cpp audit_swap_image; store_test"},
    {"P57", "a migration keeps bytes and rights of all mappings", When::change, "compaction.cpp check_moved", true},
    {"P58", "after compaction the largest free block is as large as the pages that must stay allow", When::change,
     "compaction.cpp check_compacted", true},
    {"P59", "out of memory ends one process, frees something, and leaves others alone", When::fault, "os/oom.cpp",
     true},
    {"P60", "at the end all frames and slots are free; equal seeds give equal logs", When::end,
     "audit_storage.cpp all_free; compare.cpp require_same_log"},
    {"P61", "the logs of model and RTL are equal but for A that hardware set early", When::test,
     "compare.cpp require_equal_but_for_a"},
    {"P62", "a flipped frame or rights bit of a TLB entry is found by the next access through it", When::test,
     "processor.cpp check_translation; properties_test"},
    {"P63", "faults, signals and resident pages add up", When::interval, "audit_storage.cpp conservation"},
    {"P64", "audits look at all that is resident, and each check fails on its mutant", When::interval,
     "audit.cpp run_audits; properties_test"},
};
static_assert(std::size(kProperties) == 64);
}  // namespace

std::string_view name(When when) {
  constexpr std::string_view kNames[] = {"access", "change", "fault", "interval", "end", "test"};
  return kNames[static_cast<size_t>(when)];
}

std::span<const Property> properties() { return kProperties; }

const Property* property(std::string_view id) {
  const auto at =
      std::find_if(std::begin(kProperties), std::end(kProperties), [id](const Property& p) { return p.id == id; });
  return at == std::end(kProperties) ? nullptr : &*at;
}

}  // namespace kilburn::os
