// SPDX-License-Identifier: Apache-2.0
//
// The table of workloads, their configurations, and the run of one.
#include "sw/workload/workload.h"

#include <algorithm>

#include "sw/workload/stage.h"

namespace kilburn::os {

namespace {

using namespace programs;

template <u32 kPages>
constexpr u32 pages(u32 /*scale*/) {
  return kPages;
}
// A table holds the entries of 2 MB at least, which are 256 spans.
template <u32 kPages, u32 kSpansAScale>
constexpr u32 growing(u32 scale) {
  return kPages + scale * kSpansAScale / 256;
}
constexpr u32 sharers(u32 scale) { return 300 * scale * 6; }

void with_killer(Config& c) {
  c.reclaim.oom_kill = true;
  c.reclaim.min = 6;
}

constexpr const char* kPintos = "Pintos tests/vm";
constexpr const char* kKernelTests = "Linux selftests/mm";

constexpr Workload kWorkloads[] = {
    {"page-linear", "stores through an array, loads it twice", "swapping", kPintos, growing<24, 48>, 1, 0, 8,
     page_linear},
    {"page-shuffle", "shuffles an array", "swapping", kPintos, growing<16, 24>, 1, 0, 8, page_shuffle},
    {"page-merge-seq", "children sort pieces one after the other, the parent merges", "swapping, copy on write",
     kPintos, growing<14, 32>, 2, 0, 8, page_merge_seq},
    {"page-merge-par", "children sort pieces at once, the parent merges", "swapping, copy on write", kPintos,
     growing<14, 32>, 5, 0, 8, page_merge_par},
    {"page-merge-stk", "the same on an array that grows downwards", "swapping, copy on write", kPintos, growing<14, 32>,
     5, 0, 8, page_merge_stk},
    {"page-merge-mm", "the same on a mapped file", "swapping, copy on write, file pages", kPintos, growing<14, 32>, 5,
     0, 8, page_merge_mm},
    {"thrash", "a loop over one page more than there are frames", "replacement", "Denning 1968", pages<24>, 1, 0, 8,
     thrash},
    {"thrash-10", "a loop over a tenth more pages than there are frames", "replacement", "Denning 1968", pages<24>, 1,
     0, 8, thrash_ten_percent},
    {"swap-full", "dirty pages of which the swap area holds few", "evictions without a slot", "L20 swap_out", pages<18>,
     1, 14, 8, swap_full},
    {"qsort-parallel", "four processes sort their parts of an inherited array", "copy on write, context switches",
     "SPLASH-like", growing<40, 8>, 5, 0, 8, qsort_parallel},
    {"matmul-rows", "matrix product along the rows of both", "swapping", "blocked-access studies", pages<20>, 1, 0, 8,
     matmul_rows},
    {"matmul-columns", "matrix product down the columns of one", "swapping, TLB misses", "blocked-access studies",
     pages<20>, 1, 0, 8, matmul_columns},
    {"pointer-chase", "follows one cycle through all pages in random order", "swapping, dependent misses",
     "lmbench lat_mem_rd", pages<20>, 1, 0, 8, pointer_chase},
    {"hash-join", "builds and probes a hash table", "swapping", "database joins", growing<14, 24>, 1, 0, 8, hash_join},
    {"sequential-read", "reads a mapped file twice", "file pages, clean pages dropped", "read-ahead studies",
     growing<16, 60>, 1, 0, 8, sequential_read},
    {"mmap-overlap", "maps over parts of a mapping", "replaced mappings", kPintos, pages<18>, 1, 0, 8, mmap_overlap},
    {"mmap-over-stk", "maps over a stack in use", "replaced mappings, SIGSEGV", kPintos, pages<20>, 1, 0, 8,
     mmap_over_stk},
    {"mmap-misalign", "odd addresses are refused and change nothing", "errors", kPintos, pages<8>, 1, 0, 8,
     mmap_misalign},
    {"mmap-zero", "mappings of nothing and of one byte", "errors, SIGSEGV", kPintos, pages<8>, 1, 0, 8, mmap_zero},
    {"mmap-twice", "one file at two addresses", "file pages, private copies", kPintos, growing<12, 24>, 1, 0, 8,
     mmap_twice},
    {"mmap-inherit", "children inherit mappings and unmap them", "fork, munmap, SIGSEGV", kPintos, pages<16>, 2, 0, 8,
     mmap_inherit},
    {"mmap-exit", "processes end with pages mapped", "exit", kPintos, pages<16>, 1, 0, 8, mmap_exit},
    {"mmap-churn", "six processes map and unmap with three address-space numbers", "ASID wraps", "L24 ASN versions",
     pages<20>, 6, 0, 2, mmap_churn},
    {"mremap", "an area moves and grows", "mremap, swapping", kKernelTests, pages<12>, 1, 0, 8, mremap_grow},
    {"brk", "a heap grows and shrinks", "brk, zeroed pages", kKernelTests, pages<16>, 1, 0, 8, brk_breathe},
    {"pt-grow", "pages that each need tables of their own", "tables allocated and pruned", kPintos, pages<32>, 1, 0, 8,
     pt_grow},
    {"guard-pages", "children run into pages without rights", "SIGSEGV of one process", kKernelTests, pages<14>, 2, 0,
     8, guard_pages},
    {"mprotect-toggle", "rights go and come back", "invalidation of rights", kKernelTests, pages<14>, 2, 0, 8,
     mprotect_toggle},
    {"write-code", "code is written, run and written again", "execute rights", kPintos, pages<14>, 2, 0, 8, write_code},
    {"straddle", "references across borders of every kind", "split references", "MMU traps", pages<16>, 2, 0, 8,
     straddle},
    {"fork-storm", "a thousand children in waves, some killed", "copy on write", "fork bombs", pages<80>, 51, 0, 8,
     fork_storm},
    {"fork-sharers", "one frame in hundreds of tables (65 536 at scale 220)", "reverse map, counts", "nyx-os 82",
     sharers, 1, 0, 8, fork_sharers},
    {"fork-chain", "each generation forks the next and ends", "copy on write, last owner", "daemons", pages<18>, 2, 0,
     8, fork_chain},
    {"kill-middle", "children are killed between the others' references", "exit while swapping", "kill tests",
     pages<20>, 4, 0, 8, kill_middle},
    {"context-storm", "another process after every reference", "context switches", "lmbench lat_ctx", pages<36>, 8, 0,
     8, context_storm},
    {"oom", "a process grows until it is killed", "OOM killer", "L24 oom_kill", pages<36>, 3, 16, 8, oom, with_killer,
     true},
    {"oom-shared", "the same beside processes that share its pages", "OOM killer", "L24 oom_kill", pages<40>, 3, 16, 8,
     oom_shared, with_killer, true},
    {"thrash-alarm", "a loop that does not fit", "thrash detection", "Denning 1968", pages<24>, 1, 0, 8, thrash_alarm,
     [](Config& c) {
       c.reclaim.thrash_alarm = 200;
       c.reclaim.thrash_window = 200;
     }},
    {"kswapd", "two processes take frames that the background task frees", "kswapd", "L24 vmscan", pages<40>, 2, 0, 8,
     kswapd,
     [](Config& c) {
       c.reclaim.min = 2;
       c.reclaim.low = 5;
       c.reclaim.high = 12;
     }},
    {"zone-dma", "device buffers in a zone that processes fill", "zones, direct reclaim", "L24 zoned allocator",
     pages<44>, 1, 0, 8, zone_dma, [](Config& c) { c.dma_frames = 12; }},
    {"compaction", "blocks of frames out of a memory in pieces", "compaction", kKernelTests, pages<56>, 1, 0, 8,
     compaction},
    {"numa-remote", "a process far from its memory", "nodes", "NUMA studies", pages<40>, 1, 0, 8, numa_remote,
     [](Config& c) { c.nodes = 2; }},
    {"swapoff-load", "a swap area comes and goes while processes swap", "swapon, swapoff", "L24 swapfile", pages<30>, 2,
     0, 8, swapoff_load},
    {"shm-rmid", "producer and consumer on a segment that is removed", "shared memory, IPC_RMID", "L20 ipc/shm",
     pages<14>, 2, 0, 8, shm_rmid},
    {"huge-split", "munmap and mprotect inside a large block", "large pages, splits", kKernelTests, pages<2400>, 1, 0,
     8, huge_split, [](Config& c) { c.huge = true; }},
    {"cow-storm", "copies on write on every CPU", "copy on write, shootdowns", "L24 establish_pte", pages<44>, 4, 0, 8,
     cow_storm},
    {"mprotect-storm", "rights change under processes that change CPUs", "mprotect, shootdowns", kKernelTests,
     pages<14>, 2, 0, 8, mprotect_storm},
};

u32 frames_of(const Workload& w, arch::Format format, u32 scale) {
  return Memory::kFirstFrame + w.processes * arch::info(format).levels + w.pages(scale);
}

}  // namespace

std::span<const Workload> workloads() { return kWorkloads; }

std::vector<std::string_view> workload_names() {
  std::vector<std::string_view> names;
  for (const Workload& w : kWorkloads) names.push_back(w.name);
  return names;
}

const Workload* find_workload(std::string_view name) {
  const auto at = std::find_if(std::begin(kWorkloads), std::end(kWorkloads), [=](auto& w) { return w.name == name; });
  return at == std::end(kWorkloads) ? nullptr : at;
}

Config workload_config(const Workload& w, arch::Format format, u32 scale) {
  Config config;
  config.format = format;
  config.frames = frames_of(w, format, scale);
  if (w.slots != 0) config.swap_slots = w.slots;
  config.asid_bits = w.asid_bits;
  config.strict = true;
  if (w.configure != nullptr) w.configure(config);
  return config;
}

WorkloadOutcome run_workload(std::string_view name, Kernel& kernel, u64 seed, u32 scale) {
  const Workload* const w = find_workload(name);
  if (w == nullptr) throw UserError("there is no workload \"" + std::string(name) + "\"");
  if (scale == 0) throw UserError("the scale of a workload is at least 1");
  const Config& config = kernel.config();
  const Config own = workload_config(*w, config.format, scale);
  const bool on_demand = config.prefault == own.prefault && config.huge == own.huge;
  // How many pages come back depends on the replacement, and that on what several CPUs do, reserves and nodes.
  const bool plain = on_demand && kernel.memory().cpus().count() == 1 && config.nodes == own.nodes &&
                     config.watermarks == own.watermarks;
  // Reserves, zones and nodes keep frames from who asks.
  const bool scarcer = config.frames < own.frames || config.nodes != own.nodes || config.watermarks != own.watermarks ||
                       config.dma_frames != own.dma_frames || config.highmem_frames != own.highmem_frames;
  Stage stage(kernel, seed, scale, plain && config.frames <= own.frames, on_demand, scarcer);
  w->run(stage);
  kernel.finish();
  stage.fact("references", kernel.statistics().references);
  stage.fact("faults", kernel.statistics().memory.all_faults());
  return {std::move(stage.facts), stage.forced};
}

}  // namespace kilburn::os
