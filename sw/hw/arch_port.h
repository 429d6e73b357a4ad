// SPDX-License-Identifier: Apache-2.0
//
// The architectural reference as a port: no TLB, every access reads the tables anew, so an
// invalidation has nothing to do and is acknowledged at once.
#pragma once

#include <array>
#include <optional>

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
    ++counts_.contexts;  // ends what is known of walks, too
  }
  void invalidate(Invalidate, u64, u16) override { ++counts_.invalidations; }
  void wait_invalidated() override {}
  void idle(unsigned) override {}
  void prefetch(u64, arch::Op, arch::Mode) override {}
  u64 now() const override { return counts_.accesses; }  // one access a cycle

  const Counts& counts() const { return counts_; }

 private:
  // A walk that neither faulted nor had an update due. What it found is found again as long as the same context comes
  // to the same words: every access reads them all, and judges them only if one has changed.
  struct Walk {
    u64 page = 0;     // number of 4 KB
    u64 context = 0;  // Counts::contexts, from 1; 0: none
    u64 pa = 0;       // of the first byte of the 4 KB
    u8 access = 0;    // op and mode
    u8 words = 0;
    std::array<u64, 5> at{}, word{};
  };
  static constexpr unsigned kPieceShift = 12;  // pages consist of whole pieces of this size
  static u8 access_of(const Access& a) {
    return static_cast<u8>(static_cast<unsigned>(a.op) | static_cast<unsigned>(a.mode) << 4);
  }
  bool holds(const Walk&) const;
  void move_data(const Access&, u64 pa);

  arch::Format format_;
  arch::Settings settings_;
  RamMem& memory_;
  arch::Context context_;
  Counts counts_;
  std::array<Walk, 128> walks_{};
};

}  // namespace kilburn::os
