// SPDX-License-Identifier: Apache-2.0
//
// Memory management of the kernel: frames, address spaces, faults, files, swapping; on one or several CPUs.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <unordered_map>

#include "sw/core/assertion.h"
#include "sw/io/faulty_device.h"
#include "sw/io/file_disk.h"
#include "sw/mm/address_space.h"
#include "sw/mm/file_contents.h"
#include "sw/mm/frame_allocator.h"
#include "sw/mm/kernel_memory.h"
#include "sw/mm/kswapd.h"
#include "sw/mm/oom.h"
#include "sw/mm/page_cache.h"
#include "sw/mm/swap_space.h"
#include "sw/mm/thrash.h"
#include "sw/mm/transfer.h"
#include "sw/mm/vm_ops.h"

namespace kilburn::os {

// Who fills the TLB after a miss: the walker, or the kernel (Alpha's PALcode, N4).
enum class RefillMode : u8 { hardware, software };

struct MemoryConfig {
  arch::Format format = arch::Format::x86_64;
  u32 frames = 64;
  int swap_priority = 0;  // of the first swap area
  u32 swap_slots = 4096;
  u32 device_frames = 0;                             // after the frames: of a device, for areas of that kind
  std::vector<FaultyDevice::Plan> file_faults = {};  // of the disk that holds the files
  unsigned asid_bits = 8;
  SwitchPolicy switch_policy = SwitchPolicy::tagged;
  RefillMode refill = RefillMode::hardware;
  CostTable costs = kDefaultCosts;
  bool prefault = false;       // mappings get all their pages at once (pure swapping)
  u64 stack_limit = 8u << 20;  // bytes that a stack may grow to (LX RLIMIT_STACK)
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

  AgeInvalidate age_invalidate = AgeInvalidate::page;
  ReclaimConfig reclaim = {};

  PhysicalLayout layout() const {
    return {frames, nodes, dma_frames, highmem_frames, watermarks, {reclaim.min, reclaim.low, reclaim.high}};
  }
  std::vector<std::string> problems() const;  // one sentence for each thing that is wrong
};

// How a fault ended; the first group retries the access.
enum class FaultKind : u8 {
  first_touch,  // anonymous page, zeroed frame
  file_fill,    // page with file bytes, read from its device
  page_cache,   // page of a file or of shared memory that was in memory already
  device,       // page of a device
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
  blocked,      // the page is on its way from the disk: the access is tried again when it is there
};
inline constexpr size_t kFaultKinds = 15;
std::string_view name(FaultKind);

struct MemoryStatistics {
  std::array<u64, kFaultKinds> faults{};
  u64 swapped_out = 0;        // pages written to swap areas (pswpout)
  u64 swapped_in = 0;         // pages read from them (pswpin)
  u64 paged_out = 0;          // pages written to any device (pgout)
  u64 paged_in = 0;           // pages read from any device (pgin)
  u64 read_ahead = 0;         // started to read although nobody had touched them: files' windows, madvise
  u64 written_back = 0;       // pages of files that became clean while mapped
  u64 lost_writes = 0;        // pages of files, and blocks, that could not be written at the end
  u64 evicted_unwritten = 0;  // clean page whose slot is still good (P48)
  u64 dropped = 0;            // clean page that can be made again
  u64 swap_full = 0;          // evictions given up for lack of a slot
  u64 write_errors = 0, read_errors = 0, checksum_errors = 0;
  u64 reclaims = 0, aged = 0;
  u64 forced = 0;  // evictions tried on pages that were not old
  u64 freed_from_caches = 0, freed_from_segments = 0, freed_from_processes = 0;
  u64 direct_reclaims = 0, direct_freed = 0;  // by allocations
  u64 kswapd_wakes = 0, kswapd_timer_wakes = 0, kswapd_steps = 0, kswapd_freed = 0;
  u64 kswapd_failures = 0;  // nothing to free: it sleeps although few frames are free
  u64 reserve_used = 0;     // frames taken at or below the min mark
  ThrashDetector::Counters thrash;
  u64 frames_peak = 0;  // in use at once, reserved ones included
  u64 forks = 0;
  u64 stack_growths = 0;
  u64 transfers_abandoned = 0;   // pages read for nobody: their owner was killed, or memory was short
  u64 collapsed = 0, split = 0;  // blocks
  u64 migrated = 0;              // pages moved to another frame
  u64 compactions = 0;           // allocations that had to compact first
  u64 all_faults() const;
};

class Memory final : public TableFrames, private BlockSource, private BlockSplitter, private BufferFrames {
 public:
  static constexpr Pfn kZeroFrame = 1, kEmptyRootFrame = 2, kFirstFrame = 3;
  static constexpr u8 kAgeStart = 3, kAgeAdvance = 3, kAgeDecline = 1, kAgeMax = 20;  // L20 PAGE_*
  static constexpr std::byte kPoisonByte{0x6b};
  static constexpr unsigned kReclaimRounds = 32;  // batches reclaimed for one request

  // One port a CPU.
  Memory(PhysMem&, std::span<MmuPort* const>, BlockDevice& swap_device, const MemoryConfig&);
  Memory(PhysMem& memory, MmuPort& port, BlockDevice& swap_device, const MemoryConfig& config)
      : Memory(memory, std::array<MmuPort*, 1>{&port}, swap_device, config) {}
  ~Memory();

  // --- address spaces (space.cpp) ---
  std::unique_ptr<AddressSpace> create(u32 id);
  std::unique_ptr<AddressSpace> fork(AddressSpace& parent, u32 id);
  // Unmaps everything and frees the tables. The port's context must be another one by now.
  void destroy(AddressSpace&);
  void load(unsigned cpu, AddressSpace&);         // the CPU's context from now on
  void leave(unsigned cpu) { cpus_.leave(cpu); }  // to a root without user entries, ASID 0
  // Translation off: the address is the physical one, nothing protects anything (rows 32, 88).
  static arch::Context bare_context();
  KernelMemory& kernel() { return kernel_; }
  const KernelMemory& kernel() const { return kernel_; }

  // --- mappings (mapping.cpp); addresses and lengths in granules; 0 or errno ---
  int map(AddressSpace&, u64 start, u64 length, Rights, Backing, bool inferred = false, VmaFlags flags = {});
  int unmap(AddressSpace&, u64 start, u64 length);
  // `infer`: holes become inferred areas; else ENOMEM, as Linux.
  int protect(AddressSpace&, u64 start, u64 length, Rights, bool infer = false);
  int move(AddressSpace&, u64 from, u64 old_length, u64 to, u64 new_length);  // mremap; to == from: in place
  int set_brk(AddressSpace&, u64 brk);

  // A store by the kernel into a process, whatever the rights; inside one page.
  void put(AddressSpace& space, u64 va, std::span<const std::byte> bytes) { write_user(space, va, bytes); }
  FileContents& contents() { return contents_; }
  // The end of [start, start + length) as map and unmap take it: areas of whole pages are not cut inside one.
  u64 end_of(const AddressSpace&, u64 start, u64 length) const;
  u64 end_of(const Backing&, u64 start, u64 length) const;

  // --- advice (advice.cpp); 0 or errno ---
  int drop(AddressSpace&, u64 start, u64 length, bool only_anonymous);  // MADV_DONTNEED, MADV_FREE
  int advise(AddressSpace&, u64 start, u64 length, Advice);             // the others
  int lock(AddressSpace&, u64 start, u64 length, bool locked);          // mlock, munlock
  void make_present(AddressSpace&, u64 start, u64 length);

  // --- files (file_pages.cpp); 0 or errno ---
  void set_file_length(u32 number, u64 bytes) { file(number).length = bytes; }
  int sync(AddressSpace&, u64 start, u64 length);  // msync(MS_SYNC)
  // Every dirty page of a file, then the tables of the swap areas, reach their devices.
  int write_back_all();
  // The end: everything is written, the caches are empty, segments of shared memory are gone.
  void shut_down();

  // --- System V shared memory (shared_memory.cpp); 0 or errno ---
  int shm_get(u32 key, u64 bytes, bool create, u32& id);  // key 0: a new segment
  int shm_attach(AddressSpace&, u32 id, u64 start, Rights);
  int shm_detach(AddressSpace&, u64 start);
  int shm_remove(u32 id);  // IPC_RMID
  const SharedSegment* segment(u32 id) const;

  // --- swap areas (swap_areas.cpp); 0 or errno ---
  int swap_on(BlockDevice&, u32 slots, int priority, u32& area);
  int swap_off(u32 area);  // every page of it comes back first

  // --- reclaim (reclaim.cpp): each frees up to `target` frames and says how many ---
  u32 shrink_mmap(u32 target);      // page cache and buffer cache: what no process maps
  u32 shm_swap(u32 target);         // shared memory
  u32 try_to_swap_out(u32 target);  // what processes map (sweep.cpp): each in turn, by its size

  // --- background work (kswapd.cpp): after each reference; `now` counts them ---
  bool background_due(u64 now) const { return now >= background_at_; }
  void background(u64 now);
  // Counts and clears the A bits of the space's pages.
  void sample_working_set(AddressSpace&);

  // --- out of memory (oom.cpp); without a killer, or one who finds nobody, OutOfMemory ends the run ---
  void set_oom_killer(OomKiller* killer) { oom_killer_ = killer; }
  Badness badness(const AddressSpace&) const;
  // While somebody who is to be killed finishes: allocations may go below the min mark.
  void open_reserve(bool open) { reserve_open_ = open; }

  // --- called by the areas' operations (vm_ops.cpp) ---
  Fetched file_page(FileObject&, u64 index);
  Fetched segment_page(SharedSegment&, u64 index);
  Fetched device_page(u64 index) const;
  int sync_file(FileObject&, u64 first, u64 end);
  void advise_file(FileObject&, u64 first, u64 end, Advice);
  int page_to_file(Frame&);
  int page_to_swap(Frame&, bool dirty);
  int page_to_segment(Frame&, bool dirty);
  int page_from_swap(u32 slot, Pfn);
  void slot_was_read(u32 slot, int error);

  // --- faults (fault.cpp) ---
  // `may_block`: a page that must be read from disk ends in `blocked`, to be tried again at wake_at().
  FaultKind fault(AddressSpace&, u64 va, arch::Op, bool may_block = false);
  u64 wake_at() const { return wake_at_; }
  // Software refill (refill.cpp): fills the TLB of `cpu`; false if the entry does not translate: a page fault.
  bool refill(unsigned cpu, AddressSpace&, u64 va, arch::Op);

  // --- transfers from disk (transfer.cpp) ---
  void end_transfers();       // frees what was read for nobody
  void wait_for_transfers();  // and all others, when they are done
  bool in_transfer(Pfn pfn) const { return transfers_.find_frame(pfn) != nullptr; }

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
  SwapSpace& swap() { return swap_; }
  const PageCache& pages() const { return pages_; }
  const BufferCache& buffers() const { return buffers_; }
  const std::map<u32, std::unique_ptr<SharedSegment>>& segments() const { return segments_; }
  PhysMem& physical() { return memory_; }
  EventLog& log() { return log_; }
  const Cpus& cpus() const { return cpus_; }
  std::span<AddressSpace* const> spaces() const { return spaces_; }
  Yield& yield() { return yield_; }
  Meter& meter() { return meter_; }
  const MemoryStatistics& statistics() const {
    statistics_.thrash = thrash_.counters();
    return statistics_;
  }
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
  Pfn take_block(const FrameRequest&);           // kNoFrame if only the reserve is left
  Pfn block_after_reclaim(const FrameRequest&);  // and if reclaim does not help either
  Pfn alloc_block(const FrameRequest&) override;
  void release_block(Pfn, unsigned order) override;
  template <u8 kByte>
  void fill_frame(Pfn);
  void zero(Pfn);
  void copy(Pfn from, Pfn to);
  bool fill(const AddressSpace&, u64 page, Pfn);
  bool make_bytes(const AddressSpace&, u64 page);  // into page_; false if a device does not give them
  // Whether a present entry's frame is one of memory that counts its mappings.
  bool counted(Pfn pfn) const { return pfn != kZeroFrame && pfn < config_.frames; }
  u64 frames_in_use() const { return config_.frames - buddy_.free_frames(); }
  Pfn spare_frame(FrameState);  // never reclaims; kNoFrame if few are free
  Pfn lend_frame() override { return spare_frame(FrameState::buffer); }
  void return_frame(Pfn) override;
  [[noreturn]] void out_of_memory() const;
  void add_mapping(AddressSpace&, u64 page, Pfn);
  bool remove_mapping(AddressSpace&, u64 page, Pfn);  // true: that was the last one, free the frame
  void drop_slot(Frame&);                             // ends the association with a swap slot
  Gather gather() { return Gather(cpus_, *this); }
  void install(AddressSpace& space, u64 page, u64 expect, u64 word) {
    install(space, space.table.leaf(page), expect, word);
  }
  void install(AddressSpace&, const PageTable::Leaf&, u64 expect, u64 word);

  // file_pages.cpp
  FileObject& file(u32 number);
  int read_file_page(FileObject&, u64 index, std::span<std::byte> out);
  int object_bytes(const Backing&, std::span<std::byte> out);  // inside one page
  void read_ahead(FileObject&, u64 index);
  int write_back(Frame&);
  void insert_page(Pfn, PageObject&, u64 index);
  void forget_page(Frame&);

  // shared_memory.cpp
  void reap_segments();
  void end_segment(SharedSegment&);
  int adopt(Backing&, u64 start, u64 length, Rights);  // what map() may map; fills in the object

  // fault.cpp
  FaultKind map_object(AddressSpace&, const PageTable::Leaf&, arch::Op, Rights, const Backing&);
  FaultKind first_touch(AddressSpace&, const PageTable::Leaf&, arch::Op, const VmaSet::Coverage&);
  FaultKind swap_in(AddressSpace&, const PageTable::Leaf&, u64 word, arch::Op, Rights);
  FaultKind present(AddressSpace&, const PageTable::Leaf&, u64 word, arch::Op, Rights);
  FaultKind break_cow(AddressSpace&, const PageTable::Leaf&, u64 word, Rights);
  FaultKind resolve(AddressSpace&, u64 page, arch::Op, const VmaSet::Coverage&);
  void flush_page(AddressSpace&, u64 page);
  const Vma* grow_stack(AddressSpace&, u64 va);

  // mapping.cpp
  void discard(AddressSpace&, u64 lo, u64 hi, Gather&);
  void write_user(AddressSpace&, u64 va, std::span<const std::byte>);
  void refill(AddressSpace&, u64 lo, u64 hi);
  void restrict_rights(AddressSpace&, u64 lo, u64 hi, Gather&);
  bool valid(u64 start, u64 length) const;
  bool can_cut(const AddressSpace&, u64 at) const;  // whether an area may end at `at`

  // advice.cpp
  void read_ahead_swapped(AddressSpace&, u64 start, u64 end);

  // remap.cpp
  bool move_bytes(AddressSpace&, u64 from, u64 to, u64 length);
  void move_entries(AddressSpace&, u64 from, u64 to, u64 pages);

  // transfer.cpp
  void start_read(u32 slot);
  int claim(u32 slot);
  void start_object_read(Pfn, bool ahead);
  bool arrived(Pfn, bool& read);
  void let_go(const Transfers::Transfer&);
  bool drop_transfers();
  bool locked(const Frame&) const;

  // kswapd.cpp
  void note_free(Pfn taken);  // wakes kswapd if it is time
  u32 balance_zone(const Zone&, u32 frames);
  void kswapd_step(u64 now);
  void close_thrash_window(u64 now);
  void plan_background();

  // compaction.cpp
  bool movable(const Frame&) const;
  void migrate(Pfn from, Pfn to);
  void check_moved(Pfn from, Pfn to);
  void check_compacted(const Zone&) const;
  u32 compact_zone(const Zone&, unsigned order, u32 budget);
  bool compact_for(const FrameRequest&);
  void inherit(Pfn from, Pfn to);

  // huge.cpp
  void split_block(PageTable&, u64 va) override;
  bool collapse(AddressSpace&, u64 start, unsigned order);
  bool can_collapse(const AddressSpace&, u64 start, unsigned order, PteView& common) const;

  // reclaim.cpp
  u32 reclaim(u32 target);
  u32 scan(u32 target);
  bool evict(Frame&, bool forced = false);

  // sweep.cpp
  u32 look_at_first(FrameList&);
  u32 age_and_evict(FrameList&, u64 count, u32 target);
  AddressSpace& next_in_sweep();
  u32 evict_unaged(FrameList&, u64 count);
  u32 evict_unaged_of_processes();
  bool test_clear_young(Frame&);
  bool serves(const Frame&) const;
  u32 write_out(Frame&);

  MemoryConfig config_;
  const PteFormat& format_;
  PhysMem& memory_;
  std::byte* bytes_;  // of memory that can be written without asking it, else null
  EventLog log_;
  Meter meter_;
  Yield yield_;
  Cpus cpus_;
  MemMap map_;
  FrameAllocator buddy_;
  FailureReport report_;
  u32 node_ = 0;
  BufferCache buffers_;
  SwapSpace swap_;
  FileContents contents_;
  FileDisk disk_;
  FaultyDevice disk_port_;
  u32 disk_device_;
  PageCache pages_;
  std::unordered_map<u32, std::unique_ptr<FileObject>> files_;  // by number
  std::map<u32, std::unique_ptr<SharedSegment>> segments_;      // by id
  u32 next_segment_ = 1;
  std::vector<AddressSpace*> spaces_;
  PageTable::Parts parts_;
  KernelMemory kernel_;
  Transfers transfers_;
  bool may_block_ = false;  // in this fault
  u64 wake_at_ = 0;
  u64 ageing_count_ = 0;  // frames in the spaces' lists
  size_t sweep_at_ = 0;   // whose turn it is
  FrameList cached_;      // pages of files that nobody maps
  u64 cached_count_ = 0;
  FrameList shm_;  // pages of shared memory
  u64 shm_count_ = 0;
  Gather* batch_ = nullptr;  // AgeInvalidate::batch: of the scan that runs
  bool reclaiming_ = false;  // L24 PF_MEMALLOC
  bool reserve_open_ = false;
  bool no_kill_ = false;  // swapoff rather fails
  OomKiller* oom_killer_ = nullptr;
  Kswapd kswapd_;
  ThrashDetector thrash_;
  u64 now_ = 0;            // references so far
  u64 background_at_ = 0;  // when background() is to be called
  u64 working_sets_at_ = ~u64{0};
  mutable MemoryStatistics statistics_;
  ZoneKind wanted_ = ZoneKind::highmem;  // reclaim looks for frames in this zone or a lower one
  const Zone* wanted_zone_ = nullptr;    // or in this zone alone
  std::vector<Pfn> spare_tables_;
  std::vector<std::byte> page_;   // one page of working space
  std::vector<std::byte> chunk_;  // another, for peek
  std::vector<u64> snapshots_;    // bug M1: word at the first ageing, by frame
};

}  // namespace kilburn::os
