// SPDX-License-Identifier: Apache-2.0
//
// Checks the order unhook -> invalidate -> acknowledge -> free, on every CPU, from the event log alone.
#pragma once

#include <array>
#include <vector>

#include "sw/mm/event_log.h"
#include "sw/pt/format.h"

namespace kilburn::os {

// P28: no program runs while an entry that lost rights, dirty or its frame is not invalidated.
// P29: no frame is freed while a TLB may still reach it, as a page or as a table.
// P32: no dirty bit is overwritten by a decision made before it was set.
// P34: no ASID becomes another space's on a CPU that was not flushed of it.
// P42: no entry goes from one frame to another at once while several CPUs may hold it: between the store that one
//      does to the new frame and the flush of the others, those would still read the old one.
// P33: a leaf entry is written only as 0, a leaf of memory, a swap word, or poison.
class OrderChecker final : public MmListener {
 public:
  OrderChecker(const PteFormat& format, u32 frames, const EventLog& log, unsigned cpus = 1)
      : format_(format), frames_(frames), log_(log), cpus_(cpus) {}

  void event(const MmEvent&) override;
  bool settled() const { return pending_.empty(); }
  void check_settled() const;  // throws Violation P28
  u64 checked() const { return checked_; }

 private:
  struct Pending {
    u8 cpu;
    u16 asid;
    u32 space;
    bool table;
    bool issued;
    bool global;  // the kernel's: survives what invalidates one space
    u64 va, span;
    u64 pfn;  // the frame that the entry reached
  };
  void entry(const MmEvent&);
  void kernel_entry(const MmEvent&);
  void add(const MmEvent&, bool table, u64 pfn);
  void invalidate(const MmEvent&);
  void acknowledge(unsigned cpu);
  void context(const MmEvent&);
  [[noreturn]] void fail(const char* id, const std::string& text) const;

  const PteFormat& format_;
  u32 frames_;
  const EventLog& log_;
  unsigned cpus_;
  std::vector<Pending> pending_;
  struct Flush {  // started, not acknowledged
    bool all = false;
    u16 asid = 0;
  };
  std::array<std::vector<u32>, kMaxCpus> owners_;  // by ASID: the space whose translations the CPU may hold, 0: none
  std::array<std::vector<Flush>, kMaxCpus> flushes_;
  u64 checked_ = 0;
};

}  // namespace kilburn::os
