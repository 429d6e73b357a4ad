// SPDX-License-Identifier: Apache-2.0
//
// The OS seam over a DUT in lockstep: each access of the program is a request on the DUT's pins, the
// data moves at the physical address that the DUT answered.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "sw/hw/ports.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

class DutPort final : public os::MmuPort, public os::Clock {
 public:
  explicit DutPort(Lockstep& lockstep) : lockstep_(lockstep) {}
  // Several CPUs, each with an MMU of its own, on one memory and one clock (tb/lockstep/harts.h): whenever one of them
  // has to wait, all of them run. They are joined before the first access and live equally long.
  static void join(std::span<DutPort* const> cpus, std::function<void()> clock_all);
  static constexpr std::uint16_t kSpeculativeIds = 0xfffe;  // of prefetches: nobody uses their answers

  os::AccessResult access(const os::Access&) override;
  void set_context(const arch::Context&) override;
  void invalidate(os::Invalidate op, arch::u64 va, arch::u16 asid) override;
  bool tlb_fill(arch::u64 va, arch::u16 asid, arch::u64 word, bool fetch) override;
  void wait_invalidated() override;
  void idle(unsigned cycles) override;
  void prefetch(arch::u64 va, arch::Op op, arch::Mode mode) override;
  arch::u64 now() const override { return lockstep_.cycle(); }

  // Waits for every prefetch and invalidation in flight; call before Lockstep::finish().
  void drain();

  // Requests answered, and the faults among them, by layout.def Fault.
  arch::u64 requests() const { return requests_; }
  arch::u64 faults(unsigned code) const { return faults_[code & 15]; }
  // The DUT's event counters (layout.def Event) as its pins last showed them, one a cycle in turn; 0 if it has none.
  arch::u64 event(unsigned code) const { return events_[code % Lockstep::kCounters]; }

 private:
  void present(arch::u64 va, arch::Op op, arch::Mode mode, unsigned id);
  void maintain(std::uint8_t op, arch::u64 va, arch::u16 asid, arch::u64 word);
  void wait_speculated();  // for every prefetch in flight
  void clock();
  void before_clock();

  static constexpr unsigned kAccessId = 0;    // the program's accesses
  static constexpr unsigned kPrefetchId = 1;  // and up to 15 prefetches a side

  Lockstep& lockstep_;
  std::vector<DutPort*> cpus_;  // that share the clock, this one among them; empty: alone
  std::function<void()> clock_all_;
  unsigned prefetches_[2] = {0, 0};  // one bit an id in flight
  bool invalidating_ = false;        // taken, not yet acknowledged
  arch::u64 requests_ = 0;
  arch::u64 faults_[16] = {};
  std::array<std::uint32_t, Lockstep::kCounters> events_{};
};

}  // namespace kilburn::tb
