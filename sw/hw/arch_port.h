// SPDX-License-Identifier: Apache-2.0
//
// The architectural reference as a port: no TLB, every access walks the tables anew, so an
// invalidation has nothing to do and is acknowledged at once.
#pragma once

#include "model/arch/walk.h"
#include "sw/hw/ports.h"
#include "sw/hw/ram.h"

namespace kilburn::os {

class ArchMmuPort final : public MmuPort, public Clock {
 public:
  struct Counts {
    u64 accesses = 0, faults = 0, entry_reads = 0, entry_writes = 0, invalidations = 0, contexts = 0;
  };

  ArchMmuPort(arch::Format format, RamMem& memory, arch::Settings settings = {})
      : format_(format), settings_(settings), memory_(memory) {}

  AccessResult access(const Access&) override;
  void set_context(const arch::Context& context) override {
    context_ = context;
    ++counts_.contexts;
  }
  void invalidate(Invalidate, u64, u16) override { ++counts_.invalidations; }
  void wait_invalidated() override {}
  void idle(unsigned) override {}
  void prefetch(u64, arch::Op, arch::Mode) override {}
  u64 now() const override { return counts_.accesses; }  // one access a cycle

  const Counts& counts() const { return counts_; }

 private:
  arch::Format format_;
  arch::Settings settings_;
  RamMem& memory_;
  arch::Context context_;
  Counts counts_;
};

}  // namespace kilburn::os
