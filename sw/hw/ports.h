// SPDX-License-Identifier: Apache-2.0
//
// The seam: the only way out of the OS shim. The same kernel object code runs on the arch walk,
// the TLM model, or the RTL in lockstep, because it holds nothing but these three interfaces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "model/arch/types.h"

namespace kilburn::os {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

// Physical memory: bytes 0 to size()-1, little endian. An address outside throws std::out_of_range:
// the kernel owns the memory map, so this is a bug in the kernel and never the user's input.
class PhysMem {
 public:
  virtual ~PhysMem() = default;
  virtual u64 size() const = 0;                            // bytes
  virtual u64 load64(u64 pa) = 0;                          // 8-byte aligned, one bus beat
  virtual void store64(u64 pa, u64 value) = 0;             // 8-byte aligned, one bus beat
  virtual u64 cas64(u64 pa, u64 expect, u64 desired) = 0;  // returns the old word; atomic against the walker
  virtual void read(u64 pa, std::span<std::byte> out) = 0;
  virtual void write(u64 pa, std::span<const std::byte> in) = 0;
};

// One access of a program; never crosses a page (the processor splits it first).
struct Access {
  u64 va = 0;
  arch::Op op = arch::Op::read;
  arch::Mode mode = arch::Mode::user;
  std::span<std::byte> data;  // read, fetch: filled on success; write: the bytes to store
};

struct Done {
  u64 pa = 0;  // where the first byte was
};
struct FaultInfo {
  arch::Fault code = arch::Fault::none;
  u64 va = 0;
  u16 error = 0;  // x86-64 page-fault error code
  u8 level = 0;   // level of the entry that decided, 0 if none
};
using AccessResult = std::variant<Done, FaultInfo>;

enum class Invalidate : u8 { all = 0, nonglobal = 1, asid = 2, page = 3, page_nonglobal = 4 };  // layout.def Inv

class MmuPort {
 public:
  virtual ~MmuPort() = default;
  // Translates and performs one access. Blocks until it is done or has faulted; steps the clock.
  virtual AccessResult access(const Access&) = 0;
  // The context of every later access. On return no access of the context before is under way.
  virtual void set_context(const arch::Context&) = 0;
  // Starts an invalidation of the given address space, current or not. One at a time: wait_invalidated() follows.
  virtual void invalidate(Invalidate op, u64 va, u16 asid) = 0;
  virtual void wait_invalidated() = 0;  // returns at the acknowledge
  // Fills the instruction TLB (`fetch`) or the data TLB with what `word` as a last-level entry maps: the answer to
  // Fault::miss, where software refills the TLB. False if this MMU has no such TLB.
  virtual bool tlb_fill(u64 /*va*/, u16 /*asid*/, u64 /*word*/, bool /*fetch*/) { return false; }
  // Lets the hardware run on its own for a while: walks in flight, late writes (yield point).
  virtual void idle(unsigned cycles) = 0;
  // Starts an access without waiting for it, so that a walk is in flight during what follows; the
  // result is dropped. Ports without concurrency do nothing.
  virtual void prefetch(u64 va, arch::Op op, arch::Mode mode) = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual u64 now() const = 0;  // cycles
};

}  // namespace kilburn::os
