// SPDX-License-Identifier: Apache-2.0
//
// Checks around one step of the kernel: each is made before it, keeps what must hold afterwards, and is asked after
// it. They know nothing of how the step is done. All throw Violation.
#pragma once

#include <vector>

#include "sw/mm/memory.h"

namespace kilburn::os {

struct Process;

// The frame that an entry names holds, at the instant the entry becomes present, what the process last stored:
// P30 for a page nobody touched, P45 for one that comes back from the swap area, P49 for one that was dropped
// although it had been stored to, P55 for one that its device did not give back as written. Of a range that a call
// is just mapping the oracle still tells what lay there before: `anew` is as if nobody had touched it.
struct AddressRange {
  u64 start = 0, end = 0;
};
void check_contents(Memory&, const Process&, const MmEvent&, AddressRange anew);

// One fault.
class FaultWitness {
 public:
  FaultWitness(Memory&, const Process&, u64 va, arch::Op);
  // P41: a spurious fault changes nothing; P43: a read of an untouched anonymous page takes no frame.
  void ended(FaultKind) const;
  // P39: after an allocation that failed, entry and counts are as they were, but for what reclaim took.
  void failed() const;

 private:
  u64 present() const;
  Memory& memory_;
  const Process& process_;
  u64 page_;
  arch::Op op_;
  u64 word_;
  u64 rss_;
};

// One system call on [start, end).
class CallWitness {
 public:
  CallWitness(Memory&, const Process&, u64 start, u64 end);
  void unmapped() const;                               // P22: nothing is left inside, all else is as it was
  void protected_as(Rights rights, bool infer) const;  // P23: rights as said inside, all else as it was

 private:
  struct Area {
    u64 start, end;
    Rights rights;
    Backing backing;
    bool continues(const Area& before) const;
  };
  struct Entry {
    u64 va, word;
  };
  static void join(std::vector<Area>& areas);
  std::vector<Area> areas() const;
  std::vector<Entry> entries() const;  // of pages that lie outside
  void compare(const char* id, std::vector<Area> expected) const;

  Memory& memory_;
  const Process& process_;
  u64 start_, end_;
  std::vector<Area> areas_;
  std::vector<Entry> entries_;
  u64 reclaims_;
};

// The end of one process by a signal.
class KillWitness {
 public:
  KillWitness(Memory&, std::span<const std::unique_ptr<Process>>, const Process& victim);
  // P40: what it alone owned is free, all others are as they were.
  void ended() const;

 private:
  Memory& memory_;
  std::span<const std::unique_ptr<Process>> processes_;
  const Process& victim_;
  const AddressSpace* space_;
  u64 expected_free_;
  std::vector<u64> resident_;  // by process; of the dead: none
};

}  // namespace kilburn::os
