// SPDX-License-Identifier: Apache-2.0
//
// A processor whose TLBs software fills (Alpha formats): two small TLBs, for instructions and data, and no walker.
// What they do not hold is reported as Fault::miss.
#pragma once

#include <vector>

#include "model/arch/refill.h"
#include "sw/hw/ports.h"
#include "sw/hw/ram.h"

namespace kilburn::os {

class SoftTlbPort final : public MmuPort, public Clock {
 public:
  static constexpr size_t kEntries = 20;  // "TLBs as low as 20 entries" (N4)
  SoftTlbPort(arch::Format format, RamMem& memory, size_t entries = kEntries, arch::Settings settings = {})
      : format_(format), settings_(settings), memory_(memory), entries_(entries) {}

  AccessResult access(const Access&) override;
  void set_context(const arch::Context& context) override { context_ = context; }
  void invalidate(Invalidate op, u64 va, u16 asid) override;
  void wait_invalidated() override {}
  bool tlb_fill(u64 va, u16 asid, u64 word, bool fetch) override;
  void idle(unsigned) override {}
  void prefetch(u64, arch::Op, arch::Mode) override {}  // a processor without a walker does not look ahead
  u64 now() const override { return cycles_; }

  u64 hits() const { return hits_; }
  u64 misses() const { return misses_; }
  u64 fills() const { return fills_; }

 private:
  struct Entry {
    u64 va;
    u16 asid;
    arch::Translation t;
  };
  struct Tlb {
    std::vector<Entry> entries;
    size_t victim = 0;  // goes round
  };
  bool matches(const Entry& e, u64 va, u16 asid) const {
    return ((e.va ^ va) >> e.t.page_log2) == 0 && (e.t.global || e.asid == asid);
  }

  arch::Format format_;
  arch::Settings settings_;
  RamMem& memory_;
  size_t entries_;
  arch::Context context_;
  Tlb tlbs_[2];  // data, instructions
  u64 cycles_ = 0, hits_ = 0, misses_ = 0, fills_ = 0;
};

}  // namespace kilburn::os
