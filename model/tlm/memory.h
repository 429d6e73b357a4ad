// SPDX-License-Identifier: Apache-2.0
//
// A simple physical memory: bytes from address 0 on, direct memory, debug access, compare-and-swap.
#pragma once

#include <cstdlib>
#include <memory>
#include <systemc>
#include <tlm>

#include "model/tlm/extensions.h"

namespace kilburn::tlm {

struct MemoryConfig {
  arch::u64 bytes = arch::u64{1} << 30;  // reserved at once, used as it is touched; starts as 0
  // Delay of one transaction of any length, and of one access through direct memory.
  sc_core::sc_time read_time{10, sc_core::SC_NS};
  sc_core::sc_time write_time{10, sc_core::SC_NS};
  bool direct_read = true;  // what direct memory is granted for
  bool direct_write = true;
};

// Response status: TLM_ADDRESS_ERROR_RESPONSE for any byte outside, TLM_BURST_ERROR_RESPONSE for length 0,
// a streaming width below the length, or a compare-and-swap that is not 8 aligned bytes, and
// TLM_GENERIC_ERROR_RESPONSE for a missing data pointer or byte-enable length. Byte enables are supported.
// CasExtension: see extensions.h. Non-blocking requests complete in their own call.
class Memory : public sc_core::sc_module, public ::tlm::tlm_fw_transport_if<> {
 public:
  ::tlm::tlm_target_socket<64> socket{"socket"};

  // Throws std::bad_alloc if the host has not the address space.
  explicit Memory(const sc_core::sc_module_name&, const MemoryConfig& = {});

  arch::u64 size() const { return config_.bytes; }
  unsigned char* data() { return bytes_.get(); }
  // 8-byte words, little endian, aligned; an address outside throws std::out_of_range.
  arch::u64 load64(arch::u64 pa) const;
  void store64(arch::u64 pa, arch::u64 word);
  // Changes what is granted from now on and takes back every pointer granted before.
  void set_direct(bool read, bool write);

  void b_transport(Payload&, sc_core::sc_time& delay) override;
  ::tlm::tlm_sync_enum nb_transport_fw(Payload&, ::tlm::tlm_phase&, sc_core::sc_time& delay) override;
  unsigned transport_dbg(Payload&) override;
  bool get_direct_mem_ptr(Payload&, ::tlm::tlm_dmi&) override;

 private:
  struct Free {
    void operator()(unsigned char* bytes) const { std::free(bytes); }
  };
  bool inside(arch::u64 pa, arch::u64 length) const { return length <= config_.bytes && pa <= config_.bytes - length; }
  ::tlm::tlm_response_status move(Payload&);
  ::tlm::tlm_response_status compare_and_swap(const Payload&, CasExtension&);

  MemoryConfig config_;
  std::unique_ptr<unsigned char[], Free> bytes_;
};

}  // namespace kilburn::tlm
