// SPDX-License-Identifier: Apache-2.0
//
// The OS seam over the loosely timed TLM model: each access of the program is a blocking transport
// through Mmu to Memory.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include "model/tlm/memory.h"
#include "model/tlm/mmu.h"
#include "sw/hw/ports.h"

namespace kilburn::tb {

class TlmPort final : public sc_core::sc_module, public os::MmuPort, public os::PhysMem, public os::Clock {
 public:
  // Builds and binds Mmu and Memory of `bytes`; before simulation starts.
  TlmPort(const sc_core::sc_module_name&, arch::Format format, const arch::Settings& settings, arch::u64 bytes);

  // MmuPort
  os::AccessResult access(const os::Access&) override;
  void set_context(const arch::Context& context) override { mmu_.set_context(context); }
  void invalidate(os::Invalidate op, arch::u64 va, arch::u16 asid) override;
  void wait_invalidated() override {}  // the model's invalidation is complete when it returns
  bool tlb_fill(arch::u64 va, arch::u16 asid, arch::u64 word, bool fetch) override;
  void idle(unsigned) override {}      // nothing runs on its own in a loosely timed model
  void prefetch(arch::u64 va, arch::Op op, arch::Mode mode) override;

  // PhysMem
  arch::u64 size() const override { return memory_.size(); }
  arch::u64 load64(arch::u64 pa) override { return memory_.load64(pa); }
  void store64(arch::u64 pa, arch::u64 value) override { memory_.store64(pa, value); }
  arch::u64 cas64(arch::u64 pa, arch::u64 expect, arch::u64 desired) override;
  void read(arch::u64 pa, std::span<std::byte> out) override;
  void write(arch::u64 pa, std::span<const std::byte> in) override;

  // Clock: nanoseconds of annotated time.
  arch::u64 now() const override { return static_cast<arch::u64>(delay_ / nanosecond_); }

  const tlm::MmuCounters& counters() const { return mmu_.counters(); }

 private:
  tlm_utils::simple_initiator_socket<TlmPort, 64> socket_{"socket"};
  tlm::Mmu mmu_;
  tlm::Memory memory_;
  tlm::Payload payload_;
  tlm::AccessExtension who_;
  tlm::FaultExtension fault_;
  sc_core::sc_time delay_;
  sc_core::sc_time nanosecond_{1, sc_core::SC_NS};
};

}  // namespace kilburn::tb
