// SPDX-License-Identifier: Apache-2.0
//
// Address-space numbers of one CPU, in versions.
#pragma once

#include <array>

#include "sw/core/bugs.h"
#include "sw/core/types.h"

namespace kilburn::os {

inline constexpr unsigned kMaxCpus = 8;
using AsidSet = std::array<u16, kMaxCpus>;  // by CPU; 0: none

// What one CPU knows of an address space.
struct Seat {
  u16 asid = 0;
  u64 version = 0;      // the ASID is valid while this is the allocator's; 0: never had one
  bool active = false;  // the space ran here since it was last flushed here
};

// Who an address space is to the TLBs.
struct SpaceTag {
  u32 id = 0;  // process number, for the log
  std::array<Seat, kMaxCpus> seats{};

  SpaceTag() = default;
  explicit SpaceTag(u32 process) : id(process) {}
};

// How one address space makes way for another on a CPU: by its ASID, or by a flush of all that is not global.
enum class SwitchPolicy : u8 { tagged, flush };

// ASIDs are given out in ascending order; when they run out, everything that is not global is flushed and a new
// version starts, in which every older ASID is void (L24 mmu_context.h). ASID 0 is the kernel's empty address space.
class AsidAllocator {
 public:
  AsidAllocator(unsigned bits, SwitchPolicy policy, Bug bug)
      : last_((u32{1} << bits) - 1), policy_(policy), bug_(bug) {}

  struct Given {
    u16 asid;
    bool flush;  // before this ASID is used
  };
  Given get(Seat& seat);
  bool valid(const Seat& seat) const { return seat.version == version_; }
  u64 wraps() const { return version_ - 1; }

 private:
  u32 last_;
  SwitchPolicy policy_;
  Bug bug_;
  u32 next_ = 1;
  u64 version_ = 1;
};

}  // namespace kilburn::os
