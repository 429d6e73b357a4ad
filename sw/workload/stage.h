// SPDX-License-Identifier: Apache-2.0
//
// What a workload is written with: processes, references that must succeed or must kill, expectations.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sw/core/errors.h"
#include "sw/core/random.h"
#include "sw/workload/workload.h"

namespace kilburn::os {

// Pages of the workloads: 8 KB, one page on Alpha, two on x86-64, so that borders are page borders everywhere. A
// workload that touches the first 4 KB of each touches one page on every format.
inline constexpr u64 kSpan = 8192;
inline constexpr u64 kArena = 0x10000000;  // where workloads map, below every format's user top

class Stage {
 public:
  Stage(Kernel& kernel_, u64 seed, u32 scale_, bool forced_, bool on_demand_, bool scarcer_ = false)
      : kernel(kernel_), random(seed), scale(scale_), forced(forced_), on_demand(on_demand_), scarcer(scarcer_) {}

  Kernel& kernel;
  Random random;
  u32 scale;
  bool forced;     // frames are as scarce as the workload wants them
  bool on_demand;  // pages come as the workload expects it, not earlier and not in larger blocks
  bool scarcer;    // fewer frames than the workload's own, or some of them not for everybody
  std::vector<std::pair<std::string, u64>> facts;

  Process& spawn() { return kernel.spawn(); }
  void map(Process& p, u64 start, u64 length, Rights rights = kRead | kWrite, Backing backing = {}) {
    expect(kernel.mmap(p, start, length, rights, backing) == 0, "mmap is refused");
  }
  void unmap(Process& p, u64 start, u64 length) { expect(kernel.munmap(p, start, length) == 0, "munmap is refused"); }
  void protect(Process& p, u64 start, u64 length, Rights rights) {
    expect(kernel.mprotect(p, start, length, rights) == 0, "mprotect is refused");
  }
  void store(Process& p, u64 va, u16 size = 8) { refer(p, TraceEvent::Kind::write, va, size); }
  void load(Process& p, u64 va, u16 size = 8) { refer(p, TraceEvent::Kind::read, va, size); }
  void modify(Process& p, u64 va, u16 size = 8) { refer(p, TraceEvent::Kind::modify, va, size); }
  void fetch(Process& p, u64 va, u16 size = 4) { refer(p, TraceEvent::Kind::fetch, va, size); }
  // The reference must be a SIGSEGV at `at`, after which the process is gone.
  void dies(Process& p, TraceEvent::Kind kind, u64 va, u16 size, u64 at) {
    const bool done = kernel.reference(p, kind, va, size);
    expect(!done && !p.alive() && p.killed_by == Signal::segv && p.killed_at == at, "a forbidden reference is allowed");
    ++deaths;
  }

  // What only memory itself gives; noted, so that the workload's calls can be made again.
  int new_segment(u64 bytes, u32& id) {
    const int error = kernel.memory().shm_get(0, bytes, true, id);
    if (error == 0) kernel.tell(Call::Kind::segment, {id, bytes});
    return error;
  }
  int remove_segment(u32 id) {
    kernel.tell(Call::Kind::remove, {id});
    return kernel.memory().shm_remove(id);
  }
  u64 take_block(u64 bytes, ZoneKind highest = ZoneKind::normal) {
    kernel.tell(Call::Kind::take, {++taken_, bytes, static_cast<u64>(highest)});
    const u64 block = kernel.memory().kernel().kmalloc(bytes, highest);
    blocks_[block] = taken_;
    return block;
  }
  void give_block(u64 block) {
    kernel.tell(Call::Kind::give, {blocks_[block]});
    kernel.memory().kernel().kfree(block);
  }
  void run_on_node(u32 node) {
    kernel.tell(Call::Kind::node, {node});
    kernel.memory().run_on_node(node);
  }
  int swap_on(BlockDevice& device, u32 slots, int priority, u32& area) {
    const int error = kernel.memory().swap_on(device, slots, priority, area);
    if (error == 0) kernel.tell(Call::Kind::swap_on, {area, slots, static_cast<u64>(priority)});
    return error;
  }
  int swap_off(u32 area) {
    kernel.tell(Call::Kind::swap_off, {area});
    return kernel.memory().swap_off(area);
  }
  u32 collapse(Process& p, u32 blocks) {
    kernel.tell(Call::Kind::collapse, {p.id, p.cpu, blocks});
    return kernel.memory().khugepaged(*p.space, blocks);
  }

  void fact(std::string text, u64 value) { facts.emplace_back(std::move(text), value); }
  void expect(bool holds, const char* text) {
    if (!holds) throw Violation("workload", text);
  }
  // What cannot be had if frames are too few: then that is not the kernel's fault.
  void expect_room(bool holds, const char* text) {
    if (!holds && scarcer) {
      throw OutOfMemory(std::to_string(kernel.config().frames) + " frames are too few for this workload: " + text);
    }
    expect(holds, text);
  }
  // Something that only scarce frames make necessary; `exactly`: at the workload's own number, not at any below.
  void expect_forced(u64 count, u64 least, const char* what, bool exactly = false) {
    fact(what, count);
    if (forced && !(exactly && scarcer) && count < least) {
      throw Violation("workload", std::string(what) + ": " + std::to_string(count) + ", at least " +
                                      std::to_string(least) + " were to be forced");
    }
  }
  // What the program makes necessary by itself.
  void expect_least(u64 count, u64 least, const char* what) {
    fact(what, count);
    if (on_demand && count < least) {
      throw Violation("workload",
                      std::string(what) + ": " + std::to_string(count) + ", at least " + std::to_string(least));
    }
  }
  u64 faults(FaultKind kind) { return kernel.statistics().memory.faults[static_cast<size_t>(kind)]; }
  // Pages that came from a file: read now, or by an earlier fault or read-ahead.
  u64 file_faults() { return faults(FaultKind::file_fill) + faults(FaultKind::page_cache); }
  // Shared pages that became a process's own. With fewer frames than the workload's own a page goes to the swap area
  // before it is stored to, and what comes back from there is a copy already.
  u64 copies() {
    return faults(FaultKind::cow_copy) + (scarcer ? faults(FaultKind::swap_in) + faults(FaultKind::swap_cache) : 0);
  }
  u64 swapped_in() { return kernel.statistics().memory.swapped_in; }
  u64 swapped_out() { return kernel.statistics().memory.swapped_out; }

  u64 deaths = 0;

 private:
  u64 taken_ = 0;              // blocks so far
  std::map<u64, u64> blocks_;  // number by address
  void refer(Process& p, TraceEvent::Kind kind, u64 va, u16 size) {
    expect(kernel.reference(p, kind, va, size), "an allowed reference kills the process");
  }
};

// Programs by theme; the table of workload.cpp names them.
namespace programs {
void page_linear(Stage&);
void page_shuffle(Stage&);
void page_merge_seq(Stage&);
void page_merge_par(Stage&);
void page_merge_stk(Stage&);
void page_merge_mm(Stage&);
void thrash(Stage&);
void thrash_ten_percent(Stage&);
void swap_full(Stage&);

void qsort_parallel(Stage&);
void matmul_rows(Stage&);
void matmul_columns(Stage&);
void pointer_chase(Stage&);
void hash_join(Stage&);
void sequential_read(Stage&);

void mmap_overlap(Stage&);
void mmap_over_stk(Stage&);
void mmap_misalign(Stage&);
void mmap_zero(Stage&);
void mmap_twice(Stage&);
void mmap_inherit(Stage&);
void mmap_exit(Stage&);
void mmap_churn(Stage&);
void mremap_grow(Stage&);
void brk_breathe(Stage&);
void pt_grow(Stage&);

void guard_pages(Stage&);
void mprotect_toggle(Stage&);
void write_code(Stage&);
void straddle(Stage&);

void fork_storm(Stage&);
void fork_sharers(Stage&);
void fork_chain(Stage&);
void kill_middle(Stage&);
void context_storm(Stage&);

void oom(Stage&);
void oom_shared(Stage&);
void thrash_alarm(Stage&);
void kswapd(Stage&);
void zone_dma(Stage&);
void compaction(Stage&);
void numa_remote(Stage&);
void swapoff_load(Stage&);
void shm_rmid(Stage&);
void huge_split(Stage&);
void cow_storm(Stage&);
void mprotect_storm(Stage&);
}  // namespace programs

}  // namespace kilburn::os
