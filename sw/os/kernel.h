// SPDX-License-Identifier: Apache-2.0
//
// The kernel: processes, system calls, the loop that lets recorded programs run. It holds a memory, an
// MMU and a clock behind sw/hw/ports.h and nothing else of the machine.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sw/check/oracle.h"
#include "sw/check/order.h"
#include "sw/os/config.h"
#include "sw/trace/event.h"

namespace kilburn::os {

enum class Signal : u8 { none, segv, bus };

struct Process {
  u32 id = 0;
  std::unique_ptr<AddressSpace> space;  // null once it has ended
  OracleSpace oracle;
  std::unique_ptr<TraceReader> own_reader;
  TraceReader* reader = nullptr;    // null: driven by calls, or waiting for the end
  Process* silent_child = nullptr;  // last child, if it has no reader
  u64 sequence = 0;                 // its references, part of every stored value
  u64 digest = 0;
  Signal killed_by = Signal::none;
  u64 killed_at = 0;  // address
  bool alive() const { return space != nullptr; }
};

class Kernel final : private MmListener {
 public:
  Kernel(PhysMem&, MmuPort&, Clock&, const Config&);
  // The same with the caller's swap device (fault injection).
  Kernel(PhysMem&, MmuPort&, Clock&, BlockDevice&, const Config&);
  ~Kernel() override;

  // Trace of a child process by its recorded number, or null if there is none.
  using ChildTraces = std::function<std::unique_ptr<TraceReader>(u32 pid)>;
  // Runs the trace in a new process, and those of its children, to their ends; audits; ends all
  // processes. Throws TraceError, UserError (also OutOfMemory) or Violation.
  void run(TraceReader&, const ChildTraces& children = {});
  // The end of run(): last audits, every process checked byte by byte, digested and ended, no frame or
  // slot left. For callers that drive processes by the calls below.
  void finish();

  // --- processes and system calls; 0 or errno ---
  Process& spawn();
  Process& fork(Process& parent);
  void exec(Process&);
  void exit(Process&);
  int mmap(Process&, u64 start, u64 length, Rights, Backing backing = {});
  u64 mmap_anywhere(Process&, u64 length, Rights, Backing backing = {});  // 0: no room
  int munmap(Process&, u64 start, u64 length);
  int msync(Process&, u64 start, u64 length);
  int shmat(Process&, u32 id, u64 start, Rights);  // a segment of Memory::shm_get()
  int shmdt(Process&, u64 start);
  int mprotect(Process&, u64 start, u64 length, Rights);
  int mremap(Process&, u64 from, u64 old_length, u64 to, u64 new_length);
  int brk(Process&, u64 end);

  // One reference of `size` bytes; false if it killed the process. Stores write bytes made of the
  // process's reference number; loads and fetches are compared with the oracle.
  bool reference(Process&, TraceEvent::Kind, u64 address, u16 size);

  void audit();  // throws Violation

  const Statistics& statistics();
  // Over every touched 4 KB of every process at its end, in address order: the same for every number of
  // frames, page-table format, port and seed.
  u64 digest() const { return digest_; }
  const Config& config() const { return config_; }
  Memory& memory() { return *memory_; }
  std::span<const std::unique_ptr<Process>> processes() const { return processes_; }

 private:
  void event(const MmEvent&) override;
  void dispatch(Process&, const TraceEvent&, const ChildTraces&);
  void switch_to(Process&);
  void leave_context();
  bool touch(Process&, u64 va, arch::Op, std::span<std::byte>);
  void check_translation(const Process&, const Access&, u64 pa) const;
  bool handle_fault(Process&, const Access&, const FaultInfo&);
  void kill(Process&, Signal, u64 va);
  void end_silent_child(Process&);
  void close_space(Process&);
  void check_bytes(Process&);
  void expect_success(const Process&, int error, const char* call) const;
  std::string place() const;

  Config config_;
  MmuPort& port_;
  Clock& clock_;
  std::unique_ptr<BlockDevice> own_device_;
  std::unique_ptr<Memory> memory_;
  OrderChecker order_;
  SharedBytes shared_bytes_;  // before the processes, whose oracles use it
  std::vector<std::unique_ptr<Process>> processes_;
  Process* current_ = nullptr;     // whose context the port has
  TraceReader* active_ = nullptr;  // for messages
  Statistics statistics_;
  u64 digest_ = 0;
  u32 next_id_ = 1;
  u64 page_mask_;
  bool finished_ = false;
};

}  // namespace kilburn::os
