// SPDX-License-Identifier: Apache-2.0
//
// The kernel: processes, system calls, the loop that lets recorded programs run on one or several CPUs. It holds a
// memory, an MMU a CPU and a clock behind sw/hw/ports.h and nothing else of the machine.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "sw/check/audit.h"
#include "sw/check/order.h"
#include "sw/check/reclaim.h"
#include "sw/check/witness.h"
#include "sw/os/call.h"
#include "sw/os/config.h"
#include "sw/os/process.h"

namespace kilburn::os {

struct ElfImage;

class Kernel final : private MmListener, private OomKiller {
 public:
  Kernel(PhysMem&, MmuPort&, Clock&, const Config&);
  // The same with the caller's swap device (fault injection).
  Kernel(PhysMem&, MmuPort&, Clock&, BlockDevice&, const Config&);
  // One port a CPU, 1 to kMaxCpus, all on the same memory. `device` null: the swap area of the configuration.
  Kernel(PhysMem&, std::span<MmuPort* const>, Clock&, const Config&, BlockDevice* device = nullptr);
  ~Kernel() override;

  // Trace of a child process by its recorded number, or null if there is none.
  using ChildTraces = std::function<std::unique_ptr<TraceReader>(u32 pid)>;
  // Runs each trace in a new process, and those of its children, to their ends; audits; ends all
  // processes. Throws TraceError, UserError (also OutOfMemory) or Violation.
  void run(std::span<TraceReader* const>, const ChildTraces& children = {});
  void run(TraceReader& reader, const ChildTraces& children = {}) {
    run(std::array<TraceReader*, 1>{&reader}, children);
  }
  // The end of run(): last audits, every process checked byte by byte, digested and ended, no frame or
  // slot left. For callers that drive processes by the calls below.
  void finish();

  // --- processes ---
  Process& spawn();
  Process& fork(Process& parent);
  void exec(Process&);
  void exit(Process&);
  void kill(Process&);  // at any time, also one that waits for the disk

  // Maps the segments of an image (exec() before, if the process has another one) and returns its entry point. Pages
  // come on demand; with `first_page` that of the entry point is there at once. Throws UserError.
  u64 load_image(Process&, const ElfImage&, u64 bias = 0, bool first_page = false);

  // --- system calls; 0 or errno, as in Linux's manual pages ---
  int mmap(Process&, u64 start, u64 length, Rights, Backing backing = {});        // MAP_FIXED
  int mmap_fresh(Process&, u64 start, u64 length, Rights, Backing backing = {});  // MAP_FIXED_NOREPLACE
  u64 mmap_anywhere(Process&, u64 length, Rights, Backing backing = {});          // 0: no room
  int mmap_stack(Process&, u64 start, u64 length);                                // MAP_GROWSDOWN
  int munmap(Process&, u64 start, u64 length);
  int shmat(Process&, u32 id, u64 start, Rights);  // a segment of Memory::shm_get()
  int shmdt(Process&, u64 start);
  int mprotect(Process&, u64 start, u64 length, Rights);
  int mremap(Process&, u64 from, u64 old_length, u64 to, u64 new_length);
  int brk(Process&, u64 end);
  int madvise(Process&, u64 start, u64 length, Advice);
  int msync(Process&, u64 start, u64 length);
  int mlock(Process&, u64 start, u64 length);
  int munlock(Process&, u64 start, u64 length);

  // One reference of `size` bytes on the process's CPU; false if it killed the process. Stores write bytes made
  // of the process's reference number; loads and fetches are compared with the oracle. Waits for the disk.
  bool reference(Process&, TraceEvent::Kind, u64 address, u16 size);

  void audit();  // throws Violation
  // Also gets every event of the memory's log; null: nobody.
  void record(MmListener* listener) { recorder_ = listener; }

  // Is told of the calls below `processes` and `system calls`, and of references; null: nobody.
  void listen(CallListener* listener) { calls_ = listener; }
  // What a program asks of memory() itself tells here.
  void tell(Call::Kind kind, std::initializer_list<u64> values) {
    if (calls_ != nullptr) calls_->call({kind, values});
  }

  // Called between two references as soon as so many references are done as it said the last time, at first `from`.
  // What it throws ends the run.
  using Observer = std::function<u64(u64 references)>;
  void observe(u64 from, Observer observer) {
    observe_at_ = from;
    observer_ = std::move(observer);
  }

  const Statistics& statistics();
  // Over every touched 4 KB of every process at its end, in address order: the same for every number of
  // frames, page-table format, port, seed, number of CPUs.
  u64 digest() const { return digest_; }
  const Config& config() const { return config_; }
  Memory& memory() { return *memory_; }
  std::span<const std::unique_ptr<Process>> processes() const { return processes_; }

 private:
  enum class Progress : u8 { done, killed, blocked };

  void event(const MmEvent&) override;
  void witness(const MmEvent&);
  // Violations of the ids in Config::checks_off are passed over, so that a later check can be seen to bite too.
  template <class Check>
  void unless_off(Check&& check) const {
    try {
      check();
    } catch (const Violation& v) {
      if (!passed_over(config_.checks_off, v.id())) throw;
    }
  }

  // The same for one check.
  void violated(std::string_view id, const std::string& text) const {
    if (!passed_over(config_.checks_off, id)) throw Violation(id, text);
  }

  // oom.cpp. Allocations are made for the process of the innermost Acting.
  class Acting {
   public:
    Acting(Kernel& kernel, Process& process, bool fault = false)
        : kernel_(kernel), outer_(kernel.acting_), outer_fault_(kernel.in_fault_) {
      kernel.acting_ = &process;
      kernel.in_fault_ = fault;
    }
    ~Acting() {
      kernel_.acting_ = outer_;
      kernel_.in_fault_ = outer_fault_;
      kernel_.memory_->open_reserve(outer_ != nullptr && outer_->doomed);
    }
    Acting(const Acting&) = delete;
    Acting& operator=(const Acting&) = delete;

   private:
    Kernel& kernel_;
    Process* outer_;
    bool outer_fault_;
  };
  bool kill_for_memory() override;
  void end_doomed(Process&);

  // Where the leaf entry of a page is, so that a check reads the entry alone, and what its word said.
  struct LeafEntry {
    u64 tables = 0;  // of when `at` was looked up
    u64 page = 0;    // its address
    u32 process = 0;
    Rights rights = 0;  // 0: not a leaf
    bool dirty = false;
    u64 at = 0;     // of the entry
    u64 word = 0;   // of the entry; the members above and below are its
    u64 frame = 0;  // address
    void say(const PteView& view, u64 address) {
      rights = view.kind == EntryKind::leaf ? view.rights : Rights{0};
      dirty = view.dirty;
      frame = address;
    }
  };

  // processor.cpp
  void switch_to(Process&);
  void leave_context(unsigned cpu);
  Progress go_on(Process&, bool may_block);
  Progress touch(Process&, arch::Op, std::span<std::byte>, bool may_block);
  void check_translation(const Process&, const Access&, u64 pa);
  const LeafEntry& leaf_of(const Process&, u64 va);
  FaultKind resolve_fault(Process&, const Access&, bool may_block);
  FaultKind handle_fault(Process&, const Access&, const FaultInfo&, bool may_block);

  // system_calls.cpp
  void enter(Process&);
  // `call` maps [start, end) of the process; the oracle follows if it returns 0. Returns what it returns.
  int map(Process&, u64 start, u64 end, Backing, const std::function<int()>& call);

  // schedule.cpp
  void dispatch(Process&, const TraceEvent&, const ChildTraces&);
  void run_quantum(Process&, const ChildTraces&);
  Process* next_on(unsigned cpu);
  bool others_on(const Process&) const;
  bool wait_for_disk();
  bool limit_reached() const;
  void end_silent_child(Process&);
  void expect_success(const Process&, int error, const char* call) const;
  std::string place() const;

  Process& add_process();
  void end_by(Process&, Signal, u64 va);
  void close_space(Process&);
  void check_bytes(Process&);

  Config config_;
  Clock& clock_;
  std::vector<std::unique_ptr<BlockDevice>> own_devices_;  // swap areas
  std::unique_ptr<Memory> memory_;
  OrderChecker order_;
  ReclaimChecker reclaim_check_;
  SharedBytes shared_bytes_;  // before the processes, whose oracles use it
  std::vector<std::unique_ptr<Process>> processes_;
  std::array<Process*, kMaxCpus> current_{};  // whose context each CPU has
  std::array<size_t, kMaxCpus> turn_{};       // process that ran last on each CPU
  Process* acting_ = nullptr;
  bool in_fault_ = false;          // what acting_ does is a fault, which can be unwound
  unsigned cpu_ = 0;               // where the kernel runs now
  TraceReader* active_ = nullptr;  // for messages
  Statistics statistics_;
  u64 digest_ = 0;
  u64 observe_at_ = ~u64{0};
  Observer observer_;
  u32 next_id_ = 1;
  u64 page_mask_;
  std::array<LeafEntry, 512> leaves_{};
  u64 tables_ = 1;  // counts changes of table entries, which move leaf entries
  u64 next_audit_ = 0;
  bool finished_ = false;
  bool moving_ = false;  // mremap: the oracle follows when all entries have moved
  // mmap: the oracle follows when the pages that the call brings in are there.
  struct Mapping {
    u32 space = 0;
    AddressRange range;
  } mapping_;
  MmListener* recorder_ = nullptr;
  CallListener* calls_ = nullptr;
};

}  // namespace kilburn::os
