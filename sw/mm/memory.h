// SPDX-License-Identifier: Apache-2.0
//
// Memory management of the kernel: frames, address spaces, faults, swapping. One processor.
#pragma once

#include <array>
#include <memory>

#include "sw/core/assertion.h"
#include "sw/mm/address_space.h"
#include "sw/mm/frame_allocator.h"
#include "sw/mm/kernel_memory.h"
#include "sw/mm/swap.h"

namespace kilburn::os {

struct MemoryConfig {
  arch::Format format = arch::Format::x86_64;
  u32 frames = 64;
  u32 swap_slots = 4096;
  unsigned asid_bits = 8;
  YieldPolicy yield = YieldPolicy::none;
  u64 seed = 1;
  Bug bug = Bug::none;
  bool huge = false;   // blocks: large pages, granularity hints (huge.cpp)
  bool poison = true;  // free frames are filled with a mark (P8)
  // Where the frames lie (zone.h): by default one zone NORMAL without watermarks.
  u32 nodes = 1;
  u32 dma_frames = 0;
  u32 highmem_frames = 0;
  WatermarkPreset watermarks = WatermarkPreset::off;

  bool age_invalidate = true;  // ageing invalidates the TLB entry, so that a hot page becomes young again

  PhysicalLayout layout() const { return {frames, nodes, dma_frames, highmem_frames, watermarks}; }
};

// How a fault ended; the first group retries the access.
enum class FaultKind : u8 {
  first_touch,  // anonymous page, zeroed frame
  file_fill,    // page with file bytes
  zero_page,    // read of an untouched anonymous page
  cow_copy,     // write to a shared frame or the zero page
  cow_reuse,    // write-protected, but the only owner
  swap_in,      // read from the swap area
  swap_cache,   // the frame was still in memory
  young_dirty,  // A and D emulation (Alpha)
  upgrade,      // the area allows more than the entry did
  spurious,     // the entry allowed it already
  segv,         // no area, or it forbids the access
  bus,          // the page was lost to an I/O error
};
inline constexpr size_t kFaultKinds = 12;
std::string_view name(FaultKind);

struct MemoryStatistics {
  std::array<u64, kFaultKinds> faults{};
  u64 swapped_out = 0;        // pages written
  u64 swapped_in = 0;         // pages read
  u64 evicted_unwritten = 0;  // clean page whose slot is still good (P48)
  u64 dropped = 0;            // clean page that can be made again
  u64 swap_full = 0;          // evictions given up for lack of a slot
  u64 write_errors = 0, read_errors = 0, checksum_errors = 0;
  u64 reclaims = 0, aged = 0;
  u64 forced = 0;       // evictions tried on pages that were not old
  u64 frames_peak = 0;  // in use at once, reserved ones included
  u64 forks = 0;
  u64 collapsed = 0, split = 0;  // blocks
  u64 migrated = 0;              // pages moved to another frame
  u64 compactions = 0;           // allocations that had to compact first
  u64 all_faults() const;
};

class Memory final : public TableFrames, private BlockSource, private BlockSplitter {
 public:
  static constexpr Pfn kZeroFrame = 1, kEmptyRootFrame = 2, kFirstFrame = 3;
  static constexpr u8 kAgeStart = 3, kAgeAdvance = 3, kAgeDecline = 1, kAgeMax = 20;  // L20 PAGE_*
  static constexpr std::byte kPoisonByte{0x6b};
  static constexpr unsigned kReclaimRounds = 32;  // batches reclaimed for one request

  Memory(PhysMem&, MmuPort&, BlockDevice& swap_device, const MemoryConfig&);
  ~Memory();

  // --- address spaces (space.cpp) ---
  std::unique_ptr<AddressSpace> create(u32 id);
  std::unique_ptr<AddressSpace> fork(AddressSpace& parent, u32 id);
  // Unmaps everything and frees the tables. The port's context must be another one by now.
  void destroy(AddressSpace&);
  arch::Context context(AddressSpace&);  // may wrap the ASIDs
  arch::Context empty_context() const;   // a root without user entries, ASID 0
  // Translation off: the address is the physical one, nothing protects anything (rows 32, 88).
  static arch::Context bare_context();
  KernelMemory& kernel() { return kernel_; }
  const KernelMemory& kernel() const { return kernel_; }

  // --- mappings (mapping.cpp); addresses and lengths in granules; 0 or errno ---
  int map(AddressSpace&, u64 start, u64 length, Rights, Backing, bool inferred = false);
  int unmap(AddressSpace&, u64 start, u64 length);
  // `infer`: holes become inferred areas; else ENOMEM, as Linux.
  int protect(AddressSpace&, u64 start, u64 length, Rights, bool infer = false);
  int move(AddressSpace&, u64 from, u64 old_length, u64 to, u64 new_length);  // mremap; to == from: in place
  int set_brk(AddressSpace&, u64 brk);

  // --- faults (fault.cpp) ---
  FaultKind fault(AddressSpace&, u64 va, arch::Op);

  // --- compaction (compaction.cpp) ---
  // One step of the background thread: moves at most `pages` pages together; returns how many.
  u32 kcompactd(u32 pages);

  // --- blocks of pages that one TLB entry covers (huge.cpp) ---
  // One step of the background thread: puts at most `blocks` blocks together; returns how many. Nothing without
  // MemoryConfig::huge. A block comes apart when one of its entries is to change.
  u32 khugepaged(AddressSpace&, u32 blocks);
  const std::vector<Pfn>& spare_tables() const { return spare_tables_; }  // for the next splits, one a large page

  // Bytes as the program would see them, without touching any entry; inside one page. False if lost.
  bool peek(const AddressSpace&, u64 va, std::span<std::byte> out);

  // --- for audits ---
  const PteFormat& format() const { return format_; }
  const MemoryConfig& config() const { return config_; }
  const MemMap& map_of_frames() const { return map_; }
  const FrameAllocator& buddy() const { return buddy_; }
  // Requests come from a processor of this node from now on.
  void run_on_node(u32 node) { node_ = node % config_.nodes; }
  u32 node() const { return node_; }
  SwapArea& swap() { return swap_; }
  PhysMem& physical() { return memory_; }
  EventLog& log() { return log_; }
  const AsidAllocator& asids() const { return asids_; }
  const Shootdown& shootdown() const { return shootdown_; }
  const Yield& yield() const { return yield_; }
  const MemoryStatistics& statistics() const { return statistics_; }
  u64 frame_address(Pfn pfn) const { return u64{pfn} << format_.info().page_shift; }

 private:
  struct Old {  // an entry that was cleared
    Mapping at;
    u64 word;
  };

  // frames (memory.cpp)
  Pfn alloc_table() override;
  void release_frame(Pfn) override;
  Bug bug() const override { return config_.bug; }
  Pfn alloc_frame(FrameState);
  Pfn alloc_block(const FrameRequest&) override;
  void release_block(Pfn, unsigned order) override;
  void zero(Pfn);
  void copy(Pfn from, Pfn to);
  void fill(const AddressSpace&, u64 page, Pfn);
  void make_bytes(const AddressSpace&, u64 page);  // into page_
  void add_mapping(AddressSpace&, u64 page, Pfn);
  bool remove_mapping(AddressSpace&, u64 page, Pfn);  // true: that was the last one, free the frame
  void drop_slot(Frame&);                             // ends the association with a swap slot
  Gather gather() { return Gather(shootdown_, asids_, *this); }
  void install(AddressSpace&, u64 page, u64 expect, u64 word);

  // fault.cpp
  FaultKind first_touch(AddressSpace&, u64 page, arch::Op, const VmaSet::Coverage&);
  FaultKind swap_in(AddressSpace&, u64 page, u64 word, arch::Op, Rights);
  FaultKind present(AddressSpace&, u64 page, u64 word, arch::Op, Rights);
  FaultKind break_cow(AddressSpace&, u64 page, u64 word, Rights);
  FaultKind resolve(AddressSpace&, u64 page, arch::Op, const VmaSet::Coverage&);
  void flush_page(AddressSpace&, u64 page);

  // mapping.cpp
  void discard(AddressSpace&, u64 lo, u64 hi, Gather&);
  void write_user(AddressSpace&, u64 va, std::span<const std::byte>);
  void refill(AddressSpace&, u64 lo, u64 hi);
  void restrict_rights(AddressSpace&, u64 lo, u64 hi, Gather&);
  bool valid(u64 start, u64 length) const;

  // compaction.cpp
  static bool movable(const Frame&);
  void migrate(Pfn from, Pfn to);
  void check_moved(Pfn from, Pfn to);
  void check_compacted(const Zone&) const;
  u32 compact_zone(const Zone&, unsigned order, u32 budget);
  bool compact_for(const FrameRequest&);

  void adopt(Pfn from, Pfn to);

  // huge.cpp
  void split_block(PageTable&, u64 va) override;
  bool collapse(AddressSpace&, u64 start, unsigned order);
  bool can_collapse(const AddressSpace&, u64 start, unsigned order, PteView& common) const;

  // reclaim.cpp
  u32 reclaim(u32 target);
  bool test_clear_young(Frame&);
  bool evict(Frame&);
  u32 write_out(Frame&);

  MemoryConfig config_;
  const PteFormat& format_;
  PhysMem& memory_;
  EventLog log_;
  Yield yield_;
  Shootdown shootdown_;
  AsidAllocator asids_;
  MemMap map_;
  FrameAllocator buddy_;
  FailureReport report_;
  u32 node_ = 0;
  SwapArea swap_;
  PageTable::Parts parts_;
  KernelMemory kernel_;
  FrameList ageing_;  // user frames, next to be looked at first
  u64 ageing_count_ = 0;
  MemoryStatistics statistics_;
  std::vector<Pfn> spare_tables_;
  std::vector<std::byte> page_;   // one page of working space
  std::vector<std::byte> chunk_;  // another, for peek
  std::vector<u64> snapshots_;    // bug M1: word at the first ageing, by frame
};

}  // namespace kilburn::os
