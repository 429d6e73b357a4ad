// SPDX-License-Identifier: Apache-2.0
//
// A bus between Mmu and memory whose manners a test chooses: it can wait, fail, refuse direct memory,
// or not know the compare-and-swap extension.
#pragma once

#include <functional>
#include <optional>

#include "tests/unit/tlm/platform.h"

namespace kilburn::tlm::test {

class Bus : public sc_core::sc_module, public ::tlm::tlm_fw_transport_if<>, public ::tlm::tlm_bw_transport_if<> {
 public:
  ::tlm::tlm_target_socket<64> from_mmu{"from_mmu"};
  ::tlm::tlm_initiator_socket<64> to_memory{"to_memory"};

  bool knows_cas = true;
  bool direct = true;
  bool waits = false;                          // spends the annotated delay, and 5 ns of its own, in the call
  std::optional<u64> broken;                   // a physical address that does not answer
  std::function<void(const Payload&)> before;  // called before each transaction is carried out
  unsigned reads = 0, writes = 0, swaps = 0, debugs = 0;

  explicit Bus(const sc_core::sc_module_name& name) : sc_module(name) {
    from_mmu.bind(*this);
    to_memory.bind(*this);
  }

  void b_transport(Payload& trans, sc_core::sc_time& delay) override {
    const bool ignore = trans.get_command() == ::tlm::TLM_IGNORE_COMMAND;
    ++(trans.is_read() ? reads : trans.is_write() ? writes : swaps);
    if (waits) {
      sc_core::wait(delay + Platform::ns(5));
      delay = sc_core::SC_ZERO_TIME;
    }
    if (before) before(trans);
    if (broken == trans.get_address()) {
      if (auto* cas = trans.get_extension<CasExtension>()) cas->served = true;
      trans.set_response_status(::tlm::TLM_GENERIC_ERROR_RESPONSE);
      return;
    }
    if (ignore && !knows_cas) {
      trans.set_response_status(::tlm::TLM_OK_RESPONSE);
      return;
    }
    to_memory->b_transport(trans, delay);
    if (!direct) trans.set_dmi_allowed(false);
  }
  unsigned transport_dbg(Payload& trans) override {
    ++debugs;
    return broken == trans.get_address() ? 0 : to_memory->transport_dbg(trans);
  }
  bool get_direct_mem_ptr(Payload& trans, ::tlm::tlm_dmi& dmi) override {
    return direct && to_memory->get_direct_mem_ptr(trans, dmi);
  }
  ::tlm::tlm_sync_enum nb_transport_fw(Payload& trans, ::tlm::tlm_phase& phase, sc_core::sc_time& t) override {
    return to_memory->nb_transport_fw(trans, phase, t);
  }
  ::tlm::tlm_sync_enum nb_transport_bw(Payload& trans, ::tlm::tlm_phase& phase, sc_core::sc_time& t) override {
    return from_mmu->nb_transport_bw(trans, phase, t);
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override {
    from_mmu->invalidate_direct_mem_ptr(first, last);
  }
};

struct BusPlatform {
  explicit BusPlatform(const MmuConfig& config = {})
      : mmu("mmu", config),
        memory("memory", {u64{1} << 26, Platform::ns(10), Platform::ns(20), true, true}),
        tables(memory, config.format) {
    cpu.socket.bind(mmu.virtual_side);
    mmu.physical_side.bind(bus.from_mmu);
    bus.to_memory.bind(memory.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    mmu.set_context({tables.root(), 0, kUsual});
  }
  Reply read(u64 va, u64& word, Who who = {}) { return cpu.access(::tlm::TLM_READ_COMMAND, va, &word, 8, who); }
  Reply write(u64 va, u64 word, Who who = {}) { return cpu.access(::tlm::TLM_WRITE_COMMAND, va, &word, 8, who); }
  // Runs the bodies as processes, from now until nothing happens any more.
  void run(std::vector<std::function<void()>> bodies) {
    for (auto& body : bodies) sc_core::sc_spawn(body, sc_core::sc_gen_unique_name("body"));
    sc_core::sc_start();
  }

  KernelReports reports;
  Initiator cpu{"cpu"};
  Mmu mmu;
  Bus bus{"bus"};
  Memory memory;
  Tables tables;
};

}  // namespace kilburn::tlm::test
